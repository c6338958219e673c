"""No workflow runs in these tests: they call its steps themselves."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from poller.handlers import dependencies


@pytest.fixture(autouse=True)
def _executions(executions: dict[str, str]) -> None:
    """For every test, also where it does not look at them."""


@pytest.fixture
def aws_requests(aws: None) -> list[tuple[str, dict[str, Any], int]]:
    """Every request to DynamoDB, SQS and EventBridge: its operation, parameters and size."""
    seen: list[tuple[str, dict[str, Any], int]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        body = params["body"]
        size = len(body) if isinstance(body, bytes | str) else len(json.dumps(body))
        seen.append((model.name, json.loads(body) if isinstance(body, bytes | str) else body, size))

    for client in (dependencies.table().client, dependencies.queue()._client, dependencies.events()._client):
        client.meta.events.register("before-call", note)
    return seen


@pytest.fixture
def still_clock() -> Iterator[None]:
    """The time of day stands still, however slow the machine is: what is waited for can be told to the second."""
    with time_machine.travel(datetime.now(UTC).replace(microsecond=0), tick=False):
        yield
