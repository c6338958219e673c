"""Partitions whose worker is killed between any two outside calls have every record once (cases 1, 2, 41)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from poller.handlers import fetch_payload
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.killing import Killer
from tests.support.parted_api import PartedApi, parted_api, parts_of
from tests.support.windowed_api import WindowedApi, windowed_api
from tests.support.workflow import Take

COUNTS = ("Status", "Total", "SuccessfullyCompleted", "Pages", "RecordsReceived", "Error", "Notice")


APIS: dict[str, Callable[[], AbstractContextManager[PartedApi | WindowedApi]]] = {
    "ranges": lambda: parted_api(PartedApi(parts_of(de=4, fr=1))),
    "walks": lambda: parted_api(PartedApi(parts_of(de=4, fr=1), linked=True)),
    "halves": lambda: windowed_api(WindowedApi([1, 2, 60], depth=3)),
}


def ended(take: Take, killer: Killer, call: int, kind: str) -> tuple[list[object], bool]:
    """The counts of a job whose first worker is killed after so many calls; and whether it was."""
    with APIS[kind]() as api:
        killer.target = None
        spec = api.spec(step=100) if isinstance(api, WindowedApi) else api.spec()
        step = workflow.prepare(spec | {"max_concurrency": 1})
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


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("ranges", [2, 2, 3, 5]), ("walks", [2, 2, 3, 5]), ("halves", [3, 3, 2, 3])],
    ids=["ranges", "walks", "halves"],
)
def test_a_partition_whose_worker_is_killed_after_any_call_has_every_record_once(
    sent_messages: Take, killer: Killer, kind: str, expected: list[int]
) -> None:
    undisturbed, _ = ended(sent_messages, killer, 1000, kind)
    killed = 0

    for call in range(1, 200):
        left, was_killed = ended(sent_messages, killer, call, kind)
        if not was_killed:
            break
        killed += 1
        assert left == undisturbed, f"killed after call {call}"

    assert undisturbed == ["SUCCEEDED", *expected, None, None]
    assert killed > 5
