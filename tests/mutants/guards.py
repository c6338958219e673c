"""All guards, one file a subject."""

from tests.mutants.credentials import CREDENTIALS
from tests.mutants.deployment import DEPLOYMENT
from tests.mutants.limits import LIMITS
from tests.mutants.mutations import MUTATIONS
from tests.mutants.sources import SOURCES
from tests.mutants.upstream import UPSTREAM

GUARDS = (
    *CREDENTIALS,
    *DEPLOYMENT,
    *LIMITS,
    *MUTATIONS,
    *SOURCES,
    *UPSTREAM,
)
