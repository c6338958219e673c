"""The stack's storage on moto for whichever tests ask for it, and who runs what in `make test`."""

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.remote import Producer

from poller.handlers import dependencies
from poller.jobs import planning, reconciler
from tests.support.handlers import EXECUTION, as_record
from tests.support.quick_moto import quick_moto
from tests.support.scheduling import BySharedParts
from tests.support.storage import SETTINGS, create_storage, forget_clients
from tests.support.workflow import Take


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySharedParts:
    return BySharedParts(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: two workers take it, the others what is left."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Table, buckets, queue and bus, empty."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(reconciler, "LOOKS", ())  # nobody works while a handler waits
    monkeypatch.setattr(planning, "pages_per_task", lambda *_: 1)  # so that a few pages are several tasks
    with quick_moto():
        create_storage(monkeypatch)
        forget_clients()
        yield
    forget_clients()


@pytest.fixture
def executions(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Executions by ARN: what the handlers start, stop and ask for. The workflow itself is run by the tests."""
    known = {EXECUTION: "RUNNING"}
    monkeypatch.setattr(dependencies.workflow(), "start", lambda arn, *_: known.setdefault(arn, "RUNNING"))
    monkeypatch.setattr(dependencies.workflow(), "stop", lambda arn, _: known.update({arn: "ABORTED"}))
    monkeypatch.setattr(dependencies.workflow(), "status", lambda arn: known.get(arn, "MISSING"))
    return known


@pytest.fixture
def sent_messages(aws: None) -> Take:
    """Takes what is on the queue, in the shape of an SQS event."""

    def take() -> dict[str, Any]:
        client, url = dependencies.queue()._client, dependencies.settings.process_payload_queue_url
        records: list[dict[str, Any]] = []
        while batch := client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):  # fmt: skip
            for message in batch:
                records.append(as_record(message))
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return {"Records": records}

    return take
