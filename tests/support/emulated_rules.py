"""Rules with a dead-letter queue, and events for them."""

import json
from typing import Any
from uuid import uuid4

from tests.support.emulator import ROLE, Emulator

PASS = {"Type": "Pass", "End": True}


def rule_to(emulator: Emulator, target: str) -> tuple[str, str]:
    """A rule for events of one source, with a dead-letter queue; returns the source and the queue's URL."""
    events, (url, arn) = emulator.client("events"), emulator.queue()
    source = f"s-{uuid4().hex[:8]}"
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    dead_letters = {"DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 2}}
    role = {"RoleArn": ROLE} if ":states:" in target else {}
    events.put_targets(Rule=source, Targets=[{"Id": "it", "Arn": target, **role, **dead_letters}])
    return source, url


def put(emulator: Emulator, source: str, detail: Any) -> str:
    entry = {"Source": source, "DetailType": "test", "Detail": json.dumps(detail)}
    return emulator.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"]
