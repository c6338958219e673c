"""The first look at an API: its first page and, with `auto`, a second one in the way that was found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from poller.fetching.find_paginator import find_paginator, refuse_unless_alone
from poller.fetching.page_fetcher import PageFetcher
from poller.paging.envelope import Envelope
from poller.paging.paginators import Auto
from poller.specs.model import JobSpec
from poller.specs.page_request import page_request
from poller.specs.parse import with_paginator
from poller.values import PageRequest, Response


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What came for the first page of `spec`, whose paginator is known by now, and by which `request`.

    `detected` is what `auto` found, as it is shown: the spec that pins it, and the evidence.
    """

    spec: JobSpec
    request: PageRequest
    first: Envelope
    response: Response
    detected: dict[str, Any] | None = None


def first_look(
    spec: JobSpec, fetcher_of: Callable[[JobSpec], PageFetcher], failures: int = 0, is_first: bool = False
) -> FirstLook:
    """Ask for the first page; where `auto` found a paginator, once more in its way, so that it is seen to work.

    `failures` is how many attempts at it have failed before; `is_first`: no page of the job has come yet. Raises
    JobRejected where `auto` finds nothing clear, and what PageFetcher.fetch raises.
    """

    def ask(asked: JobSpec) -> FirstLook:
        request = page_request(asked, 0, None)
        return FirstLook(asked, request, *fetcher_of(asked).fetch(request, failures, is_first))

    look = ask(spec)
    if not isinstance(spec.paginator, Auto):
        return look
    found = find_paginator(spec, look.first, lambda request: fetcher_of(spec).fetch(request)[0].page)
    if found.check:
        further = replace(spec, params={**spec.params, **found.check})
        refuse_unless_alone(look.first, lambda: ask(further).first.page)
    look = ask(with_paginator(spec, found.paginator))
    return replace(look, detected={"Spec": found.spec, "Evidence": found.evidence})
