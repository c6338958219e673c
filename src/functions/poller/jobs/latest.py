"""`<name>/_latest.json`: which job's dataset is the newest whole one of a name."""

import json
from typing import Any

from poller.aws.s3 import Bucket
from poller.errors import RetriablePollerError
from poller.jobs import keys
from poller.jobs.model import Counts, Job
from poller.text import iso

_ATTEMPTS = 5  # each but the last is lost to another job of the name that ended in the same moment


def name_latest(dataset: Bucket, job: Job, counts: Counts) -> None:
    """Name `job`, which SUCCEEDED, as the newest of its name; never in place of one that was submitted after it.

    Doing so twice changes nothing. Raises RetriablePollerError where others keep winning.
    """
    key = keys.latest_key(job.name)
    body = json.dumps(_described(job, counts), indent=1).encode()
    for _ in range(_ATTEMPTS):
        standing = dataset.get_tagged(key)
        if standing is not None and _order(standing.body) >= (iso(job.started_at), job.job_id):
            return
        if dataset.put_if(key, body, "application/json", standing.tag if standing else None):
            return
    raise RetriablePollerError(f"{key} could not be written: too many jobs of this name end at once")


def _described(job: Job, counts: Counts) -> dict[str, Any]:
    return {
        "JobId": job.job_id,
        "Name": job.name,
        "StartedAt": iso(job.started_at),
        "FinishedAt": iso(job.finished_at) if job.finished_at else None,
        "Records": counts.records,
        "Manifest": keys.manifest_key(job.name, job.job_id),
    }


def _order(body: bytes) -> tuple[str, str]:
    """By what jobs of a name are newer than others. What is no such object is older than all."""
    try:
        found = json.loads(body)
        return str(found["StartedAt"]), str(found["JobId"])
    except (KeyError, RecursionError, TypeError, ValueError):
        return "", ""
