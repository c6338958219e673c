"""Schedules: the expressions that EventBridge Scheduler takes, and what is said of others.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from typing import Any

import pytest

from poller.errors import JobRejected
from poller.sources.model import Schedule
from poller.sources.schedule import read_schedule


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)", "rate(15 minutes)", "rate(1 hour)", "rate(7 days)", "cron(0 6 * * ? *)",
        "cron(15 10 ? * 6L 2022-2023)",
        "cron(0/5 8-17 ? * MON-FRI *)", "cron(0 9 1,15 JAN,jul ? *)", "cron(0 0 L * ? *)", "cron(0 0 15W * ? *)",
        "cron(0 0 LW * ? *)", "cron(0 0 ? * 2#1 2026)", "cron(*/10 * * * ? *)", "cron(59 23 31 12 ? 2199)",
    ],
)  # fmt: skip
def test_what_scheduler_takes_is_taken(expression: str) -> None:
    assert read_schedule("schedule", expression) == Schedule(expression)


def test_an_object_says_more() -> None:
    asked = {"expression": "cron(0 6 * * ? *)", "timezone": "Europe/Berlin", "flexible_minutes": 15}

    assert read_schedule("schedule", asked) == Schedule("cron(0 6 * * ? *)", "Europe/Berlin", 15)


REFUSED: list[tuple[Any, str]] = [
    (7, "schedule is a number; it must be an expression"),
    ({}, "schedule.expression is missing; write rate(15 minutes)"),
    ({"expression": "rate(1 hour)", "zone": "UTC"}, "schedule.zone is not a field of schedule; it has expression"),
    ({"expression": 7}, "schedule.expression is a number; it must be a string"),
    ("", "schedule is empty"),
    ("hourly", "schedule is no schedule: write rate(15 minutes)"),
    ("at(2026-01-01T00:00:00)", "schedule is no schedule"),
    ("rate(1 hours)", "schedule is rate(1 hours); write rate(1 hour)"),
    ("rate(2 hour)", "schedule is rate(2 hour); write rate(2 hours)"),
    ("rate(0 minutes)", "schedule is rate(0 minutes); write rate(1 minute)"),
    ("rate(5 seconds)", "schedule is no schedule"),
    ("cron(0 6 * * *)", "schedule has 5 parts, and a cron expression has 6"),
    ("cron(0 6 * * * *)", "exactly one is ?"),
    ("cron(0 6 ? * ? *)", "exactly one is ?"),
    ("cron(60 6 * * ? *)", "'60' is no minutes of a cron expression"),
    ("cron(0 24 * * ? *)", "'24' is no hours"),
    ("cron(0 6 0 * ? *)", "'0' is no day of the month"),
    ("cron(0 6 * 13 ? *)", "'13' is no month"),
    ("cron(0 6 ? * FOO *)", "'FOO' is no day of the week"),
    ("cron(0 6 * * ? 1969)", "'1969' is no year"),
    ("cron(0/0 6 * * ? *)", "'0/0' is no minutes"),
    ("cron(1-2-3 6 * * ? *)", "'1-2-3' is no minutes"),
    ("cron(1, 6 * * ? *)", "'1,' is no minutes"),
    (
        {"expression": "rate(1 hour)", "timezone": "Mars/Olympus"},
        "schedule.timezone is 'Mars/Olympus', which is no time zone",
    ),
    ({"expression": "rate(1 hour)", "timezone": "../etc/passwd"}, "which is no time zone"),
    ({"expression": "rate(1 hour)", "timezone": 1}, "schedule.timezone is a number"),
    (
        {"expression": "rate(1 hour)", "flexible_minutes": 1441},
        "schedule.flexible_minutes must be a whole number from 0 to 1,440",
    ),
]


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_it_does_not_take_is_refused_by_its_name(value: Any, message: str) -> None:
    with pytest.raises(JobRejected) as refused:
        read_schedule("schedule", value)

    assert message in refused.value.message
