"""Tokens that workers share: table and Secrets Manager on moto, an OAuth server of Authlib's on loopback."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import time_machine

from poller.auth import tokens as shared
from poller.auth.flows import OAuth2ClientCredentials, SessionToken
from poller.errors import AuthFailed, TransientUpstreamError
from poller.handlers import dependencies
from poller.values import PageRequest, Response, Sender
from tests.support.guarded import Guarded, guarded
from tests.support.loopback import QuietHandler, listening
from tests.support.oauth_server import OAuthServer, giving_tokens
from tests.support.partner import Partner
from tests.support.secrets import put_secret

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    with giving_tokens() as server:
        yield server


@pytest.fixture
def api(server: OAuthServer) -> Iterator[Guarded]:
    """An API that wants a token of the server's."""
    with guarded(Partner(), server.admits) as api:
        put_secret("orders", server.secret, api.origin, server.origin)
        yield api


def oauth(server: OAuthServer, **fields: Any) -> OAuth2ClientCredentials:
    return OAuth2ClientCredentials("orders", server.url, **fields)


def worker(server: OAuthServer, api: Guarded, **fields: Any) -> Sender:
    """What the requests of one call of a function are sent with: it knows of nothing that others know."""
    return dependencies.access().sender(oauth(server, **fields), api.url)


def get(sender: Sender, api: Guarded) -> Response:
    return sender.send(PageRequest("GET", api.url, {}))


def row() -> dict[str, Any]:
    items = boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"]
    (found,) = [item for item in items if item["TaskId"]["S"] == "#AUTH"]
    return {name: next(iter(value.values())) for name, value in found.items()}


@pytest.mark.parametrize("client_auth", ["header", "body"])
def test_a_token_is_got_once_and_shared_by_all_workers(server: OAuthServer, api: Guarded, client_auth: str) -> None:
    answers = [get(worker(server, api, client_auth=client_auth), api).status for _ in range(3)]

    assert answers == [200] * 3
    assert (len(server.tokens), api.refused) == (1, 0)


def test_the_token_lies_in_a_secret_of_the_stack_and_nowhere_else(server: OAuthServer, api: Guarded) -> None:
    get(worker(server, api), api)

    client = boto3.client("secretsmanager")
    (name,) = [s["Name"] for s in client.list_secrets()["SecretList"] if s["Name"].startswith("poller/tokens/")]
    (token,) = server.tokens
    assert name.startswith("poller/tokens/orders/")
    assert json.loads(client.get_secret_value(SecretId=name)["SecretString"])["token"] == token
    assert token not in str(row())
    assert row()["Version"] == client.get_secret_value(SecretId=name)["VersionId"]
    assert "Holder" not in row()


def test_a_token_that_expires_under_many_threads_of_many_workers_is_renewed_once(
    server: OAuthServer, api: Guarded
) -> None:
    """Case 42."""
    workers = [worker(server, api) for _ in range(4)]
    with ThreadPoolExecutor(32) as pool:
        first = list(pool.map(lambda n: get(workers[n % 4], api).status, range(32)))
        server.expire()
        second = list(pool.map(lambda n: get(workers[n % 4], api).status, range(96)))

    assert first + second == [200] * 128
    assert len(server.tokens) == 2
    assert api.refused <= 32  # each thread once at most


def test_a_token_that_was_renewed_meanwhile_is_taken(
    server: OAuthServer, api: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 42: between a worker's look and its lease."""
    one, other = worker(server, api), worker(server, api)
    get(one, api), get(other, api)
    server.expire()
    update, done = dependencies.table().update, []

    def late(*asked: Any) -> bool:
        if not done:
            done.append(asked)
            assert get(other, api).status == 200
        return update(*asked)

    monkeypatch.setattr(dependencies.table(), "update", late)

    assert get(one, api).status == 200
    assert len(server.tokens) == 2


def test_a_token_is_renewed_before_it_runs_out(server: OAuthServer, api: Guarded) -> None:
    """Case 42: and so no request is refused at all."""
    one = worker(server, api)
    get(one, api)
    with time_machine.travel(time.time() + server.expires_in - 59):
        answers = [get(sender, api).status for sender in (one, worker(server, api))]

    assert answers == [200, 200]
    assert (len(server.tokens), api.refused) == (2, 0)


def test_a_token_that_the_api_never_takes_is_renewed_once_a_call(server: OAuthServer) -> None:
    with guarded(Partner(), lambda *_: False) as api:
        put_secret("orders", server.secret, api.origin, server.origin)
        one = worker(server, api)

        assert [get(one, api).status for _ in range(5)] == [401] * 5

    assert len(server.tokens) == 2
    assert len(api.came) == 6


def test_a_secret_that_is_replaced_gets_a_token_of_its_own(server: OAuthServer, api: Guarded) -> None:
    """Case 46: what was got for the old one may be another account's."""
    get(worker(server, api), api)
    put_secret("orders", {**server.secret, "note": "x"}, api.origin, server.origin)

    assert get(worker(server, api), api).status == 200
    assert len(server.tokens) == 2


def test_tokens_for_other_scopes_are_others(server: OAuthServer, api: Guarded) -> None:
    get(worker(server, api, scopes=("read",)), api)
    get(worker(server, api, scopes=("write",)), api)

    assert [form.get("scope") for form in server.asked] == ["read", "write"]


def test_a_secret_for_the_api_only_is_not_sent_where_tokens_are_given(server: OAuthServer, api: Guarded) -> None:
    """Case 46."""
    put_secret("orders", server.secret, api.origin)

    with pytest.raises(AuthFailed, match=f"the secret orders may not be sent to {server.origin}"):
        get(worker(server, api), api)

    assert server.asked == []


def test_a_token_is_not_got_for_an_api_that_may_not_have_it(server: OAuthServer, api: Guarded) -> None:
    put_secret("orders", server.secret, server.origin)

    with pytest.raises(AuthFailed, match=f"the secret orders may not be sent to {api.origin}"):
        get(worker(server, api), api)

    assert (server.asked, api.came) == ([], [])


def test_a_refused_secret_is_not_tried_again_and_again(server: OAuthServer, api: Guarded) -> None:
    put_secret("orders", {**server.secret, "client_secret": "wrong-0123456789"}, api.origin, server.origin)
    one = worker(server, api)
    said = []
    for sender in (one, one, worker(server, api)):
        with pytest.raises(AuthFailed) as failed:
            get(sender, api)
        said.append(failed.value.message)

    assert len(server.asked) == 1
    assert 'HTTP 401: "invalid_client: The client cannot authenticate' in said[0]
    assert said[1] == said[0]
    assert said[2].startswith("the secret orders was refused within the last minute")
    with time_machine.travel(time.time() + 61), pytest.raises(AuthFailed):
        get(worker(server, api), api)
    assert len(server.asked) == 2
    put_secret("orders", server.secret, api.origin, server.origin)
    assert get(worker(server, api), api).status == 200


def test_a_server_that_is_busy_is_asked_again_later_and_once_for_all_who_wait(
    server: OAuthServer, api: Guarded
) -> None:
    server.broken, server.seconds = 1, 0.2
    one = worker(server, api)

    def failed(_: int) -> str:
        try:
            return str(get(one, api).status)
        except TransientUpstreamError as error:
            return error.message

    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(failed, range(8)))

    assert f'{server.origin.removeprefix("http://")} gave no token: HTTP 503: "busy"' in said
    assert said <= {f'{server.origin.removeprefix("http://")} gave no token: HTTP 503: "busy"', "200"}
    assert len(server.asked) <= 2
    assert get(one, api).status == 200


def test_nobody_at_the_address_may_pass_too(api: Guarded) -> None:
    put_secret("orders", {"client_id": "c", "client_secret": "s"}, api.origin, "http://127.0.0.1:9")
    auth = OAuth2ClientCredentials("orders", "http://127.0.0.1:9/token")

    with pytest.raises(TransientUpstreamError, match=r"no token: no connection to 127\.0\.0\.1"):
        get(dependencies.access().sender(auth, api.url), api)
    assert "Holder" not in row()


def test_an_address_that_may_not_be_asked_gives_no_token(api: Guarded) -> None:
    put_secret("orders", {"client_id": "c", "client_secret": "s"}, api.origin, "http://192.168.0.1")
    auth = OAuth2ClientCredentials("orders", "http://192.168.0.1/token")

    with pytest.raises(AuthFailed, match=r"no token: 192\.168\.0\.1 leads to an address that may not be polled"):
        get(dependencies.access().sender(auth, api.url), api)


def test_a_worker_that_dies_while_it_renews_holds_the_others_up_for_a_while_only(
    server: OAuthServer, api: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_LEASE_SECONDS", 1)
    update = dependencies.table().update
    with monkeypatch.context() as dying:
        dying.setattr(dependencies.access()._tokens, "_sign_in", _dies)
        dying.setattr(dependencies.table(), "update", lambda *a: a[3] != "#Holder = :me" and update(*a))
        with pytest.raises(KeyboardInterrupt):
            get(worker(server, api), api)
    assert "Holder" in row()

    assert get(worker(server, api), api).status == 200
    assert "Holder" not in row()


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_worker_that_never_comes_to_an_end_is_not_waited_for_for_ever(
    server: OAuthServer, api: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 10, "it waits for ever"

    monkeypatch.setattr(shared, "_LEASE_SECONDS", -1)  # so that there is no time left at all
    monkeypatch.setattr(dependencies.access()._tokens, "_sleep", sleep)
    monkeypatch.setattr(dependencies.table(), "update", lambda *a: False)

    with pytest.raises(TransientUpstreamError, match="another worker is getting a token"):
        get(worker(server, api), api)


def test_a_token_that_cannot_be_kept_is_used_all_the_same(
    server: OAuthServer, api: Guarded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where AWS takes no more versions of a secret within a day."""
    client = boto3.client("secretsmanager")
    kept = dependencies.access()._tokens._secrets

    def full(*_: object) -> str:
        raise client.exceptions.LimitExceededException({"Error": {"Code": "LimitExceededException"}}, "Put")

    monkeypatch.setattr(kept, "put", full)

    assert get(worker(server, api), api).status == 200
    assert get(worker(server, api), api).status == 200
    assert len(server.tokens) == 2
    assert "a token cannot be kept for others (LimitExceededException)" in caplog.text


def test_a_login_s_token_is_used_until_it_is_refused_and_then_got_again() -> None:
    logins: list[Any] = []

    class Login(QuietHandler):
        def do_POST(self) -> None:
            logins.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps({"data": {"token": f"session-token-number-{len(logins)}"}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def admits(headers: Any, _query: dict[str, str]) -> bool:
        return bool(headers.get("X-Session") == f"session-token-number-{good}")

    good = 1
    with listening(Login) as login, guarded(Partner(), admits) as api:
        put_secret("orders", {"user": "me", "password": "pw-0123"}, api.origin, login)
        auth = SessionToken("orders", f"{login}/login", "data.token", "X-Session")
        one, other = (dependencies.access().sender(auth, api.url) for _ in range(2))
        before = [get(sender, api).status for sender in (one, other, one)]
        good = 2
        after = [get(sender, api).status for sender in (one, other, other)]

    assert before + after == [200] * 6
    assert logins == [{"user": "me", "password": "pw-0123"}] * 2
    assert api.refused == 2  # each worker's old one, once
