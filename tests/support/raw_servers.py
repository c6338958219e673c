"""Servers on loopback that answer byte for byte as a test says, and end by themselves."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, create_server, socket
from threading import Event, Lock, Thread
from types import TracebackType

LIFE_SECONDS = 30.0
"""Of a connection that has to wait: a client without a deadline fails its test and does not hang it."""
PROMPT_SECONDS = LIFE_SECONDS / 3
"""More than a busy machine adds to a deadline of a second or two, and far less than a client without one takes."""


class Peer:
    """One connection, seen from the server. Its methods raise OSError once the client, or the test, is gone."""

    def __init__(self, sock: socket, stopping: Event) -> None:
        self.sock, self._stopping, self._unread = sock, stopping, b""
        self._until = time.monotonic() + LIFE_SECONDS
        self.request = ""

    def read_request(self) -> bool:
        """The next request's head into `request`; False where the client has closed the connection."""
        while b"\r\n\r\n" not in self._unread:
            received = self.sock.recv(65536)
            if not received:
                return False
            self._unread += received
        head, self._unread = self._unread.split(b"\r\n\r\n", 1)
        self.request = head.decode("ascii")
        return True

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, seconds: float) -> None:
        """One byte at a time, for ever if need be."""
        for byte in data:
            self.send(bytes([byte]))
            self.pause(seconds)

    def pause(self, seconds: float = LIFE_SECONDS) -> None:
        left = self._until - time.monotonic()
        if self._stopping.wait(min(seconds, left)) or left < seconds:
            raise ConnectionAbortedError


Script = Callable[[Peer], None]


class Server:
    """Runs `script` for each request; it ends the connection by raising OSError or calling `peer.sock.shutdown`."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self._script, self._tls = script, tls
        self._listener = create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[str] = []
        self.connections = 0
        self._open: set[socket] = set()
        self._threads: list[Thread] = []
        self._lock, self._stopping = Lock(), Event()

    def url(self, path: str = "/orders", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "Server":
        self._start(self._accept)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(SHUT_RDWR)
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def wait_until_left(self) -> None:
        """Return once every connection so far has been closed from this side, and the client can see it."""
        for thread in self._threads[1:]:
            thread.join(LIFE_SECONDS)

    def _start(self, run: Callable[[], None]) -> None:
        thread = Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._stopping.is_set():
                sock, _ = self._listener.accept()
                self.connections += 1
                with self._lock:
                    self._open.add(sock)
                self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, plain: socket) -> None:
        sock = plain
        try:
            with suppress(OSError):
                sock = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
                with self._lock:
                    self._open.add(sock)
                peer = Peer(sock, self._stopping)
                while not self._stopping.is_set() and peer.read_request():
                    self.requests.append(peer.request)
                    self._script(peer)
        finally:
            with self._lock:
                self._open -= {plain, sock}
            with suppress(OSError):
                sock.shutdown(SHUT_RDWR)
            sock.close()
            plain.close()


class Canary:
    """Listens on 127.0.0.1 and ::1 and answers nothing. No connection may ever reach it."""

    def __init__(self) -> None:
        self._listeners = [create_server(("127.0.0.1", 0))]
        self.port: int = self._listeners[0].getsockname()[1]
        with suppress(OSError):  # a machine without IPv6
            from socket import AF_INET6

            self._listeners.append(create_server(("::1", self.port), family=AF_INET6))

    def visits(self) -> int:
        """Connections so far. The kernel has completed them before the client's connect() returned."""
        count = 0
        for listener in self._listeners:
            listener.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()
                    count += 1
        return count

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()


@contextmanager
def canary() -> Iterator[Canary]:
    bird = Canary()
    try:
        yield bird
    finally:
        bird.close()


def answer(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body


def answering(*answers: bytes) -> Script:
    """Each request gets the next answer, and the last one from then on."""
    left = list(answers)

    def script(peer: Peer) -> None:
        peer.send(left.pop(0) if len(left) > 1 else left[0])

    return script


def closing(*answers: bytes) -> Script:
    """The same, with the connection closed after each."""
    script = answering(*answers)

    def then_close(peer: Peer) -> None:
        script(peer)
        peer.sock.shutdown(SHUT_RDWR)

    return then_close
