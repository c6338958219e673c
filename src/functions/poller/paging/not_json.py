"""What arrived in place of JSON, and the way out where there is one."""

import json
import re
from dataclasses import dataclass

from poller.values import Response

_SHOWN = 120  # characters of a header that an error message may show
_GUARD = re.compile(rb"\s*(\)\]\}'|(while|for)\s*\([^)]{0,9}\)\s*;)")
_CALL = re.compile(rb"\s*(/\*\*/\s*)?(typeof\s+)?[A-Za-z_$][\w$.]{0,60}\s*\(\s*[\[{]")


@dataclass(frozen=True, slots=True)
class Wrong:
    """`said` goes on from the reader's message. `is_meant`: the API always answers so; it is no passing trouble."""

    said: str
    is_meant: bool = False


def what_it_was(response: Response) -> Wrong:
    """Say what arrived in place of JSON, without repeating content that could be anything."""
    start = response.body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Wrong("; the API answered with an HTML page, as a login or error page would be")
    if _GUARD.match(response.body):
        return Wrong(
            "; it begins with )]}' or the like, which keeps browsers from running it; poll an API instead", True
        )
    if _CALL.match(response.body):
        return Wrong("; it is JSONP, a call of a function: leave out the parameter that names the callback", True)
    kind = response.headers.get("content-type", "").split(";")[0].strip()[:_SHOWN]
    format_name = "NDJSON, one value a line" if _is_lines(response.body) else _format(start, kind)
    if format_name:
        return Wrong(
            f"; it is {format_name}: if the API has JSON too, ask for it with headers.Accept or a parameter", True
        )
    if "gzip" in response.headers.get("content-encoding", "").lower():
        return Wrong("; its Content-Encoding says gzip, and it is no sound gzip")
    return Wrong(f"; its Content-Type is {kind}" if kind else "")


def _format(start: bytes, kind: str) -> str:
    """XML or CSV, where it is one of them."""
    if start.startswith(b"<?xml") or kind.endswith("xml"):
        return "XML"
    return "CSV" if kind.endswith("csv") else ""


def _is_lines(body: bytes) -> bool:
    """Whether the first lines are JSON objects or lists, each on its own (https://github.com/ndjson/ndjson-spec)."""
    lines = [line for line in body.split(b"\n", 3)[:3] if line.strip()][:2]
    try:
        return len(lines) == 2 and all(isinstance(json.loads(line), dict | list) for line in lines)
    except (ValueError, RecursionError):
        return False
