"""Small servers on loopback that page as well-known APIs do, by what their documentation says of it.

Each is a function from a request to an answer. What the API would refuse, it refuses.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from tests.support.loopback import QuietHandler, listening


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. Names of headers are in lower case; `body` is decoded, None without one."""

    origin: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None

    def number(self, name: str, usual: int, most: int) -> int:
        """The number under that name, cut to `most` in silence."""
        return min(int(self.query.get(name, usual)), most)


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


RECORDS = [{"id": number, "name": f"n°{number}"} for number in range(1, 236)]
MANY = [{"id": number, "amount": number / 4} for number in range(1, 2346)]
ORDERS = [{"order_id": 7_000_000_000 + number, "price": number / 100} for number in range(3456)]
ROWS = [{"OrderID": 10_248 + number, "Freight": number / 100} for number in range(235)]
ACCOUNTS = [{"attributes": {"type": "Account"}, "Id": f"001{number:012}"} for number in range(500)]
HITS = [
    {"_index": "orders", "_id": f"o{number}", "_source": {"order_id": number}, "sort": [number]}
    for number in range(2345)
]


def _cursor(start: int) -> str:
    """Of what many APIs use besides letters and digits."""
    return f"dXNlcjpV+{start}/=="


def _start(cursor: str | None) -> int:
    return int(cursor.partition("+")[2].partition("/")[0]) if cursor else 0


def _is_last(start: int, size: int, records: list[Any] = RECORDS) -> bool:
    return start + size >= len(records)


def github(asked: Asked) -> Answer:
    size, page = asked.number("per_page", 30, 100), int(asked.query.get("page", 1))
    behind, last = page * size, -(-len(RECORDS) // size)
    here = f"{asked.origin}/repositories/1296269/issues?state=all&per_page={size}&page="
    links = [f'<{here}{page - 1}>; rel="prev"', f'<{here}1>; rel="first"'] if page > 1 else []
    links += [f'<{here}{page + 1}>; rel="next"', f'<{here}{last}>; rel="last"'] if page < last else []
    return Answer(RECORDS[behind - size : behind], {"Link": ", ".join(links)} if links else {})


def stripe(asked: Asked) -> Answer:
    size, after = asked.number("limit", 10, 100), asked.query.get("starting_after")
    start = int(after.removeprefix("ch_")) if after else 0
    charges = [{"id": f"ch_{record['id']}", "object": "charge"} for record in RECORDS]
    more = not _is_last(start, size)
    return Answer({"object": "list", "data": charges[start : start + size], "has_more": more, "url": "/v1/charges"})


def shopify(asked: Asked) -> Answer:
    size, info = asked.number("limit", 50, 250), asked.query.get("page_info")
    if info and set(asked.query) - {"page_info", "limit", "fields"}:
        return Answer({"errors": {"page_info": "Cannot be used with other filters."}}, status=400)
    start, link = _start(info), {}
    if not _is_last(start, size, MANY):
        there = f"{asked.origin}{asked.path}?limit={size}&page_info={quote(_cursor(start + size), safe='')}"
        link = {"Link": f'<{there}>; rel="next"'}
    return Answer({"products": MANY[start : start + size]}, link)


def slack(asked: Asked) -> Answer:
    size, start = asked.number("limit", 100, 1000), _start(asked.query.get("cursor"))
    following = "" if _is_last(start, size) else _cursor(start + size)
    members = RECORDS[start : start + size]
    return Answer({"ok": True, "members": members, "response_metadata": {"next_cursor": following}})


def hubspot(asked: Asked) -> Answer:
    size, start = asked.number("limit", 10, 100), int(asked.query.get("after", 0))
    following = {"after": str(start + size), "link": f"{asked.origin}{asked.path}?after={start + size}"}
    paging = {} if _is_last(start, size) else {"paging": {"next": following}}
    return Answer({"results": RECORDS[start : start + size], **paging})


def salesforce(asked: Asked) -> Answer:
    if asked.path.endswith("/oauth2/token"):
        return Answer({"access_token": "00D-canary-token-0123456789", "token_type": "Bearer"})
    _, dash, start = asked.path.rpartition("-")
    at = int(start) if dash and "q" not in asked.query else 0
    is_last = _is_last(at, 200, ACCOUNTS)
    link = {} if is_last else {"nextRecordsUrl": f"/services/data/v62.0/query/01gD0000002HU6KIAW-{at + 200}"}
    return Answer({"totalSize": len(ACCOUNTS), "done": is_last, **link, "records": ACCOUNTS[at : at + 200]})


def zendesk(asked: Asked) -> Answer:
    if "/incremental/" in asked.path:
        start = _start(asked.query.get("cursor"))
        there = f"{asked.origin}{asked.path}?cursor={quote(_cursor(min(start + 100, len(RECORDS))), safe='')}"
        said = {"after_url": there, "before_url": None, "end_of_stream": _is_last(start, 100)}
        return Answer({"tickets": RECORDS[start : start + 100], **said})
    size, start = asked.number("page[size]", 100, 100), _start(asked.query.get("page[after]"))
    behind = quote(_cursor(min(start + size, len(RECORDS))), safe="")
    link = f"{asked.origin}{asked.path}?page%5Bafter%5D={behind}&page%5Bsize%5D={size}"
    meta = {"has_more": not _is_last(start, size), "after_cursor": behind}
    return Answer({"users": RECORDS[start : start + size], "meta": meta, "links": {"next": link, "prev": None}})


def notion(asked: Asked) -> Answer:
    if "start_cursor" in asked.body and not isinstance(asked.body["start_cursor"], str):
        return Answer({"object": "error", "message": "start_cursor should be a string"}, status=400)
    size, start = asked.body.get("page_size", 100), _start(asked.body.get("start_cursor"))
    more = not _is_last(start, size)
    following = _cursor(start + size) if more else None
    return Answer(
        {"object": "list", "results": RECORDS[start : start + size], "next_cursor": following, "has_more": more}
    )


def eve_esi(asked: Asked) -> Answer:
    page, pages = int(asked.query.get("page", 1)), -(-len(ORDERS) // 1000)
    if page > pages:
        return Answer({"error": "Requested page does not exist!"}, status=404)
    return Answer(ORDERS[1000 * (page - 1) : 1000 * page], {"X-Pages": str(pages)})


def jira(asked: Asked) -> Answer:
    size = asked.number("maxResults", 50, 60)  # it gives fewer where issues have many fields
    if asked.path.endswith("/search"):
        start = int(asked.query.get("startAt", 0))
        issues = RECORDS[start : start + size]
        return Answer({"startAt": start, "maxResults": size, "total": len(RECORDS), "issues": issues})
    start = _start(asked.query.get("nextPageToken"))
    is_last = _is_last(start, size)
    token = {} if is_last else {"nextPageToken": _cursor(start + size)}
    return Answer({"issues": RECORDS[start : start + size], "isLast": is_last, **token})


def confluence(asked: Asked) -> Answer:
    if not asked.path.startswith("/wiki/"):
        return Answer({"message": "no such site"}, status=404)
    size, start = asked.number("limit", 25, 100), int(asked.query.get("start", 0))
    links = {"base": f"{asked.origin}/wiki", "context": "/wiki", "self": f"{asked.origin}{asked.path}"}
    if not _is_last(start, size):
        links["next"] = f"/rest/api/content?limit={size}&start={start + size}"
    results = RECORDS[start : start + size]
    return Answer({"results": results, "start": start, "limit": size, "size": len(results), "_links": links})


def odata(asked: Asked) -> Answer:
    token = asked.query.get("$skiptoken")
    start = next((place + 1 for place, row in enumerate(ROWS) if str(row["OrderID"]) == token), 0)
    rows = ROWS[start : start + 100]
    link = (
        {} if _is_last(start, 100) else {"@odata.nextLink": f"Orders?$orderby=OrderID&$skiptoken={rows[-1]['OrderID']}"}
    )
    return Answer({"@odata.context": f"{asked.origin}/V4/$metadata#Orders", "value": rows, **link})


def json_api(asked: Asked) -> Answer:
    size, start = asked.number("page[limit]", 50, 50), int(asked.query.get("page[offset]", 0))
    articles = [{"type": "node--article", "id": f"uuid-{record['id']}"} for record in RECORDS]
    here = f"{asked.origin}{asked.path}?sort=drupal_internal__nid&page%5Blimit%5D={size}&page%5Boffset%5D="
    links = {"self": {"href": f"{here}{start}"}}
    if not _is_last(start, size):
        links["next"] = {"href": f"{here}{start + size}"}
    shown = [article for article in articles[start : start + size] if not 100 < int(article["id"][5:]) <= 150]
    return Answer({"jsonapi": {"version": "1.0"}, "data": shown, "included": [], "links": links})


VISIBLE_ARTICLES = [
    {"type": "node--article", "id": f"uuid-{record['id']}"} for record in RECORDS if not 100 < record["id"] <= 150
]


def drf(asked: Asked) -> Answer:
    size, page = asked.number("page_size", 25, 50), int(asked.query.get("page", 1))
    if (page - 1) * size >= len(RECORDS):
        return Answer({"detail": "Invalid page."}, status=404)
    there = f"{asked.origin}{asked.path}?ordering=id&page="
    following = None if _is_last((page - 1) * size, size) else f"{there}{page + 1}"
    before = f"{there}{page - 1}" if page > 1 else None
    rows = RECORDS[(page - 1) * size : page * size]
    return Answer({"count": len(RECORDS), "next": following, "previous": before, "results": rows})


def postgrest(asked: Asked) -> Answer:
    size, start = asked.number("limit", 1000, 1000), int(asked.query.get("offset", 0))
    total = len(MANY) if "count=exact" in asked.headers.get("prefer", "") else "*"
    if start and start >= len(MANY):
        message = {"code": "PGRST103", "message": "Requested range not satisfiable"}
        return Answer(message, {"Content-Range": f"*/{total}"}, 416)
    rows = MANY[start : start + size]
    status = 200 if total == "*" or len(rows) == len(MANY) else 206
    return Answer(rows, {"Content-Range": f"{start}-{start + len(rows) - 1}/{total}"}, status)


def elasticsearch(asked: Asked) -> Answer:
    size, after = asked.body["size"], asked.body.get("search_after")
    if size + asked.body.get("from", 0) > 10_000 or "sort" not in asked.body:
        return Answer({"error": {"reason": "Result window is too large"}}, status=400)
    start = after[0] + 1 if after else 0
    total = {"value": len(HITS), "relation": "eq"}
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    hits = {"total": total, "max_score": None, "hits": HITS[start : start + size]}
    return Answer({"took": 1, "timed_out": False, "_shards": shards, "hits": hits})


def scim(asked: Asked) -> Answer:
    size, start = asked.number("count", 30, 60), max(1, int(asked.query.get("startIndex", 1)))
    users = RECORDS[start - 1 : start - 1 + size]
    said = {"totalResults": len(RECORDS), "startIndex": start, "itemsPerPage": len(users)}
    return Answer({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], **said, "Resources": users})


def graphql(asked: Asked) -> Answer:
    start = _start(asked.body.get("variables", {}).get("after"))
    page_info = {"endCursor": _cursor(min(start + 100, len(RECORDS))), "hasNextPage": not _is_last(start, 100)}
    repositories = {"nodes": RECORDS[start : start + 100], "pageInfo": page_info}
    return Answer({"data": {"organization": {"repositories": repositories}}})


Imitation = tuple[Callable[[Asked], Answer], list[Any]]
IMITATIONS: dict[str, Imitation] = {
    "github": (github, RECORDS),
    "stripe": (stripe, [{"id": f"ch_{record['id']}", "object": "charge"} for record in RECORDS]),
    "shopify": (shopify, MANY),
    "slack": (slack, RECORDS),
    "hubspot": (hubspot, RECORDS),
    "salesforce": (salesforce, ACCOUNTS),
    "zendesk": (zendesk, RECORDS),
    "notion": (notion, RECORDS),
    "eve-esi": (eve_esi, ORDERS),
    "jira": (jira, RECORDS),
    "confluence": (confluence, RECORDS),
    "odata": (odata, ROWS),
    "json-api": (json_api, VISIBLE_ARTICLES),
    "drf": (drf, RECORDS),
    "postgrest": (postgrest, MANY),
    "elasticsearch": (elasticsearch, HITS),
    "scim": (scim, RECORDS),
    "graphql": (graphql, RECORDS),
}
"""By the name of the page in docs/apis: what answers, and the records that there are."""


@dataclass
class Imitated:
    """A server that runs. `wanted` are headers that every request must have, other than one for a token."""

    origin: str
    wanted: dict[str, str] = field(default_factory=dict)
    refused: int = 0


@contextmanager
def imitated(answer: Callable[[Asked], Answer]) -> Iterator[Imitated]:
    api = Imitated("")

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            parts = urlsplit(self.path)
            is_login = parts.path.endswith("/token")
            is_known = is_login or all(headers.get(name) == value for name, value in api.wanted.items())
            body = json.loads(sent) if sent and not is_login else None
            asked = Asked(api.origin, parts.path, dict(parse_qsl(parts.query)), headers, body)
            given = answer(asked) if is_known else Answer({"message": "who are you?"}, status=401)
            api.refused += not is_known
            content = json.dumps(given.body).encode()
            self.send_response(given.status)
            for name, value in {**given.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

    with listening(Handler) as api.origin:
        yield api
