"""One emulator, and one plain MiniStack to see what is still lacking, for all tests of this package."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulator import Emulator


def _running(data: Path, *options: str) -> Iterator[Emulator]:
    emulator = Emulator(data, options)
    emulator.start()
    emulator.create_role()
    yield emulator
    assert emulator.ended(20, by=signal.SIGTERM) == 0


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _running(tmp_path_factory.mktemp("emulator"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """MiniStack without our modules: when it does what one of them adds, that module can go."""
    yield from _running(tmp_path_factory.mktemp("plain"), "--without-gaps")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path)
    yield emulator
    assert emulator.ended(20, by=signal.SIGTERM) is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whether a gap is still needed changes with MiniStack only: `make gaps` asks (`-m still_needed`)."""
    if "still_needed" in str(config.getoption("markexpr")):
        return
    left_out = [item for item in items if item.get_closest_marker("still_needed")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
