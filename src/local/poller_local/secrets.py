"""The bodies of `poller secrets`: a stack's secrets in Secrets Manager, without ever showing one."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from poller.auth.fields import is_secret_name
from poller.auth.stored import read_secret, write_secret
from poller.errors import AuthFailed
from poller_local import tables
from poller_local.errors import BadInput, BadUsage, NoStack, SecretsUnreachable, one_line
from poller_local.screen import Screen
from poller_local.target import Target

_PREFIX, _KEY = "SecretsPrefix", "KmsKeyArn"  # outputs of the stack
_TOKENS = "tokens/"


class StackSecrets:
    """What lies under one stack's prefix. `client` is a boto3 Secrets Manager client."""

    def __init__(self, client: Any, outputs: Mapping[str, str]) -> None:
        self._client, self._prefix = client, outputs[_PREFIX]
        self._key = {"KmsKeyId": outputs[_KEY]} if outputs.get(_KEY) else {}

    def put(self, name: str, text: str, origins: str) -> bool:
        """Store a secret; True if it is new."""
        place = self._place(name)
        said = {"SecretString": text, "Description": origins}
        try:
            self._client.update_secret(SecretId=place, **said)
        except self._client.exceptions.ResourceNotFoundException:
            self._client.create_secret(Name=place, **said, **self._key)
            return True
        return False

    def all(self) -> Iterator[dict[str, Any]]:
        """What is known of each beside its value, in the order of their names."""
        return iter(sorted(self._below("secrets/"), key=lambda found: str(found["Name"])))

    def delete(self, name: str) -> bool:
        """Delete a secret, and the tokens that were got for it, for good; False if there was none."""
        found = [secret["Name"] for secret in self._below(f"{_TOKENS}{name}/")]
        is_there = any(secret["Name"] == name for secret in self.all())
        for place in [
            *([self._place(name)] if is_there else []),
            *(f"{self._prefix}{_TOKENS}{name}/{t}" for t in found),
        ]:
            self._client.delete_secret(SecretId=place, ForceDeleteWithoutRecovery=True)
        return is_there

    def _place(self, name: str) -> str:
        return f"{self._prefix}secrets/{name}"

    def _below(self, folder: str) -> Iterator[dict[str, Any]]:
        start = self._prefix + folder
        pages = self._client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [start]}])
        for page in pages:
            for secret in page["SecretList"]:
                if secret["Name"].startswith(start):
                    yield {**secret, "Name": secret["Name"].removeprefix(start)}


@contextmanager
def opened(target: Target) -> Iterator[StackSecrets]:
    """The secrets of the stack that a command talks to. What AWS refuses is said in one line."""
    if target.deployed is None:
        raise NoStack("Secrets lie beside the stack, its API does not take them; name the stack with --stack-name")
    if _PREFIX not in target.outputs:
        raise NoStack("The stack is older than this command; update it with 'poller up' or 'sam deploy'")
    try:
        yield StackSecrets(target.deployed.client("secretsmanager"), target.outputs)
    except (BotoCoreError, ClientError) as error:
        raise SecretsUnreachable(f"Secrets Manager: {one_line(str(error))}") from error


def put_secret(target: Target, name: str, origins: Sequence[str], screen: Screen) -> None:
    """Store the value that is typed at a prompt, or comes on standard input, under `name`."""
    _require_name(name)
    if not origins:
        raise BadUsage("Say which API may receive the secret: --allow-origin https://api.example.com")
    value = _value()
    try:
        text = write_secret(value, origins)
        allowed = ", ".join(sorted(read_secret(name, text, "").origins))
    except AuthFailed as error:
        raise BadInput(f"Cannot store it: {error.message}") from error
    with opened(target) as secrets:
        is_new = secrets.put(name, text, allowed)
    screen.say(f"Secret {name} is {'stored' if is_new else 'replaced'}; it may be sent to {allowed}")


def list_secrets(target: Target, screen: Screen) -> None:
    with opened(target) as secrets:
        found = list(secrets.all())
    if found:
        tables.show_secrets(screen.out, found)
    else:
        screen.note("No secrets yet; store one with: poller secrets put NAME --allow-origin URL")


def delete_secret(target: Target, name: str, screen: Screen) -> None:
    _require_name(name)
    with opened(target) as secrets:
        was_there = secrets.delete(name)
    if not was_there:
        raise BadInput("There is no such secret; see them with: poller secrets list")
    screen.say(f"Secret {name} is deleted, and any tokens that were got for it; jobs that name it are refused")


def _require_name(name: str) -> None:
    if not is_secret_name(name):  # not repeated: it may be the secret itself
        raise BadUsage("A secret's name has 1 to 64 letters, digits, '.', '_' or '-'; its value is asked for")


def _value() -> str | dict[str, Any]:
    """A text, or the object that a text in braces stands for."""
    if sys.stdin.isatty():
        text = str(typer.prompt("Value (a text, or an object in JSON)", hide_input=True, err=True))
    else:
        text = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not text.lstrip().startswith("{"):
        return text
    try:
        value = json.loads(text)
    except ValueError:  # its message has a place only, but the error it comes from the whole text
        raise BadInput(
            'The value begins with a brace and is not JSON; write an object such as {"username": "…", "password": "…"}'
        ) from None
    return dict(value)
