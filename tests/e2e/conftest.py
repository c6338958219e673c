"""One local stack for all end-to-end tests, brought up and taken down by the command line."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_stack import LocalStack, copy_tree, free_port


class RecordedStack(LocalStack):
    """A stack whose emulator writes down every decision of IAM, however often it is started again."""

    @property
    def iam_log(self) -> Path:
        return self.root / "iam.jsonl"

    def run(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **options.pop("env", {}), "POLLER_IAM_LOG": str(self.iam_log)}
        return super().run(*arguments, check=check, env=environment, **options)


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
