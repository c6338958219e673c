"""An API that never answers, on a clock of its own: nobody has to wait for it."""

import pytest

from poller.errors import TransientUpstreamError
from poller.fetching import pause, time_box
from poller.handlers import dependencies, prepare_poller_job
from poller.values import PageRequest, Response

SAID = "api.example.com did not answer in time"


class Silence:
    """Accepts whoever connects and never answers: each attempt takes 30 seconds of `now`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.attempts = 1_800_000_000.0, 0
        for module in (prepare_poller_job, pause, time_box):
            monkeypatch.setattr(module, "time", self)
        rest = (pause.Throttle.__init__.__defaults__ or ())[3:]
        monkeypatch.setattr(pause.Throttle.__init__, "__defaults__", (None, None, self.sleep, *rest))
        monkeypatch.setattr(dependencies.upstream(), "send", self.send)

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, _request: PageRequest) -> Response:
        self.now, self.attempts = self.now + 30, self.attempts + 1
        raise TransientUpstreamError(SAID)
