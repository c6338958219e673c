"""What handlers share, each built once per worker from the settings."""

import gc
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from poller.aws.dynamodb import Table
from poller.aws.s3 import Bucket
from poller.jobs.events import JobEvents
from poller.jobs.job_store import JobStore
from poller.jobs.queue import PayloadQueue
from poller.jobs.task_store import TaskStore
from poller.jobs.workflow import Workflow
from poller.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from poller.auth.access import Access
    from poller.fetching.rate_share import RateShare
    from poller.jobs.ending import JobEnding
    from poller.jobs.fetched_tasks import FetchedTasks
    from poller.jobs.reconciler import Reconciler
    from poller.sources.runner import Runner
    from poller.sources.schedules import Schedules
    from poller.sources.store import SourceStore
    from poller.specs.model import JobSpec
    from poller.upstream.client import Upstream
    from poller.values import Sender

# What is imported stays. Looking for garbage among it, as making a client would set off, takes 30 ms of a cold start.
gc.freeze()
gc.enable()
settings = Settings()
logger = Logger(service="poller", log_uncaught_exceptions=True)
# Standard mode retries throttles and 5xx with backoff; its time-outs end well within a function's.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=20)
# For presigned links: the region's own host, since the global one answers a new bucket elsewhere with a redirect that
# the signature does not cover. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_S3_CONFIG = _CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "path"}))


@cache
def table() -> Table:
    return Table(_client("dynamodb"), settings.tasks_table)


def jobs() -> JobStore:
    return JobStore(table())


def tasks() -> TaskStore:
    return TaskStore(table())


def sources() -> "SourceStore":
    # Here, because most functions know nothing of sources.
    from poller.sources.store import SourceStore  # noqa: PLC0415

    return SourceStore(table())


def runner() -> "Runner":
    # Here, for the same reason.
    from poller.sources.runner import Runner  # noqa: PLC0415

    retention = timedelta(days=settings.retention_days)
    return Runner(sources(), jobs(), workflow(), settings.workflow_arn, retention)


@cache
def schedules() -> "Schedules":
    # Here, for the same reason.
    from poller.sources.schedules import Schedules  # noqa: PLC0415

    target, role, dead_letters = settings.schedule_target_arn, settings.schedule_role_arn, settings.schedule_dlq_arn
    return Schedules(_client("scheduler"), settings.schedule_group, target, role, dead_letters)


@cache
def raw_payloads() -> Bucket:
    return Bucket(_client("s3", _S3_CONFIG), settings.raw_payload_bucket)


@cache
def dataset() -> Bucket:
    return Bucket(_client("s3", _S3_CONFIG), settings.dataset_bucket)


@cache
def queue() -> PayloadQueue:
    return PayloadQueue(_client("sqs"), settings.process_payload_queue_url)


@cache
def events() -> JobEvents:
    return JobEvents(_client("events"), settings.event_bus_name)


@cache
def workflow() -> Workflow:
    return Workflow(_client("stepfunctions"))


QUICK_SECONDS = 13.0
"""For one request of those whose caller waits: an HTTP API does so for 30 seconds at most."""


@cache
def upstream() -> "Upstream":
    return _upstream()


@cache
def access() -> "Access":
    # Here, because most functions ask nobody; and a client of Secrets Manager is made for the first job that needs one.
    from poller.auth.access import Access  # noqa: PLC0415
    from poller.auth.tokens import SIGN_IN_SECONDS, Tokens  # noqa: PLC0415
    from poller.aws.secrets import Secrets  # noqa: PLC0415

    client, prefix = cache(partial(_client, "secretsmanager")), settings.secrets_prefix
    kept = Secrets(client, f"{prefix}tokens/", settings.kms_key_arn)
    tokens = Tokens(_upstream(total_seconds=SIGN_IN_SECONDS), table(), kept, logger.warning)
    return Access(upstream(), Secrets(client, f"{prefix}secrets/"), tokens, logger.warning)


@cache
def quick_access() -> "Access":
    return access().through(_upstream(total_seconds=QUICK_SECONDS))


def paced(spec: "JobSpec", job_id: str, waited: "Callable[[int], None]") -> "tuple[RateShare | None, Sender]":
    """What a job's requests are sent with, and its share of their rate budget, if they have one."""
    return _paced(access(), spec, job_id, waited)


def quickly_paced(spec: "JobSpec") -> "tuple[RateShare | None, Sender]":
    """The same for a preview. A budget of the job's own is none of it: that would be a row which outlives it."""
    limit = spec.rate_limit if spec.rate_limit and spec.rate_limit.name else None
    return _paced(quick_access(), replace(spec, rate_limit=limit), "", lambda _: None)


def _paced(
    reach: "Access", spec: "JobSpec", job_id: str, waited: "Callable[[int], None]"
) -> "tuple[RateShare | None, Sender]":
    # Here, for the same reason.
    from poller.fetching.rate_share import PacedUpstream, RateShare  # noqa: PLC0415

    if spec.rate_limit is None:
        return None, reach.sender(spec.auth, spec.url)
    share = RateShare(table(), spec.rate_limit, job_id, waited)
    return share, reach.sender(spec.auth, spec.url, lambda upstream: PacedUpstream(upstream, share))


def fetched_tasks() -> "FetchedTasks":
    # Here, because most functions fetch nothing.
    from poller.jobs.fetched_tasks import FetchedTasks  # noqa: PLC0415

    return FetchedTasks(jobs(), tasks(), raw_payloads(), queue(), logger.warning)


def ending() -> "JobEnding":
    # Here, because most functions end no job.
    from poller.jobs.ending import JobEnding  # noqa: PLC0415

    return JobEnding(jobs(), tasks(), dataset(), raw_payloads(), events(), sources().move_cursor, logger.info)


def reconciler() -> "Reconciler":
    # Here, for the same reason.
    from poller.jobs.reconciler import Reconciler  # noqa: PLC0415

    return Reconciler(jobs(), tasks(), raw_payloads(), workflow(), ending(), logger.info)


def _upstream(**more: Any) -> "Upstream":
    # Here, because most functions send no request to strangers, and need not wait for requests to be imported.
    from poller.upstream.client import Upstream  # noqa: PLC0415

    return Upstream(settings.user_agent, settings.allow_loopback, settings.allowed_hosts, **more)


def _client(service: str, config: Config = _CONFIG) -> Any:
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # its names are literals
