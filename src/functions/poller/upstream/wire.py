"""Sockets that give every single read and write what is left of one exchange's time and size.

A socket's own time-out begins anew with each byte, so that a server which sends one now and then is never late.
"""

import io
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_SILENCE_SECONDS = 30.0
_BUFFER = 64 * 1024


class NetworkFailure(Exception):
    """Carries an OSError past the libraries above, which would wrap it, or go on as if nothing had happened."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


class BudgetSpent(Exception):
    """The server sent more bytes than one answer may have."""


class Allowance:
    """What is left of one exchange's `seconds`, and of the bytes that may arrive in it."""

    def __init__(self, seconds: float, byte_count: int) -> None:
        self._deadline, self._bytes_left = time.monotonic() + seconds, byte_count

    def seconds(self) -> float:
        """More than none; raises TimeoutError where none is left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def spend(self, count: int) -> None:
        """`count` bytes have arrived; raises BudgetSpent where that was one too many."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise BudgetSpent


class Wire(socket.socket):
    """A connected socket. `has_heard`: something of the answer has arrived. `holds_more`: more than the answer, so that
    what follows cannot be trusted."""

    allowance: Allowance
    is_over = holds_more = has_heard = False

    def begin(self, allowance: Allowance) -> None:
        """The next exchange gets this much."""
        self.allowance = allowance
        self.is_over = self.holds_more = self.has_heard = False

    def recv_into(self, buffer: "WriteableBuffer", *rest: int) -> int:
        if self.is_over:
            return 0
        try:
            self._wait_no_longer()
            count = super().recv_into(buffer, *rest)
        except OSError as error:
            raise NetworkFailure(error) from None
        self.has_heard = self.has_heard or count > 0
        self.allowance.spend(count)
        return count

    def sendall(self, data: "ReadableBuffer", *rest: int) -> None:
        unsent = memoryview(data)
        try:
            while unsent:
                self._wait_no_longer()
                unsent = unsent[self.send(unsent, *rest) :]
        except OSError as error:
            raise NetworkFailure(error) from None

    def _wait_no_longer(self) -> None:
        """Give the next read or write what is left. To set a time-out is a call of the system: it is left as it was
        where it stays the same."""
        seconds = min(_SILENCE_SECONDS, self.allowance.seconds())
        if seconds != self.gettimeout():
            self.settimeout(seconds)

    def makefile(self, *_: Any, **__: Any) -> "_Incoming":  # type: ignore[override]  # http.client reads bytes
        return _Incoming(self, super().makefile("rb", buffering=0))


class TlsWire(Wire, ssl.SSLSocket):  # type: ignore[misc]  # both name recv_into()'s arguments, differently
    """The same with TLS: what SSLContext.wrap_socket makes where this is its `sslsocket_class`."""


class _Incoming(io.BufferedReader):
    """The bytes of one answer. http.client closes it where the answer ends."""

    def __init__(self, wire: Wire, raw: io.RawIOBase) -> None:
        super().__init__(raw, _BUFFER)
        self._wire = wire

    def close(self) -> None:
        if not self.closed:
            self._wire.is_over = True  # so that peek() looks at what has arrived, and waits for nothing
            self._wire.holds_more = bool(self.peek())
        super().close()
