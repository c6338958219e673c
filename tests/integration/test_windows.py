"""Jobs by windows: past a cap on how deep one may page, by halves where one holds too much."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poller.handlers import dependencies
from tests.support import workflow
from tests.support.windowed_api import WindowedApi, windowed_api
from tests.support.workflow import Take

MOMENTS = sorted([*range(0, 100, 9), *[30] * 3, 31, 31, *range(32, 44), 99])


def ran(api: WindowedApi, take: Take, **window: Any) -> dict[str, Any]:
    with windowed_api(api):
        return workflow.run(api.spec(**window), take)


@pytest.mark.parametrize("capped", [False, True], ids=["true totals", "capped totals"])
@pytest.mark.parametrize("inclusive", [False, True], ids=["half-open", "inclusive"])
def test_every_record_comes_once_though_no_window_may_be_read_deep(
    sent_messages: Take, inclusive: bool, capped: bool
) -> None:
    api = WindowedApi(MOMENTS, inclusive=inclusive, capped=capped)

    job = ran(api, sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert workflow.dataset(job) == api.rows(), "in the order of the windows, halves too"
    halved = job["Total"] - job["Proof"]["Partitions"]["Total"]
    assert halved > 0
    assert job["Proof"]["Partitions"] == {
        "Total": (5 if inclusive else 4) + halved,
        "Whole": (5 if inclusive else 4) + halved,
    }
    objects = json.loads(dependencies.dataset().get(f"default/{job['JobId']}/_manifest.json") or b"")["Objects"]
    ends = [(item["Partition"]["from"], item["Partition"]["to"]) for item in objects]
    assert all(end + inclusive == start for (_, end), (start, _) in pairwise(ends))


def test_a_window_that_cannot_be_halved_and_holds_too_much_is_named(sent_messages: Take) -> None:
    api = WindowedApi([5, *[30] * 12, 60])

    job = ran(api, sent_messages)

    assert job["Status"] == "PARTIAL"
    assert "1 of " in job["Error"]["Message"]
    assert "the first, from=30, to=31: " in job["Error"]["Message"]
    assert len(workflow.dataset(job)) == 12, "what can be had of it is there, and all the others"


def test_a_window_that_stands_at_the_cap_and_cannot_be_halved_may_be_cut_off(sent_messages: Take) -> None:
    api = WindowedApi([30] * 12, capped=True)

    job = ran(api, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")


def test_without_a_total_no_window_can_be_halved(sent_messages: Take) -> None:
    api = WindowedApi(MOMENTS, declares=False)

    job = ran(api, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "partitions has most_records, and the API declares no total" in job["Error"]["Message"]


def test_a_record_in_two_windows_makes_the_job_partial(sent_messages: Take) -> None:
    api = WindowedApi([1, 25, 60], inclusive=True)

    job = ran(api, sent_messages, inclusive=False)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "RecordsRepeat")
    assert "or set inclusive, if the API takes both ends of a window for a part of it" in job["Error"]["Message"]


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 99), max_size=60), st.integers(1, 60), st.integers(2, 12), st.booleans())
def test_the_dataset_is_what_the_api_holds_or_the_job_says_why_not(
    sent_messages: Take, moments: list[int], step: int, depth: int, capped: bool
) -> None:
    api = WindowedApi(sorted(moments), depth=depth, capped=capped)

    job = ran(api, sent_messages, step=step)

    if job["Status"] == "SUCCEEDED":
        assert workflow.dataset(job) == api.rows()
    else:
        assert job["Status"] in ("PARTIAL", "FAILED")
        assert max(map(moments.count, moments)) >= depth
        assert job["Error"]["Message"]


def test_ten_thousand_partitions_never_pass_through_the_workflow(sent_messages: Take) -> None:
    api = WindowedApi([1, 2])
    with windowed_api(api):
        step = workflow.prepare(api.spec(end=10_000, step=1))

    tasks = [task for line in workflow.planned_tasks(step) for task in line["Tasks"]]
    assert len(json.dumps(step)) < 4096
    assert len(tasks) == 10_000
    assert tasks[-1] == {"TaskId": "k00009999", "FirstPage": 0, "Pages": 0, "Partition": {"from": 9999, "to": 10_000}}
    assert len(workflow.planned_tasks(step)) == 400, "a worker gets several"
    row = dependencies.table().get(step["JobId"], "#JOB") or {}
    assert len(json.dumps(row)) < 4096
