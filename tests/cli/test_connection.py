"""How the client talks HTTP: addresses, signatures, and what is no answer."""

import contextlib
import itertools
import json
import socket

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug import Request, Response

from poller_local.client import PollerClient
from poller_local.errors import ApiError, StackUnreachable
from poller_local.signing import SigV4
from tests.support.fake_api import JOB, SUCCEEDED, FakeApi, FakeTime, json_response


def test_nobody_at_the_address(time: FakeTime):
    client = PollerClient("http://127.0.0.1:9", if_unreachable="start it", sleep=time.sleep)

    with client, pytest.raises(StackUnreachable) as unreachable:
        client.job(JOB)

    assert str(unreachable.value) == "No answer from http://127.0.0.1:9 (cannot connect); start it"


def test_a_server_that_never_answers_takes_up_one_try(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("poller_local.connection.TIMEOUT", (5.0, 0.1))
    eleven_seconds_each = itertools.count(step=11.0)
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = PollerClient(url, sleep=lambda _seconds: None, clock=eleven_seconds_each.__next__)

        with client, pytest.raises(StackUnreachable, match="timed out"):
            list(client.jobs())

        assert waiting(server) == 1


def waiting(server: socket.socket) -> int:
    """How many have connected to a server that accepts nobody."""
    server.setblocking(False)
    with contextlib.ExitStack() as stack:
        for number in itertools.count():
            try:
                stack.enter_context(server.accept()[0])
            except BlockingIOError:
                return number
    raise AssertionError


def test_a_server_that_is_no_poller(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}").respond_with_data("<html>hello</html>")

    with pytest.raises(ApiError, match="does not answer like a poller"):
        client.job(JOB)


def test_proxies_of_the_environment_are_ignored(api: FakeApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    api.shows(SUCCEEDED)

    with PollerClient(api.url) as client:
        seen = client.job(JOB)

    assert seen["Status"] == "SUCCEEDED"


def test_a_redirect_is_not_followed(api: FakeApi, client: PollerClient):
    api.server.expect_request(f"/jobs/{JOB}").respond_with_data("", status=302, headers={"Location": "/elsewhere"})

    with pytest.raises(ApiError, match="does not answer like a poller"):
        client.job(JOB)

    assert len(api.server.log) == 1


def test_what_arrives_is_what_was_signed(api: FakeApi):
    credentials = Credentials("AKIDEXAMPLE", "secret", "session-token")
    verified = []

    def verify(request: Request) -> Response:
        headers = {name: request.headers[name] for name in ("Content-Type", "X-Amz-Date", "X-Amz-Security-Token")}
        sent = AWSRequest(method=request.method, url=request.url, data=request.data, headers=headers)
        sent.context["timestamp"] = request.headers["X-Amz-Date"]
        signer = SigV4Auth(credentials, "execute-api", "eu-central-1")
        signature = signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent)
        verified.append(request.headers["Authorization"].endswith(f"Signature={signature}"))
        return json_response({"Results": [], "Entries": [{"EventId": JOB}]})

    api.server.expect_request("/jobs").respond_with_handler(verify)
    api.server.expect_request(f"/jobs/{JOB}/results").respond_with_handler(verify)
    with PollerClient(api.url, SigV4(credentials, "eu-central-1")) as client:
        client.submit(json.loads('{"url": "https://api.example.com/ö?a=b"}'))
        list(client.results(JOB, limit=5))

    assert verified == [True, True]


def test_a_connection_that_breaks_is_said_in_one_line(api: FakeApi, client: PollerClient, monkeypatch):
    def broken(*_args, **_options):
        raise requests.exceptions.ChunkedEncodingError("first line\nsecond line")

    monkeypatch.setattr(requests.Session, "request", broken)

    with pytest.raises(StackUnreachable) as unreachable:
        client.job(JOB)

    assert "\n" not in str(unreachable.value)
