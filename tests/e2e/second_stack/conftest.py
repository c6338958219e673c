"""An emulator of its own for stacks beside the shared one, which is only asked for what it has built."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.deployed import OPEN, Deployed, Packaged
from tests.support.emulator import Emulator
from tests.support.local_stack import LocalStack


@pytest.fixture(scope="session")
def packaged(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packaged]:
    emulator = Emulator(tmp_path_factory.mktemp("second"))
    emulator.start()
    yield Packaged(stack, emulator)
    assert emulator.ended(20, by=signal.SIGTERM) == 0


@pytest.fixture(scope="session")
def laptop(packaged: Packaged) -> Deployed:
    """Asks for signatures, and polls loopback; `test_jwt` then has it ask for tokens."""
    return packaged.stack("laptop", LocalSettings="true")


@pytest.fixture(scope="session")
def pair(packaged: Packaged) -> tuple[Deployed, Deployed]:
    """Two stacks of the same template with the same parameters."""
    return packaged.stack("one", **OPEN), packaged.stack("two", **OPEN)
