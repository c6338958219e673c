"""Requests with credentials: a Secrets Manager on moto, APIs on loopback that want to know who asks."""

import pytest

from poller.auth.access import Access
from poller.auth.flows import ApiKey, Auth, Bearer, HttpBasic
from poller.errors import AuthFailed
from poller.handlers import dependencies
from poller.values import PageRequest, Response, Sender
from tests.support.guarded import Guarded, bearer, guarded, key
from tests.support.loopback import QuietHandler, listening
from tests.support.partner import Partner
from tests.support.secrets import delete_secret, put_secret

KEY = "canary-0123456789-abcdef"
pytestmark = pytest.mark.usefixtures("aws")


def sender(api: Guarded, auth: Auth) -> Sender:
    return dependencies.access().sender(auth, api.url)


def get(api: Guarded, auth: Auth, path: str = "/orders?page=1") -> Response:
    return sender(api, auth).send(PageRequest("GET", api.origin + path, {}))


@pytest.mark.parametrize("auth", [ApiKey("orders", "X-Key"), ApiKey("orders", "k", "query"), Bearer("orders")], ids=str)
def test_a_request_gets_the_secret_where_the_api_wants_it(auth: Auth) -> None:
    admits = bearer(KEY) if isinstance(auth, Bearer) else key(auth.place.name, KEY)
    with guarded(Partner(), admits) as api:
        put_secret("orders", KEY, api.origin)

        assert get(api, auth).status == 200


def test_no_auth_is_the_plain_upstream() -> None:
    assert dependencies.access().sender(None, "https://api.example.com/") is dependencies.upstream()


def test_a_secret_for_another_origin_is_refused_before_anything_is_sent() -> None:
    """Case 46."""
    with guarded(Partner(), bearer(KEY)) as api:
        put_secret("orders", KEY, "https://api.example.com", api.origin.replace("http:", "https:"))

        with pytest.raises(AuthFailed, match=f"the secret orders may not be sent to {api.origin}; if it is meant"):
            get(api, Bearer("orders"))

    assert api.came == []


def test_a_secret_that_is_not_there_is_not_repeated_for_it_may_be_one() -> None:
    with guarded(Partner(), bearer(KEY)) as api, pytest.raises(AuthFailed) as refused:
        get(api, Bearer("hunter2"))

    assert refused.value.message.startswith("auth.secret names no secret of this stack")
    assert "hunter2" not in refused.value.message
    assert api.came == []


def test_a_secret_of_the_wrong_kind_sends_nothing() -> None:
    with guarded(Partner(), bearer(KEY)) as api:
        put_secret("orders", KEY, api.origin)

        with pytest.raises(AuthFailed, match="must be an object with username and password"):
            get(api, HttpBasic("orders"))

    assert api.came == []


def test_a_secret_is_read_once_for_all_requests_of_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    with guarded(Partner(), bearer(KEY)) as api:
        put_secret("orders", KEY, api.origin)
        one = sender(api, Bearer("orders"))
        one.send(PageRequest("GET", api.url, {}))
        delete_secret("orders")

        assert one.send(PageRequest("GET", api.url, {})).status == 200


def test_a_secret_that_was_replaced_is_read_again_after_a_401() -> None:
    """Case 46."""
    with guarded(Partner(), bearer("new-" + KEY)) as api:
        put_secret("orders", "old-" + KEY, api.origin)
        one = sender(api, Bearer("orders"))

        assert one.send(PageRequest("GET", api.url, {})).status == 401
        put_secret("orders", "new-" + KEY, api.origin)
        assert one.send(PageRequest("GET", api.url, {})).status == 200
        assert one.send(PageRequest("GET", api.url, {})).status == 200

    assert api.refused == 2


def test_a_secret_that_was_deleted_is_refused_after_a_401() -> None:
    """Case 46."""
    with guarded(Partner(), bearer("other")) as api:
        put_secret("orders", KEY, api.origin)
        one = sender(api, Bearer("orders"))
        one.send(PageRequest("GET", api.url, {}))
        delete_secret("orders")

        with pytest.raises(AuthFailed, match=r"auth\.secret names no secret"):
            one.send(PageRequest("GET", api.url, {}))


def test_a_refusal_is_heard_without_the_secret_that_it_repeats() -> None:
    with guarded(Partner(), bearer("other")) as api:
        put_secret("orders", "hush-1", api.origin)

        answer = get(api, ApiKey("orders", "k", "query"))

    assert answer.status == 401
    assert b"k=..." in answer.body
    assert b"hush" not in answer.body


def test_a_password_is_blanked_in_the_form_that_it_is_sent_in() -> None:
    with guarded(Partner(), bearer("other")) as api:
        put_secret("orders", {"username": "Aladdin", "password": "open sesame"}, api.origin)

        answer = get(api, HttpBasic("orders"))

    assert b"QWxhZGRpbjpvcGVuIHNlc2FtZQ" not in answer.body


def test_a_page_that_repeats_the_key_is_stored_without_it(caplog: pytest.LogCaptureFixture) -> None:
    with guarded(Partner(total=3), key("X-Key", KEY)) as api:
        api.echoes = True
        put_secret("orders", KEY, api.origin)

        answer = get(api, ApiKey("orders", "X-Key"))

    assert answer.status == 200
    assert KEY.encode() not in answer.body
    assert KEY not in answer.headers["x-asked"]


@pytest.mark.parametrize(("location", "to"), [("query", f"/orders?page=1&k={KEY}"), ("header", "/orders?page=1")])
def test_a_redirect_on_the_same_origin_gets_the_key_once(location: str, to: str) -> None:
    with guarded(Partner(), key("k", KEY)) as api:
        api.redirects = {"/moved": to}
        put_secret("orders", KEY, api.origin)

        answer = get(api, ApiKey("orders", "k", location), "/moved?page=1")

    assert answer.status == 200


def test_a_redirect_to_https_gets_no_key_that_is_not_meant_for_it() -> None:
    with guarded(Partner(), key("k", KEY)) as api:
        there = api.origin.replace("http:", "https:")
        api.redirects = {"/moved": f"{there}/orders?page=1"}
        put_secret("orders", KEY, api.origin)

        with pytest.raises(AuthFailed, match=f"the secret orders may not be sent to {there}"):
            get(api, ApiKey("orders", "k"), "/moved?page=1")


def test_another_origin_that_a_link_leads_to_gets_nothing() -> None:
    """Case 28: not even where the secret may be sent there."""
    with guarded(Partner(), bearer(KEY)) as api, guarded(Partner(), bearer(KEY)) as other:
        put_secret("orders", KEY, api.origin, other.origin)
        one = sender(api, Bearer("orders"))

        answers = [one.send(PageRequest("GET", there.url, {})).status for there in (api, other)]

    assert answers == [200, 401]
    assert "Authorization" not in other.came[0]


def test_a_short_key_is_blanked_in_the_links_of_a_page() -> None:
    with guarded(Partner(total=3), key("api key", "k/7=")) as api:
        api.echoes = True
        put_secret("orders", "k/7=", api.origin)

        answer = get(api, ApiKey("orders", "api key", "query"))

    assert answer.status == 200
    assert b"&api%20key=... " in answer.body
    assert answer.headers["x-asked"].strip() == "/orders?page=1&api%20key=..."


def test_a_redirect_to_another_origin_is_not_followed_and_shows_no_key() -> None:
    heard: list[str] = []

    class Canary(QuietHandler):
        def do_GET(self) -> None:
            heard.append(self.path)

    with guarded(Partner(), key("k", KEY)) as api, listening(Canary) as elsewhere:
        api.redirects = {"/moved": f"{elsewhere}/orders?page=1&k={KEY}"}
        put_secret("orders", KEY, api.origin, elsewhere)

        answer = get(api, ApiKey("orders", "k", "query"), "/moved?page=1")

    assert answer.status == 302
    assert KEY not in answer.headers["location"]
    assert heard == []


def test_a_client_of_secrets_manager_is_made_for_the_first_secret_only() -> None:
    made: list[str] = []

    class Nobody:
        def get(self, name: str) -> None:
            made.append(name)

    access = Access(dependencies.upstream(), Nobody(), Nobody(), print)  # type: ignore[arg-type]
    one = access.sender(Bearer("orders"), "https://api.example.com/")

    assert made == []
    with pytest.raises(AuthFailed):
        one.send(PageRequest("GET", "https://api.example.com/", {}))
    assert made == ["orders"]
