"""`make test` runs two workers: one brings up the stacks, the other runs what needs none in the meantime."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SHARING = {"e2e", "emulator"}  # packages whose tests share what takes long to bring up


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        package = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group(package if package in SHARING else str(item.path)))
