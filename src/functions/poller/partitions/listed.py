"""`list`: a partition for each value that the spec names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from poller.errors import JobRejected
from poller.partitions.values import Value, Values, as_text, name_of, refuse_secret, value_of
from poller.readers import Reader, kind_of
from poller.text import shown


def list_of_values(field: str, value: Any) -> tuple[Value, ...]:
    """A reader of several values, each once."""
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of strings, numbers or booleans")
    if not value:
        raise JobRejected(f"{field} is an empty list; name at least one value")
    values = tuple(value_of(f"{field}[{i}]", item) for i, item in enumerate(value))
    seen: set[str] = set()
    for item in map(as_text, values):
        if item in seen:
            raise JobRejected(f"{field} has {shown(item)} twice; each value is a partition of its own")
        seen.add(item)
    return values


@dataclass(frozen=True, slots=True)
class ListPartition:
    """`values` in their order, each in the place of `{name}`."""

    name: str
    values: tuple[Value, ...]

    TYPE: ClassVar = "list"
    MAY_SHARE: ClassVar = True
    """Whether one record may be in several of its partitions."""
    IS_SENT: ClassVar = False
    """Whether what it gives values for is a query parameter, where it stands nowhere between braces."""
    READERS: ClassVar[dict[str, Reader]] = {"name": name_of, "values": list_of_values}

    @property
    def names(self) -> tuple[str, ...]:
        """What it gives values for."""
        return (self.name,)

    def contradiction(self) -> str | None:
        """Fields that exclude each other, as a sentence. Raises JobRejected for a value that is a credential."""
        for place, value in enumerate(self.values):
            refuse_secret(f"values[{place}]", self.name, value)
        return None

    def count(self, _now: datetime | None) -> int:
        """How many values there are."""
        return len(self.values)

    def all_values(self, _now: datetime | None) -> Iterator[Values]:
        """The values of each partition, in order."""
        return ({self.name: value} for value in self.values)

    def examples(self) -> Iterator[Values]:
        """Those that can be looked at before the job begins: all."""
        return self.all_values(None)
