"""What `auto` found."""

from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

P_co = TypeVar("P_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Detection(Generic[P_co]):
    """A paginator, and one sentence about what shows that it is the right one.

    `check` are parameters to ask for more by, where that is yet to be shown: nothing but the first page may come.
    """

    paginator: P_co
    evidence: str
    check: dict[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """What to write into a job spec to have this paginator without asking `auto`."""
        return spec_of(self.paginator)


def spec_of(paginator: Any) -> dict[str, Any]:
    """`paginator` as a job spec names it: {"paginator": …} with the fields that are not as they are by default."""
    given = {f.name: getattr(paginator, f.name) for f in fields(paginator)}
    changed = {f.name: given[f.name] for f in fields(paginator) if given[f.name] != f.default}
    return {"paginator": {"type": paginator.TYPE, **changed} if changed else paginator.TYPE}
