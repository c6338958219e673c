"""Walking a chain of an API that is made up, page by page."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import PermanentPollerError
from poller.fetching.chain import ChainSource, Place, Walked
from poller.fetching.data_end import DataEnd, EndKind
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.outage import Circuit
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.paging.boundaries import page_digest
from poller.specs.model import JobSpec
from poller.specs.page_request import request_at
from poller.specs.parse import parse_job_spec
from tests.support.builders import examples
from tests.support.walked_api import MISSING, STYLES, WalkedApi, walked

BOX = TimeBox(time.monotonic() + 3600)


def source(api: WalkedApi, **more: Any) -> ChainSource:
    api.url = "https://api.example.com/rows"
    return source_of(api, parse_job_spec(api.spec(**more)))


def source_of(api: WalkedApi, spec: JobSpec) -> ChainSource:
    throttle = Throttle(sleep=lambda _: None)
    fetcher = PageFetcher(api, spec, BOX, throttle)  # type: ignore[arg-type]  # it sends
    first = request_at(spec, None)
    circuit = Circuit(fetcher, throttle, BOX, first, first, 0, lambda *_: None, lambda: None)
    return ChainSource(spec, ("id",), fetcher, circuit, page_digest(api.pages[0], ("id",)))


def to_the_end(api: WalkedApi, calls: int = 1, **more: Any) -> tuple[list[FetchedPage], Walked]:
    """Every page, and the last task of the walk. Each of so many `calls` remembers nothing of those before it."""
    pages: list[FetchedPage] = []
    chain, place = source(api, **more), Place()
    for number in range(30):
        if number % calls == 0:
            chain = source(api, **more)
        walked = chain.walk(place)
        pages += walked.fetched.pages
        if walked.fetched.end or walked.error or walked.fetched.halt:
            return pages, walked
        place = walked.place
    raise AssertionError("the walk does not end")


def records(pages: list[FetchedPage]) -> list[Any]:
    return [row for page in pages for line in page.lines for row in json.loads(line)["rows"]]


def distinct(sizes: list[int]) -> list[list[dict[str, int]]]:
    numbers = iter(range(10_000))
    return [[{"id": next(numbers)} for _ in range(size)] for size in sizes]


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
HEADER_TEXTS = st.text("abcXYZ019+/=%#&?._~:-", min_size=1, max_size=12)


@st.composite
def apis(draw: st.DrawFn) -> WalkedApi:
    style = draw(st.sampled_from(list(STYLES)))
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=12))
    texts = HEADER_TEXTS if "header" in style or style == "bare_link" else TEXTS
    names = draw(st.lists(texts, min_size=len(sizes), max_size=len(sizes), unique=True))
    leads = draw(st.dictionaries(st.integers(0, 11), st.integers(0, 20), max_size=2))
    leads = {at: to for at, to in leads.items() if to <= at or to >= len(sizes)}  # what it leaves out, nobody can know
    answers = draw(st.dictionaries(st.integers(1, 11), st.sampled_from([400, 404, 410, 204]), max_size=1))
    end = draw(st.sampled_from([None, "", MISSING, False]))
    total = draw(st.sampled_from([None, sum(sizes), 0, 3, 10_000]))
    flagged = draw(st.booleans())

    def more(index: int) -> dict[str, Any]:
        said: dict[str, Any] = {} if total is None else {"total": total}
        return said | ({"has_more": leads.get(index, index + 1) < len(sizes)} if flagged else {})

    return WalkedApi(
        style, distinct(sizes), names, end, leads, {k: (v, {"message": "no"}) for k, v in answers.items()}, more
    )


@examples
@given(apis())
def test_a_walk_has_every_record_once_or_does_not_see_the_end(api: WalkedApi) -> None:
    pages, walked = to_the_end(api)

    every = [row for page in api.pages for row in page]
    got = records(pages)
    end = walked.fetched.end
    is_whole = got == every
    plain = not api.leads and not api.answers
    assert is_whole or not (plain and end and end.kind is EndKind.SEEN)
    assert is_whole or not plain
    if end and end.kind is EndKind.SEEN and not is_whole:
        # The API itself said that this is all: by an end in the midst of its pages.
        assert any(at >= len(api.pages) for at in api.leads.values()) or 204 in {s for s, _ in api.answers.values()}
    if walked.error is not None:
        assert walked.error.page == walked.place.index > 0


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("length", [1, 2, 3, 7, 60, 150])
@pytest.mark.parametrize("calls", [1, 1000], ids=["each call anew", "one call"])
def test_a_circle_of_any_length_is_found(style: str, length: int, calls: int) -> None:
    api = WalkedApi(style, distinct([1] * 200), [f"c{n}" for n in range(200)], leads={20 + length: 21})

    pages, walked = to_the_end(api, calls)

    assert type(walked.error).__name__ == "PaginationLoop"
    assert 20 + length <= len(pages) <= 4 * (20 + length) + 100


def test_a_circle_is_found_by_calls_that_know_nothing_of_each_other() -> None:
    api = WalkedApi("cursor", distinct([1] * 450), [f"c{n}" for n in range(450)], leads={420: 130})

    pages, walked = to_the_end(api)

    assert failure(walked).reason.type == "PaginationLoop"
    assert len(pages) < 1100


def failure(walked: Walked) -> PermanentPollerError:
    assert walked.error is not None
    return walked.error


def test_the_same_page_twice_is_asked_for_again_once() -> None:
    api = walked("cursor", 3, 3, 3)
    answers = iter([api.pages[0], api.pages[1], api.pages[1], api.pages[2]])
    api.more = lambda index: {"rows": next(answers)} if index else {}
    api.pages[0], first = [{"id": "first"}], api.pages[0]
    answers = iter([[{"id": "first"}], first, [{"id": "last"}]])

    pages, end = to_the_end(api)

    assert [page.mended for page in pages] == [False, True, False]
    assert end.fetched.end == DataEnd(EndKind.SEEN, "page 3 names no next one at next_cursor")


def test_a_page_that_stays_the_same_is_a_loop() -> None:
    api = walked("cursor", 3, 3, 3)
    api.pages[2] = api.pages[1]

    pages, end = to_the_end(api)

    assert len(pages) == 2
    assert failure(end).reason.type == "PaginationLoop"
    assert failure(end).message == (
        "the walk came as far as 2 pages, and the next one does not come: the walk would not end: behind page 2, its "
        "records are those of an earlier page, also when asked for again"
    )


@pytest.mark.parametrize("flag", [{"has_more": False}, {"isLast": True}, {"meta": {"hasNextPage": False}}])
@pytest.mark.parametrize("leads", [2, 0, 1])
def test_a_last_page_that_is_flagged_may_name_a_next_one(flag: dict[str, Any], leads: int) -> None:
    """Paddle's last page links to itself, Meilisearch's and others' to an empty or refused one."""
    api = walked("json_link", 3, 3, 3, leads={2: leads}, more=lambda index: flag if index == 2 else {})

    pages, end = to_the_end(api)

    assert len(records(pages)) == 9
    assert end.fetched.end == DataEnd(EndKind.SEEN, "a flag says that page 3 is the last one")


def test_what_is_refused_behind_a_flagged_last_page_is_the_end() -> None:
    api = walked("json_link", 3, 3, 0, answers={2: (404, {})}, more=lambda index: {"has_more": index == 0})

    pages, end = to_the_end(api)

    assert (len(pages), end.fetched.end and end.fetched.end.kind) == (2, EndKind.SEEN)


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_cursor_that_is_refused_leaves_what_came_before_it(status: int) -> None:
    api = walked("cursor", 3, 3, 3, answers={2: (status, {"message": "cursor expired"})})

    pages, end = to_the_end(api)

    assert (len(pages), end.place, end.fetched.goes_on_at) == (2, end.place, 2)
    assert (end.place.index, end.place.mark, failure(end).page) == (2, "c2", 2)
    assert "the walk came as far as 2 pages" in failure(end).message
    assert "cursor expired" in failure(end).message


@pytest.mark.parametrize("status", [404, 410])
def test_a_status_that_the_spec_names_is_the_end(status: int) -> None:
    api = walked("cursor", 3, 3, 3, answers={2: (status, {})})

    pages, end = to_the_end(api, paginator={**STYLES["cursor"], "end_status_codes": [404, 410]})

    assert (len(pages), end.fetched.end and end.fetched.end.kind) == (2, EndKind.SEEN)


@pytest.mark.parametrize(
    ("more", "sign"),
    [
        ({"has_more": True}, "has_more"),
        ({"meta": {"isLast": False}}, "meta.isLast"),
        ({"total_pages": 7}, "total_pages = 7"),
        ({"links": {"next": "/rows?page=4"}}, "links.next"),
    ],
)
def test_an_end_that_something_else_contradicts_is_not_seen(more: dict[str, Any], sign: str) -> None:
    api = walked("cursor", 3, 3, 3, more=lambda _: more)

    pages, end = to_the_end(api)

    assert end.fetched.end == DataEnd(EndKind.REFUSED, "page 3 names no next one at next_cursor")
    assert pages[-1].more == sign


def test_the_cursor_that_was_sent_is_no_sign_of_more() -> None:
    api = walked("cursor", 3, 3, 3, more=lambda index: {"cursor": f"c{index}" if index else None})

    _, end = to_the_end(api)

    assert end.fetched.end == DataEnd(EndKind.SEEN, "page 3 names no next one at next_cursor")


@pytest.mark.parametrize(
    ("fields", "flags", "pages", "kind"),
    [
        ({"has_more_path": "more"}, [True, False], 2, EndKind.SEEN),
        ({"has_more_path": "more"}, [True, True, True], 3, EndKind.REFUSED),
        ({"has_more_path": "more", "has_more_when": "go on"}, ["go on", "stop"], 2, EndKind.SEEN),
        ({"has_more_path": "more"}, [None, None, None], 3, EndKind.SEEN),
        ({"has_more_path": "more"}, [1, 0], 2, EndKind.SEEN),
    ],
)
def test_what_the_spec_names_decides_over_everything_else(
    fields: dict[str, Any], flags: list[Any], pages: int, kind: EndKind
) -> None:
    api = walked("cursor", 3, 3, 3, more=lambda index: {"more": flags[index]})

    came, end = to_the_end(api, paginator={**STYLES["cursor"], **fields})

    assert (len(came), end.fetched.end and end.fetched.end.kind) == (pages, kind)


@pytest.mark.parametrize(("stop", "expected"), [(False, 3), (True, 2)])
def test_an_empty_page_ends_a_walk_only_where_the_spec_says_so(stop: bool, expected: int) -> None:
    api = walked("cursor", 3, 0, 3)

    pages, end = to_the_end(api, paginator={**STYLES["cursor"], "stop_on_empty": stop})

    assert (len(pages), end.fetched.end and end.fetched.end.kind) == (expected, EndKind.SEEN)


def test_as_many_pages_as_may_come_are_no_end() -> None:
    pages, end = to_the_end(walked("cursor", 3, 3, 3), maximum_pages=2)

    assert len(pages) == 2
    assert end.fetched.end == DataEnd(EndKind.CUT, "maximum_pages is 2, and as many came")


@pytest.mark.parametrize(
    "cursor", [17, 0, -3, 12345678901234567890, 1.5, "0", "a b+c%2F=&#?", "n°☃", " ", "null"], ids=repr
)
def test_a_cursor_is_sent_back_as_it_came(cursor: Any) -> None:
    api = WalkedApi("cursor", distinct([1, 1]), ["", str(cursor)], more=lambda index: {} if index else {"next": cursor})

    pages, _ = to_the_end(api, paginator={"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"})

    assert len(pages) == 2


@pytest.mark.parametrize("cursor", [[1, "a"], {"k": 1.10}, 7, "x", [12345678901234567890]], ids=repr)
def test_a_body_takes_any_value_as_a_cursor(cursor: Any) -> None:
    api = WalkedApi("body", distinct([1, 1]), ["", cursor], more=lambda index: {} if index else {"next": cursor})
    body = {"type": "cursor", "cursor_path": "next", "cursor_body_path": "variables.after"}

    pages, _ = to_the_end(api, paginator=body)

    assert len(pages) == 2


@pytest.mark.parametrize(
    ("cursor", "message"),
    [
        (True, "the cursor at next is true; it must be a text or a number"),
        ([1], "the cursor at next is no text or number, and fits no query parameter"),
        ("x" * 20_000, "what next holds is larger than 16 KiB; no cursor is"),
    ],
)
def test_what_is_no_cursor_ends_the_walk_behind_its_page(cursor: Any, message: str) -> None:
    api = WalkedApi("cursor", distinct([1, 1]), ["", "c1"], more=lambda _: {"next": cursor})

    pages, end = to_the_end(api, paginator={"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"})

    assert len(pages) == 1
    assert end.fetched.end is not None
    assert end.fetched.end.kind is EndKind.REFUSED
    assert end.fetched.end.said.startswith(message)


def test_a_link_to_another_origin_ends_the_walk_behind_its_page() -> None:
    api = walked("json_link", 3, 3, link=lambda url: url.replace("api.example.com", "evil.example.org"))

    pages, end = to_the_end(api)

    assert (len(pages), api.asked.count(1)) == (1, 0)
    assert end.fetched.end is not None
    assert "https://evil.example.org; name it in paginator.allowed_origins" in end.fetched.end.said


def test_an_allowed_origin_is_asked_without_headers_that_are_not_its_own() -> None:
    api = walked("json_link", 3, 3, link=lambda url: url.replace("api.example.com", "other.example.org"))
    paginator = {**STYLES["json_link"], "allowed_origins": ["https://other.example.org"]}
    sent: list[Any] = []
    send = api.send
    api.send = lambda request: (sent.append(request), send(request))[1]  # type: ignore[method-assign]

    pages, _ = to_the_end(
        api, paginator=paginator, headers={"X-Tenant": "7", "User-Agent": "me", "Accept": "text/json"}
    )

    assert len(pages) == 2
    strange = next(request for request in sent if "other.example.org" in request.url)
    assert strange.headers == {"User-Agent": "me", "Accept": "text/json"}


def test_a_task_is_cut_by_pages_and_by_bytes() -> None:
    small = source(walked("cursor", *[1] * 101)).walk(Place())
    large = walked("cursor", 1, 1, 1, 1, more=lambda _: {"filler": "x" * 3 * 2**20})
    big = source(large).walk(Place())

    assert (len(small.fetched.pages), small.fetched.goes_on_at, small.place.mark) == (100, 100, "c100")
    assert (len(big.fetched.pages), big.fetched.goes_on_at, big.place.mark) == (3, 3, "c3")
