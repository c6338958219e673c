"""What Step Functions answers about executions."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from poller.jobs.workflow import Workflow
from tests.support.faulty import Refusing
from tests.support.handlers import EXECUTION


def test_an_execution_that_was_started_before_is_no_error() -> None:
    known, broken = Workflow(Refusing("ExecutionAlreadyExists")), Workflow(Refusing("AccessDeniedException"))

    known.start(EXECUTION, "job", datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(ClientError):
        broken.start(EXECUTION, "job", datetime(2026, 1, 1, tzinfo=UTC))


def test_only_an_execution_that_does_not_exist_is_missing() -> None:
    gone, broken = Workflow(Refusing("ExecutionDoesNotExist")), Workflow(Refusing("ThrottlingException"))

    status, given = gone.status(EXECUTION), gone.input(EXECUTION)

    assert (status, given) == ("MISSING", None)
    with pytest.raises(ClientError):
        broken.status(EXECUTION)
