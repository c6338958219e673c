"""Whole jobs against APIs that want credentials."""

import json
from typing import Any

import pytest

from poller.handlers.api import get_job_tasks
from tests.support import workflow
from tests.support.guarded import bearer, guarded, key
from tests.support.handlers import pages_of
from tests.support.partner import Partner
from tests.support.secrets import delete_secret, put_secret
from tests.support.workflow import Take, dataset, expected, offset

CANARY = "canary-0123456789-abcdef"
BEARER = {"type": "bearer", "secret": "orders"}
API_KEY = {"type": "api_key", "secret": "orders", "name": "k", "location": "query"}


@pytest.mark.parametrize("auth", [BEARER, API_KEY], ids=lambda auth: auth["type"])
@pytest.mark.parametrize("paginator", ["auto", offset(10)], ids=["auto", "offset"])
def test_every_record_arrives(sent_messages: Take, auth: dict[str, str], paginator: Any) -> None:
    with guarded(Partner(total=35), bearer(CANARY) if auth is BEARER else key("k", CANARY)) as api:
        put_secret("orders", CANARY, api.origin)

        job = workflow.run({"url": api.url, "paginator": paginator, "auth": auth}, sent_messages)

    assert (job["Status"], job["Error"], api.refused) == ("SUCCEEDED", None, 0)
    assert dataset(job) == expected(35)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://api.example.com", "the secret orders may not be sent to http://127.0.0.1"),
        (None, "auth.secret names no secret of this stack"),
    ],
)
def test_a_job_that_may_not_have_its_secret_is_rejected(sent_messages: Take, origin: str | None, said: str) -> None:
    """Case 46."""
    with guarded(Partner(), bearer(CANARY)) as api:
        if origin:
            put_secret("orders", CANARY, origin)

        job = workflow.run({"url": api.url, "auth": BEARER}, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("REJECTED", "AuthFailed")
    assert job["Error"]["Message"].startswith(said)
    assert api.came == []


def test_a_secret_that_is_deleted_in_mid_job_fails_what_is_left(sent_messages: Take) -> None:
    """Case 46."""
    with guarded(Partner(total=35), bearer(CANARY)) as api:
        put_secret("orders", CANARY, api.origin)
        step = workflow.prepare({"url": api.url, "paginator": offset(10), "auth": BEARER})
        first, *others = workflow.planned_tasks(step)
        workflow.fetch(step["JobId"], first)
        delete_secret("orders")
        states = [workflow.fetch(step["JobId"], task) for task in others]
        asked = len(api.came)

    assert states == ["FAILED"] * 3
    assert asked == 2  # the first page twice: to plan, and for its task
    (task, *_) = pages_of(get_job_tasks, step["JobId"], "Tasks", state="FAILED")[0]
    assert task["Error"]["Type"] == "AuthFailed"


def test_pages_that_lack_credentials_are_one_failed_task_not_one_each(sent_messages: Take) -> None:
    with guarded(Partner(total=400), bearer(CANARY)) as api:
        put_secret("orders", CANARY, api.origin)
        step = workflow.prepare({"url": api.url, "paginator": offset(10), "auth": BEARER})
        delete_secret("orders")
        state = workflow.fetch(step["JobId"], {"TaskId": "t00000000", "FirstPage": 0, "Pages": 9})

    failed = pages_of(get_job_tasks, step["JobId"], "Tasks", state="FAILED")[0]
    assert (state, len(failed)) == ("FAILED", 1)


def test_a_task_that_failed_is_tried_by_hand_with_a_place_for_the_key(sent_messages: Take) -> None:
    with guarded(Partner(total=35, refuses_page_from=30), key("k", CANARY)) as api:
        put_secret("orders", CANARY, api.origin)
        job = workflow.run({"url": api.url, "paginator": offset(10), "auth": API_KEY}, sent_messages)

    (task,) = pages_of(get_job_tasks, job["JobId"], "Tasks", state="FAILED")[0]
    assert task["Request"].endswith("/orders?limit=10&offset=30&k=...'")


@pytest.mark.parametrize("paginator", ["single_page", {"type": "json_link", "next_url_path": "next"}], ids=str)
@pytest.mark.parametrize(
    ("note", "notice"), [(CANARY, "1 record with"), ("waits...", None)], ids=["repeated", "not repeated"]
)
def test_a_success_whose_records_lost_credentials_says_so(
    sent_messages: Take, paginator: Any, note: str, notice: str | None
) -> None:
    rows = [{"id": 1, "note": note}, {"id": 2, "note": "as sent"}]
    body = {"data": rows}
    with guarded(Partner(body=json.dumps(body).encode()), bearer(CANARY)) as api:
        put_secret("orders", CANARY, api.origin)

        job = workflow.run({"url": api.url, "paginator": paginator, "auth": BEARER}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert CANARY not in "".join(dataset(job))
    assert (job["Notice"] and job["Notice"]["Type"]) == ("CredentialsBlanked" if notice else None)
    assert notice is None or notice in job["Notice"]["Message"]
