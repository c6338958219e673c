"""What a job will take, by its first page."""

from dataclasses import replace

import pytest

from poller.jobs.estimate import Estimate, estimate
from poller.jobs.plan import Ranges, Walks
from poller.jobs.planning import Planned
from poller.specs.model import RateLimit
from tests.support.builders import spec

UNKNOWN = Estimate(None, None, None, None, None)


def planned(plan, records=1000, threads=4, workers=2, is_declared=True):
    return Planned(spec(), plan, records, is_declared, threads, workers)


def test_ranges_take_as_long_as_the_rounds_of_requests_that_fit_side_by_side():
    found = estimate(planned(Ranges(100, 10, 10, is_open=True)), 10, 1000, 2.0)

    assert (found.pages, found.tasks, found.requests) == (100, 10, 103)
    assert found.seconds == 8 + 13 * 2 + 3  # a job, 13 rounds of 8 requests, five tasks a worker at half a second
    assert found.dollars == pytest.approx(0.0028, abs=0.0002)


def test_a_walk_takes_its_pages_one_after_the_other():
    found = estimate(planned(Walks(1), 1000, threads=1, workers=1, is_declared=False), 4, 1000, 0.5)

    assert (found.pages, found.tasks, found.requests) == (250, 3, 253)
    assert found.seconds == 8 + 125 + 2


def test_a_rate_budget_may_take_longer_than_the_api():
    plan = replace(planned(Ranges(1000, 100, 10)), spec=spec(rate_limit=RateLimit(100, 60)))

    assert estimate(plan, 10, 1000, 0.01).seconds == 8 + 600 + 3


@pytest.mark.parametrize(
    ("plan", "records", "rows"),
    [(Walks(1), None, 4), (Walks(1), 10, 0), (Ranges(1, 1, 10, is_open=True), None, 10)],
)
def test_what_nobody_can_say_is_not_said(plan, records, rows):
    assert estimate(planned(plan, records, is_declared=False), rows, 1000, 1.0) == UNKNOWN


def test_one_page_that_is_everything_is_known():
    assert estimate(planned(Ranges(1, 1, 10), None, is_declared=False), 10, 1000, 1.0).pages == 1


def test_a_slower_api_and_larger_pages_cost_more():
    plan = planned(Ranges(10_000, 100, 100))

    cheap, slow, large = (estimate(plan, 100, *page).dollars for page in ((1000, 0.1), (1000, 5.0), (1_000_000, 0.1)))

    assert cheap < slow
    assert cheap < large


def test_a_million_pages_cost_about_what_is_measured():
    found = estimate(planned(Ranges(1_000_000, 256, 100), threads=32, workers=1), 100, 16_000, 0.2)

    assert 0.3 < found.dollars < 1.2  # benchmarks/README.md
