"""rate_limit: what is refused before anything is asked, and what is stored."""

import pytest

from poller.errors import JobRejected
from poller.specs.model import RateLimit
from poller.specs.parse import parse_job_spec
from poller.specs.stored import read_stored, write_stored

URL = "https://api.example.com/"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (100, "rate_limit is a number; it must be an object with requests and seconds"),
        ({"requests": 100}, "rate_limit.seconds is missing; this rate_limit needs it"),
        ({"seconds": 60}, "rate_limit.requests is missing; this rate_limit needs it"),
        ({"requests": 0, "seconds": 60}, "rate_limit.requests must be a whole number from 1 to 1,000,000"),
        ({"requests": 1.5, "seconds": 60}, "rate_limit.requests must be a whole number from 1 to 1,000,000"),
        ({"requests": 1, "seconds": 86_401}, "rate_limit.seconds must be a whole number from 1 to 86,400"),
        (
            {"requests": 1, "seconds": 1, "name": "a b"},
            "rate_limit.name must be 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit",
        ),
        (
            {"requests": 1, "seconds": 1, "per": "s"},
            "rate_limit.per is not a field of rate_limit; it has requests, seconds, name",
        ),
    ],
    ids=repr,
)
def test_a_wrong_budget_is_refused_with_the_field_and_what_is_allowed(limit, said):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "rate_limit": limit})

    assert refused.value.message == said


@pytest.mark.parametrize("limit", [RateLimit(100, 60), RateLimit(1, 86_400, "example-api")], ids=repr)
def test_a_budget_is_stored_and_read_back(limit):
    given = {"requests": limit.requests, "seconds": limit.seconds} | ({"name": limit.name} if limit.name else {})
    spec = parse_job_spec({"url": URL, "rate_limit": given})

    assert spec.rate_limit == limit
    assert read_stored(write_stored(spec)) == spec


def test_a_spec_without_one_has_none():
    assert parse_job_spec({"url": URL, "rate_limit": None}).rate_limit is None
    assert "rate_limit" not in write_stored(parse_job_spec({"url": URL}))
