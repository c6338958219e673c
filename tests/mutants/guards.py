"""All guards, one file a subject."""

from tests.mutants.any_api import ANY_API
from tests.mutants.credentials import CREDENTIALS
from tests.mutants.deployment import DEPLOYMENT
from tests.mutants.limits import LIMITS
from tests.mutants.mutations import MUTATIONS
from tests.mutants.outputs import OUTPUTS
from tests.mutants.partitions import PARTITIONS
from tests.mutants.rate_budgets import RATE_BUDGETS
from tests.mutants.sources import SOURCES
from tests.mutants.upstream import UPSTREAM

GUARDS = (
    *ANY_API,
    *CREDENTIALS,
    *DEPLOYMENT,
    *LIMITS,
    *MUTATIONS,
    *OUTPUTS,
    *PARTITIONS,
    *RATE_BUDGETS,
    *SOURCES,
    *UPSTREAM,
)
