"""`poller secrets`: what it stores, what it says, and that a secret is neither an argument nor shown."""

import io
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

CANARY = "canary-0123456789-abcdef"
ORIGIN = ("--allow-origin", "https://api.example.com/v2")
Command = Callable[..., subprocess.CompletedProcess[str]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stack(tmp_path: Path, command: Command) -> Iterator[dict[str, str]]:
    """A local stack whose AWS is moto; its outputs."""
    outputs = {"SecretsPrefix": "poller/"}
    (tmp_path / ".poller").mkdir()
    (tmp_path / "src" / "functions").mkdir(parents=True)
    (tmp_path / "template.yaml").touch()
    described = {
        "endpoint_url": "https://secretsmanager.us-east-1.amazonaws.com",
        "api_url": "https://api.example.com",
        "outputs": outputs,
    }
    (tmp_path / ".poller" / "stack.json").write_text(json.dumps(described))
    with mock_aws():
        yield outputs


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What stands on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def kept(name: str) -> dict[str, object]:
    client = boto3.client("secretsmanager", "us-east-1")
    return dict(json.loads(client.get_secret_value(SecretId=name)["SecretString"]))


def test_a_secret_from_standard_input_is_stored_for_its_origin(
    stack: dict[str, str], command: Command, say: Callable[[str], None]
) -> None:
    say(f"{CANARY}\n")

    done = command("secrets", "put", "orders", *ORIGIN, "--allow-origin", "https://login.example.com")

    origins = ["https://api.example.com", "https://login.example.com"]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Secret orders is stored; it may be sent to {', '.join(origins)}\n"
    assert kept("poller/secrets/orders") == {"value": CANARY, "allowed_origins": origins}


def test_an_object_is_stored_as_one_and_replaces_what_was_there(
    stack: dict[str, str], command: Command, say: Callable[[str], None]
) -> None:
    say("old-secret")
    command("secrets", "put", "orders", *ORIGIN)
    say(f'{{"username": "me", "password": "{CANARY}"}}')

    done = command("secrets", "put", "orders", *ORIGIN)

    assert done.stdout.startswith("Secret orders is replaced; ")
    assert kept("poller/secrets/orders")["value"] == {"username": "me", "password": CANARY}
    assert CANARY not in done.stdout + done.stderr


def test_at_a_terminal_the_value_is_asked_for(
    stack: dict[str, str], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", lambda text, **options: asked.append(options) or CANARY)

    done = command("secrets", "put", "orders", *ORIGIN)

    assert done.returncode == 0
    assert asked == [{"hide_input": True, "err": True}]
    assert kept("poller/secrets/orders")["value"] == CANARY


def test_a_stack_with_a_key_of_its_own_has_secrets_encrypted_with_it(
    stack: dict[str, str], command: Command, say: Callable[[str], None], tmp_path: Path
) -> None:
    key = boto3.client("kms", "us-east-1").create_key()["KeyMetadata"]["Arn"]
    described = json.loads((tmp_path / ".poller" / "stack.json").read_text())
    described["outputs"]["KmsKeyArn"] = key
    (tmp_path / ".poller" / "stack.json").write_text(json.dumps(described))
    say(CANARY)

    command("secrets", "put", "orders", *ORIGIN)

    found = boto3.client("secretsmanager", "us-east-1").describe_secret(SecretId="poller/secrets/orders")
    assert found["KmsKeyId"] == key


def test_secrets_are_listed_with_who_may_receive_them(
    stack: dict[str, str], command: Command, say: Callable[[str], None]
) -> None:
    client = boto3.client("secretsmanager", "us-east-1")
    for foreign in ("other/secrets/x", "my-poller/secrets/x", "poller/tokens/orders/1"):
        client.create_secret(Name=foreign, SecretString=CANARY)
    for name in ("orders", "a.b_c-d"):
        say(CANARY)
        command("secrets", "put", name, *ORIGIN)

    done = command("secrets", "list")

    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["Secret", "Changed", "May", "be", "sent", "to"]
    assert [(line.split()[0], line.split()[-1]) for line in lines] == [
        ("a.b_c-d", "https://api.example.com"),
        ("orders", "https://api.example.com"),
    ]
    assert CANARY not in done.stdout


def test_no_secrets_yet_says_how_to_store_one(stack: dict[str, str], command: Command) -> None:
    assert command("secrets", "list").stderr == (
        "No secrets yet; store one with: poller secrets put NAME --allow-origin URL\n"
    )


def test_a_deleted_secret_is_gone_with_its_tokens_and_its_name_is_free_again(
    stack: dict[str, str], command: Command, say: Callable[[str], None]
) -> None:
    client = boto3.client("secretsmanager", "us-east-1")
    for name in ("poller/tokens/orders/1", "poller/tokens/orders2/1"):
        client.create_secret(Name=name, SecretString=CANARY)
    say(CANARY)
    command("secrets", "put", "orders", *ORIGIN)

    done = command("secrets", "delete", "orders")

    assert (done.returncode, done.stderr) == (0, "")
    assert [found["Name"] for found in client.list_secrets()["SecretList"]] == ["poller/tokens/orders2/1"]
    say(CANARY)
    assert command("secrets", "put", "orders", *ORIGIN).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "value", "status", "line"),
    [
        (("put", "orders"), CANARY, 2, "Say which API may receive the secret: --allow-origin https://api.example.com"),
        (
            ("put", "an/canary-0", *ORIGIN), CANARY, 2,
            "A secret's name has 1 to 64 letters, digits, '.', '_' or '-'; its value is asked for",
        ),
        (
            ("put", "orders", "--allow-origin", "api.example.com"), CANARY, 1,
            "Cannot store it: an allowed origin is none: the URL's host or port is malformed; write it as "
            "https://host/path",
        ),
        (("put", "orders", *ORIGIN), "", 1, "Cannot store it: the secret is empty"),
        (
            ("put", "orders", *ORIGIN), "{canary-0", 1,
            "The value begins with a brace and is not JSON; write an object such as "
            '{"username": "…", "password": "…"}',
        ),
        (
            ("delete", "canary-0"), "", 1,
            "There is no such secret; see them with: poller secrets list",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_that_repeats_nothing(  # noqa: PLR0917
    stack: dict[str, str],
    command: Command,
    say: Callable[[str], None],
    arguments: tuple[str, ...],
    value: str,
    status: int,
    line: str,
) -> None:
    say(value)

    done = command("secrets", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"poller: {line}\n")


def test_a_stack_that_knows_no_secrets_says_what_to_do(stack: dict[str, str], command: Command, tmp_path: Path) -> None:
    described = json.loads((tmp_path / ".poller" / "stack.json").read_text())
    (tmp_path / ".poller" / "stack.json").write_text(json.dumps({**described, "outputs": {}}))

    done = command("secrets", "list")

    assert done.stderr == "poller: The stack is older than this command; update it with 'poller up' or 'sam deploy'\n"


def test_what_aws_refuses_is_one_line(stack: dict[str, str], command: Command, say: Callable[[str], None]) -> None:
    client = boto3.client("secretsmanager", "us-east-1")
    client.create_secret(Name="poller/secrets/orders", SecretString="{}")
    client.delete_secret(SecretId="poller/secrets/orders")  # with a time to think it over
    say(CANARY)

    done = command("secrets", "put", "orders", *ORIGIN)

    assert done.returncode == 1
    assert done.stderr.startswith("poller: Secrets Manager: An error occurred (InvalidRequestException)")
    assert len(done.stderr.splitlines()) == 1
