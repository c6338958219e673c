"""`incremental`: where a run begins, and what is refused."""

from typing import Any

import pytest

from poller.errors import JobRejected
from poller.specs.cursor_value import read_cursor_value
from poller.specs.incremental import Incremental, refuse_absent
from poller.specs.parse import accept_job_spec, accept_source_spec
from poller.specs.stored import read_stored, write_stored

SINCE = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z"}
URL = "https://api.example.com/orders"


def incremental(**more: Any) -> Incremental:
    return Incremental(**{**SINCE, **more})


@pytest.mark.parametrize(
    ("reached", "lag", "start"),
    [
        (None, 300, "2025-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", 0, "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", 300, "2025-12-31T23:55:00Z"),
        ("2025-01-01T00:01:00Z", 300, "2025-01-01T00:00:00Z"),
    ],
    ids=["the first", "without a lag", "with one", "not before the first"],
)
def test_a_run_begins_where_the_one_before_came_less_the_lag(reached: str | None, lag: int, start: str) -> None:
    begun = incremental(lag_seconds=lag).start_after(read_cursor_value(reached))

    assert begun.text == start


def test_a_record_has_a_value_only_of_the_cursors_kind() -> None:
    at = incremental(cursor_path="meta.at")

    assert at.value_in({"meta": {"at": "2026-01-01T00:00:00Z"}}) is not None
    for other in ({"meta": {"at": "2026-01-01"}}, {"meta": {"at": 1}}, {"meta": {"at": None}}, {"meta": 1}, "text", {}):
        assert at.value_in(other) is None


def test_a_stored_spec_has_it_too() -> None:
    spec = accept_source_spec({"url": URL, "incremental": {**SINCE, "end_param": "until", "lag_seconds": 5}})

    assert read_stored(write_stored(spec)) == spec


REFUSED = [
    ({"incremental": []}, "incremental is a list; it must be an object"),
    ({"incremental": {}}, "incremental.cursor_path is missing"),
    ({"incremental": {**SINCE, "cursor_path": "a["}}, "incremental.cursor_path is not a JMESPath expression"),
    (
        {"incremental": {**SINCE, "initial_value": "yesterday"}},
        "incremental.initial_value is 'yesterday'; it must be a time",
    ),
    ({"incremental": {**SINCE, "initial_value": 1.5}}, "incremental.initial_value is a number; it must be"),
    ({"incremental": {**SINCE, "lag_seconds": -1}}, "incremental.lag_seconds must be a whole number from 0"),
    ({"incremental": {**SINCE, "end_param": "since"}}, "incremental.start_param and end_param are both since"),
    ({"incremental": {**SINCE, "lag_second": 1}}, "did you mean incremental.lag_seconds?"),
    ({"incremental": SINCE, "params": {"since": 1}}, "incremental.start_param is since, which url or params sets too"),
    (
        {"incremental": {**SINCE, "end_param": "to"}, "url": f"{URL}?to=1"},
        "incremental.end_param is to, which url or params",
    ),
    (
        {"incremental": {**SINCE, "start_param": "offset"}, "paginator": "offset"},
        "incremental.start_param is offset, which paginator.offset_param sets too",
    ),
    (
        {
            "incremental": {**SINCE, "start_param": "after"},
            "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
        },
        "incremental.start_param is after, which paginator.cursor_param sets too",
    ),
    (
        {
            "incremental": {**SINCE, "start_param": "k"},
            "auth": {"type": "api_key", "secret": "s", "location": "query", "name": "k"},
        },
        "incremental.start_param is k, which auth sets too",
    ),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_wrong_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(JobRejected) as refused:
        accept_source_spec({"url": URL, **fields})

    assert message in refused.value.message


def test_it_is_for_sources_only() -> None:
    with pytest.raises(JobRejected, match="incremental is for sources"):
        accept_job_spec({"url": URL, "incremental": SINCE})


def test_a_first_page_of_which_no_record_has_a_value_is_refused() -> None:
    refuse_absent(incremental(), [])
    refuse_absent(incremental(), [{"id": 1}, {"updated_at": "2026-01-01T00:00:00Z"}])

    with pytest.raises(JobRejected, match="leads to no time in any record of the first page"):
        refuse_absent(incremental(), [{"id": 1, "updated_at": "2026-01-01"}])
