"""The schedules of sources, in the stack's own group of EventBridge Scheduler."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from poller.errors import JobRejected, RetriablePollerError
from poller.sources.model import Source

_TRIES = 3  # each but the last is lost to somebody who makes or deletes the same schedule in this moment
# As EventBridge's own rules have it: a day's worth of tries, and none is later than an hour.
_RETRIES = {"MaximumRetryAttempts": 24, "MaximumEventAgeInSeconds": 3600}


@dataclass(frozen=True, slots=True)
class Schedules:
    """`client` is a boto3 client of EventBridge Scheduler; a schedule calls `target` with `role`, all ARNs."""

    client: Any
    group: str
    target: str
    role: str
    dead_letters: str

    def apply(self, source: Source) -> None:
        """Have the schedule be as `source` says, or have none. Raises JobRejected for one that AWS does not take."""
        if source.schedule is None:
            self.delete(source.name)
            return
        wanted = self._described(source)
        for _ in range(_TRIES):
            try:
                self.client.update_schedule(**wanted)
            except ClientError as error:
                if _code(error) != "ResourceNotFoundException":
                    raise _rejected(error) from error
            else:
                return
            try:
                self.client.create_schedule(**wanted)
            except ClientError as error:
                if _code(error) != "ConflictException":
                    raise _rejected(error) from error
            else:
                return
        raise RetriablePollerError(f"the schedule of source {source.name} is being changed by somebody else")

    def delete(self, name: str) -> None:
        """It is no error if there is none."""
        try:
            self.client.delete_schedule(GroupName=self.group, Name=name)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise

    def _described(self, source: Source) -> dict[str, Any]:
        schedule = source.schedule
        if schedule is None:
            raise RuntimeError("there is no schedule to describe")
        window = (
            {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": schedule.flexible_minutes}
            if schedule.flexible_minutes
            else {"Mode": "OFF"}
        )
        return {
            "GroupName": self.group,
            "Name": source.name,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.timezone,
            "FlexibleTimeWindow": window,
            "State": "DISABLED" if source.paused else "ENABLED",
            "Target": {
                "Arn": self.target,
                "RoleArn": self.role,
                # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
                "Input": json.dumps({"Source": source.name, "Due": "<aws.scheduler.scheduled-time>"}),
                "RetryPolicy": _RETRIES,
                "DeadLetterConfig": {"Arn": self.dead_letters},
            },
        }


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _rejected(error: ClientError) -> Exception:
    """What Scheduler says of a schedule that it does not take is the caller's to mend."""
    if _code(error) != "ValidationException":
        return error
    return JobRejected(f"schedule is not taken by EventBridge Scheduler: {error.response['Error'].get('Message', '')}")
