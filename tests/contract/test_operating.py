"""docs/operating.md explains every status, error, notice, dead-letter queue and alarm there is, and no others.

README has the final statuses, with what `--wait` exits with.
"""

import re

from poller import errors
from poller.jobs.model import JobStatus
from poller_local.summary import exit_status, parse_summary
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
    expected = {*JobStatus, *(permanent - {"PermanentPollerError"}), *errors.ErrorType, *queues, *alarms}

    assert first_cells() == expected


def test_readme_has_every_final_status_with_its_exit_code() -> None:
    rows = re.findall(r"^\| ([A-Z]+) \|.*\| (\d) \|$", (ROOT / "README.md").read_text(), flags=re.M)

    shown = {status: int(code) for status, code in rows}

    assert shown == {s.value: exit_status(parse_summary({"Status": s.value})) for s in JobStatus if s.is_final}
