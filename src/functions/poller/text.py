"""What a stranger's text may look like in a message, and how names are compared."""

import re

from poller.values import JSON


def plain(name: str) -> str:
    """A key as it is compared with others that mean the same: pageInfo, page_info and page-info are one."""
    return re.sub("[^a-z]", "", name.lower())


def shown(name: str) -> str:
    """A name that somebody made up, fit for a message: short, printable, on one line."""
    return ascii(name[:40])[1:-1]


def describe(value: JSON) -> str:
    """What a body looks like, for messages: its keys or its kind, never its values."""
    if isinstance(value, dict):
        names = [shown(name) for name in value]
        more = "…" if len(names) > 12 else ""
        return f"it has the keys {', '.join(names[:12])}{more}" if names else "it is an empty object"
    if isinstance(value, list):
        return f"it is a list of {len(value)}"
    return "it is a single value"
