"""PutEvents refuses, entry by entry, what is not an event.

AWS: an entry whose ``Detail`` is not a JSON object is answered in its place with ``MalformedDetail``,
one without Source, DetailType or Detail with ``InvalidArgument``; the other entries go through and
the answer stays 200 (ErrorCode lists both). A request whose entries add up to 1 MB or more is refused
as a whole; sizes count as documented.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
The sentence of the size error: https://github.com/awslabs/aws-service-catalog-puppet/issues/563

MiniStack takes any text as a detail, and any size. Here its ``_put_events``, behind the API, the
state machines' integration and ``service_integrations``, is wrapped.
"""

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import eventbridge

TOTAL_BYTES = 1024 * 1024
REQUIRED = ("Source", "DetailType", "Detail")


def entry_size(entry: dict[str, Any]) -> int:
    """Bytes of an entry, as EventBridge counts them."""
    texts = [entry.get(key) or "" for key in REQUIRED] + (entry.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") else 0)


def refusal(entry: dict[str, Any]) -> dict[str, str] | None:
    """The result of an entry that EventBridge does not accept."""
    for key in REQUIRED:
        if not entry.get(key):
            reason = f"Parameter {key} is not valid. Reason: {key} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    try:
        is_object = isinstance(json.loads(entry["Detail"]), dict)
    except (ValueError, RecursionError):
        is_object = False
    return None if is_object else {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def install() -> None:
    put_events = eventbridge._put_events

    def checked(data, allow_aws_source=False):
        entries = data.get("Entries") or []
        if sum(map(entry_size, entries)) >= TOTAL_BYTES:
            return error_response_json(
                "ValidationException", "Total size of the entries in the request is over the limit."
            )
        refusals = [refusal(entry) for entry in entries]
        accepted = [entry for entry, refused in zip(entries, refusals, strict=True) if not refused]
        status, headers, body = put_events({**data, "Entries": accepted}, allow_aws_source)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        answered = iter(answer["Entries"])
        answer["Entries"] = [refused or next(answered) for refused in refusals]
        answer["FailedEntryCount"] = sum("ErrorCode" in entry for entry in answer["Entries"])
        return status, headers, json.dumps(answer).encode()

    eventbridge._put_events = checked
