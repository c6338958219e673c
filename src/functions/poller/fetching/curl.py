"""A page request as a line for a shell, without what could be a secret."""

from shlex import quote

from poller.credentials import MASK, sounds_secret, without_secrets
from poller.paging.lossless_json import dumps, loads
from poller.values import JSON, PageRequest


def curl_line(request: PageRequest) -> str:
    """How to send `request` by hand. Values of parameters, headers and the body that sound secret are left out."""
    words = ["curl"]
    if request.method != "GET" and request.body is None:
        words += ["--request", request.method]
    for name, value in request.headers.items():
        words += ["--header", quote(f"{name}: {MASK if sounds_secret(name) else value}")]
    if request.body is not None:
        words += ["--data", quote(dumps(_masked(loads(request.body)[0])))]
    return " ".join([*words, quote(without_secrets(request.url))])


def _masked(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: MASK if item and sounds_secret(name) else _masked(item) for name, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value
