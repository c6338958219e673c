"""`api_key`: the secret's text in a header or query parameter of a given name."""

from dataclasses import dataclass
from typing import ClassVar

from poller.auth.fields import header_or_parameter, secret_name
from poller.auth.place import HEADER, QUERY, Place
from poller.auth.secret import Secret
from poller.readers import Reader, one_of
from poller.values import PageRequest


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`location` is `header` or `query`."""

    secret: str
    name: str
    location: str = HEADER

    TYPE: ClassVar = "api_key"
    READERS: ClassVar[dict[str, Reader]] = {
        "secret": secret_name,
        "name": header_or_parameter,
        "location": one_of(HEADER, QUERY),
    }

    @property
    def place(self) -> Place:
        return Place(self.location, self.name)

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        return self.place.fill(request, secret.text())
