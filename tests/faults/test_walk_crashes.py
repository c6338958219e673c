"""A walk that is killed between any two of its outside calls has every record once (case 41)."""

import pytest

from poller.fetching import chain
from poller.handlers import fetch_payload
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.killing import Killer
from tests.support.walked_api import walked, walked_api
from tests.support.workflow import Take

COUNTS = ("Status", "Total", "SuccessfullyCompleted", "Pages", "RecordsReceived", "Error", "Notice")


def ended(take: Take, killer: Killer, call: int) -> tuple[list[str], list[object], bool]:
    """The dataset and counts of a job whose walk is killed after so many calls; and whether it was."""
    api = walked("cursor", 2, 2, 2)
    with walked_api(api):
        killer.target = None
        step = workflow.prepare(api.spec())
        (task,) = workflow.planned_tasks(step)
        killer.invocations, killer.target = [], (0, call)
        killer.invoke(lambda: fetch_payload.handler({"JobId": step["JobId"], "Task": task}, Context()), "walk")
        was_killed, killer.target = killer.target is None, None
        for _ in range(20):
            if records := take()["Records"]:
                workflow.process({"Records": records})
            step = workflow.reconcile(step["JobId"])
            if step["NextStep"] == "FETCH":
                workflow.fetch_all(step)
            elif step["NextStep"] == "DONE":
                break
    job = workflow.status(step["JobId"])
    assert workflow.dataset(job) == api.rows()
    return workflow.dataset(job), [job[name] for name in COUNTS], was_killed


def test_a_walk_that_is_killed_after_any_call_has_every_record_once(
    sent_messages: Take, killer: Killer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "MAX_PAGES", 2)
    undisturbed = ended(sent_messages, killer, call=1000)
    killed = 0

    for call in range(1, 200):
        *left, was_killed = ended(sent_messages, killer, call)
        if not was_killed:
            break
        killed += 1
        assert left == list(undisturbed[:2]), f"killed after call {call}"

    assert undisturbed[1] == ["SUCCEEDED", 2, 2, 3, 6, None, None]
    assert killed > 12
