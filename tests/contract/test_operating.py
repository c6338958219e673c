"""docs/operating.md explains every status, error, notice, dead-letter queue and alarm there is, and no others."""

import re

from poller import errors
from poller.jobs.model import JobStatus
from tests.support.template import ROOT, resources

TEXT = (ROOT / "docs" / "operating.md").read_text()


def first_cells() -> set[str]:
    return set(re.findall(r"^\| (\w+) \|", TEXT, flags=re.M)) - {"status", "type", "queue", "alarm"}


def test_every_status_error_queue_and_alarm_is_explained() -> None:
    permanent = {
        n for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, errors.PermanentPollerError)
    }
    queues = {name for name in resources("AWS::SQS::Queue") if name.endswith("DLQ")}
    alarms = resources("AWS::CloudWatch::Alarm")
    expected = {*JobStatus, *(permanent - {"PermanentPollerError"}), *errors.ErrorType, *queues, *alarms} - {
        "GrewAfterPlan"
    }

    assert first_cells() == expected
    assert "GrewAfterPlan" in TEXT
