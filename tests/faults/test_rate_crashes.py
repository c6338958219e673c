"""A worker that is killed between any two of its outside calls has counted what it sent (case 43)."""

import pytest

from poller.fetching.rate_share import RateShare
from poller.handlers import dependencies, fetch_payload, prepare_poller_job
from tests.support import workflow
from tests.support.handlers import EXECUTION, Context
from tests.support.killing import Killer
from tests.support.partner import Partner, serving
from tests.support.workflow import Take

LIMIT = {"requests": 1000, "seconds": 600, "name": "partner"}


def counted() -> int:
    """How many requests the budget's row knows of."""
    row = dependencies.table().get("RATE#partner", "#RATE") or {}
    return sum(row.get("Spent", {}).values()) + sum(count for count, _ in row.get("Held", {}).values())


def test_a_worker_that_is_killed_after_any_call_has_counted_what_it_sent(
    sent_messages: Take, killer: Killer, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = RateShare.close
    monkeypatch.setattr(RateShare, "close", lambda share: close(share) if killer._running else None)
    spec = {"paginator": {"type": "offset", "limit": 10}, "rate_limit": LIMIT}
    sent, killed = 0, 0

    for call in range(1, 100):
        with serving(Partner(total=20)) as partner:
            job_id = f"killed-{call}"
            event = {
                "JobId": job_id,
                "Spec": {"url": partner.url, **spec},
                "RequestedAt": "2026-01-01T00:00:00Z",
                "ExecutionArn": EXECUTION,
            }
            killer.invocations, killer.target = [], (0, call)
            step = killer.invoke(lambda event=event: prepare_poller_job.handler(event, Context()), "prepare")
            in_prepare = killer.target is None
            if step["NextStep"] == "RECONCILE":
                step = workflow.reconcile(job_id)
            tasks = workflow.planned_tasks(step)
            killer.invocations, killer.target = [], (0, call)
            for task in tasks:
                fetched = {"JobId": job_id, "Task": task}
                killer.invoke(lambda fetched=fetched: fetch_payload.handler(fetched, Context()), "fetch")
            in_fetch, killer.target = killer.target is None, None
            sent += len(partner.times)
        killed += in_prepare + in_fetch
        assert counted() >= sent, f"killed after call {call}"
        if not in_prepare and not in_fetch:
            break

    assert killed > 10
