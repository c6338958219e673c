"""What splits a job into parts: one class a kind of partition, and how its values get into a request."""

from poller.partitions.listed import ListPartition
from poller.partitions.window import WindowPartition

Partition = ListPartition | WindowPartition

PARTITIONS: dict[str, type[Partition]] = {cls.TYPE: cls for cls in (ListPartition, WindowPartition)}
"""By the `type` that specs name them with."""
