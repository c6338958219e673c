"""The body of `poller preview`: what a job would find and take, in lines that one reads from top to bottom."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from poller_local.client import PollerClient
from poller_local.errors import one_line, printable
from poller_local.jobs import print_json
from poller_local.render import format_count
from poller_local.screen import Screen

_MAX_BODY = 400  # characters that a screen has room for


def show_preview(client: PollerClient, spec: Mapping[str, Any], screen: Screen, *, as_json: bool) -> int:
    found = client.preview(spec)
    if as_json:
        print_json(found)
        return 0
    for name, text in _lines(found):
        screen.say(f"{name:<11}{text}".rstrip())
    for warning in found["Warnings"]:
        screen.note(f"Note: {one_line(warning)}")
    return 0


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    asked, came = found["Request"], found["Response"]
    yield "Request", one_line(f"{asked['Method']} {asked['Url']}")
    yield from (("", one_line(f"{name}: {value}")) for name, value in asked["Headers"].items())
    yield "Response", f"{came['Status']} in {came['Seconds']:g} s, {format_count(came['Bytes'], 'byte')}"
    yield from (("", one_line(f"{name}: {value}")) for name, value in came["Headers"].items())
    yield "", one_line(came["Body"])[:_MAX_BODY]
    evidence = found["Paginator"]["Evidence"]
    yield "Paginator", one_line(found["Paginator"]["Type"] + (f", because {evidence}" if evidence else ""))
    yield "Records", f"{found['Records']:,} on the first page, {_or_unknown(found['RecordsExpected'])} in all"
    yield from (("", printable(record)[:_MAX_BODY]) for record in found["Sample"][:1])
    yield "Key", one_line(", ".join(found["Key"] or ["none found"]))
    if found["Columns"] is not None:
        yield "Columns", one_line(", ".join(found["Columns"]))
    yield "Plan", _plan(found)
    yield "Spec", printable(json.dumps(found["Spec"], ensure_ascii=False))


def _plan(found: Mapping[str, Any]) -> str:
    way = "one page after the other" if found["IsWalk"] else "in parallel"
    if found["Pages"] is None:
        return f"pages {way}; how many is not known"
    amounts = f"{format_count(found['Pages'], 'page')} {way}, {format_count(found['Tasks'], 'task')}"
    requests = format_count(found["Requests"], "request")
    return f"{amounts}, about {requests}, {found['Seconds']:,} s and ${found['Dollars']:.4f}"


def _or_unknown(count: int | None) -> str:
    return "an unknown number" if count is None else f"{count:,}"
