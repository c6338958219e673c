"""An OAuth 2 server by Authlib, which nobody here wrote: it gives clients tokens for their credentials."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from werkzeug.serving import make_server

from tests.support.guarded import Admits


@dataclass
class OAuthServer(ClientMixin):
    """One client, and the tokens that it was given; `asked` are the forms that came. Also the client's own model.

    `broken`: so many requests are answered with 503 first. `seconds`: how long each takes.
    """

    client_id: str = "client:1"
    client_secret: str = "canary+secret/0123456789"
    expires_in: float = 3600
    url: str = ""
    tokens: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    broken: int = 0
    seconds: float = 0.0

    def __hash__(self) -> int:
        return id(self)

    @property
    def secret(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/token")

    def expire(self) -> None:
        """No token that was given so far is good any more."""
        self.expired.update(self.tokens)

    @property
    def admits(self) -> Admits:
        """Whether a request carries a token that is good."""

        def check(headers: Any, _query: dict[str, str]) -> bool:
            token = headers.get("Authorization", "").removeprefix("Bearer ")
            return token in self.tokens and token not in self.expired

        return check

    # What Authlib asks of a client.
    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "").split() if word in ("read", "write"))

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class _Grant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@contextmanager
def giving_tokens(server: OAuthServer | None = None) -> Iterator[OAuthServer]:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
    server = server or OAuthServer()
    app = flask.Flask("oauth")
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": server.expires_in}

    def save(token: dict[str, Any], _request: Any) -> None:
        server.tokens.append(token["access_token"])

    def find(client_id: str) -> OAuthServer | None:
        return server if client_id == server.client_id else None

    authorization = AuthorizationServer(app, query_client=find, save_token=save)
    authorization.register_grant(_Grant)

    @app.post("/token")
    def issue() -> Any:
        server.asked.append(flask.request.form.to_dict())
        time.sleep(server.seconds)
        if server.broken:
            server.broken -= 1
            return flask.Response(json.dumps({"error": "busy"}), 503)
        return authorization.create_token_response()

    listener = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=listener.serve_forever)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_port}/token"
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
