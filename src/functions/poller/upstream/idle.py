"""Connections that are kept open for the next request to the same place."""

import select
import time
from collections import deque
from threading import Lock

from poller.upstream.connection import Connection, Origin

_IDLE_SECONDS = 4.0  # servers close quiet connections after 5 seconds or more, and a frozen worker misses it


class IdleConnections:
    """Connections whose last answer was read whole, in the order of their last use. Each was checked when made."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: deque[tuple[Origin, Connection, float]] = deque()

    def take(self, origin: Origin) -> Connection | None:
        """The latest one to `origin` that still stands."""
        while connection := self._latest(origin):
            if _is_quiet(connection):
                return connection
            connection.close()
        return None

    def _latest(self, origin: Origin) -> Connection | None:
        with self._lock:
            # The wall clock, since a monotonic one may stand still while a worker is frozen.
            while self._all and time.time() - self._all[0][2] > _IDLE_SECONDS:
                self._all.popleft()[1].close()
            for place in reversed(range(len(self._all))):
                if self._all[place][0] == origin:
                    connection = self._all[place][1]
                    del self._all[place]
                    return connection
        return None

    def give(self, origin: Origin, connection: Connection) -> None:
        with self._lock:
            self._all.append((origin, connection, time.time()))

    def close(self, origin: Origin) -> None:
        """After a failure: others of the same age are likely to be dead too, and would cost an attempt each."""
        while connection := self.take(origin):
            connection.close()

    def __del__(self) -> None:
        for _, connection, _ in self._all:
            connection.close()


def _is_quiet(connection: Connection) -> bool:
    """False if the server closed the connection, or sent something that nobody asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
