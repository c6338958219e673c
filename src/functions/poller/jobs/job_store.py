"""The job's own row, `<job>` / `#JOB`, and the summed counters beside it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from poller.aws.dynamodb import Table, key
from poller.fetching.pause import Standing
from poller.jobs import keys, rows, task_rows, task_state
from poller.jobs.model import Counts, Job, JobStatus, StopRequest

_ACTIVE = "#Status IN (:pending, :running)"
_STATES: dict[str, Any] = {":pending": JobStatus.PENDING.value, ":running": JobStatus.RUNNING.value}
_INDEX = "JobsByTime"
_LOOK, _MAX_LOOKS = 100, 10  # rows that are read at once, and how often, for one page of the jobs that are looked for


class JobStore:
    """Jobs in PollerTasksTable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, job: Job) -> Job:
        """Write the job's row if there is none; return the row that stands, which may be another execution's."""
        if self._table.put_if_absent({**rows.from_job(job), "Listing": rows.LISTING}):
            return job
        return self.job(job.job_id) or job

    def job(self, job_id: str) -> Job | None:
        item = self._table.get(job_id, rows.JOB)
        return rows.to_job(item) if item else None

    def known(self, job_ids: list[str]) -> dict[str, Job]:
        """Those of the jobs that there are, by id."""
        found = self._table.get_all([key(job_id, rows.JOB) for job_id in dict.fromkeys(job_ids)])
        return {item["JobId"]: rows.to_job(item) for item in found}

    def standing(self, job_id: str) -> Standing:
        """Whether requests may be sent for the job now. For an unknown one they may not."""
        job = self.job(job_id)
        is_stopped = job is None or job.is_stopped(datetime.now(UTC))
        return Standing(is_stopped, job.not_before, job.down_since > 0) if job else Standing(is_stopped)

    def snapshot(self, job_id: str) -> tuple[Job, Counts] | None:
        """The job and its counters, by nine known keys in one consistent read. None if unknown."""
        return self._snapshots([job_id]).get(job_id)

    def save(self, before: Job, after: Job) -> bool:
        """Write what `after` changed, and only that: other writers' attributes stay as they are.

        False where the job is over by now, or in the hands of another execution.
        """
        old, new = rows.from_job(before), rows.from_job(after)
        change = {name: new[name] for name in new if old[name] != new[name]}
        condition = f"#ExecutionArn = :mine AND {_ACTIVE}"
        mine = {":mine": before.owner.execution_arn}
        return not change or self._table.update(before.job_id, rows.JOB, change, condition, _STATES | mine)

    def request_stop(self, job_id: str, stop: StopRequest, execution_arn: str | None = None) -> bool:
        """Leave a stop request for ReconcileJob.

        False if the job is over, unknown, stopped before, or not in the hands of `execution_arn`, if given.
        """
        condition, values = f"{_ACTIVE} AND attribute_not_exists(#Stop)", dict(_STATES)
        if execution_arn is not None:
            mine = "#ExecutionArn = :mine AND attribute_not_exists(#Successor)"
            condition += f" AND ({mine} OR #Successor = :mine)"
            values[":mine"] = execution_arn
        return self._table.update(job_id, rows.JOB, {"Stop": rows.from_stop(stop)}, condition, values)

    def publish_pause(self, job_id: str, not_before: int, down_since: int | None = None) -> None:
        """Have all workers of the job wait until `not_before`, if none asked for longer; and say since when the API has
        been down, if that is why (both in epoch seconds).
        """
        change = {"NotBefore": not_before} | ({"DownSince": down_since} if down_since else {})
        condition = f"{_ACTIVE} AND #NotBefore < :NotBefore"
        self._table.update(job_id, rows.JOB, change, condition, _STATES)

    def publish_recovery(self, job_id: str) -> None:
        """Say that the API gives pages again."""
        self._table.update(job_id, rows.JOB, {"DownSince": None}, _ACTIVE, _STATES)

    def hand_over(self, job: Job, successor: str, change: dict[str, Any]) -> bool:
        """Name the execution that is to go on with the job, and change some of its attributes.

        False if the job is not as `job` has it any more.
        """
        condition = "#Status = :was AND #ExecutionArn = :owner AND attribute_not_exists(#Successor)"
        values = {":was": job.status.value, ":owner": job.owner.execution_arn}
        handed = {"Successor": successor, "HandedOverAt": datetime.now(UTC).isoformat(), **change}
        return self._table.update(job.job_id, rows.JOB, handed, condition, values)

    def take_over(self, job: Job, execution_arn: str) -> bool:
        """Make the execution that was named as successor the job's owner."""
        change = {"ExecutionArn": execution_arn, "Successor": None, "Visits": 0, "Executions": job.owner.executions + 1}
        return self._table.update(job.job_id, rows.JOB, change, "#Successor = :me", {":me": execution_arn})

    def first_with_token(self, token: str, job_id: str, now: int, valid_seconds: int) -> str:
        """The job that holds a client token: `job_id` itself, unless another one took it within its validity."""
        digest = hashlib.sha256(token.encode()).hexdigest()  # tokens have any characters, keys should not
        partition = f"{rows.TOKEN}#{digest}"
        change = {"Owner": job_id, "ExpiresAt": now + valid_seconds}
        condition = "attribute_not_exists(#JobId) OR #Owner = :Owner OR #ExpiresAt < :now"
        if self._table.update(partition, rows.TOKEN, change, condition, {":now": now}):
            return job_id
        row = self._table.get(partition, rows.TOKEN)
        return str(row["Owner"]) if row else job_id

    def newest(
        self,
        limit: int,
        start: tuple[str, str] | None,
        name: str | None = None,
        status: str | None = None,
    ) -> tuple[list[tuple[Job, Counts]], tuple[str, str] | None]:
        """Jobs by StartedAt, newest first, of a name and in a status if given; and where the next page starts: a job's
        id and StartedAt. There may be fewer than `limit`, or none, and others after them all the same.
        """
        wanted: list[str] = []
        for _ in range(_MAX_LOOKS):
            places, start = self._by_time(limit if name is status is None else _LOOK, start)
            for place in self._matching(places, name, status):
                wanted.append(place[0])
                if len(wanted) == limit:
                    start = place if place != places[-1] else start
                    break
            if len(wanted) == limit or start is None:
                break
        found = self._snapshots(wanted)
        return [found[job_id] for job_id in wanted if job_id in found], start

    def _by_time(
        self, limit: int, start: tuple[str, str] | None
    ) -> tuple[list[tuple[str, str]], tuple[str, str] | None]:
        """Ids and StartedAt of jobs, newest first, and where the next ones start."""
        query: dict[str, Any] = {
            "TableName": self._table.name,
            "IndexName": _INDEX,
            "KeyConditionExpression": "Listing = :all",
            "ExpressionAttributeValues": {":all": {"S": rows.LISTING}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if start:
            where = {"Listing": {"S": rows.LISTING}, "StartedAt": {"S": start[1]}}
            query["ExclusiveStartKey"] = key(start[0], rows.JOB) | where
        answer = self._table.client.query(**query)
        places = [(item["JobId"]["S"], item["StartedAt"]["S"]) for item in answer["Items"]]
        return places, places[-1] if places and "LastEvaluatedKey" in answer else None

    def _matching(
        self, places: list[tuple[str, str]], name: str | None, status: str | None
    ) -> Iterator[tuple[str, str]]:
        """Those whose rows have this name and status. The index holds neither."""
        if name is status is None:
            yield from places
            return
        found = {item["JobId"]: item for item in self._table.get_all([key(job_id, rows.JOB) for job_id, _ in places])}
        for place in places:
            row = found.get(place[0], {})
            if name in (None, row.get("Name")) and status in (None, row.get("Status")):
                yield place

    def _snapshots(self, job_ids: list[str]) -> dict[str, tuple[Job, Counts]]:
        asked = [key(job_id, rows.JOB) for job_id in job_ids]
        asked += [key(keys.partition(job_id, s), task_rows.COUNT) for job_id in job_ids for s in range(keys.SHARDS)]
        jobs: dict[str, Job] = {}
        counts = {job_id: Counts() for job_id in job_ids}
        for item in self._table.get_all(asked):
            if item["TaskId"] == rows.JOB:
                jobs[item["JobId"]] = rows.to_job(item)
            else:
                job_id = item["JobId"].rpartition("#")[0]
                counts[job_id] = task_state.add_counts(counts[job_id], task_rows.to_counts(item))
        return {job_id: (job, counts[job_id]) for job_id, job in jobs.items()}
