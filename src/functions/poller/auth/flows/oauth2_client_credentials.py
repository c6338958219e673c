"""`oauth2_client_credentials`: a bearer token that a client gets for its id and secret (RFC 6749, section 4.4)."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote_plus, urlencode

from poller.auth.fields import plain_params, secret_name, url_without_secrets, words
from poller.auth.flows.bearer import bearer
from poller.auth.place import AUTHORIZATION, Place
from poller.auth.secret import Secret
from poller.auth.token import NoToken, Token, lifetime
from poller.readers import Reader, one_of
from poller.values import JSON, PageRequest

HEADER, BODY = "header", "body"
_OWN_PARAMS = {"grant_type", "scope", "client_id", "client_secret"}


@dataclass(frozen=True, slots=True)
class OAuth2ClientCredentials:
    """The secret holds `client_id` and `client_secret`, which go to `token_url` in the request's `client_auth`.

    `token_params` are sent there too: an audience, for instance.
    """

    secret: str
    token_url: str
    scopes: tuple[str, ...] = ()
    token_params: dict[str, str] = field(default_factory=dict)
    client_auth: str = HEADER

    TYPE: ClassVar = "oauth2_client_credentials"
    READERS: ClassVar[dict[str, Reader]] = {
        "secret": secret_name,
        "token_url": url_without_secrets,
        "scopes": words,
        "token_params": plain_params(_OWN_PARAMS),
        "client_auth": one_of(HEADER, BODY),
    }

    @property
    def place(self) -> Place:
        return AUTHORIZATION

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        """`secret` is the token."""
        return bearer(request, secret)

    def sign_in(self, secret: Secret) -> PageRequest:
        """The request for a token."""
        client, password = secret.texts("client_id", "client_secret")
        scope = {"scope": " ".join(self.scopes)} if self.scopes else {}
        form = {"grant_type": "client_credentials"} | scope | self.token_params
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self.client_auth == BODY:
            form |= {"client_id": client, "client_secret": password}
        else:
            # Encoded before they are joined, so that an id may hold a colon (RFC 6749, section 2.3.1).
            pair = f"{quote_plus(client)}:{quote_plus(password)}"
            headers |= {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return PageRequest("POST", self.token_url, headers, urlencode(form).encode())

    def token_in(self, answer: JSON) -> Token:
        """RFC 6749, section 5.1. Raises NoToken."""
        text = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(text, str) or not text:
            raise NoToken("without an access_token")
        return Token(text, lifetime(answer.get("expires_in")))
