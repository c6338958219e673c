"""How a worker waits and asks again, on a clock that only waiting moves."""

from collections.abc import Callable, Iterable
from itertools import repeat
from math import inf

import pytest

from poller.errors import InvalidPayload, PauseRequested, UpstreamRefused, UpstreamUnavailable
from poller.fetching import page_fetcher, pause, time_box
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.specs.model import JobSpec, Retry
from poller.values import PageRequest, Response

REQUEST = PageRequest("GET", "https://api.example.com/", {})
PAGE, ERROR = Response(200, {}, b"[1]"), Response(500, {}, b"")


def later(seconds: int, status: int = 429) -> Response:
    return Response(status, {"retry-after": str(seconds)}, b"")


class Clock:
    """Stands in for the module `time`; `meanwhile` is what others do during the next wait."""

    def __init__(self) -> None:
        self.now, self.waits = 1_800_000_000.25, list[float]()
        self.meanwhile: Callable[[], None] = lambda: None

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()


class Api:
    """Gives the next of `answers` to each request, and notes when it came."""

    def __init__(self, clock: Clock, answers: Iterable[Response]) -> None:
        self._clock, self._answers = clock, iter(answers)
        self.asked: list[float] = []

    def send(self, _request: PageRequest) -> Response:
        self.asked.append(self._clock.now)
        return next(self._answers)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pause, "time", clock)
    monkeypatch.setattr(time_box, "time", clock)
    return clock


def fetcher(clock: Clock, api: Api, attempts: int = 2, seconds: float = 1000.0) -> PageFetcher:
    spec = JobSpec("https://api.example.com/", retry=Retry(max_attempts=attempts))
    gate = Throttle(sleep=clock.sleep)
    return PageFetcher(api, spec, TimeBox(clock.now + seconds), gate)


def test_an_api_that_says_when_to_come_back_uses_up_no_attempts(clock):
    api = Api(clock, [*[later(1)] * 30, ERROR, *[later(2)] * 30, PAGE])

    first, _ = fetcher(clock, api).fetch(REQUEST)

    assert first.page.records == [1]
    assert len(api.asked) == 62


def test_a_failure_that_says_when_to_come_back_is_waited_for_and_counts(clock):
    api = Api(clock, repeat(later(5, 503)))

    with pytest.raises(UpstreamUnavailable, match=r"HTTP 503 \(4 attempts\)"):
        fetcher(clock, api, attempts=4).fetch(REQUEST)

    assert all(wait >= 5 for wait in clock.waits)
    assert len(clock.waits) == 3


def test_failures_between_invitations_count(clock):
    api = Api(clock, [later(1), ERROR, later(1), ERROR])

    with pytest.raises(UpstreamUnavailable, match=r"HTTP 500 \(4 attempts\)"):
        fetcher(clock, api).fetch(REQUEST)


@pytest.mark.parametrize("seconds", [0, 1, 7])
def test_an_api_that_never_lets_anyone_in_is_left_to_the_workflow_when_the_time_box_ends(clock, seconds):
    api = Api(clock, repeat(later(seconds)))
    end = clock.now + 50

    with pytest.raises(PauseRequested) as held:
        fetcher(clock, api, seconds=50).fetch(REQUEST)

    assert max(api.asked) <= end
    assert held.value.not_before > clock.now
    assert len(api.asked) <= 100


def test_invitations_end_even_if_time_stands_still(clock, monkeypatch):
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    api = Api(clock, repeat(later(1)))

    with pytest.raises(UpstreamUnavailable, match=r"HTTP 429 \(102 attempts\)"):
        fetcher(clock, api).fetch(REQUEST)


@pytest.mark.parametrize("seconds", [1, 5])
def test_those_who_wait_do_not_wake_together_and_never_too_early(clock, seconds):
    gate = Throttle(sleep=clock.sleep)
    gate.pause_for(seconds)
    began = clock.now

    woke = set()
    for _ in range(200):
        clock.now = began
        gate.wait(TimeBox(inf))
        woke.add(clock.now - began)

    assert len(woke) == 200
    assert min(woke) >= seconds
    assert max(woke) <= (seconds + 1) * 1.5
    assert max(woke) - min(woke) > 0.3 * seconds


def test_who_wakes_to_a_gate_that_was_closed_again_waits_again(clock):
    gate = Throttle(sleep=clock.sleep)
    gate.pause_for(2)
    clock.meanwhile = lambda: gate.pause_for(5)

    gate.wait(TimeBox(inf))

    assert len(clock.waits) == 2
    assert sum(clock.waits) >= 2 + 5


def test_who_wakes_to_a_gate_that_is_closed_for_long_leaves_it_to_the_workflow(clock):
    gate = Throttle(sleep=clock.sleep)
    gate.pause_for(2)
    clock.meanwhile = lambda: gate.pause_for(60)

    with pytest.raises(PauseRequested):
        gate.wait(TimeBox(inf))


def test_a_pause_is_waited_only_if_the_time_box_lasts_as_long(clock):
    gate = Throttle(sleep=clock.sleep)
    gate.pause_for(4)

    with pytest.raises(PauseRequested):
        gate.wait(TimeBox(clock.now + 3))
    gate.wait(TimeBox(clock.now + 8))

    assert len(clock.waits) == 1


def test_an_invitation_to_come_back_at_once_is_waited_for_as_a_failure_is(clock, monkeypatch):
    monkeypatch.setattr(page_fetcher.random, "random", lambda: 0.5)
    asked: list[float] = []
    gate = Throttle(sleep=clock.sleep)
    monkeypatch.setattr(gate, "pause_for", lambda seconds: asked.append(seconds) or 0)
    api = Api(clock, [later(0), later(0), ERROR, later(0), later(3), PAGE])
    spec = JobSpec("https://api.example.com/", retry=Retry(max_attempts=2))

    PageFetcher(api, spec, TimeBox(clock.now + 1000), gate).fetch(REQUEST)

    assert asked == [0.25, 0.5, 2.0, 3.0]


@pytest.mark.parametrize("status", [403, 420])
def test_a_refusal_that_says_when_to_come_back_is_a_rate_limit(clock, status):
    api = Api(clock, [*[later(1, status)] * 30, PAGE])

    first, _ = fetcher(clock, api).fetch(REQUEST)

    assert first.page.records == [1]


GARBLED = Response(200, {"content-type": "text/html"}, b"<html>Back in a minute</html>")


def test_a_page_that_comes_garbled_is_asked_for_again(clock):
    api = Api(clock, [GARBLED, Response(200, {}, b""), Response(200, {}, b"[1,"), PAGE])

    first, _ = fetcher(clock, api, attempts=4).fetch(REQUEST)

    assert first.page.records == [1]


def test_a_page_that_stays_garbled_is_given_up_with_what_came(clock):
    api = Api(clock, repeat(GARBLED))

    with pytest.raises(UpstreamUnavailable, match=r"GET /: the body is not JSON.*HTML page.* \(3 attempts\)"):
        fetcher(clock, api, attempts=3).fetch(REQUEST)


def test_a_jobs_first_page_that_is_garbled_is_asked_for_once_more(clock):
    api = Api(clock, [ERROR, GARBLED, ERROR, PAGE])

    first, _ = fetcher(clock, api, attempts=6).fetch(REQUEST, is_first=True)

    assert first.page.records == [1]


@pytest.mark.parametrize("attempts", [1, 2, 6])
def test_an_address_that_has_no_json_says_so_soon(clock, attempts):
    api = Api(clock, repeat(GARBLED))

    with pytest.raises(InvalidPayload, match="GET /: the body is not JSON"):
        fetcher(clock, api, attempts).fetch(REQUEST, is_first=True)

    assert len(api.asked) == min(attempts, 2)


def test_what_an_api_always_sends_so_is_asked_for_once(clock):
    api = Api(clock, repeat(Response(200, {}, b"[NaN]")))

    with pytest.raises(InvalidPayload, match="GET /: the body holds NaN"):
        fetcher(clock, api).fetch(REQUEST)

    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://api.example.com", "GET /: "),
        ("https://api.example.com/v2/orders?q=a+b&page=7", "GET /v2/orders?q=a+b&page=7: "),
        (f"https://api.example.com/v2?q={'x' * 500}&page=7", f"GET /v2?q={'x' * 94}…{'x' * 93}&page=7: "),
        ("https://api.example.com/?key=canary-5f1d&page=7", "GET /?key=...&page=7: "),
    ],
)
def test_what_is_wrong_is_said_with_what_was_asked(clock, url, asked):
    api = Api(clock, repeat(Response(404, {}, b'{"message": "canary-5f1d finds no page 7"}')))
    request = PageRequest("GET", url, {"X-Token": "canary-5f1d"})

    with pytest.raises(UpstreamRefused) as refused:
        fetcher(clock, api).fetch(request)

    assert refused.value.message.startswith(f'{asked}the API answered HTTP 404: "... finds no page 7"')
    assert refused.value.status == 404
    assert "canary" not in str(refused.value)


def test_failures_wait_longer_and_longer_and_invitations_do_not(clock, monkeypatch):
    monkeypatch.setattr(page_fetcher.random, "random", lambda: 0.5)
    api = Api(clock, [*[later(1)] * 4, *[ERROR] * 4, PAGE])

    fetcher(clock, api, attempts=5).fetch(REQUEST)

    assert max(clock.waits[:-4]) <= 2 * 1.25
    assert clock.waits[-4:] == [0.25, 0.5, 1.0, 2.0]
