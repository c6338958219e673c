"""A token that a secret was exchanged for, and for how long it is good."""

import json
from dataclasses import dataclass, field
from typing import Any

_EARLY_SECONDS = 60.0  # a token is renewed so long before its end, or in the last tenth of a short life


class NoToken(Exception):  # whoever asked makes an error of it
    """An answer of whoever gives tokens, `without` what it should hold."""


@dataclass(frozen=True, slots=True)
class Token:
    """Good for so many `seconds` from when it was given; None where nobody said so: until it is refused."""

    text: str = field(repr=False)
    seconds: float | None

    def renew_at(self, now: float) -> float | None:
        """When another one is to be got, if this one is given at `now` (epoch seconds)."""
        return None if self.seconds is None else now + self.seconds - min(_EARLY_SECONDS, self.seconds / 10)


def lifetime(said: Any) -> float | None:
    """Seconds, from a number or its digits in a text; None for what is neither, or not positive."""
    try:
        seconds = float(said)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None


@dataclass(frozen=True, slots=True)
class Held:
    """A token that is in use. `version` tells it from those before it; `renew_at` is in epoch seconds."""

    text: str = field(repr=False)
    renew_at: float | None
    version: str

    def is_fresh(self, now: float) -> bool:
        return self.renew_at is None or now < self.renew_at


def write_token(token: Token, now: float) -> str:
    """As a secret of the stack keeps it."""
    return json.dumps({"token": token.text, "renew_at": token.renew_at(now)})


def read_token(text: str, version: str) -> Held | None:
    """What `write_token` wrote; None for anything else."""
    try:
        kept = json.loads(text)
        return Held(str(kept["token"]), kept["renew_at"], version)
    except (ValueError, KeyError, TypeError):
        return None
