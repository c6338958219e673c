"""Secrets of the stack, in whatever Secrets Manager boto3 finds."""

from collections.abc import Iterable

import boto3

from poller.auth.secret import Secret, Value
from poller.auth.stored import write_secret


def put_secret(name: str, value: Value, *origins: str) -> None:
    """Store or replace it, as `poller secrets put` does."""
    client, place = boto3.client("secretsmanager"), f"poller/secrets/{name}"
    text = write_secret(value, origins)
    try:
        client.update_secret(SecretId=place, SecretString=text)
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(Name=place, SecretString=text)


def delete_secret(name: str) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId=f"poller/secrets/{name}", ForceDeleteWithoutRecovery=True)


def secret(value: Value, origins: Iterable[str] = ("https://api.example.com",)) -> Secret:
    """One that nobody stored."""
    return Secret("orders", value, frozenset(origins), "1")
