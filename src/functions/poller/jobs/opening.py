"""What the first page of a partition showed: the partition's plan, and all that is said once of it.

It lies in the row of the partition's first task, and is never changed, as the place where a task ends is: two calls may
see different totals, and others go by what was written first.
"""

import json
from dataclasses import asdict, dataclass

from poller.jobs.plan import PartPlan, Ranges, Walks
from poller.paging.paginators import KnownPaginator
from poller.specs.stored import paginator_of, paginator_to_dict


@dataclass(frozen=True, slots=True)
class Opening:
    """`records` must arrive, None if that is not known; `is_declared`: the API said how much there is. `data_selector`
    and `paginator` are the spec's, as they are resolved for this partition. `digest` tells its first page from others.
    `is_too_large`: it declares more than its spec's `most_records`, and cannot be halved.
    """

    plan: PartPlan
    records: int | None
    is_declared: bool
    digest: str
    data_selector: str | None
    paginator: KnownPaginator
    is_too_large: bool = False

    @property
    def behind(self) -> int:
        """How many tasks there are besides the one whose row this is in."""
        return len(self.plan) - 1


def write_opening(opening: Opening) -> str:
    """As a row keeps it."""
    kind = "Ranges" if isinstance(opening.plan, Ranges) else "Walks"
    return json.dumps(
        {
            kind: asdict(opening.plan),
            "Records": opening.records,
            "IsDeclared": opening.is_declared,
            "Digest": opening.digest,
            "DataSelector": opening.data_selector,
            "Paginator": paginator_to_dict(opening.paginator),
            "IsTooLarge": opening.is_too_large,
        }
    )


def read_opening(text: str) -> Opening:
    """What `write_opening` was given. Raises KeyError, TypeError or ValueError for what no release has written."""
    data = json.loads(text)
    return Opening(
        Ranges(**data["Ranges"]) if "Ranges" in data else Walks(**data["Walks"]),
        data["Records"],
        data["IsDeclared"],
        data["Digest"],
        data["DataSelector"],
        paginator_of(data["Paginator"]),  # type: ignore[arg-type]  # auto is resolved by then
        data["IsTooLarge"],
    )
