"""`_latest.json` names the newest SUCCEEDED job of a name, and never goes back."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poller.aws.s3 import Bucket
from poller.errors import RetriablePollerError
from poller.handlers import dependencies
from poller.jobs import latest
from poller.jobs.latest import name_latest
from poller.jobs.model import Counts, Job
from tests.support.builders import job

FIRST = datetime(2026, 1, 1, 11, tzinfo=UTC)


def submitted(job_id: str, minutes: int = 0) -> Job:
    return job(job_id=job_id, started_at=FIRST + timedelta(minutes=minutes), finished_at=FIRST + timedelta(hours=1))


def named() -> str:
    return str(json.loads(dependencies.dataset().get("orders/_latest.json") or b"{}")["JobId"])


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("others", [b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_it_says_where_the_manifest_is_whatever_lay_there(others: bytes) -> None:
    if others:
        dependencies.dataset().put("orders/_latest.json", others, "application/json")

    name_latest(dependencies.dataset(), submitted("job-1"), Counts(records=7))

    assert json.loads(dependencies.dataset().get("orders/_latest.json") or b"") == {
        "JobId": "job-1",
        "Name": "orders",
        "StartedAt": "2026-01-01T11:00:00Z",
        "FinishedAt": "2026-01-01T12:00:00Z",
        "Records": 7,
        "Manifest": "orders/job-1/_manifest.json",
    }


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (submitted("job-1"), submitted("job-2", minutes=1), "job-2"),
        (submitted("job-2", minutes=1), submitted("job-1"), "job-2"),
        (submitted("job-1"), submitted("job-2"), "job-2"),
        (submitted("job-2"), submitted("job-1"), "job-2"),
    ],
    ids=["later", "earlier, as one that was redriven", "same second", "same second, other order"],
)
def test_the_one_that_was_submitted_last_stays(before: Job, after: Job, expected: str) -> None:
    name_latest(dependencies.dataset(), before, Counts())

    name_latest(dependencies.dataset(), after, Counts())

    assert named() == expected


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("mine", "others", "expected"), [(1, 2, "job-2"), (2, 1, "job-2")])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_job_that_ends_in_the_same_moment_is_seen(
    monkeypatch: pytest.MonkeyPatch, mine: int, others: int, expected: str, is_first: bool
) -> None:
    if not is_first:
        name_latest(dependencies.dataset(), submitted("job-0"), Counts())
    put_if, races = Bucket.put_if, [submitted(f"job-{others}", minutes=others)]

    def overtaken(self: Bucket, *args: Any) -> bool:
        while races:
            name_latest(self, races.pop(), Counts())
        return put_if(self, *args)

    monkeypatch.setattr(Bucket, "put_if", overtaken)

    name_latest(dependencies.dataset(), submitted(f"job-{mine}", minutes=mine), Counts())

    assert named() == expected


def test_others_that_keep_winning_leave_it_for_later() -> None:
    class Busy:
        puts = 0

        def get_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

        def put_object(self, **_: Any) -> Any:
            self.puts += 1
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")

    client = Busy()

    with pytest.raises(RetriablePollerError, match=r"orders/_latest\.json"):
        name_latest(Bucket(client, "dataset"), submitted("job-1"), Counts())

    assert client.puts == latest._ATTEMPTS


def test_what_s3_refuses_for_another_reason_is_an_error() -> None:
    class Closed:
        def put_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    with pytest.raises(ClientError, match="AccessDenied"):
        Bucket(Closed(), "dataset").put_if("key", b"", "application/json", None)
