"""Following a JMESPath expression into a body: what it leads to, and what that stands in.

https://jmespath.org/specification.html
"""

import json
import re
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from poller.values import JSON

# Parts of an expression whose first operand is where they look: `values(a)`, `a[*]`, `a || b`.
_LOOK_THROUGH = {
    "projection", "value_projection", "filter_projection", "flatten", "function_expression", "or_expression", "pipe",
}  # fmt: skip
# Whole numbers, also in groups of three, and with a fraction that is none.
_DIGITS = re.compile(r"([0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,3}(?: [0-9]{3}){1,5})(?:\.0{1,9})?")


def select(value: JSON, path: str) -> JSON:
    """What `path` leads to in `value`; None where it leads nowhere. A top-level key counts as itself."""
    if isinstance(value, dict) and path in value:
        return value[path]
    try:
        return jmespath.search(path, value)
    except JMESPathError:  # a plain key such as @odata.nextLink, in a body that does not have it
        return None


def holder(value: JSON, path: str) -> tuple[JSON, str | None]:
    """The object that `path` finds its last key in, and that key; None for the key where it looks none up.

    Of an expression such as `values(a.b)` or `a.b[*]`, that is the `a` in which it finds `b`.
    """
    if isinstance(value, dict) and path in value:
        return value, path
    try:
        node = jmespath.compile(path).parsed
    except JMESPathError:
        return value, None
    while node["type"] in _LOOK_THROUGH and node["children"]:
        node = node["children"][0]
    *before, last = node["children"] if node["type"] == "subexpression" else [node]
    if last["type"] != "field":
        return value, None
    return TreeInterpreter().visit(_steps(before), value) if before else value, str(last["value"])


def _steps(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "subexpression", "children": nodes}


def leads_to_null(value: JSON, path: str) -> bool:
    """Whether the key that `path` looks up is there, and holds null."""
    around, key = holder(value, path)
    return isinstance(around, dict) and key in around and around[key] is None


def identifier(name: str) -> str:
    """A key as a step of a JMESPath expression: in quotes it may have any characters, without only these."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def path_to(prefix: str, name: str) -> str:
    """The path to a key behind `prefix`, such as "meta.".

    At the top of the body a name means itself: @odata.count needs no quotes.
    """
    return prefix + (name if not prefix and re.fullmatch(r"[\w@.$-]+", name) else identifier(name))


def as_count(value: Any) -> int | None:
    """`value` as a count if it is a whole number that is not negative, else None; also 1195.0, "1195" and "1,195".

    True is no number.
    """
    if isinstance(value, str):
        digits = _DIGITS.fullmatch(value.strip())
        return int(digits[1].replace(",", "").replace(" ", "")) if digits else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value // 1:
        return None
    return int(value)
