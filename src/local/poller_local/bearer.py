"""A token for an API that asks for one (the stack's parameter `ApiAuth` is JWT)."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from poller_local.errors import BadInput

VARIABLE = "POLLER_TOKEN"
# What may follow `Bearer`: RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Bearer(AuthBase):
    """Sends a token with each request, and shows it to nobody else."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def token_for(api_url: str, environment: Mapping[str, str]) -> Bearer | None:
    """The token of the environment, None where there is none. Raises BadInput if `api_url` must not get it."""
    token = environment.get(VARIABLE, "").strip()
    if not token:
        return None
    if not _TOKEN.fullmatch(token):
        raise BadInput(f"{VARIABLE} holds no token; give it the token alone, without 'Bearer' and without spaces")
    if not api_url.startswith("https://") and not _is_this_machine(urlsplit(api_url).hostname or ""):
        raise BadInput(f"{VARIABLE} could be read by others on the way to {api_url}; use https://…")
    return Bearer(token)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
