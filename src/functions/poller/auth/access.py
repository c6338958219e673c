"""Sending a job's requests with the credentials that its spec names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from poller.auth.echoes import without_echoes
from poller.auth.flows import Auth
from poller.auth.secret import Secret
from poller.auth.stored import origin_of, read_secret
from poller.aws.secrets import Secrets
from poller.credentials import without
from poller.errors import AuthFailed, PollerError
from poller.upstream.client import Upstream
from poller.values import PageRequest, Response, Sender

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request gets, at the last moment before it is sent, and again before a redirect is followed.

    `confidential` are the texts that nobody may see.
    """

    auth: Auth
    secret: Secret
    confidential: list[str] = field(repr=False)

    @classmethod
    def of(cls, auth: Auth, secret: Secret) -> "Credentials":
        signed = auth.sign(PageRequest("GET", "https://api.example.com/", {}), secret)
        texts = [*secret.confidential, *(value for name, value in signed.headers.items() if name == auth.place.name)]
        # Of `Bearer 1234`, some repeat the second word only.
        return cls(auth, secret, list({word for text in texts if text.strip() for word in (text, text.split()[-1])}))

    def __call__(self, request: PageRequest) -> PageRequest:
        self.secret.refuse_elsewhere(origin_of(request.url))
        return self.auth.sign(request, self.secret)


class Access:
    """To the APIs that a stack polls, with the secrets that lie under its prefix. `log` takes a message."""

    def __init__(self, upstream: Upstream, secrets: Secrets, log: Callable[[str], None]) -> None:
        self._upstream, self._secrets, self._log = upstream, secrets, log

    def sender(self, auth: Auth | None) -> Sender:
        """What one job's requests are sent with, from any number of threads. It reads the secret when it needs it."""
        return self._upstream if auth is None else SignedUpstream(self._upstream, auth, self._secrets, self._log)


class SignedUpstream:
    """Sends requests with credentials, and hands on answers without them."""

    def __init__(self, upstream: Upstream, auth: Auth, secrets: Secrets, log: Callable[[str], None]) -> None:
        self._upstream, self._auth, self._secrets, self._log = upstream, auth, secrets, log
        self._lock, self._has_told = Lock(), False
        self._current: Credentials | None = None

    def send(self, request: PageRequest) -> Response:
        """As `Upstream.send`; after a 401 once more, if there are other credentials by now.

        Raises AuthFailed too: there is no such secret, it is not made for this auth, or not meant for this origin.
        """
        mine = self._credentials(None)
        response = self._send(request, mine)
        if response.status == _UNAUTHORIZED and (newer := self._credentials(mine)) is not mine:
            mine = newer
            response = self._send(request, mine)
        shown = without_echoes(response, mine.confidential)
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
        """Those that all threads use, or newer ones than the `refused`; the same ones where there are none."""
        with self._lock:
            if self._current is None or self._current is refused:
                secret = self._read()
                if self._current is None or secret.version != self._current.secret.version:
                    self._current = Credentials.of(self._auth, secret)
            return self._current

    def _read(self) -> Secret:
        name = self._auth.secret
        found = self._secrets.get(name)
        if found is None:  # what a spec calls its secret may be the secret: it is not repeated
            raise AuthFailed("auth.secret names no secret of this stack; 'poller secrets list' shows them")
        return read_secret(name, found.text, found.version)
