"""PollerTasksTable as such: keys, DynamoDB's types, and reads and writes that are tried until they are answered."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from poller.errors import RetriablePollerError

ATTEMPTS = 12
_MAX_KEYS = 100  # that one BatchGetItem takes


class Table:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.client, self.name, self._sleep = client, name, sleep

    def get(self, partition: str, sort: str) -> dict[str, Any] | None:
        """One row, consistently read; None if there is none."""
        item = self.client.get_item(TableName=self.name, Key=key(partition, sort), ConsistentRead=True).get("Item")
        return plain(item) if item else None

    def get_all(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows there are under `keys`, consistently read: BatchGetItem until DynamoDB has answered for all."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), _MAX_KEYS):
            asked = {self.name: {"Keys": keys[start : start + _MAX_KEYS], "ConsistentRead": True}}
            for attempt in range(ATTEMPTS):
                answer = self.client.batch_get_item(RequestItems=asked)
                found += [plain(item) for item in answer["Responses"].get(self.name, [])]
                asked = answer.get("UnprocessedKeys") or {}
                if not asked:
                    break
                self.pause(attempt)
            else:
                raise RetriablePollerError("DynamoDB left keys unread again and again; the table is throttled")
        return found

    def query(self, partition: str) -> Iterator[dict[str, Any]]:
        """Every row of a partition, consistently read."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="JobId = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from (plain(item) for item in page["Items"])

    def update(self, partition: str, sort: str, change: dict[str, Any], condition: str, values: dict[str, Any]) -> bool:
        """Set the attributes in `change` (None removes one) if `condition` holds; False if it does not.

        In `condition`, `#Name` is the attribute of that name and `:name` an entry of `values`.
        """
        sets = ", ".join(f"#{name} = :{name}" for name, value in change.items() if value is not None)
        removes = ", ".join(f"#{name}" for name, value in change.items() if value is None)
        named = {word.strip("(),") for word in condition.replace("(", " ").split() if word.startswith("#")}
        try:
            self.client.update_item(
                TableName=self.name,
                Key=key(partition, sort),
                UpdateExpression=(f"SET {sets} " if sets else "") + (f"REMOVE {removes}" if removes else ""),
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in change} | {name: name[1:] for name in named},
                ExpressionAttributeValues=typed({f":{name}": value for name, value in change.items()} | values),
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    def put_if_absent(self, item: dict[str, Any]) -> bool:
        """Write a row unless one is there; whether it was written."""
        try:
            self.client.put_item(
                TableName=self.name, Item=typed(item), ConditionExpression="attribute_not_exists(JobId)"
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    def pause(self, attempt: int) -> None:
        """Wait before attempt `attempt` + 2, at random: writers that collided should not meet again."""
        self._sleep(random.random() * 0.05 * 2 ** min(attempt, 6))  # noqa: S311  # nosec B311  # jitter


def key(partition: str, sort: str) -> dict[str, Any]:
    return {"JobId": {"S": partition}, "TaskId": {"S": sort}}


class _Deserializer(TypeDeserializer):
    """Reads numbers as ints, however deep they lie: rows hold no others, and boto3 makes Decimals of them."""

    def _deserialize_n(self, value: str) -> int:
        return int(value)


_serialize, _deserialize = TypeSerializer().serialize, _Deserializer().deserialize


def typed(item: dict[str, Any]) -> dict[str, Any]:
    """As DynamoDB takes it; attributes that are None are left out."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}


def condition_failed(error: ClientError) -> bool:
    return bool(error.response["Error"]["Code"] == "ConditionalCheckFailedException")
