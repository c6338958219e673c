"""Credentials that an API repeats in its answers: blanked before anybody reads or stores them.

Some APIs write the key that they were asked with into their links, others into their errors.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote, quote_plus

from poller.credentials import MASK
from poller.values import Response

_TOLD_APART = 4  # characters: shorter texts are found everywhere
_UNMISTAKABLE = 16  # in data, a shorter one may be a word that means something else


def forms(secret: str) -> Iterator[str]:
    """The ways in which `secret` may be written in a body, a header or a URL."""
    as_json = json.dumps(secret)[1:-1]
    written = {secret, as_json, as_json.replace("/", r"\/"), json.dumps(secret, ensure_ascii=False)[1:-1]}
    yield from written | {quote(secret), quote(secret, safe=""), quote_plus(secret)}


def without_echoes(response: Response, secrets: Iterable[str], parameter: str = "") -> Response:
    """`response` with each of `secrets` blanked; the same object where it repeats none.

    In an answer that is no page, all of four characters or more; in a page, whose data are not ours to change, those
    that cannot be anything else: long ones, and those that stand behind the name of the query `parameter` that carried
    them, as in a link to the next page.
    """
    told_apart = [secret for secret in secrets if len(secret) >= _TOLD_APART]
    least = _UNMISTAKABLE if response.status < 300 else _TOLD_APART
    blanks = {form: MASK for secret in told_apart if len(secret) >= least for form in forms(secret)}
    if parameter:
        names = {parameter, quote(parameter, safe="")}
        blanks |= {f"{n}={form}": f"{n}={MASK}" for secret in told_apart for form in forms(secret) for n in names}
    body, headers = response.body, dict(response.headers)
    for written, blank in sorted(blanks.items(), key=lambda pair: len(pair[0]), reverse=True):
        body = body.replace(written.encode(), blank.encode())
        headers = {name: value.replace(written, blank) for name, value in headers.items()}
    is_same = body == response.body
    unchanged = is_same and headers == response.headers
    return response if unchanged else replace(response, body=body, headers=headers, is_blanked=not is_same)
