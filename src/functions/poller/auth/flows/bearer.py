"""`bearer`: the secret's text as a bearer token (RFC 6750, section 2.1)."""

from dataclasses import dataclass
from typing import ClassVar

from poller.auth.fields import secret_name
from poller.auth.place import AUTHORIZATION, Place
from poller.auth.secret import Secret
from poller.readers import Reader
from poller.values import PageRequest


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token is the secret itself."""

    secret: str

    TYPE: ClassVar = "bearer"
    READERS: ClassVar[dict[str, Reader]] = {"secret": secret_name}

    @property
    def place(self) -> Place:
        return AUTHORIZATION

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        return bearer(request, secret)


def bearer(request: PageRequest, token: Secret) -> PageRequest:
    return AUTHORIZATION.fill(request, f"Bearer {token.text()}")
