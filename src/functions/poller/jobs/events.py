"""Job state events on PollerTasksEventBus."""

import json
from typing import Any

from poller.errors import RetriablePollerError

SOURCE = "poller.jobs"
STATE_CHANGE = "Poller Job State Change"


class JobEvents:
    """`client` is a boto3 EventBridge client."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client, self._bus_name = client, bus_name

    def state_changed(self, summary: dict[str, Any]) -> None:
        """Announce a job's final state; the detail is its summary. May be sent more than once."""
        entry = {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": STATE_CHANGE,
            "Detail": json.dumps(summary),
        }
        answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "no code")
            raise RetriablePollerError(f"the job's state event was not accepted ({code})")
