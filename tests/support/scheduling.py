"""`make test` runs three workers: two wait for stacks most of the time, the third runs what needs none."""

from xdist.scheduler import LoadScopeScheduling

SHARING = {"tests/e2e", "tests/laptop_aws"}  # packages whose tests share what takes long to bring up
ALONE = {"tests/e2e/test_walkthrough.py"}  # brings up one of its own


class BySharedParts(LoadScopeScheduling):
    """Hands out tests by file; those that share a stack, by package."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        package = "/".join(file.split("/")[:2])
        return package if package in SHARING and file not in ALONE else file
