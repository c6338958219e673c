"""What `auto` finds where the first response alone is no proof: by what the API answers when it is asked for more."""

from collections.abc import Callable
from dataclasses import replace

from poller.errors import InvalidPayload, JobRejected, UpstreamRefused, UpstreamUnavailable
from poller.paging.boundaries import page_digest, record_digests
from poller.paging.detect import candidates, detect, what_was_seen
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import KnownPaginator
from poller.paging.record_key import record_key
from poller.specs.model import JobSpec
from poller.specs.page_request import request_at
from poller.values import Page, PageRequest

_MAX_REASON = 300  # characters of why an API refuses, beside what else is to be said


def find_paginator(spec: JobSpec, first: Envelope, ask: Callable[[PageRequest], Page]) -> Detection[KnownPaginator]:
    """What `auto` finds: by what the first response says, or else by what the API answers to its own cursor."""
    try:
        return detect(first)
    except JobRejected:
        for candidate in candidates(first, spec.json):
            if _leads_on(replace(spec, paginator=candidate.paginator), first.page, ask):
                return candidate
        raise


def _leads_on(spec: JobSpec, page: Page, ask: Callable[[PageRequest], Page]) -> bool:
    """Whether other records than those of `page` come where `spec` goes on behind it."""
    try:
        other = ask(request_at(spec, spec.chain_paginator.mark_in(page)))
    except (UpstreamRefused, UpstreamUnavailable, InvalidPayload):
        return False
    key = record_key(None, page.records)
    return bool(other.records) and not record_digests(other.records, key) & record_digests(page.records, key)


def refuse_unless_alone(first: Envelope, ask_for_more: Callable[[], Page]) -> None:
    """Raise JobRejected unless nothing but `first` comes where more is asked for."""
    try:
        other = ask_for_more()
    except (UpstreamRefused, InvalidPayload) as error:
        refused = f"whether the first page is everything cannot be seen: asked for more, {error.message[:_MAX_REASON]}"
        raise JobRejected(f"{refused}. So {what_was_seen(first)}") from None
    key = record_key(None, first.page.records)
    if other.records and page_digest(other.records, key) != page_digest(first.page.records, key):
        raise JobRejected(what_was_seen(first))
