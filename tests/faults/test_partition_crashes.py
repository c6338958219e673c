"""Partitions whose worker is killed between any two outside calls have every record once (cases 1, 2, 41)."""

import pytest

from poller.handlers import fetch_payload
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.killing import Killer
from tests.support.parted_api import PartedApi, parted_api, parts_of
from tests.support.workflow import Take

COUNTS = ("Status", "Total", "SuccessfullyCompleted", "Pages", "RecordsReceived", "Error", "Notice")


def ended(take: Take, killer: Killer, call: int, linked: bool) -> tuple[list[object], bool]:
    """The counts of a job whose first worker is killed after so many calls; and whether it was."""
    api = PartedApi(parts_of(de=4, fr=1), linked=linked)
    with parted_api(api):
        killer.target = None
        step = workflow.prepare(api.spec(max_concurrency=1))
        (line,) = workflow.planned_tasks(step)[:1]
        killer.invocations, killer.target = [], (0, call)
        killer.invoke(lambda: fetch_payload.handler({"JobId": step["JobId"], "Task": line}, Context()), "fetch")
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
    return [job[name] for name in COUNTS], was_killed


@pytest.mark.parametrize("linked", [False, True], ids=["ranges", "walks"])
def test_a_partition_whose_worker_is_killed_after_any_call_has_every_record_once(
    sent_messages: Take, killer: Killer, linked: bool
) -> None:
    undisturbed, _ = ended(sent_messages, killer, 1000, linked)
    killed = 0

    for call in range(1, 200):
        left, was_killed = ended(sent_messages, killer, call, linked)
        if not was_killed:
            break
        killed += 1
        assert left == undisturbed, f"killed after call {call}"

    assert undisturbed == ["SUCCEEDED", 2, 2, 3, 5, None, None]
    assert killed > 10
