"""What EventBridge answers to an event."""

from typing import Any

import pytest

from poller.errors import RetriablePollerError
from poller.jobs.events import JobEvents
from poller.jobs.model import Counts
from tests.support.builders import job


def test_an_event_that_the_bus_did_not_take_is_sent_again() -> None:
    class Full:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    events = JobEvents(Full(), "bus")

    with pytest.raises(RetriablePollerError, match="ThrottlingException"):
        events.announce(job(), Counts())
