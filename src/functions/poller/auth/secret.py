"""A secret of the stack, as it is used. No message repeats any of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from poller.errors import AuthFailed

# What a value holds beside its secrets: whose they are.
_PUBLIC = {"username", "user", "login", "email", "client_id", "access_key_id"}

Value = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Secret:
    """`value` is a text, or an object of what belongs together. `version` changes with it. `origins` are those that may
    receive it, such as `https://api.example.com`."""

    name: str
    value: Value = field(repr=False)
    origins: frozenset[str]
    version: str

    def refuse_elsewhere(self, origin: str) -> None:
        """Raise AuthFailed if the secret, and what is got for it, may not be sent to `origin`."""
        if origin not in self.origins:
            raise AuthFailed(
                f"the secret {self.name} may not be sent to {origin}; if it is meant for it, store it again with "
                f"--allow-origin {origin}"
            )

    def text(self) -> str:
        """The value, where one text is wanted. Raises AuthFailed."""
        if not isinstance(self.value, str):
            raise AuthFailed(f"the secret {self.name} is an object, and this auth takes a text")
        return sendable(self.name, self.value)

    def texts(self, *names: str) -> list[str]:
        """These fields of the value, where an object is wanted. Raises AuthFailed."""
        held = self.value if isinstance(self.value, dict) else {}
        if not all(isinstance(held.get(name), str) for name in names):
            raise AuthFailed(f"the secret {self.name} must be an object with {' and '.join(names)}, each a text")
        return [str(held[name]) for name in names]

    def fields(self) -> dict[str, Any]:
        """The value, where an object of any fields is wanted. Raises AuthFailed."""
        if not isinstance(self.value, dict):
            raise AuthFailed(f"the secret {self.name} is a text, and this auth takes an object")
        return self.value

    @property
    def confidential(self) -> list[str]:
        """The texts in the value that nobody may see."""
        return [self.value] if isinstance(self.value, str) else list(texts_in(self.value))


def texts_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _PUBLIC:
                yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def sendable(name: str, text: str) -> str:
    """`text`, if a header and a URL can hold it. Raises AuthFailed."""
    if not text or not text.isprintable() or not text.isascii() or text != text.strip():
        raise AuthFailed(f"the secret {name} must be printable ASCII characters without spaces around them")
    return text
