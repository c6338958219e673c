"""What `auto` found."""

from dataclasses import dataclass
from typing import Generic, TypeVar

P_co = TypeVar("P_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Detection(Generic[P_co]):
    """A paginator, and one sentence about what shows that it is the right one."""

    paginator: P_co
    evidence: str
