"""Jobs with partitions: each has its plan, its end and its place in the dataset, and fails by itself."""

import gzip
import json
from typing import Any

import pytest

from poller.handlers import dependencies
from poller.handlers.api import get_job_tasks, redrive_job
from tests.support import workflow
from tests.support.handlers import EXECUTION, call
from tests.support.parted_api import PartedApi, parted_api, parts_of
from tests.support.workflow import Take


def ran(api: PartedApi, take: Take, **more: Any) -> dict[str, Any]:
    with parted_api(api):
        return workflow.run(api.spec(**more), take)


def manifest(job: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(dependencies.dataset().get(f"default/{job['JobId']}/_manifest.json") or b"{}"))


def by_part(job: dict[str, Any]) -> dict[str, list[str]]:
    """The lines of the dataset, by the value that the manifest names for their object."""
    found: dict[str, list[str]] = {}
    for item in manifest(job)["Objects"]:
        lines = gzip.decompress(dependencies.dataset().get(item["Key"]) or b"").decode().splitlines()
        found.setdefault(item["Partition"]["part"], []).extend(lines)
    return found


@pytest.mark.parametrize("linked", [False, True], ids=["by offset", "by links"])
def test_every_record_of_every_partition_is_in_the_dataset_with_its_values(sent_messages: Take, linked: bool) -> None:
    api = PartedApi(parts_of(de=7, fr=0, it=3, es=10), linked=linked)

    job = ran(api, sent_messages)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert by_part(job) == {part: api.rows(part) for part in api.parts}
    assert job["Proof"]["Partitions"] == {"Total": 4, "Whole": 4}
    assert (job["Proof"]["End"], job["Proof"]["Distinct"], job["Proof"]["Moved"]) == ("seen", 20, False)
    assert job["RecordsReceived"] == 20


def test_a_value_is_encoded_where_it_stands(sent_messages: Take) -> None:
    api = PartedApi({"a/b c": [{"id": 1}], "ü?&": [{"id": 2}], "100%": [{"id": 3}]})

    job = ran(api, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert by_part(job) == {part: api.rows(part) for part in api.parts}


def test_a_partition_whose_first_page_is_refused_leaves_the_others_whole(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    api = PartedApi(parts_of(de=7, fr=4, it=3), answers={"fr": 403})
    with parted_api(api):
        job = workflow.run(api.spec(), sent_messages)
        shown = call(get_job_tasks, job["JobId"])[1]["Tasks"]
        api.answers.clear()
        api.asked.clear()
        before = set(executions)
        assert call(redrive_job, job["JobId"])[0] == 202
        (successor,) = set(executions) - before - {EXECUTION}
        again = driven(workflow.prepare({}, job["JobId"], successor), sent_messages, successor)

    assert job["Status"] == "PARTIAL"
    assert job["Error"]["Type"] == "TasksFailed"
    assert "1 of 3 partitions are not whole; the first, part=fr: GET /fr/rows?limit=3" in job["Error"]["Message"]
    assert job["Proof"]["Partitions"] == {"Total": 3, "Whole": 2}
    (failed,) = (task for task in shown if task["State"] == "FAILED")
    assert (failed["TaskId"], failed["Partition"], failed["FirstPage"]) == ("k00000001", {"part": "fr"}, 0)
    assert f"{api.url}/fr/rows?limit=3" in failed["Request"]
    assert again["Status"] == "SUCCEEDED"
    assert {part for part, _ in api.asked} == {"fr"}, "only what is missing is asked for again"
    assert by_part(again) == {part: api.rows(part) for part in api.parts}


def driven(step: dict[str, Any], take: Take, execution: str) -> dict[str, Any]:
    for _ in range(30):
        if step["NextStep"] == "FETCH":
            workflow.fetch_all(step)
        elif step["NextStep"] == "DONE":
            return workflow.status(step["JobId"])
        if records := take()["Records"]:
            workflow.process({"Records": records})
        step = workflow.reconcile(step["JobId"], execution)
    raise AssertionError("the job does not end")


def test_a_job_all_of_whose_partitions_are_refused_is_rejected_with_the_first_reason(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=7, fr=4), answers={"de": 403, "fr": 404})

    job = ran(api, sent_messages)

    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("partition part=de: GET /de/rows?limit=3&offset=0: ")


def test_a_partition_with_fewer_records_than_its_total_is_named(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=7, fr=4, it=3), totals={"it": 9})

    job = ran(api, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "TotalsDisagree")
    assert job["Error"]["Message"].startswith("1 of 3 partitions are not whole; the first, part=it: the API declared 9")
    assert by_part(job) == {part: api.rows(part) for part in api.parts}, "what there is, is there"


def test_a_total_that_is_too_low_in_one_partition_costs_no_record(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=7, fr=40, it=3), totals={"fr": 10})

    job = ran(api, sent_messages)

    assert (job["Status"], job["Notice"]["Type"]) == ("SUCCEEDED", "TotalTooLow")
    assert job["Notice"]["Message"].startswith("in 1 of 3 partitions, first in part=fr: the API declares 10 records")
    assert by_part(job)["fr"] == api.rows("fr")


def test_a_record_in_two_partitions_is_in_both_and_told(sent_messages: Take) -> None:
    api = PartedApi({"de": [{"id": 1}, {"id": 2}], "fr": [{"id": 2}, {"id": 3}]})

    job = ran(api, sent_messages)

    assert (job["Status"], job["Notice"]["Type"]) == ("SUCCEEDED", "RecordsRepeat")
    assert "1 record came in one partition and in another one before by id" in job["Notice"]["Message"]
    assert by_part(job) == {"de": api.rows("de"), "fr": api.rows("fr")}


def test_a_record_that_comes_twice_in_one_partition_makes_the_job_partial(sent_messages: Take) -> None:
    api = PartedApi({"de": [{"id": 1}, {"id": 2}], "fr": [{"id": 2}, {"id": 3}, {"id": 4}, {"id": 9}, {"id": 3}]})

    job = ran(api, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "RecordsRepeat")
    assert "1 of 7 records came more than once by id (such as 3)" in job["Error"]["Message"]


def test_a_large_partition_is_many_tasks_of_the_next_round(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=2, fr=30))
    with parted_api(api):
        step = workflow.prepare(api.spec(max_concurrency=40))
        workflow.fetch_all(step)
        behind = workflow.reconcile(step["JobId"])
        lines = workflow.planned_tasks(behind)
        job = driven(behind, sent_messages, EXECUTION)

    tasks = [task for line in lines for task in line["Tasks"]]
    assert [task["TaskId"] for task in tasks] == [f"k00000001t{n:08d}" for n in range(1, 10)]
    assert all(task["Partition"] == {"part": "fr"} for task in tasks)
    assert (job["Status"], job["Total"]) == ("SUCCEEDED", 11)
    assert by_part(job) == {part: api.rows(part) for part in api.parts}


def test_the_first_page_of_a_partition_is_asked_for_once(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=2, fr=3))

    ran(api, sent_messages)

    assert sorted(api.asked) == [("de", 0), ("de", 0), ("de", 2), ("fr", 0), ("fr", 3)], "and once before the plan"


@pytest.mark.parametrize("linked", [False, True], ids=["by offset", "by links"])
def test_auto_learns_from_a_partition_with_several_pages(sent_messages: Take, linked: bool) -> None:
    api = PartedApi(parts_of(fr=0, de=2, it=8, es=4), linked=linked, echoes=True)

    job = ran(api, sent_messages, paginator="auto", data_selector=None)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert by_part(job) == {part: api.rows(part) for part in api.parts}


def test_a_partition_that_auto_saw_no_page_of_is_not_cut_off(sent_messages: Take) -> None:
    """The first ten have one page each, and the eleventh has three."""
    api = PartedApi(parts_of(**{f"p{n}": 2 for n in range(10)}, late=8), echoes=True)

    job = ran(api, sent_messages, paginator="auto")

    assert job["Status"] == "SUCCEEDED"
    assert by_part(job) == {part: api.rows(part) for part in api.parts}


def test_a_job_is_rejected_where_auto_sees_more_and_no_way_to_ask_for_it(sent_messages: Take) -> None:
    api = PartedApi(parts_of(fr=0, de=2, it=8))

    job = ran(api, sent_messages, paginator="auto")

    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("partition part=it: auto cannot tell how the API pages")


def test_pages_behind_a_plan_of_before_are_shown_with_their_partition(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=7), linked=True)

    job = ran(api, sent_messages)

    (task,) = call(get_job_tasks, job["JobId"])[1]["Tasks"]
    assert (task["TaskId"], task["Partition"], task["Pages"]) == ("k00000000", {"part": "de"}, 3)
