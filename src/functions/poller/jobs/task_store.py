"""Tasks and their counters: `<job>#<s>` / task id and `<job>#<s>` / `#COUNT`.

No row means that a task is pending. A task and its counters share a partition and move in one transaction, so
eight partitions carry a job's load and no transaction touches the job's own row.
"""

from collections.abc import Container, Iterator
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from botocore.exceptions import ClientError

from poller.aws.dynamodb import ATTEMPTS, Table, key, plain, typed
from poller.errors import Reason, RetriablePollerError
from poller.jobs import keys, task_rows, task_state
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.opening import Opening
from poller.jobs.plan import partition_of

# What a cancelled transaction may be tried again for: another writer, or DynamoDB asking for patience.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "ConditionalCheckFailed"}
_MAX_READ = 1000  # rows of one query; DynamoDB counts them before it filters
_SPARE = 10  # rows, as a page's tasks are not spread evenly over the shards
_SEEN = ("State", "Pages", "Records", "Bytes", "Raw", "Part", "GoesOnAt")
_TRANSIENT_CODES = {
    "TransactionInProgressException",
    "TransactionConflictException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
}


class TaskStore:
    """Tasks in PollerTasksTable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def task(self, job_id: str, task_id: str) -> TaskRow | None:
        item = self._table.get(keys.partition(job_id, keys.shard(task_id)), task_id)
        return task_rows.to_task(item) if item else None

    def opening_of(self, job_id: str, row: TaskRow) -> Opening | None:
        """What the first page of the row's partition showed; None where it has none, or that page has not come."""
        if row.partition is None or row.opening is not None:
            return row.opening
        first = self.task(job_id, partition_of(row.task_id))
        return first.opening if first else None

    def tasks(self, job_id: str) -> Iterator[TaskRow]:
        """Every task that has a row, in no useful order."""
        for number in range(keys.SHARDS):
            partition = self._table.query(keys.partition(job_id, number))
            yield from (task_rows.to_task(item) for item in partition if item["TaskId"] != task_rows.COUNT)

    def page(self, job_id: str, state: str | None, limit: int, after: str) -> tuple[list[TaskRow], bool]:
        """The first `limit` tasks behind the id `after`, in the plan's order and in one state if given; are there more?

        Each shard has its own in order: of all eight, whatever comes next is taken.
        """
        # About as many as each will be asked for; what DynamoDB filters out counts as read.
        size = _MAX_READ if state else limit // keys.SHARDS + _SPARE
        shards = [self._after(keys.partition(job_id, shard), state, size, after) for shard in range(keys.SHARDS)]
        found = list(islice(merge(*shards, key=attrgetter("task_id")), limit + 1))
        return found[:limit], len(found) > limit

    def _after(self, partition: str, state: str | None, size: int, after: str) -> Iterator[TaskRow]:
        """The tasks of one shard behind the id `after`, read `size` at a time when they are wanted."""
        query: dict[str, Any] = {
            "TableName": self._table.name,
            "KeyConditionExpression": "JobId = :partition AND TaskId > :after",
            # COUNT begins with '#', which sorts before every task id.
            "ExpressionAttributeValues": {":partition": {"S": partition}, ":after": {"S": after or task_rows.COUNT}},
            "ConsistentRead": True,
            "Limit": size,
        }
        if state is not None:
            query["FilterExpression"] = "#state = :state"
            query["ExpressionAttributeNames"] = {"#state": "State"}
            query["ExpressionAttributeValues"][":state"] = {"S": state}
        while True:
            answer = self._table.client.query(**query)
            yield from (task_rows.to_task(plain(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def transition(self, job: Job, change: TaskRow, only_from: Container[TaskState] = frozenset(TaskState)) -> TaskRow:
        """Move a task forward, and its counters with it, in one transaction.

        Returns the row as it stands now: `change` applied, or what had overtaken it. A pending task can always
        be moved, one with a row only from the states in `only_from`. Raises RetriablePollerError when other
        writers or throttling keep winning.
        """
        for attempt in range(ATTEMPTS):
            before = self.task(job.job_id, change.task_id)
            after = task_state.transition(before, change)
            if before is not None and (after is None or before.state not in only_from):
                return before
            if after is not None and self._commit(job, before, after):
                return after
            self._table.pause(attempt)
        raise RetriablePollerError(f"task {change.task_id} could not be moved to {change.state}: too many conflicts")

    def note(self, job: Job, task_id: str, reason: Reason, attempts: int, failed_rounds: int = 0) -> None:
        """Say of a STARTED task what keeps it from going on, in a row that stands; nothing is counted by that."""
        partition = keys.partition(job.job_id, keys.shard(task_id))
        change = {"Error": reason.as_dict(), "Attempts": attempts, "FailedRounds": failed_rounds or None}
        self._table.update(partition, task_id, change, "#State = :started", {":started": TaskState.STARTED.value})

    def count(self, job: Job, task_id: str, news: dict[str, int]) -> None:
        """Add to the counters of a task's shard what no row tells: requests, and what has arrived so far."""
        added = task_rows.from_count_changes(news)
        self._table.client.update_item(
            TableName=self._table.name,
            Key=key(keys.partition(job.job_id, keys.shard(task_id)), task_rows.COUNT),
            **_adding(job, added),
        )

    def reset(self, job: Job, finished: TaskRow, saved: bool) -> None:
        """Take a finished task back, for a redrive: to where it was before it began, or, if it FAILED, to PAYLOAD_SAVED
        where its raw pages are there. What it counted goes with it.

        Nothing happens if the task is not in the state of `finished` any more, or COMPLETE with another object.
        """
        for attempt in range(ATTEMPTS):
            before = self.task(job.job_id, finished.task_id)
            if before is None or before.state is not finished.state or before.state.rank < TaskState.FAILED.rank:
                return
            if before.state is TaskState.COMPLETE and (saved or before.sha256 != finished.sha256):
                return
            if self._commit(job, before, task_state.reset(before, saved)):
                return
            self._table.pause(attempt)
        raise RetriablePollerError(f"task {finished.task_id} could not be put back: too many conflicts")

    def _commit(self, job: Job, before: TaskRow | None, after: TaskRow | None) -> bool:
        """One attempt. False: somebody else moved the task, or DynamoDB was too busy; read again."""
        task_id = (after or before).task_id  # type: ignore[union-attr]  # one of them is there
        partition = keys.partition(job.job_id, keys.shard(task_id))
        moved = task_rows.from_count_changes(task_state.count_changes(before, after))
        count = {"TableName": self._table.name, "Key": key(partition, task_rows.COUNT), **_adding(job, moved)}
        try:
            self._table.client.transact_write_items(
                TransactItems=[self._task_write(job, partition, before, after), {"Update": count}]
            )
        except ClientError as error:
            if not _may_pass(error):
                raise
            return False
        return True

    def _task_write(self, job: Job, partition: str, before: TaskRow | None, after: TaskRow | None) -> dict[str, Any]:
        """The task's half of the transaction, on condition that the task still is where it was read."""
        condition: dict[str, Any] = {
            "TableName": self._table.name,
            "ConditionExpression": "attribute_not_exists(TaskId)",
        }
        if before is not None:
            seen = {name: value for name, value in task_rows.from_task(before).items() if name in _SEEN}
            seen |= {} if before.opening else {"Opening": None}  # once there, it stays as it is
            condition |= {
                # All that the change was worked out from, not the state alone: a task that was put back and failed
                # again in between has the same state, other numbers and another raw object.
                "ConditionExpression": " AND ".join(
                    f"attribute_not_exists(#{name})" if value is None else f"#{name} = :{name}"
                    for name, value in seen.items()
                ),
                "ExpressionAttributeNames": {f"#{name}": name for name in seen},
                "ExpressionAttributeValues": typed({f":{name}": value for name, value in seen.items()}),
            }
        if after is None:
            return {"Delete": {"Key": key(partition, before.task_id if before else ""), **condition}}
        item = {**task_rows.from_task(after), "JobId": partition, "ExpiresAt": job.expires_at}
        return {"Put": {"Item": typed(item), **condition}}


def _adding(job: Job, amounts: dict[str, int]) -> dict[str, Any]:
    """The part of an update that adds `amounts`, if any, to a shard's counters."""
    values = {":expires": {"N": str(job.expires_at)}}
    if not amounts:
        return {"UpdateExpression": "SET ExpiresAt = :expires", "ExpressionAttributeValues": values}
    added = ", ".join(f"#n{i} :n{i}" for i in range(len(amounts)))
    return {
        "UpdateExpression": f"SET ExpiresAt = :expires ADD {added}",
        "ExpressionAttributeNames": {f"#n{i}": name for i, name in enumerate(amounts)},
        "ExpressionAttributeValues": {
            **values,
            **{f":n{i}": {"N": str(amount)} for i, amount in enumerate(amounts.values())},
        },
    }


def _may_pass(error: ClientError) -> bool:
    if error.response["Error"]["Code"] in _TRANSIENT_CODES:
        return True
    reasons = {r.get("Code") for r in error.response.get("CancellationReasons", [])} - {"None", None}
    return bool(reasons) and reasons <= _PASSING
