"""`poller demo`: a fresh checkout's first job, from nothing running to a dataset on disk."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poller_local.answers import s3_location
from poller_local.checkout import require_checkout
from poller_local.client import PollerClient
from poller_local.errors import LocalStackError, PollerError
from poller_local.jobs import stop_waiting_on_interrupt
from poller_local.progress import job_progress
from poller_local.render import format_count, show_summary
from poller_local.screen import Screen
from poller_local.stack import LocalStack
from poller_local.summary import Summary


@dataclass
class Dataset:
    """A downloaded dataset, counted: lines, and how many of them differ (by id, if they have one)."""

    records: int
    distinct: int
    first: dict[str, Any] | None


def run_demo(stack: LocalStack, directory: Path, screen: Screen) -> int:
    """Polls the stack's demonstration API and shows what came; 0 only if every record is here."""
    if not stack["external_api_url"]:
        raise LocalStackError("This stack was deployed without the demonstration API; deploy it with its parameter on")
    with PollerClient(stack["api_url"]) as client:
        url = f"{stack['external_api_url']}/payload"
        job_id = client.submit({"url": url, "name": "demo"})
        screen.note(f"Job {job_id} polls {url}")
        with stop_waiting_on_interrupt(job_id), job_progress(screen.err) as show:
            summary = client.wait(job_id, show)
        show_summary(screen.out, summary)
        if not is_whole(summary):
            return 1
        place = require_checkout(directory).home / "demo" / job_id
        dataset = _show_dataset(client, job_id, place, screen)
    if dataset.records != summary["RecordsReceived"]:
        counted = summary["RecordsReceived"]
        raise PollerError(
            f"The dataset holds {format_count(dataset.records, 'record')}, the job counted {counted:,}; "
            "this is a defect, please report it"
        )
    return 0


def is_whole(summary: Summary) -> bool:
    return summary["Status"] == "SUCCEEDED" and summary["RecordsReceived"] == summary["RecordsExpected"]


def count(paths: list[Path]) -> Dataset:
    """Reads JSON Lines files (`.gz` or plain) one record at a time."""
    records, distinct, first = 0, set[str](), None
    for record in _records(paths):
        first = record if first is None else first
        records += 1
        distinct.add(json.dumps(record.get("id", record), sort_keys=True))
    return Dataset(records, len(distinct), first)


def _show_dataset(client: PollerClient, job_id: str, place: Path, screen: Screen) -> Dataset:
    dataset = count(client.download(job_id, place))
    screen.say(f"Dataset  {s3_location(next(client.result_pages(job_id)))}")
    screen.say(f"Copy     {place}")
    screen.say(f"Holds    {format_count(dataset.records, 'record')}, {format_count(dataset.distinct, 'distinct id')}")
    screen.say("First record:")
    screen.say(json.dumps(dataset.first, indent=2, ensure_ascii=False))
    return dataset


def _records(paths: list[Path]) -> Iterator[dict[str, Any]]:
    for path in sorted(paths):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
