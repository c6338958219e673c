"""A record of what the IAM evaluator decided, for tests of permissions and for counting operations.

``POLLER_IAM_LOG=FILE`` in the environment of ``python -m laptop_aws`` (and so of ``poller up``)
turns it on. Every few seconds and at the end, a line is appended for each decision made since the last time:

    {"role": "poller-GetJobRole-1A2B", "action": "dynamodb:GetItem", "resource": "arn:…", "allowed": true, "count": 3}

``role`` is the role's name, or the service (``events.amazonaws.com``) where a resource's own policy was asked.
What the root user does is not decided by anybody, and so not in it. Counts add up over the lines, and over
restarts, since nothing is ever removed from the file. They count decisions, which are requests but for a few: a
transaction is one for each of its items, reading an object that is not there is an ``s3:ListBucket`` too, and a
batch from a queue is one of each action that reading a queue needs.
"""

import json
import threading
from collections import Counter
from pathlib import Path

SECONDS = 2.0

_counting = threading.Lock()
_writing = threading.Lock()
_counts: Counter[tuple[str, str, str, bool]] = Counter()
_file: Path | None = None


def note(who: str, action: str, resource: str, allowed: bool) -> None:
    """Count one decision. `who`: a role's name or a service."""
    if _file is not None:
        with _counting:
            _counts[who, action, resource, allowed] += 1


def write() -> None:
    """Append what was counted since the last call."""
    with _writing:
        with _counting:
            counted = list(_counts.items())
            _counts.clear()
        if _file is None or not counted:
            return
        keys = ("role", "action", "resource", "allowed", "count")
        lines = [json.dumps(dict(zip(keys, (*decision, count), strict=True))) + "\n" for decision, count in counted]
        with _file.open("a", encoding="utf-8") as log:
            log.write("".join(lines))


def _write_now_and_then() -> None:
    while not threading.Event().wait(SECONDS):
        write()


def record_to(file: Path) -> None:
    """Record from now on. The decisions about requests are MiniStack's own, those of `service_roles` ours."""
    global _file  # noqa: PLW0603  # one record a process
    from ministack.core import iam_evaluator
    from ministack.services import sts

    enforce = iam_evaluator.enforce

    def enforce_and_note(access_key_id, iam_action, service, region, resource_arn="*", **context):
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, **context)
        session = (sts._sessions.get(access_key_id) or {}).get("Arn", "")
        if ":assumed-role/" in session:
            note(session.split("/")[1], iam_action, resource_arn, denied is None)
        return denied

    iam_evaluator.enforce = enforce_and_note
    _file = file
    threading.Thread(target=_write_now_and_then, name="iam-recording", daemon=True).start()
