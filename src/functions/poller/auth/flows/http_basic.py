"""`http_basic`: a user name and a password (RFC 7617)."""

from base64 import b64encode
from dataclasses import dataclass
from typing import ClassVar

from poller.auth.fields import secret_name
from poller.auth.place import AUTHORIZATION, Place
from poller.auth.secret import Secret
from poller.readers import Reader
from poller.values import PageRequest


@dataclass(frozen=True, slots=True)
class HttpBasic:
    """The secret holds `username` and `password`."""

    secret: str

    TYPE: ClassVar = "http_basic"
    READERS: ClassVar[dict[str, Reader]] = {"secret": secret_name}

    @property
    def place(self) -> Place:
        return AUTHORIZATION

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        return self.place.fill(request, basic(*secret.texts("username", "password")))


def basic(user: str, password: str) -> str:
    """The header's value. The text is UTF-8 (RFC 7617, section 2.1); a colon ends the user's name."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
