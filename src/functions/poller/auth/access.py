"""Sending a job's requests with the credentials that its spec names."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from poller.auth.echoes import without_echoes
from poller.auth.flows import Auth, TokenAuth
from poller.auth.place import QUERY
from poller.auth.secret import Secret
from poller.auth.stored import origin_of, read_secret
from poller.auth.tokens import Tokens, refuse_elsewhere
from poller.aws.secrets import Secrets
from poller.credentials import without
from poller.errors import AuthFailed, PollerError
from poller.upstream.client import Upstream
from poller.values import PageRequest, Response, Sender, SigningSender

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request gets, at the last moment before it is sent, and again before a redirect is followed.

    `given` is the secret, or the token that it was exchanged for, which is to be renewed at `renew_at` (epoch seconds).
    `confidential` are the texts that nobody may see.
    """

    auth: Auth
    given: Secret
    renew_at: float | None
    confidential: list[str] = field(repr=False)

    @classmethod
    def of(cls, auth: Auth, given: Secret, renew_at: float | None = None) -> "Credentials":
        signed = auth.sign(PageRequest("GET", "https://api.example.com/", {}), given)
        texts = [*given.confidential, *(value for name, value in signed.headers.items() if name == auth.place.name)]
        # Of `Bearer 1234`, some repeat the second word only.
        words = {word for text in texts if text.strip() for word in (text, text.split()[-1])}
        return cls(auth, given, renew_at, list(words))

    def __call__(self, request: PageRequest) -> PageRequest:
        self.given.refuse_elsewhere(origin_of(request.url))
        return self.auth.sign(request, self.given)

    def are_fresh(self, now: float) -> bool:
        return self.renew_at is None or now < self.renew_at


class Access:
    """To the APIs that a stack polls, with the secrets that lie under its prefix. `log` takes a message."""

    def __init__(self, upstream: Upstream, secrets: Secrets, tokens: Tokens, log: Callable[[str], None]) -> None:
        self._upstream, self._secrets, self._tokens, self._log = upstream, secrets, tokens, log

    def through(self, upstream: Upstream) -> "Access":
        """The same access, through another client."""
        return Access(upstream, self._secrets, self._tokens, self._log)

    def sender(
        self, auth: Auth | None, url: str, paced: Callable[[SigningSender], SigningSender] = lambda upstream: upstream
    ) -> Sender:
        """What the requests of a job that polls `url` are sent with, from any number of threads.

        It reads the secret when it needs it. `paced` holds back what is sent to the API, not what is sent for a token.
        """
        upstream = paced(self._upstream)
        if auth is None:
            return upstream
        return SignedUpstream(upstream, auth, origin_of(url), self._secrets, self._tokens, self._log)


class SignedUpstream:
    """Sends requests to `home` with credentials, and hands on answers without them."""

    def __init__(  # noqa: PLR0913, PLR0917  # all that credentials come from
        self,
        upstream: SigningSender,
        auth: Auth,
        home: str,
        secrets: Secrets,
        tokens: Tokens,
        log: Callable[[str], None],
    ) -> None:
        self._upstream, self._auth, self._secrets, self._tokens, self._log = upstream, auth, secrets, tokens, log
        self._home = home
        self._parameter = auth.place.name if auth.place.location == QUERY else ""
        self._lock, self._has_told, self._is_unwelcome = Lock(), False, False
        self._current: Credentials | None = None
        self._failures, self._failure = 0, PollerError("")

    def send(self, request: PageRequest) -> Response:
        """As `Upstream.send`; after a 401 once more, if there are other credentials by now.

        Another origin than the job's own, to which a link may lead, gets none.

        Raises AuthFailed too: there is no such secret, it is not made for this auth, or not meant for this origin.
        """
        if origin_of(request.url) != self._home:
            return self._upstream.send(request)
        mine = self._credentials(None)
        response = self._send(request, mine)
        if response.status == _UNAUTHORIZED and not self._is_unwelcome:
            newer = self._credentials(mine)
            if newer.given.version != mine.given.version:
                mine = newer
                response = self._send(request, mine)
                # Or each page would have a token got for it, that the API takes no more than the others.
                self._is_unwelcome = response.status == _UNAUTHORIZED
        shown = without_echoes(response, mine.confidential, self._parameter)
        if shown is not response and not self._has_told:
            self._has_told = True
            self._log("the API repeats the credentials that it was asked with; they are blanked in what it sent")
        return shown

    def _send(self, request: PageRequest, mine: Credentials) -> Response:
        try:
            return self._upstream.send(request, mine)
        except PollerError as error:
            error.retell(without(mine.confidential, error.message))
            raise

    def _credentials(self, refused: Credentials | None) -> Credentials:
        """Those that all threads use; where they are `refused` or run out, what there is by now.

        One thread looks, the others wait for what it finds: also for its failure, or each of them would repeat it.
        """
        failures = self._failures
        with self._lock:
            current = self._current
            if current and current is not refused and current.are_fresh(time.time()):
                return current
            if failures != self._failures or isinstance(self._failure, AuthFailed):
                raise copy.copy(self._failure)
            try:
                self._current = self._look(refused)
            except PollerError as error:
                self._failure, self._failures = copy.copy(error), self._failures + 1
                raise
            return self._current

    def _look(self, refused: Credentials | None) -> Credentials:
        found = self._secrets.get(self._auth.secret)
        if found is None:  # what a spec calls its secret may be the secret: it is not repeated
            raise AuthFailed("auth.secret names no secret of this stack; 'poller secrets list' shows them")
        secret = read_secret(self._auth.secret, found.text, found.version)
        secret.refuse_elsewhere(self._home)
        if not isinstance(self._auth, TokenAuth):
            return Credentials.of(self._auth, secret)
        refuse_elsewhere(self._auth, secret)
        held = self._tokens.token(self._auth, secret, refused.given.version if refused else "")
        return Credentials.of(self._auth, replace(secret, value=held.text, version=held.version), held.renew_at)
