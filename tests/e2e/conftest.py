"""One local stack for all end-to-end tests, brought up and taken down by the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_stack import LocalStack, copy_tree, free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(copy_tree(tmp_path_factory.mktemp("checkout")), free_port())
    try:
        stack.up()
        yield stack
    finally:
        stack.run("down", "--purge", check=False)
