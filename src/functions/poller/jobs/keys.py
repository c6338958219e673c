"""Where everything lies. A name follows from ids alone, so doing a thing twice writes to the same place.

Raw objects are the exception: an API may answer twice in two ways, so they are named after what is in them as well, and
the task's row says which one counts.
"""

import re
from zlib import crc32

SHARDS = 8
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


def is_id(text: object) -> bool:
    """Whether `text` could be one of our job or task ids; anything else is never used in a key."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def shard(task_id: str) -> int:
    return crc32(task_id.encode()) % SHARDS


def partition(job_id: str, number: int) -> str:
    """The partition of the tasks whose shard is `number`, and of their counters."""
    return f"{job_id}#{number}"


def state_machine(execution_arn: str) -> str:
    """arn:…:execution:<workflow>:<name> belongs to arn:…:stateMachine:<workflow>."""
    return execution_arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")


def raw_key(job_id: str, task_id: str, digest: str) -> str:
    """`digest` is that of the object's bytes, as `records.digest` makes it."""
    return f"raw/{job_id}/{task_id}.{digest}.jsonl.gz"


def proof_key(job_id: str, task_id: str, sha256: str) -> str:
    """Of the fingerprints of a task's records. `sha256` is the dataset object's, of which they are made."""
    return f"proof/{job_id}/{task_id}.{sha256[:16]}"


def plan_key(job_id: str, plan_round: int) -> str:
    return f"plans/{job_id}/plan-{plan_round}.jsonl"


def dataset_prefix(name: str, job_id: str) -> str:
    return f"{name}/{job_id}/"


def dataset_key(name: str, job_id: str, task_id: str, suffix: str = "jsonl.gz") -> str:
    return f"{dataset_prefix(name, job_id)}{task_id}.{suffix}"


def manifest_key(name: str, job_id: str) -> str:
    return f"{dataset_prefix(name, job_id)}_manifest.json"


def latest_key(name: str) -> str:
    return f"{name}/_latest.json"
