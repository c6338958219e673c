"""`session_token`: a token that a login gives."""

import json
from dataclasses import dataclass
from typing import ClassVar

from poller.auth.fields import header_or_parameter, one_word, secret_name, url_without_secrets
from poller.auth.place import AUTHORIZATION, HEADER, Place
from poller.auth.secret import Secret
from poller.auth.token import NoToken, Token
from poller.paging.selector import select
from poller.readers import Reader, path_of
from poller.values import JSON, PageRequest


@dataclass(frozen=True, slots=True)
class SessionToken:
    """The secret holds the fields of the login, which go to `login_url` as JSON. The token, at `token_path` of the
    answer, is sent in `header` behind the word `scheme`: None is Bearer in Authorization, and nothing elsewhere."""

    secret: str
    login_url: str
    token_path: str
    header: str = AUTHORIZATION.name
    scheme: str | None = None

    TYPE: ClassVar = "session_token"
    READERS: ClassVar[dict[str, Reader]] = {
        "secret": secret_name,
        "login_url": url_without_secrets,
        "token_path": path_of,
        "header": header_or_parameter,
        "scheme": one_word,
    }

    @property
    def place(self) -> Place:
        return Place(HEADER, self.header)

    @property
    def token_url(self) -> str:
        return self.login_url

    def sign(self, request: PageRequest, secret: Secret) -> PageRequest:
        """`secret` is the token."""
        usual = "Bearer" if self.header.lower() == AUTHORIZATION.name.lower() else ""
        word = usual if self.scheme is None else self.scheme
        return self.place.fill(request, f"{word} {secret.text()}".strip())

    def sign_in(self, secret: Secret) -> PageRequest:
        """The login."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return PageRequest("POST", self.login_url, headers, json.dumps(secret.fields()).encode())

    def token_in(self, answer: JSON) -> Token:
        """Raises NoToken. A login seldom says how long a token is good: until it is refused."""
        text = select(answer, self.token_path)
        if not isinstance(text, str) or not text:
            raise NoToken(f"without a text at {self.token_path}")
        return Token(text, None)
