"""Tokens that all workers of a stack share: one gets a token, the others wait for it and use it.

The token itself is a secret of the stack. A row of the table says which version of it counts, who is about to renew it,
and until when nobody else may: a worker that dies with it holds the others up for some seconds only.
"""

import random
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from poller.auth.flows import TokenAuth
from poller.auth.secret import Secret
from poller.auth.sign_in import token_from
from poller.auth.stored import origin_of
from poller.auth.token import Held, read_token, write_token
from poller.aws.dynamodb import Table
from poller.aws.secrets import Secrets
from poller.errors import AuthFailed, PollerError, TransientUpstreamError
from poller.upstream.client import Upstream

SIGN_IN_SECONDS = 10.0
"""For one request for a token."""
_LEASE_SECONDS = 15  # a little longer than such a request takes
_LOOK_SECONDS = 0.2
_REFUSED_SECONDS = 60  # so long nobody tries a secret again that was refused: some lock whoever tries too often
_KEPT_SECONDS = 30 * 86_400
_SORT = "#AUTH"
_FREE = "attribute_not_exists(#Holder) OR #Until < :now"


class Tokens:
    """`upstream` asks for tokens. `secrets` keeps them. `log` takes a message."""

    def __init__(
        self,
        upstream: Upstream,
        table: Table,
        secrets: Secrets,
        log: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._upstream, self._table, self._secrets, self._log, self._sleep = upstream, table, secrets, log, sleep

    def token(self, auth: TokenAuth, secret: Secret, refused: str) -> Held:
        """One that is good, and not the version that the API `refused` ("" for none).

        Raises TransientUpstreamError where there is none for now, and AuthFailed.
        """
        place, me, end = _place(auth), uuid4().hex, time.monotonic() + 2 * _LEASE_SECONDS
        while True:
            if held := self._shared(place, secret, refused):
                return held
            now = int(time.time())
            lease = {"Holder": me, "Until": now + _LEASE_SECONDS, "ExpiresAt": now + _KEPT_SECONDS}
            if self._table.update(_partition(place), _SORT, lease, _FREE, {":now": now}):
                return self._renew(place, me, auth, secret, refused)
            if time.monotonic() > end:
                raise TransientUpstreamError("another worker is getting a token, and does not come to an end")
            self._sleep(_LOOK_SECONDS * (0.5 + random.random()))  # noqa: S311  # nosec B311  # jitter

    def _shared(self, place: str, secret: Secret, refused: str) -> Held | None:
        """The token that all use, if it was got for this version of the secret and is still good."""
        row = self._table.get(_partition(place), _SORT) or {}
        if row.get("RefusedOf") == secret.version and row.get("RefusedUntil", 0) > time.time():
            raise AuthFailed(f"the secret {secret.name} was refused within the last minute; check auth and the secret")
        if row.get("Of") != secret.version or row.get("Version") in (None, refused):
            return None
        stored = self._secrets.get(place, row["Version"])
        held = read_token(*stored) if stored else None
        return held if held and held.is_fresh(time.time()) else None

    def _renew(self, place: str, me: str, auth: TokenAuth, secret: Secret, refused: str) -> Held:
        """Get a token, unless another worker has done so meanwhile, and let the others have it."""
        change: dict[str, Any] = {"Holder": None}
        try:
            if held := self._shared(place, secret, refused):
                return held
            held = self._sign_in(place, auth, secret)
            change |= {"Version": held.version, "Of": secret.version}
            return held
        except AuthFailed:
            change |= {"RefusedOf": secret.version, "RefusedUntil": int(time.time()) + _REFUSED_SECONDS}
            raise
        finally:
            self._table.update(_partition(place), _SORT, change, "#Holder = :me", {":me": me})

    def _sign_in(self, place: str, auth: TokenAuth, secret: Secret) -> Held:
        asked = auth.sign_in(secret)
        try:
            response = self._upstream.send(asked)
        except TransientUpstreamError as error:
            error.retell(f"no token: {error.message}")
            raise
        except PollerError as error:
            raise AuthFailed(f"no token: {error.message}") from None
        now = time.time()
        token = token_from(auth, secret, asked, response, datetime.fromtimestamp(now, UTC))
        return Held(token.text, token.renew_at(now), self._store(place, write_token(token, now)))

    def _store(self, place: str, text: str) -> str:
        """The version under which the token is kept; one of its own where it cannot be: others then get their own."""
        try:
            return self._secrets.put(place, text)
        except (BotoCoreError, ClientError) as error:
            self._log(f"a token cannot be kept for others ({type(error).__name__}); each worker gets its own")
            return uuid4().hex


def refuse_elsewhere(auth: TokenAuth, secret: Secret) -> None:
    """Raise AuthFailed if the secret may not be sent where tokens are given."""
    secret.refuse_elsewhere(origin_of(auth.token_url))


def _place(auth: TokenAuth) -> str:
    """Where the token lies: below its secret's name, by all else that it is asked for with."""
    asked_with = dumps({"type": auth.TYPE, **asdict(auth)}, sort_keys=True)
    return f"{auth.secret}/{sha256(asked_with.encode()).hexdigest()[:16]}"


def _partition(place: str) -> str:
    return f"{_SORT}#{place}"
