"""What response_actions make of answers, wherever in a job they come."""

import json
from typing import Any

import pytest

from poller.handlers import dependencies
from tests.support import workflow
from tests.support.partner import Partner, serving
from tests.support.walked_api import WalkedApi, walked, walked_api
from tests.support.workflow import Take

ARCHIVED = [{"action": "ignore", "status_code": 403, "content": "archived"}]
BODY = {"message": "archived"}


class Orders(Partner):
    """Partner's records by offset; `answers` are what single offsets answer instead, once or always."""

    answers: dict[int, list[tuple[int, Any]]]
    declares = True

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        told = self.answers.get(int(query.get("offset", 0)), [])
        if told and (len(told) == 1 or earlier < len(told)):
            status, body = told[min(earlier, len(told) - 1)]
            return status, json.dumps(body).encode()
        status, body = super().page(query, earlier)
        said = {name: value for name, value in json.loads(body).items() if self.declares or name != "total"}
        return status, json.dumps(said).encode()


def orders(take: Take, answers: dict[int, Any], declares: bool = True, **spec: Any) -> tuple[dict[str, Any], list[int]]:
    """The job's summary, and the ids in its dataset: those of a hundred records."""
    partner = Orders(total=100)
    partner.answers = {at: told if isinstance(told, list) else [told] for at, told in answers.items()}
    partner.declares = declares
    with serving(partner):
        job = workflow.run({"url": partner.url, "paginator": {"type": "offset", "limit": 10}, **spec}, take)
    return job, [json.loads(line)["id"] for line in workflow.dataset(job)]


def test_an_ignored_page_is_missing_from_the_total(sent_messages: Take) -> None:
    job, ids = orders(sent_messages, {40: (403, BODY)}, response_actions=ARCHIVED)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "TotalsDisagree")
    assert job["Error"]["Message"].endswith("response_actions ignored 1 page, the first of them page 5")
    assert ids == [*range(40), *range(50, 100)]


def test_where_that_is_accepted_a_notice_says_how_many_pages_were_ignored(sent_messages: Take) -> None:
    accepted = {"response_actions": ARCHIVED, "on_total_mismatch": "accept"}

    job, ids = orders(sent_messages, {40: (403, BODY), 70: (403, BODY)}, **accepted)

    assert (job["Status"], job["Notice"]["Type"]) == ("SUCCEEDED", "PagesIgnored")
    assert job["Notice"]["Message"].startswith("response_actions ignored 2 pages, the first of them page 5; ")
    assert ids == [*range(40), *range(50, 70), *range(80, 100)]


def test_without_a_total_an_ignored_page_is_no_end(sent_messages: Take) -> None:
    job, ids = orders(sent_messages, {40: (403, BODY)}, declares=False, response_actions=ARCHIVED)

    assert (job["Status"], job["Notice"]["Type"], job["Proof"]["End"]) == ("SUCCEEDED", "PagesIgnored", "seen")
    assert ids == [*range(40), *range(50, 100)]


def test_an_api_that_is_ignored_for_ever_is_not_asked_for_ever(sent_messages: Take) -> None:
    ignored = dict.fromkeys(range(100, 1000, 10), (403, BODY))

    job, ids = orders(sent_messages, ignored, declares=False, response_actions=ARCHIVED, data_selector="data")

    assert ids == list(range(100))
    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")
    assert "10 pages in a row were ignored" in job["Error"]["Message"]
    assert job["Pages"] == 10


def test_behind_a_total_that_is_reached_an_ignored_answer_is_as_good_as_a_refusal(sent_messages: Take) -> None:
    job, ids = orders(sent_messages, {100: (403, BODY)}, response_actions=ARCHIVED)

    assert (job["Status"], job["Notice"], ids) == ("SUCCEEDED", None, list(range(100)))


def test_what_is_missing_from_a_page_may_be_ignored_too(sent_messages: Take) -> None:
    short = {"data": [{"id": 40}, {"id": 41}], "total": 100}

    job, ids = orders(sent_messages, {40: (200, short), 42: (403, BODY)}, response_actions=ARCHIVED)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "TotalsDisagree")
    assert ids == [*range(42), *range(50, 100)]


def test_a_status_of_the_apis_own_may_be_the_end(sent_messages: Take) -> None:
    ends = [{"action": "end", "when": "reason == 'no more'"}]

    job, ids = orders(sent_messages, {100: (400, {"reason": "no more"})}, declares=False, response_actions=ends)

    assert (job["Status"], job["Notice"], ids) == ("SUCCEEDED", None, list(range(100)))
    assert job["Proof"]["EndSaid"].endswith("HTTP 400, for which response_actions[0] says end")


def test_the_end_within_the_plan_is_no_success(sent_messages: Take) -> None:
    ends = [{"action": "end", "status_code": 400}]

    job, _ = orders(sent_messages, {40: (400, {})}, response_actions=ends)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "TotalsDisagree")


def test_a_page_is_asked_for_again_where_the_body_says_so(sent_messages: Take) -> None:
    busy = (200, {"ok": False, "error": "busy", "data": []})
    retried = [{"action": "retry", "when": "ok == `false`"}]

    again = {"response_actions": retried, "retry": {"max_delay_seconds": 0}}
    job, ids = orders(sent_messages, {40: [busy, busy]}, **again)

    assert (job["Status"], job["Retried"], ids) == ("SUCCEEDED", 2, list(range(100)))


def test_an_error_in_a_200_fails_its_page_and_no_other(sent_messages: Take) -> None:
    gone = (200, {"ok": False, "error": "page_gone", "data": []})
    fails = [{"action": "fail", "when": "ok == `false`"}]

    job, ids = orders(sent_messages, {40: gone}, response_actions=fails)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "TasksFailed")
    assert 'HTTP 200: "page_gone"; response_actions[0] says fail' in job["Error"]["Message"]
    assert ids == [*range(40), *range(50, 100)]


def test_a_failure_on_the_first_look_rejects_the_job(sent_messages: Take) -> None:
    fails = [{"action": "fail", "when": "ok == `false`"}]

    job, _ = orders(sent_messages, {0: (200, {"ok": False, "error": "not_authed", "data": []})}, response_actions=fails)

    assert (job["Status"], job["Error"]["Type"]) == ("REJECTED", "UpstreamRefused")


@pytest.mark.parametrize("paginator", ["auto", {"type": "offset", "limit": 10}], ids=["auto", "offset"])
def test_where_the_first_answer_is_ignored_the_dataset_is_empty_and_says_so(
    sent_messages: Take, paginator: Any
) -> None:
    job, ids = orders(sent_messages, {0: (403, BODY)}, response_actions=ARCHIVED, paginator=paginator)

    assert (job["Status"], job["Notice"]["Type"], ids) == ("SUCCEEDED", "PagesIgnored", [])
    assert job["Notice"]["Message"].endswith("page 1, behind which nothing was asked for")


def walk(take: Take, api: WalkedApi, **spec: Any) -> tuple[dict[str, Any], list[str]]:
    with walked_api(api):
        job = workflow.run(api.spec(**spec), take)
    return job, workflow.dataset(job)


def test_a_walk_goes_on_where_an_ignored_answer_says_how(sent_messages: Take) -> None:
    api = walked("cursor", 10, 10, 10, 7, answers={2: (403, {**BODY, "next_cursor": "c3"})})

    job, lines = walk(sent_messages, api, response_actions=ARCHIVED)

    assert (job["Status"], job["Notice"]["Type"], job["Proof"]["End"]) == ("SUCCEEDED", "PagesIgnored", "seen")
    assert lines == [*api.rows()[:20], *api.rows()[30:]]


def test_a_walk_that_cannot_is_partial(sent_messages: Take) -> None:
    api = walked("cursor", 10, 10, 10, 7, answers={2: (403, BODY)})

    job, lines = walk(sent_messages, api, response_actions=ARCHIVED)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")
    assert "page 3: HTTP 403, for which response_actions[0] says ignore" in job["Error"]["Message"]
    assert lines == api.rows()[:20]


@pytest.mark.parametrize(
    ("body", "records"), [({"message": "over"}, 20), ({"rows": [{"id": 99}], "next_cursor": "c3"}, 21)], ids=repr
)
def test_a_walk_ends_where_the_job_says_so_with_what_records_come_with_it(
    sent_messages: Take, body: Any, records: int
) -> None:
    api = walked("cursor", 10, 10, 10, answers={2: (200, body)})
    ends = [{"action": "end", "content": "over"}, {"action": "end", "when": "rows[0].id == `99`"}]

    job, lines = walk(sent_messages, api, response_actions=ends)

    assert (job["Status"], job["Notice"], job["Proof"]["End"], len(lines)) == ("SUCCEEDED", None, "seen", records)


def test_a_rate_limit_in_a_200_holds_all_workers_back(sent_messages: Take) -> None:
    limited = [{"action": "rate_limited", "when": "error == 'ratelimited'"}]
    answer = (200, {"ok": False, "error": "ratelimited"})
    api = walked("cursor", 10, 10, answers={1: answer}, headers={"Retry-After": "60"})

    with walked_api(api):
        step = workflow.prepare(api.spec(response_actions=limited))
        workflow.fetch_all(step)

    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    assert job.not_before > 0
