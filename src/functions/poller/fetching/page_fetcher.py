"""Asking for one page until it arrives, is refused, or the time is up."""

import random
from dataclasses import replace
from datetime import UTC, datetime

from poller.credentials import secrets_of, without, without_secrets
from poller.errors import (
    InvalidPayload,
    JobStopped,
    PauseRequested,
    PermanentPollerError,
    PollerError,
    RetriablePollerError,
    TransientUpstreamError,
    UpstreamRefused,
    UpstreamUnavailable,
)
from poller.fetching.backoff import delay
from poller.fetching.pause import Throttle
from poller.fetching.tally import Tally
from poller.fetching.time_box import TimeBox
from poller.paging.envelope import Envelope
from poller.paging.meaning import Reading, read_page
from poller.paging.rate_headers import resets_in
from poller.specs.model import JobSpec
from poller.text import counted
from poller.values import PageRequest, Response, Sender

_MAX_INVITATIONS = 100  # to come back, for one page; the time box ends long before, but that is not ours to rely on


_MAX_FIRST_GARBLED = 2  # answers to a job's first request that are no JSON: an address that has none says so soon
_SHOWN_TARGET = 100  # characters of each end of a long path and query


class PageFetcher:
    """Fetches pages of one job. Nothing new is begun after the end of `box`."""

    def __init__(
        self,
        upstream: Sender,
        spec: JobSpec,
        box: TimeBox,
        throttle: Throttle,
        tally: Tally | None = None,
    ) -> None:
        self._upstream, self._spec, self._box, self._throttle = upstream, spec, box, throttle
        self.tally = tally or Tally()
        headers, is_of_many = spec.retry.retry_after_headers, spec.paginator.IS_OF_MANY
        self._reading = Reading(spec.data_selector, headers, is_of_many, spec.response_actions)

    def fetch(self, request: PageRequest, failures: int = 0, is_first: bool = False) -> tuple[Envelope, Response]:
        """The page in its envelope, however many attempts it takes.

        `failures` of them were made before; `is_first`: it is the first page of its job.

        A rate limit that says when to come back is an invitation, and no failure that counts against
        `retry.max_attempts`: many workers under one limit would otherwise fail pages that nothing is wrong with. Other
        answers that say so do count: a server may say so of a page that fails for good. An invitation to come back at
        once is waited for as a failure is.

        Raises what makes another attempt pointless: a PermanentPollerError, UpstreamUnavailable after
        `retry.max_attempts`, RetriablePollerError when the time box ends first, PauseRequested when the API asks for a
        pause that is long or ends after the time box, or JobStopped. The last four know how far it had come.
        """
        retry, invitations, at_once, garbled, seen = self._spec.retry, 0, 0, 0, ""
        while True:
            try:
                self._throttle.wait(self._box)
                if self._box.is_over:
                    raise RetriablePollerError("this step's time box ended before all its pages were asked for")
            except (PauseRequested, JobStopped, RetriablePollerError) as halt:
                raise _so_far(halt, failures, seen) from None
            self.tally.add(requests=1)
            try:
                return self._ask(request)
            except InvalidPayload as error:
                garbled += 1
                if not error.may_pass or (is_first and garbled >= min(_MAX_FIRST_GARBLED, retry.max_attempts)):
                    raise
                trouble = TransientUpstreamError(error.message)
            except TransientUpstreamError as error:
                trouble = error
            wait, seen = trouble.retry_after, trouble.message
            if trouble.is_limit and wait is not None and invitations < _MAX_INVITATIONS:
                invitations += 1
                at_once += wait == 0
            else:
                failures += 1
            if failures >= retry.max_attempts:
                tries = counted(invitations + failures, "attempt")
                raise _so_far(UpstreamUnavailable(f"{seen} ({tries})"), failures, seen)
            pause = delay(failures + at_once, retry, wait, random.random())  # noqa: S311  # nosec B311  # jitter
            self.tally.add(retried=1)
            if wait is not None:
                self.tally.add(waited=self._throttle.pause_for(pause))
            elif self._box.ends_within(pause):
                late = RetriablePollerError(f"{seen}; the next attempt would begin after this step's time box")
                raise _so_far(late, failures, seen)
            else:
                self._throttle.sleep(pause)

    def trouble(self, request: PageRequest) -> TransientUpstreamError | None:
        """Send `request` once. What went wrong in passing; None where an answer came, and be it a refusal."""
        self.tally.add(requests=1)
        try:
            self._ask(request)
        except TransientUpstreamError as error:
            return error
        except InvalidPayload as error:
            return TransientUpstreamError(error.message) if error.may_pass else None
        except PermanentPollerError:
            return None
        return None

    def _ask(self, request: PageRequest) -> tuple[Envelope, Response]:
        """Send `request` once. What is wrong with the answer is said with what was asked, and without secrets."""
        try:
            response = self._upstream.send(request)
            now = datetime.now(UTC)
            page = read_page(response, self._reading, now)
            if reset := resets_in(response.headers, now):  # before others are refused for asking
                pause = min(reset, self._spec.retry.max_delay_seconds)
                self.tally.add(waited=self._throttle.pause_for(pause))
            envelope = Envelope(replace(page, url=request.url))
            is_told = page.ignored or page.end
            if not is_told and (part := ", ".join(envelope.incomplete)):
                raise TransientUpstreamError(f"the API says that its answer is not all there is ({part})")
            return envelope, response
        except (TransientUpstreamError, UpstreamRefused, InvalidPayload) as error:
            error.retell(without(secrets_of(request), f"{_asked(request)}: {error.message}"))
            raise


def _asked(request: PageRequest) -> str:
    """`GET /orders?page=7`: both ends of what is long, for the page is at the end."""
    target = "/" + without_secrets(request.url).partition("://")[2].partition("/")[2]
    if len(target) > 2 * _SHOWN_TARGET:
        target = f"{target[:_SHOWN_TARGET]}…{target[-_SHOWN_TARGET:]}"
    return f"{request.method} {target}"


def _so_far(halt: PollerError, failures: int, seen: str) -> PollerError:
    """`halt`, with what whoever asks for the page next, or gives it up, needs to know."""
    halt.failures, halt.seen = failures, seen
    return halt
