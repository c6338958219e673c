"""moto for tests that call it thousands of times: as it is, less what takes most of its time.

One session lasts for all tests: each new one reads the descriptions of AWS's services from disk again, a quarter of a
second a test. And values of DynamoDB's attributes are answered as they are stored, which is as AWS sends them: moto
looks for each of a value's ten possible types under six spellings.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer

# moto copies a whole table in a transaction, which another thread may be changing: one call at a time.
_one_call = threading.RLock()
_process_request = BotocoreStubber.process_request
_serialize_structure = BaseJSONSerializer._serialize_type_structure


@contextmanager
def quick_moto() -> Iterator[None]:
    """No table, bucket or queue yet. What callers do between their calls still interleaves."""
    with (
        mock_aws(),
        patch("boto3.DEFAULT_SESSION", _session()),
        patch.object(BotocoreStubber, "process_request", _one_at_a_time),
        patch.object(BaseJSONSerializer, "_serialize_type_structure", _values_as_they_are),
    ):
        yield


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def _one_at_a_time(self: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    with _one_call:
        return _process_request(self, request)


def _values_as_they_are(self: Any, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue":
        serialized[key] = value
    else:
        _serialize_structure(self, serialized, value, shape, key)
