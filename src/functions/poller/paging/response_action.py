"""What a job says of answers that the table of meanings would judge in another way."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import jmespath
from jmespath.exceptions import ArityError, JMESPathError, UnknownFunctionError
from jmespath.lexer import Lexer

from poller.errors import InvalidPayload, JobRejected
from poller.paging.charset import decode
from poller.paging.lossless_json import loads
from poller.readers import Reader, integer, one_of, text
from poller.values import JSON, Response

_LITERALS = {"true", "false", "null", "none"}
_COMPARATORS = {"eq", "ne", "lt", "lte", "gt", "gte"}  # as jmespath's lexer calls them
_IN_BACKTICKS = "literals stand in backticks, as in ok == `false`, and texts in single quotes"


class Action(StrEnum):
    """What is made of an answer."""

    IGNORE = "ignore"
    RETRY = "retry"
    RATE_LIMITED = "rate_limited"
    FAIL = "fail"
    END = "end"


def condition(field: str, value: Any) -> str:
    """A JMESPath expression that says yes or no of a body. Raises JobRejected."""
    written = text(field, value)
    try:
        expression = jmespath.compile(written)
        tokens = list(Lexer().tokenize(written))
    except RecursionError:
        raise JobRejected(f"{field} is nested too deeply") from None
    except ValueError as error:
        said = str(error).splitlines()[0].rstrip(":")
        raise JobRejected(f"{field} is not a JMESPath expression: {said}; {_IN_BACKTICKS}") from None
    before = None
    for token in tokens:
        kind, word = token["type"], str(token["value"])
        if kind == "unquoted_identifier" and word.lower() in _LITERALS and before != "dot":
            raise JobRejected(f"{field} has the bare word {word}, which names a field; {_IN_BACKTICKS}")
        if kind == "quoted_identifier" and before in _COMPARATORS:
            raise JobRejected(f"{field} compares with a text in double quotes, which names a field; {_IN_BACKTICKS}")
        before = kind
    try:
        expression.search({})
    except (UnknownFunctionError, ArityError) as error:
        raise JobRejected(f"{field} is not a JMESPath expression: {str(error).splitlines()[0]}") from None
    except JMESPathError:  # of the empty body: what a function is given there says nothing of another one
        pass
    return written


@dataclass(frozen=True, slots=True)
class ResponseAction:
    """`action` is what is made of an answer with this status, with `content` in its text, and `when` true of its
    JSON: whatever of these is given."""

    READERS: ClassVar[dict[str, Reader]] = {
        "action": one_of(*Action), "status_code": integer(200, 599), "content": text, "when": condition,
    }  # fmt: skip
    action: str
    status_code: int | None = None
    content: str | None = None
    when: str | None = None

    @property
    def is_of_every_answer(self) -> bool:
        return self.status_code is None and self.content is None and self.when is None

    def fits(self, response: Response) -> bool:
        """Whether `response` is one that is meant. A body that is no JSON fits no `when`."""
        if self.status_code not in (None, response.status):
            return False
        return (self.content is None or self.content in _text(response)) and (
            self.when is None or _holds(self.when, json_in(response))
        )


def first_fitting(actions: Sequence[ResponseAction], response: Response) -> int | None:
    """The index of the first of `actions` that fits; None where none does."""
    return next((index for index, action in enumerate(actions) if action.fits(response)), None)


def json_in(response: Response) -> JSON:
    """What the body says; None where it is no JSON."""
    try:
        return loads(decode(response.body, response.headers.get("content-type", "")))[0]
    except InvalidPayload:
        return None


def _text(response: Response) -> str:
    try:
        return decode(response.body, response.headers.get("content-type", ""))
    except InvalidPayload:
        return response.body.decode(errors="replace")


def _holds(expression: str, value: JSON) -> bool:
    """Whether what the expression leads to is true, as JMESPath counts it: not null, false, or empty."""
    try:
        found = jmespath.search(expression, value)
    except JMESPathError:  # a function that does not take what is there
        return False
    return found is not None and found is not False and found not in ("", [], {})
