"""A page request as a line for a shell, without what could be a secret."""

from shlex import quote
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from poller.specs.credentials import sounds_secret
from poller.values import PageRequest

_MASK = "..."


def curl_line(request: PageRequest) -> str:
    """How to send `request` by hand. Values of parameters and headers that sound secret are left out."""
    parts = urlsplit(request.url)
    pairs = [(name, _MASK if sounds_secret(name) else value) for name, value in parse_qsl(parts.query, True)]
    words = ["curl"]
    if request.method != "GET":
        words += ["--request", request.method]
    for name, value in request.headers.items():
        words += ["--header", quote(f"{name}: {_MASK if sounds_secret(name) else value}")]
    return " ".join([*words, quote(urlunsplit((*parts[:3], urlencode(pairs), "")))])
