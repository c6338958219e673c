"""Whose hands a job is in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Owner:
    """The execution that drives a job, and the one that is to take over, by their ARNs.

    `executions` is how many there were; `handed_over_at` is when the latest successor was named.
    """

    execution_arn: str
    executions: int = 1
    successor: str | None = None
    handed_over_at: datetime | None = None

    @property
    def current(self) -> str:
        return self.successor or self.execution_arn

    def next_execution(self, job_id: str) -> str:
        """The ARN of the execution after these: its name says which, so that starting it twice is one."""
        return f"{self.execution_arn.rpartition(':')[0]}:{job_id}-{self.executions + 1}"
