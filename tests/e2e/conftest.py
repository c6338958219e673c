"""One local stack for all end-to-end tests, brought up and taken down by the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_stack import RecordedStack, copy_tree, free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RecordedStack]:
    if worker_id != "master":
        # Of all workers: fails if tests/conftest.py lets two of them bring up the stack.
        (tmp_path_factory.getbasetemp().parent / "the-stack-is-up").mkdir()
    stack = RecordedStack(copy_tree(tmp_path_factory.mktemp("checkout")), free_port())
    try:
        stack.up()
        yield stack
    finally:
        stack.run("down", "--purge", check=False)
