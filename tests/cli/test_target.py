import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from poller_local.errors import BadInput, NoStack
from poller_local.signing import SigV4
from poller_local.target import resolve_target
from tests.support.stored_stack import STACK, TEMPLATE, store


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "src" / "functions").mkdir(parents=True)
    (root / "template.yaml").touch()
    return root


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)


def test_the_local_stack_is_found_from_anywhere_in_its_checkout(checkout: Path):
    store(STACK, checkout)

    target = resolve_target(None, None, None, checkout / "src" / "functions")

    assert target.api_url == STACK["api_url"]
    assert target.outputs == STACK["outputs"]
    assert target.auth is None


@pytest.mark.usefixtures("credentials")
def test_the_local_stack_s_aws_is_the_emulator_whatever_the_user_s_settings(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example.com")
    store(STACK, checkout)

    deployed = resolve_target(None, None, None, checkout).deployed

    assert deployed.name == "poller"
    assert deployed.client("logs").meta.endpoint_url == STACK["endpoint_url"]


def test_a_stack_above_the_checkout_is_somebody_else_s(checkout: Path):
    store(STACK, checkout.parent)

    with pytest.raises(NoStack, match=r"No stack is running here\. Start one with 'poller up'"):
        resolve_target(None, None, None, checkout)


@pytest.mark.parametrize("content", ["", "[]", '{"api_url": null}', "{half"])
def test_a_broken_stack_file_is_no_stack(checkout: Path, content: str):
    store(STACK, checkout)
    (checkout / ".poller" / "stack.json").write_text(content)

    with pytest.raises(NoStack):
        resolve_target(None, None, None, checkout)


def test_a_url_is_talked_to_unsigned(tmp_path: Path):
    target = resolve_target("http://127.0.0.1:4566/api", None, None, tmp_path)

    assert (target.api_url, target.auth, target.deployed) == ("http://127.0.0.1:4566/api", None, None)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://abc123.execute-api.eu-central-1.amazonaws.com", None),
        ("https://poller.example.com/api", "eu-central-1"),
    ],
)
def test_calls_to_an_api_on_aws_are_signed(tmp_path: Path, url: str, region: str | None):
    target = resolve_target(url, None, region, tmp_path)

    assert isinstance(target.auth, SigV4)
    assert target.auth._region == "eu-central-1"


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("region", "variables"),
    [
        ("eu-central-1", {"AWS_REGION": "eu-west-1"}),
        (None, {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}),
        (None, {"AWS_DEFAULT_REGION": "eu-central-1"}),
    ],
)
def test_a_stack_on_aws_is_read_and_signed_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str | None, variables: dict[str, str]
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("cloudformation", "eu-central-1").create_stack(StackName="prod", TemplateBody=json.dumps(TEMPLATE))

        target = resolve_target(None, "prod", region, tmp_path)

    assert target.api_url == "https://abc.execute-api.eu-central-1.amazonaws.com"
    assert isinstance(target.auth, SigV4)
    assert target.deployed.name == "prod"
    assert target.deployed.client("logs").meta.region_name == "eu-central-1"


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("name", "region", "complaint"),
    [
        ("absent", "eu-central-1", "does not exist"),
        ("other", "eu-central-1", "has no output PollerHttpApiUrl"),
        ("other", None, "You must specify a region"),
    ],
)
def test_a_stack_that_cannot_be_used(tmp_path: Path, name: str, region: str | None, complaint: str):
    with mock_aws():
        boto3.client("cloudformation", "eu-central-1").create_stack(
            StackName="other", TemplateBody=json.dumps({"Resources": TEMPLATE["Resources"]})
        )

        with pytest.raises(NoStack, match=complaint):
            resolve_target(None, name, region, tmp_path)


def test_an_unknown_profile_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(NoStack, match=r"profile .nobody. could not be found; check AWS_PROFILE"):
        resolve_target(None, "prod", "eu-central-1", tmp_path)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("https://x", "prod", None), "not both"),
        ((None, None, "eu-central-1"), "--region needs"),
        (("example.com", None, None), "'example.com' is no address"),
    ],
)
def test_options_that_contradict_each_other(tmp_path: Path, options: tuple[str | None, ...], complaint: str):
    with pytest.raises(BadInput, match=complaint):
        resolve_target(*options, tmp_path)
