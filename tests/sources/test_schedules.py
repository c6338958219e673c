"""The schedules of sources in EventBridge Scheduler: made, changed and deleted, whatever was there before."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poller.errors import JobRejected, RetriablePollerError
from poller.sources.model import Schedule, Source
from poller.sources.schedules import Schedules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = Source("orders", {}, "memory", NOW, NOW, Schedule("rate(1 hour)", "Europe/Berlin", 5))


class Scheduler:
    """Answers each operation with what `errors` has for it, in order, then with success."""

    def __init__(self, **errors: list[str]) -> None:
        self.errors, self.calls = errors, []

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> None:
            self.calls.append((operation, given))
            if left := self.errors.get(operation):
                raise ClientError({"Error": {"Code": left.pop(0), "Message": "it says why"}}, operation)

        return call


def schedules(client: Any) -> Schedules:
    return Schedules(client, "group", "arn:target", "arn:role", "arn:queue")


def test_a_schedule_that_is_not_there_is_made() -> None:
    client = Scheduler(update_schedule=["ResourceNotFoundException"])

    schedules(client).apply(SOURCE)

    assert [operation for operation, _ in client.calls] == ["update_schedule", "create_schedule"]
    assert client.calls[1][1] == {
        "GroupName": "group",
        "Name": "orders",
        "ScheduleExpression": "rate(1 hour)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        "State": "ENABLED",
        "Target": {
            "Arn": "arn:target",
            "RoleArn": "arn:role",
            "Input": '{"Source": "orders", "Due": "<aws.scheduler.scheduled-time>"}',
            "RetryPolicy": {"MaximumRetryAttempts": 24, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": "arn:queue"},
        },
    }


def test_one_that_is_there_is_changed_and_one_that_is_not_wanted_goes() -> None:
    client = Scheduler(delete_schedule=["ResourceNotFoundException"])

    schedules(client).apply(replace(SOURCE, paused=True, schedule=Schedule("rate(1 day)")))
    schedules(client).apply(replace(SOURCE, schedule=None))

    (updated, described), (deleted, named) = client.calls
    assert (updated, described["State"], described["FlexibleTimeWindow"]) == (
        "update_schedule",
        "DISABLED",
        {"Mode": "OFF"},
    )
    assert (deleted, named) == ("delete_schedule", {"GroupName": "group", "Name": "orders"})


def test_two_that_make_the_same_schedule_end_with_one() -> None:
    client = Scheduler(update_schedule=["ResourceNotFoundException"], create_schedule=["ConflictException"])

    schedules(client).apply(SOURCE)

    assert [operation for operation, _ in client.calls] == ["update_schedule", "create_schedule", "update_schedule"]


def test_one_that_others_make_and_delete_all_the_time_is_left_for_later() -> None:
    client = Scheduler(update_schedule=["ResourceNotFoundException"] * 9, create_schedule=["ConflictException"] * 9)

    with pytest.raises(RetriablePollerError, match="being changed by somebody else"):
        schedules(client).apply(SOURCE)


@pytest.mark.parametrize("at", ["update_schedule", "create_schedule"])
def test_what_scheduler_does_not_take_is_the_callers_to_mend(at: str) -> None:
    errors = {"update_schedule": ["ResourceNotFoundException"]} | {at: ["ValidationException"]}

    with pytest.raises(JobRejected, match="schedule is not taken by EventBridge Scheduler: it says why"):
        schedules(Scheduler(**errors)).apply(SOURCE)


@pytest.mark.parametrize("at", ["update_schedule", "create_schedule", "delete_schedule"])
def test_another_refusal_is_an_error(at: str) -> None:
    errors = {"update_schedule": ["ResourceNotFoundException"]} | {at: ["AccessDeniedException"]}
    source = replace(SOURCE, schedule=None) if at == "delete_schedule" else SOURCE

    with pytest.raises(ClientError, match="AccessDenied"):
        schedules(Scheduler(**errors)).apply(source)
