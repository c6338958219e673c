"""What splits a job into parts: one class a kind of partition, and how its values get into a request."""

from poller.partitions.listed import ListPartition

Partition = ListPartition

PARTITIONS: dict[str, type[Partition]] = {cls.TYPE: cls for cls in (ListPartition,)}
"""By the `type` that specs name them with."""
