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


def without_echoes(response: Response, secrets: Iterable[str]) -> Response:
    """`response` with each of `secrets` blanked; the same object where it repeats none.

    In an answer that is no page, all of four characters or more; in a page, whose data are not ours to change, those
    that cannot be anything else.
    """
    least = _UNMISTAKABLE if response.status < 300 else _TOLD_APART
    written = {form for secret in secrets if len(secret) >= least for form in forms(secret)}
    body, headers = response.body, dict(response.headers)
    for form in sorted(written, key=len, reverse=True):
        body = body.replace(form.encode(), MASK.encode())
        headers = {name: value.replace(form, MASK) for name, value in headers.items()}
    unchanged = body == response.body and headers == response.headers
    return response if unchanged else replace(response, body=body, headers=headers)
