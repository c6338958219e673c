"""The edges that handlers share, each built once per worker from the settings."""

from functools import cache

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from poller.edges.events import JobEvents
from poller.edges.jobs import JobStore
from poller.edges.payloads import Bucket
from poller.edges.queue import PayloadQueue
from poller.edges.table import Table
from poller.edges.tasks import TaskStore
from poller.edges.upstream import Upstream
from poller.edges.workflow import Workflow
from poller.settings import Settings

settings = Settings()
logger = Logger(service="poller", log_uncaught_exceptions=True)
# Standard mode retries throttles and 5xx with backoff; its time-outs end well within a function's.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=20)
# For presigned links: the region's own host, since the global one answers a new bucket elsewhere with a redirect that
# the signature does not cover. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_S3_CONFIG = _CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "path"}))


@cache
def table() -> Table:
    return Table(boto3.client("dynamodb", config=_CONFIG), settings.tasks_table)


def jobs() -> JobStore:
    return JobStore(table())


def tasks() -> TaskStore:
    return TaskStore(table())


@cache
def raw_payloads() -> Bucket:
    return Bucket(boto3.client("s3", config=_S3_CONFIG), settings.raw_payload_bucket)


@cache
def dataset() -> Bucket:
    return Bucket(boto3.client("s3", config=_S3_CONFIG), settings.dataset_bucket)


@cache
def queue() -> PayloadQueue:
    return PayloadQueue(boto3.client("sqs", config=_CONFIG), settings.process_payload_queue_url)


@cache
def events() -> JobEvents:
    return JobEvents(boto3.client("events", config=_CONFIG), settings.event_bus_name)


@cache
def workflow() -> Workflow:
    return Workflow(boto3.client("stepfunctions", config=_CONFIG))


@cache
def upstream() -> Upstream:
    return Upstream(settings.user_agent, settings.allow_loopback, settings.allowed_hosts)
