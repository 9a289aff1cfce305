"""Servers on loopback that answer as ordered: not at all, half, or with nonsense.

For faults of a protocol that no real server can be brought to. Each runs in a thread
of its own and takes one kind of answer for all of its connections.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self, final

UNTRUSTED: Final = Path(__file__).parent / "services" / "untrusted.pem"
# SO_LINGER, on, zero seconds: close() sends a reset.
_RESET: Final = struct.pack("ii", 1, 0)

Answer = Callable[[socket.socket], None]


def closed(_: socket.socket) -> None:
    """Say nothing and hang up."""


def reset(connection: socket.socket) -> None:
    """Say nothing and reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def hang(connection: socket.socket) -> None:
    """Say nothing until the other side has gone."""
    while connection.recv(65_536):
        pass


def garbage(connection: socket.socket) -> None:
    """Say what is no sentence of any protocol."""
    connection.sendall(b"\0\xff nonsense \xfe\r\n\r\n")


def says(text: bytes) -> Answer:
    """Say *text* and hang up."""
    return lambda connection: connection.sendall(text)


def status(code: int, *headers: str, body: str = "{}") -> Answer:
    """Answer a request of HTTP with *code*."""
    lines = [
        f"HTTP/1.1 {code} Because",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
        "Connection: close",
        *headers,
    ]
    return says("\r\n".join([*lines, "", body]).encode())


half: Final = says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


@final
class Loopback:
    """Listens, reads a request of each connection, and answers as told.

    Args:
        answer: What to do once something has been asked.
        tls: Whether to speak TLS, with a certificate that nobody trusts.
    """

    def __init__(self, answer: Answer = closed, *, tls: bool = False) -> None:
        self.answer = answer
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(UNTRUSTED)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: Final = int(self._listener.getsockname()[1])
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]

    @property
    def url(self) -> str:
        """Where it listens, for clients of HTTP."""
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up on everybody, and wait until all of its threads are gone."""
        # A blocked accept() does not notice that its socket was closed.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=[connection])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context is None:
                self._answer(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        if connection.recv(65_536):
            self.answer(connection)
