"""From the bytes of a body to its text, exactly or not at all."""

import codecs
import re

from poller.errors import InvalidPayload

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';,]+)""", re.IGNORECASE)
_LATIN_1 = {"iso88591", "latin1", "l1", "isoir100", "cp819", "ibm819"}
_UTF_8 = {"", "utf8", "ascii", "usascii"}  # and what everybody takes for it
# They write other characters than ASCII in ASCII's own bytes, so that valid UTF-8 is no sign of UTF-8.
_SHIFTING = re.compile(r"utf7|hz|iso2022")
_CONTROLS = re.compile(r"[\x80-\x9f]")


def decode(body: bytes, content_type: str = "") -> str:
    """The text of `body`, whose Content-Type is `content_type`.

    JSON is UTF-8 (RFC 8259, section 8.1), and a body that is valid UTF-8 is read as such whatever it is called: some
    APIs say ISO-8859-1 and send UTF-8. ISO-8859-1 that is said and sent is read, and so is UTF-16 and UTF-32, which no
    UTF-8 can be taken for. Raises InvalidPayload for everything else.
    """
    said = _CHARSET.search(content_type)
    name = re.sub("[^a-z0-9]", "", said[1].lower()) if said else ""
    if _SHIFTING.match(name):
        raise _refused(said[1] if said else "")
    wide = _wide(body)
    try:
        return body.decode(wide or "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide:
            raise InvalidPayload(f"the body is no valid {wide.upper()} text (byte {error.start})") from None
        if name in _LATIN_1:
            return _latin_1(body)
        if name not in _UTF_8:
            raise _refused(said[1] if said else "") from None
        raise InvalidPayload(f"the body is not UTF-8 text (byte {error.start})", may_pass=True) from None


def _wide(body: bytes) -> str | None:
    """The name of the UTF-16 or UTF-32 that a body with this beginning is in: by its mark, or by the zeros beside the
    first character of JSON, which is ASCII (RFC 4627, section 3)."""
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros: tuple[bool, ...] = tuple(byte == 0 for byte in body[:4])
    wide: dict[tuple[bool, ...], str] = {
        (True, True, True, False): "utf-32-be",
        (False, True, True, True): "utf-32-le",
        (True, False, True, False): "utf-16-be",
        (False, True, False, True): "utf-16-le",
    }
    return wide.get(zeros)


def _latin_1(body: bytes) -> str:
    """Raises InvalidPayload for bytes that are control characters there, and letters in Windows-1252."""
    text = body.decode("iso-8859-1")
    if found := _CONTROLS.search(text):
        raise InvalidPayload(
            f"the body is said to be ISO-8859-1, but byte {found.start()} is no character of it; "
            "if it is Windows-1252, have the API send UTF-8"
        )
    return text


def _refused(charset: str) -> InvalidPayload:
    said = f"the body is said to be in charset {charset[:40]!a}"
    return InvalidPayload(f"{said}, which is not read; have the API send UTF-8")
