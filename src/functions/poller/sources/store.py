"""Sources in PollerTasksTable: a row each, written only as it was read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from poller.aws.dynamodb import ATTEMPTS, Table, key, plain
from poller.errors import RetriablePollerError
from poller.jobs.source_run import SourceRun
from poller.sources.model import Cursor, Source
from poller.sources.rows import SOURCES, from_source, to_source
from poller.specs.cursor_value import read_cursor_value


class SourceStore:
    """Sources by name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def source(self, name: str) -> Source | None:
        item = self._table.get(SOURCES, name)
        return to_source(item) if item else None

    def page(self, limit: int, after: str | None) -> tuple[list[Source], str | None]:
        """The first `limit` sources behind the name `after`, and the name behind which the next page begins."""
        query: dict[str, Any] = {
            "TableName": self._table.name,
            "KeyConditionExpression": "JobId = :sources",
            "ExpressionAttributeValues": {":sources": {"S": SOURCES}},
            "ConsistentRead": True,
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = key(SOURCES, after)
        answer = self._table.client.query(**query)
        found = [to_source(plain(item)) for item in answer["Items"]]
        return found, found[-1].name if found and "LastEvaluatedKey" in answer else None

    def change(self, name: str, decide: Callable[[Source | None], Source | None]) -> Source | None:
        """Write what `decide` makes of the source as it stands; nothing where that is None. Returns what was written.

        `decide` is called again where another writer was faster. Raises RetriablePollerError if others keep winning.
        """
        for attempt in range(ATTEMPTS):
            before = self.source(name)
            after = decide(before)
            if after is None:
                return None
            after = replace(after, version=before.version + 1 if before else 1)
            if self._write(before, after):
                return after
            self._table.pause(attempt)
        raise RetriablePollerError(f"source {name} could not be changed: too many others are changing it")

    def delete(self, name: str) -> None:
        """It is no error if there is none."""
        self._table.client.delete_item(TableName=self._table.name, Key=key(SOURCES, name))

    def move_cursor(self, run: SourceRun, job_id: str) -> None:
        """Move the cursor of the run's source to where the run reached: only forward, and not where it was set anew
        since the run began. Doing so twice changes nothing.
        """
        reached = read_cursor_value(run.reached)
        if reached is None:
            return

        def moved(source: Source | None) -> Source | None:
            if source is None or source.memory != run.memory:
                return None
            standing = source.cursor.read if source.cursor else None
            if standing is not None and standing.order >= reached.order:
                return None
            return replace(source, cursor=Cursor(reached.text, job_id, datetime.now(UTC)))

        self.change(run.source, moved)

    def _write(self, before: Source | None, after: Source) -> bool:
        item = from_source(after)
        if before is None:
            return self._table.put_if_absent(item)
        change = {name: value for name, value in item.items() if name not in ("JobId", "TaskId")}
        return self._table.update(SOURCES, after.name, change, "#Version = :was", {":was": before.version})
