"""Every read and write gets what is left of one deadline and one budget: by a clock of the test's, to the second."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from poller.upstream import wire as module
from poller.upstream.wire import Allowance, BudgetSpent, NetworkFailure, Wire


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    """A wire, and the server's end of it."""
    near, far = socket.socketpair()
    with Wire(near.family, near.type, near.proto, near.detach()) as wire, far:
        yield wire, far


def test_a_read_gets_what_is_left_of_the_time(clock: Clock, ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 1000))
    given = []
    for clock.now in (110, 125, 155, 159.5):
        far.send(b"x")

        wire.recv_into(bytearray(10))

        given.append(wire.gettimeout())
    assert given == [30, 30, 5, 0.5]  # thirty seconds of silence at most


def test_a_write_gets_what_is_left_of_the_time(clock: Clock, ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 1000))
    given = []
    for clock.now in (100, 125, 159.5):
        wire.sendall(b"request")

        given.append(wire.gettimeout())

    assert given == [30, 30, 0.5]
    assert far.recv(100) == b"request" * 3


@pytest.mark.parametrize("late", [0, 0.5, 1000])
def test_after_the_deadline_nothing_is_read_or_written(
    late: float, clock: Clock, ends: tuple[Wire, socket.socket]
) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 1000))
    far.send(b"x")
    clock.now += 60 + late

    with pytest.raises(NetworkFailure) as reading:
        wire.recv_into(bytearray(10))
    with pytest.raises(NetworkFailure) as writing:
        wire.sendall(b"request")

    assert isinstance(reading.value.error, TimeoutError)
    assert isinstance(writing.value.error, TimeoutError)
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)


def test_each_part_of_a_long_write_gets_what_is_left(
    clock: Clock, ends: tuple[Wire, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, _ = ends
    wire.begin(Allowance(60, 1000))
    given = []

    def slowly(wire: Wire, data: memoryview) -> int:
        given.append(wire.gettimeout())
        clock.now += 25
        return 10

    monkeypatch.setattr(Wire, "send", slowly)

    with pytest.raises(NetworkFailure):
        wire.sendall(b"x" * 100)

    assert given == [30, 30, 10]


def test_every_byte_is_taken_off_the_budget(clock: Clock, ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 25))
    far.send(b"x" * 100)
    buffer = bytearray(10)

    counts = [wire.recv_into(buffer) for _ in range(2)]

    assert counts == [10, 10]
    with pytest.raises(BudgetSpent):
        wire.recv_into(buffer)


def test_the_next_exchange_begins_anew(clock: Clock, ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 10))
    far.send(b"x" * 20)
    wire.recv_into(bytearray(10))
    clock.now += 70

    wire.begin(Allowance(20, 10))
    count = wire.recv_into(bytearray(10))

    assert (count, wire.gettimeout()) == (10, 20)


def test_an_error_of_the_network_is_none_that_a_library_catches(ends: tuple[Wire, socket.socket]) -> None:
    wire, far = ends
    wire.begin(Allowance(60, 1000))
    far.close()

    with pytest.raises(NetworkFailure) as failure:
        wire.sendall(b"request")

    assert isinstance(failure.value.error, BrokenPipeError)
    assert not isinstance(failure.value, OSError)
