"""PollerTasksTable: tasks, their counters and the job's own row.

`<job>` / `#JOB` is the job; `<job>#<s>` / `#COUNT` are the counters of shard s; `<job>#<s>` / task id is a
task, and no row means that it is pending. A task and its counters share a partition, so eight partitions
carry a job's load and no transaction touches the job's row.
"""

import random
import time
from collections.abc import Callable, Container, Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from poller.edges import rows
from poller.errors import RetriablePollerError
from poller.logic import names, progress
from poller.models import Counts, Job, JobStatus, TaskRow, TaskState

_ATTEMPTS = 12
# What a cancelled transaction may be tried again for: another writer, or DynamoDB asking for patience.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_PASSING = {
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "ConditionalCheckFailed",
}

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class TaskStore:
    """`client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._table, self._sleep = client, table, sleep

    def claim(self, job: Job) -> Job:
        """Write the job's row if there is none; return the row that stands, which may be another execution's."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_typed(rows.from_job(job)),
                ConditionExpression="attribute_not_exists(JobId)",
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return self.job(job.job_id) or job
        return job

    def save(self, before: Job, after: Job) -> bool:
        """Write what `after` changed, and only that: other writers' attributes stay as they are.

        False where the job is over by now, or in the hands of another execution.
        """
        old, new = _typed(rows.from_job(before)), _typed(rows.from_job(after))
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if not changed:
            return True
        sets = ", ".join(f"#{name} = :{name}" for name in changed if name in new)
        removes = ", ".join(f"#{name}" for name in changed if name not in new)
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(before.job_id, rows.JOB),
                UpdateExpression=(f"SET {sets} " if sets else "") + (f"REMOVE {removes}" if removes else ""),
                ConditionExpression="#ExecutionArn = :mine AND #Status IN (:pending, :running)",
                ExpressionAttributeNames={f"#{name}": name for name in {*changed, "ExecutionArn", "Status"}},
                ExpressionAttributeValues={
                    ":mine": {"S": before.execution_arn},
                    ":pending": {"S": JobStatus.PENDING.value},
                    ":running": {"S": JobStatus.RUNNING.value},
                    **{f":{name}": new[name] for name in changed if name in new},
                },
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return False
        return True

    def job(self, job_id: str) -> Job | None:
        item = self._client.get_item(TableName=self._table, Key=_key(job_id, rows.JOB), ConsistentRead=True).get("Item")
        return rows.to_job(_plain(item)) if item else None

    def snapshot(self, job_id: str) -> tuple[Job, Counts] | None:
        """The job and its summed counters, by nine known keys in one consistent read. None if unknown."""
        keys = [_key(job_id, rows.JOB)]
        keys += [_key(names.partition(job_id, s), rows.COUNT) for s in range(names.SHARDS)]
        items = self._get_all(keys)
        job_row = next((item for item in items if item["TaskId"] == rows.JOB), None)
        counts = Counts()
        for item in items:
            if item["TaskId"] == rows.COUNT:
                counts = progress.add(counts, rows.to_counts(item))
        return (rows.to_job(job_row), counts) if job_row else None

    def task(self, job_id: str, task_id: str) -> TaskRow | None:
        key = _key(names.partition(job_id, names.shard(task_id)), task_id)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return rows.to_task(_plain(item)) if item else None

    def tasks(self, job_id: str) -> Iterator[TaskRow]:
        """Every task that has a row, in no useful order."""
        for number in range(names.SHARDS):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="JobId = :partition",
                ExpressionAttributeValues={":partition": {"S": names.partition(job_id, number)}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from (rows.to_task(_plain(i)) for i in page["Items"] if i["TaskId"]["S"] != rows.COUNT)

    def advance(self, job: Job, change: TaskRow, only_from: Container[TaskState] = frozenset(TaskState)) -> TaskRow:
        """Move a task forward, and its counters with it, in one transaction.

        Returns the row as it stands now: `change` applied, or what had overtaken it. A pending task can always
        be moved, one with a row only from the states in `only_from`. Raises RetriablePollerError when other
        writers or throttling keep winning.
        """
        for attempt in range(_ATTEMPTS):
            before = self.task(job.job_id, change.task_id)
            after = progress.advance(before, change)
            if before is not None and (after is None or before.state not in only_from):
                return before
            if after is not None and self._commit(job, before, after):
                return after
            self._sleep(random.random() * 0.05 * 2 ** min(attempt, 6))  # noqa: S311  # jitter
        raise RetriablePollerError(f"task {change.task_id} could not be moved to {change.state}: too many conflicts")

    def _commit(self, job: Job, before: TaskRow | None, after: TaskRow) -> bool:
        """One attempt. False: somebody else moved the task, or DynamoDB was too busy; read again."""
        partition = names.partition(job.job_id, names.shard(after.task_id))
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(TaskId)"}
        if before is not None:
            condition = {
                "ConditionExpression": "#state = :read",
                "ExpressionAttributeNames": {"#state": "State"},
                "ExpressionAttributeValues": {":read": {"S": before.state.value}},
            }
        item = {**rows.from_task(after), "JobId": partition, "ExpiresAt": job.expires_at}
        moved = rows.from_deltas(progress.deltas(before, after))
        added = ", ".join(f"#n{i} :n{i}" for i in range(len(moved)))
        update = {
            "TableName": self._table,
            "Key": _key(partition, rows.COUNT),
            "UpdateExpression": f"SET ExpiresAt = :expires ADD {added}",
            "ExpressionAttributeNames": {f"#n{i}": name for i, name in enumerate(moved)},
            "ExpressionAttributeValues": {
                ":expires": {"N": str(job.expires_at)},
                **{f":n{i}": {"N": str(amount)} for i, amount in enumerate(moved.values())},
            },
        }
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": _typed(item), **condition}},
                    {"Update": update},
                ]
            )
        except ClientError as error:
            if not _may_pass(error):
                raise
            return False
        return True

    def _get_all(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """BatchGetItem until DynamoDB has answered for every key."""
        found: list[dict[str, Any]] = []
        asked = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for attempt in range(_ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems=asked)
            found += [_plain(item) for item in answer["Responses"].get(self._table, [])]
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return found
            self._sleep(0.05 * 2 ** min(attempt, 6))
        raise RetriablePollerError("DynamoDB left keys unread again and again; the table is throttled")


def _condition_failed(error: ClientError) -> bool:
    return bool(error.response["Error"]["Code"] == "ConditionalCheckFailedException")


def _may_pass(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionInProgressException":
        return True
    reasons = {r.get("Code") for r in error.response.get("CancellationReasons", [])} - {"None", None}
    return bool(reasons) and reasons <= _PASSING


def _key(partition: str, sort: str) -> dict[str, Any]:
    return {"JobId": {"S": partition}, "TaskId": {"S": sort}}


def _typed(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
