"""Jobs with a rate budget, and with an API that tells how much of its own is left."""

from typing import Any

import pytest

from poller.fetching.rate_budget import Ledger, to_row
from poller.handlers import dependencies
from tests.support import workflow
from tests.support.parted_api import PartedApi, parted_api, parts_of
from tests.support.partner import Partner, serving
from tests.support.walked_api import walked, walked_api
from tests.support.workflow import Take, dataset, expected, passed, planned


def windows(step: dict[str, Any], take: Take, budget: str) -> tuple[dict[str, Any], list[int]]:
    """The workflow from `step` to its end; its summary, and the seconds of every Wait that was a budget's."""
    waits: list[int] = []
    for _ in range(60):
        match step["NextStep"]:
            case "FETCH":
                workflow.fetch_all(step)
            case "PREPARE_LATER":
                raise AssertionError("the first page had to wait")
            case "WAIT":
                if records := take()["Records"]:
                    workflow.process({"Records": records})
                if step["Seconds"] > 20:
                    waits.append(step["Seconds"])
                    spent = {name: value for name, value in to_row(Ledger()).items() if name != "Limits"}
                    dependencies.table().update(budget, "#RATE", spent, "attribute_exists(#JobId)", {})
                passed(step["JobId"], step["Seconds"])
            case "DONE":
                return workflow.status(step["JobId"]), waits
        step = workflow.reconcile(step["JobId"])
    raise AssertionError("the job does not end")


@pytest.mark.parametrize("name", [None, "partner"], ids=["alone", "shared"])
def test_what_a_budget_does_not_allow_now_is_the_workflows_to_wait_for(sent_messages: Take, name: str | None) -> None:
    limit = {"requests": 4, "seconds": 60} | ({"name": name} if name else {})
    with serving(Partner(total=100)) as partner:
        step = planned(partner, rate_limit=limit)
        job, waits = windows(step, sent_messages, f"RATE#{name}" if name else step["JobId"])

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert dataset(job) == expected(100)
    assert len(partner.times) == job["Requests"] + 1  # PreparePollerJob's is not counted there
    assert len(waits) == -(-len(partner.times) // 4) - 1
    assert all(50 <= seconds <= 62 for seconds in waits)
    assert job["WaitedSeconds"] >= 50 * len(waits)


def test_a_walk_keeps_to_its_budget(sent_messages: Take) -> None:
    api = walked("cursor", 10, 10, 10, 10, 7)
    with walked_api(api):
        step = workflow.prepare(api.spec(rate_limit={"requests": 3, "seconds": 60}))
        job, waits = windows(step, sent_messages, step["JobId"])

    assert (job["Status"], dataset(job)) == ("SUCCEEDED", api.rows())
    assert len(waits) == -(-len(api.asked) // 3) - 1


def test_the_partitions_of_a_job_share_its_budget(sent_messages: Take) -> None:
    api = PartedApi(parts_of(de=3, fr=3, it=3, es=3))
    with parted_api(api):
        step = workflow.prepare(api.spec(rate_limit={"requests": 4, "seconds": 60}))
        asked = len(api.asked)
        workflow.fetch_all(step)

    assert (asked, len(api.asked)) == (1, 4)
    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    assert job.not_before > 0


def test_a_job_does_not_ask_for_more_at_once_than_its_budget_lets_through(sent_messages: Take) -> None:
    with serving(Partner(total=100)) as partner:
        step = planned(partner, rate_limit={"requests": 1, "seconds": 1}, max_concurrency=100)

    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    assert (job.threads, job.map_concurrency) == (1, 1)


def test_an_api_that_says_that_nothing_is_left_is_not_asked_until_it_has_more(sent_messages: Take) -> None:
    told = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "120"}
    with serving(Partner(total=40)) as partner:
        step = planned(partner)
        partner.headers = told
        asked = len(partner.times)
        workflow.fetch_all(step)
        came = len(partner.times) - asked

    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    assert 1 <= came <= job.threads
    assert job.not_before > 0
