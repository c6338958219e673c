"""What a first look shows: the answer to POST /jobs/preview."""

from typing import Any

from poller.credentials import blanked, sounds_secret, without_secrets
from poller.errors import JobRejected
from poller.fetching.curl import curl_line
from poller.fetching.first_look import FirstLook
from poller.jobs.estimate import estimate
from poller.jobs.first_plan import FirstPlan
from poller.jobs.plan import Partitions
from poller.paging.detection import spec_of
from poller.paging.lossless_json import dumps
from poller.paging.paginators import ChainPaginator, Offset
from poller.paging.totals import Total
from poller.specs.output import Csv
from poller.values import PageRequest

_MAX_BODY, _MAX_RECORD, _MAX_HEADER = 2000, 2000, 300  # characters that are shown
_SAMPLE = 3
# Parts of names of headers that say something of the page, of paging or of limits.
_TELLING = ("content-type", "count", "cursor", "limit", "link", "next", "page", "range", "remaining", "reset", "retry",
            "total")  # fmt: skip
_ROUND = (1000, 5000, 10_000, 50_000, 100_000)
_DEEP = 10_000  # how deep Elasticsearch, HubSpot and others let one page, by default


def preview(found: FirstPlan, raw: dict[str, Any]) -> dict[str, Any]:
    """`raw` is the spec as it was sent."""
    look, planned = found.look, found.planned
    spec, response, page = planned.spec, look.response, look.first.page
    guess = estimate(planned, len(page.records), len(response.body), response.seconds)
    pinned = spec_of(spec.paginator) | ({"data_selector": page.selector} if spec.data_selector else {})
    return {
        "Request": shown_request(look.request if spec.auth is None else spec.auth.place.shown(look.request)),
        "Response": {
            "Status": response.status,
            "Headers": _telling(response.headers),
            "Seconds": round(response.seconds, 3),
            "Bytes": len(response.body),
            "Body": _cut(blanked(page.line), _MAX_BODY),
        },
        "Paginator": {"Type": spec.paginator.TYPE, "Evidence": (look.detected or {}).get("Evidence")},
        "Spec": raw | pinned,
        "DataSelector": page.selector,
        "Records": len(page.records),
        "RecordsExpected": planned.records,
        "Sample": [_cut(dumps(record), _MAX_RECORD) for record in page.records[:_SAMPLE]],
        "Key": list(found.key) or None,
        "Columns": list(spec.output.columns or spec.output.found) if isinstance(spec.output, Csv) else None,
        "IsWalk": isinstance(spec.paginator, ChainPaginator),
        "Partitions": len(planned.plan) if isinstance(planned.plan, Partitions) else None,
        "Pages": guess.pages,
        "Tasks": guess.tasks,
        "Requests": guess.requests,
        "Seconds": guess.seconds,
        "Dollars": guess.dollars,
        "Warnings": _warnings(found, guess.pages),
    }


def shown_request(request: PageRequest) -> dict[str, Any]:
    """A request as anybody may see it."""
    return {
        "Method": request.method,
        "Url": without_secrets(request.url),
        "Headers": {name: "..." if sounds_secret(name) else value for name, value in request.headers.items()},
        "Curl": curl_line(request),
    }


def _telling(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: _cut(blanked(value), _MAX_HEADER)
        for name, value in headers.items()
        if any(part in name for part in _TELLING) and not sounds_secret(name)
    }


def _warnings(plan: FirstPlan, pages: int | None) -> list[str]:
    """What may keep the job from having everything, or from being quick."""
    look, spec, found = plan.look, plan.planned.spec, []
    floors = [total for total in _totals(look) if total.is_floor]
    if floors:
        found.append(f"{floors[0].place} = {floors[0].count:,} is no total, but says that there are at least as many")
    capped = [total for total in _totals(look) if total.count in _ROUND and total.count > look.first.rows]
    if capped and not floors:
        found.append(
            f"{capped[0].place} = {capped[0].count:,} may be where the API stops counting, and not all there is"
        )
    deepest = (pages or 0) * len(look.first.page.records)
    if isinstance(spec.paginator, Offset) and (deepest > _DEEP or (capped and deepest >= _DEEP) or floors):
        found.append(
            f"some APIs refuse offsets beyond {_DEEP:,}; such a job ends PARTIAL (EndNotSeen) and has to be split, by "
            "dates for instance"
        )
    if isinstance(plan.planned.plan, Partitions):
        found.append("this is one partition of many: how much there is in each shows when it is asked for")
    elif pages is None:
        found.append("the API does not say how much there is, so nobody can say how long the job takes")
    elif pages > spec.maximum_pages:
        found.append(f"the job would end at maximum_pages, {spec.maximum_pages:,}")
    if not plan.key and look.first.rows:
        found.append(
            "no key of the records was found, so those that are alike count as repeated: name one in primary_key"
        )
    return found


def _totals(look: FirstLook) -> tuple[Total, ...]:
    try:
        return look.first.totals
    except JobRejected:
        return ()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
