"""Signs that an answer is not whole: the API stopped, or some of what it asked did not answer.

Such an answer is like a rate limit: the same request may bring all of it later.
"""

import re
from collections.abc import Iterator

from poller.paging.records import reports_error
from poller.paging.said import says_yes
from poller.paging.sections import Sections
from poller.paging.selector import as_count
from poller.text import plain, shown
from poller.values import JSON, Page

# Plain names that say so when they are true.
_IF_TRUE = re.compile(r"^incomplete|^(is|has|results?)?partial|timedout$|^terminatedearly$|^(is)?degraded$")
_STATES = re.compile(r"^(status|state|result|outcome)$")
_PART = {"partial", "partialsuccess", "partialcontent", "partialresults", "incomplete", "degraded"}


def signs_of_a_part(page: Page, sections: Sections) -> Iterator[str]:
    """Names of the things in the answer that mean: this is not all that it should be."""
    for prefix, content in sections.items():
        for name, value in content.items():
            if isinstance(value, dict) and _has_failures(value):
                yield f"{prefix}{shown(name)}.failed = {as_count(value['failed'])}"
            elif _says_so(plain(name), value):
                yield prefix + shown(name)
    if not page.records and reports_error(page.value):
        yield "errors, and no records"


def _says_so(name: str, value: JSON) -> bool:
    if isinstance(value, str) and plain(value) in _PART:
        return _STATES.match(name) is not None
    return says_yes(value) and _IF_TRUE.search(name) is not None


def _has_failures(content: dict[str, JSON]) -> bool:
    """Whether these are the numbers of what was asked, such as shards, and of what failed."""
    return bool(as_count(content.get("failed"))) and not {"total", "successful"}.isdisjoint(content)
