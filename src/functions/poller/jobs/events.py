"""Job state events on PollerTasksEventBus."""

import json
from typing import Any

from poller.errors import RetriablePollerError
from poller.jobs.model import Counts, Job
from poller.jobs.summary import summarize

SOURCE = "poller.jobs"
STATE_CHANGE = "Poller Job State Change"


class JobEvents:
    """`client` is a boto3 EventBridge client."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client, self._bus_name = client, bus_name

    def announce(self, job: Job, counts: Counts) -> dict[str, Any]:
        """Tell the bus how a job ended, and return the summary that is the event's detail.

        May happen more than once, with the same content. Raises RetriablePollerError if the bus does not accept it.
        """
        summary = summarize(job, counts)
        entry = {
            "EventBusName": self._bus_name,
            "Source": SOURCE,
            "DetailType": STATE_CHANGE,
            "Detail": json.dumps(summary),
        }
        response = self._client.put_events(Entries=[entry])
        if response["FailedEntryCount"]:
            code = response["Entries"][0].get("ErrorCode", "no code")
            raise RetriablePollerError(f"the job's state event was not accepted ({code})")
        return summary
