"""Where a page's own values go in a request's body: paths such as variables.after."""

import json
import re
from typing import Any

from poller.errors import JobRejected
from poller.readers import text
from poller.values import JSON

_STEP = re.compile(r'(?:([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)+"))(?:\.(?=.)|$)')


def body_path(field: str, value: Any) -> str:
    """A reader of such a path: keys with dots between them, in quotes where they are no words."""
    path = text(field, value)
    if not _steps(path):
        raise JobRejected(f'{field} is no path of keys; write it as variables.after, or in quotes: "page-token"')
    return path


def with_values(body: JSON, values: dict[str, JSON]) -> JSON:
    """`body` with each value at its path. Objects that are not there, or null, are made on the way.

    Raises JobRejected where a path leads through what is no object.
    """
    for path, value in values.items():
        body = _with_value(body, _steps(path), value, path)
    return body


def _with_value(around: JSON, steps: list[str], value: JSON, path: str) -> JSON:
    if not steps:
        return value
    inside = {} if around is None else around
    if not isinstance(inside, dict):
        raise JobRejected(f"the path {path} leads through what is no object in the spec's json")
    return {**inside, steps[0]: _with_value(inside.get(steps[0]), steps[1:], value, path)}


def _steps(path: str) -> list[str]:
    """The keys of `path`; none where it is no such path."""
    steps, end = [], 0
    while step := _STEP.match(path, end):
        steps.append(step[1] or json.loads(step[2]))
        end = step.end()
    return steps if end == len(path) else []
