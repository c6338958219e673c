"""POLLER_TOKEN: where it is sent, where it must not go, and that it is shown to nobody."""

import json
from pathlib import Path

import boto3
import pytest
import requests
from botocore.credentials import Credentials
from moto import mock_aws
from requests import PreparedRequest

from poller_local.bearer import Bearer, token_for
from poller_local.client import PollerClient
from poller_local.errors import ApiError, BadInput
from poller_local.signing import SigV4
from poller_local.target import resolve_target
from tests.support.fake_api import JOB, SUCCEEDED, FakeApi
from tests.support.stored_stack import STACK, TEMPLATE, store

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("POLLER_TOKEN", TOKEN)
    return TOKEN


def sent(auth: object) -> str | None:
    """The Authorization header that a call gets."""
    request = requests.Request("GET", "https://api.example.com", auth=auth).prepare()  # type: ignore[arg-type]
    assert isinstance(request, PreparedRequest)
    return request.headers.get("Authorization")


@pytest.mark.parametrize(
    "api_url",
    [
        "https://abc.execute-api.eu-central-1.amazonaws.com",
        "https://poller.example.com/api",
        "http://127.0.0.1:4566/api",
        "http://localhost:4566",
        "http://[::1]:4566",
    ],
)
@pytest.mark.usefixtures("token")
def test_a_named_api_gets_the_token_and_no_signature(tmp_path: Path, api_url: str):
    target = resolve_target(api_url, None, None, tmp_path)

    assert sent(target.auth) == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("token")
def test_a_named_stack_gets_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("cloudformation", "eu-central-1").create_stack(StackName="prod", TemplateBody=json.dumps(TEMPLATE))

        target = resolve_target(None, "prod", "eu-central-1", tmp_path)

    assert sent(target.auth) == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("token")
def test_the_local_stack_does_not_get_it(tmp_path: Path):
    (tmp_path / "template.yaml").touch()
    (tmp_path / "src" / "functions").mkdir(parents=True)
    store(STACK, tmp_path)

    assert resolve_target(None, None, None, tmp_path).auth is None


@pytest.mark.parametrize("host", ["api.example.com", "127.0.0.1.example.com", "10.0.0.1", "localhost.example.com"])
def test_it_does_not_go_over_plain_http(host: str):
    with pytest.raises(BadInput, match="could be read by others on the way to http://"):
        token_for(f"http://{host}/api", {"POLLER_TOKEN": TOKEN})


@pytest.mark.parametrize("wrong", [f"Bearer {TOKEN}", f"{TOKEN}\r\nX-Other: 1", f'"{TOKEN}"', f"{TOKEN}é"])
def test_what_is_no_token_is_said_and_not_shown(wrong: str):
    with pytest.raises(BadInput, match="POLLER_TOKEN holds no token") as refused:
        token_for("https://api.example.com", {"POLLER_TOKEN": wrong})

    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("environment", [{}, {"POLLER_TOKEN": ""}, {"POLLER_TOKEN": " \n"}])
def test_an_empty_variable_is_no_token(environment: dict[str, str]):
    assert token_for("https://api.example.com", environment) is None


def test_a_newline_at_its_end_is_not_part_of_it():
    assert sent(token_for("https://api.example.com", {"POLLER_TOKEN": f"{TOKEN}\n"})) == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("token")
def test_a_call_is_signed_or_carries_a_token_not_both(tmp_path: Path):
    with pytest.raises(BadInput, match="leave one of them out"):
        resolve_target("https://poller.example.com", None, "eu-central-1", tmp_path)


def test_the_command_sends_it_with_every_call(api: FakeApi, command, token: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POLLER_TOKEN", token)  # `command` has cleared the environment
    api.takes_jobs()
    api.shows(SUCCEEDED)

    done = command("run", "https://api.example.com", "--wait", "--api-url", api.url)

    assert done.returncode == 0
    assert {request.headers["Authorization"] for request, _ in api.server.log} == {f"Bearer {token}"}
    assert len(api.server.log) == 2


def test_presigned_links_do_not_get_it(api: FakeApi, tmp_path: Path):
    api.lists([api.stores("orders/t0.jsonl.gz", b"data")])

    with PollerClient(api.url, Bearer(TOKEN)) as client:
        client.download(JOB, tmp_path)

    headers = {request.path: request.headers.get("Authorization") for request, _ in api.server.log}
    assert headers == {f"/jobs/{JOB}/results": f"Bearer {TOKEN}", "/dataset/orders/t0.jsonl.gz": None}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_refused_token_says_what_to_do_and_is_not_shown(
    api: FakeApi, poller, environment: dict[str, str], status: int, debug: tuple[str, ...]
):
    api.refuses(f"/jobs/{JOB}", "GET", status, "Unauthorized")

    done = poller("status", JOB, "--api-url", api.url, *debug, env={**environment, "POLLER_TOKEN": TOKEN})

    assert done.returncode == 1
    assert f"answered {status}: Unauthorized; the token in POLLER_TOKEN has run out or is not meant" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert ("Traceback" in done.stderr) == bool(debug)


@pytest.mark.parametrize(
    ("auth", "advice"),
    [
        (None, "have your calls signed with --stack-name or --region, or put the API's token into POLLER_TOKEN"),
        (SigV4(Credentials("a", "b"), "eu-central-1"), "check your AWS credentials and their permission"),
    ],
)
def test_a_refused_call_without_a_token_says_what_to_do(api: FakeApi, auth: SigV4 | None, advice: str):
    api.refuses(f"/jobs/{JOB}", "GET", 401, "Unauthorized")

    with PollerClient(api.url, auth) as client, pytest.raises(ApiError, match=advice):
        client.job(JOB)


def test_nothing_that_is_printed_of_a_target_shows_it(tmp_path: Path, token: str):
    target = resolve_target("https://api.example.com", None, None, tmp_path)

    assert token not in repr(target) + repr(target.client().__dict__)
