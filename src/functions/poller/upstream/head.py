"""The head of an answer, read as widely as browsers read it: status line and header fields (RFC 9112)."""

import re
from collections.abc import Iterable, Iterator

_STATUS = re.compile(rb"HTTP/1\.([0-9])\s+([1-9][0-9]{2})(?:\s+(.*?))?\s*")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_NO_BODY = {204, 304}


def parse_status(line: bytes) -> tuple[int, int, str]:
    """The minor version of HTTP/1, the status and its phrase. Raises ValueError for what is no status line."""
    found = _STATUS.fullmatch(line)
    if found is None:
        raise ValueError("no status line of HTTP/1")
    return int(found[1]), int(found[2]), (found[3] or b"").decode("iso-8859-1")


def parse_fields(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """The header fields that `lines` hold, folded ones on one line (RFC 9112, section 5.2).

    Spaces before the colon are not part of the name (section 5.1). A line without a colon or a proper name is no field:
    it is passed over, and what follows it is read.
    """
    fields: list[tuple[str, str]] = []
    is_field = False
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if is_field:
                name, value = fields[-1]
                fields[-1] = name, f"{value} {_text(line)}"
            continue
        left, colon, right = line.partition(b":")
        is_field = bool(colon) and _NAME.fullmatch(left.rstrip(b" \t")) is not None
        if is_field:
            fields.append((left.rstrip(b" \t").decode(), _text(right)))
    yield from fields


def join_fields(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case. A name that repeats has its values in one line (RFC 9110, section 5.3), equal ones once."""
    values: dict[str, dict[str, None]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), {})[value] = None
    return {name: ", ".join(several) for name, several in values.items()}


def body_length(status: int, headers: dict[str, str]) -> int | None:
    """How many bytes the body has; None where it is chunked, or ends with the connection (RFC 9112, section 6.3).

    A length may be there twice if it is the same one. Raises ValueError where nobody can tell, with what makes it so.
    """
    if status in _NO_BODY:
        return 0
    coding = headers.get("transfer-encoding", "identity")
    if coding.lower() != "identity":  # a word of RFC 2616, which old servers use where there is none
        if coding.lower() != "chunked":
            raise ValueError(f"its Transfer-Encoding is {coding[:40]!a}")
        return None
    said = headers.get("content-length")
    if said is None:
        return None
    lengths = {length.strip() for length in said.split(",")}
    if len(lengths) > 1 or not re.fullmatch("[0-9]{1,18}", said := lengths.pop()):
        raise ValueError(f"its Content-Length is {headers['content-length'][:40]!a}")
    return int(said)


def keeps_alive(minor: int, headers: dict[str, str]) -> bool:
    """Whether the server keeps the connection for the next request (RFC 9112, section 9.3)."""
    options = headers.get("connection", "").lower()
    return "close" not in options if minor else "keep-alive" in options


def _text(value: bytes) -> str:
    return " ".join(value.decode("iso-8859-1").split())
