"""A page request as a line for a shell, without what could be a secret."""

from shlex import quote

from poller.credentials import MASK, sounds_secret, without_secrets
from poller.values import PageRequest


def curl_line(request: PageRequest) -> str:
    """How to send `request` by hand. Values of parameters and headers that sound secret are left out."""
    words = ["curl"]
    if request.method != "GET":
        words += ["--request", request.method]
    for name, value in request.headers.items():
        words += ["--header", quote(f"{name}: {MASK if sounds_secret(name) else value}")]
    return " ".join([*words, quote(without_secrets(request.url))])
