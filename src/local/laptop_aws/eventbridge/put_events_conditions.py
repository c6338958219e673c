"""Policies for PutEvents may ask what kind of event it is.

AWS: ``events:source`` and ``events:detail-type`` in a policy's condition are compared with the event's own.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html

MiniStack's evaluator does not know these keys, so a role that may put events of one kind may put none.
Here the keys get their values from the request, like the request's tags, which MiniStack does read. Every
entry has to pass on AWS; a request whose entries differ has no value here, and so is refused.
"""

import json

from ministack.core import iam_actions

KEYS = {"events:source": "Source", "events:detail-type": "DetailType"}


def _values(body: bytes) -> dict[str, str]:
    try:
        entries = json.loads(body)["Entries"]
        seen = {key: {entry.get(field) for entry in entries} for key, field in KEYS.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}  # not what PutEvents takes: its own validation says so
    return {key: values.pop() for key, values in seen.items() if len(values) == 1}


def install() -> None:
    request_tag_context = iam_actions.request_tag_context

    def with_event_keys(service, iam_action, body, params):
        context = request_tag_context(service, iam_action, body, params)
        return {**context, **_values(body)} if iam_action == "events:PutEvents" else context

    iam_actions.request_tag_context = with_event_keys
