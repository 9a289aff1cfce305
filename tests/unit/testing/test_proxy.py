"""The network between fails as ordered, and heals."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import anyio
import anyio.abc
import pytest

from seawall.testing import FaultProxy, _ports

pytestmark = [pytest.mark.anyio, pytest.mark.real_time]


class Echo(socketserver.BaseRequestHandler):
    """Says what it hears, and at the end how much that was."""

    def handle(self) -> None:
        """Serve one connection."""
        heard = 0
        try:
            while chunk := self.request.recv(65536):
                heard += len(chunk)
                self.request.sendall(chunk)
            self.request.sendall(b"heard %d" % heard)
        except OSError:
            pass


@contextlib.contextmanager
def serving(
    handler: type[socketserver.BaseRequestHandler],
) -> Iterator[socketserver.ThreadingTCPServer]:
    """A server in threads."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[socketserver.ThreadingTCPServer]:
    """A server that works."""
    with serving(Echo) as running:
        yield running


@pytest.fixture
def proxy(server: socketserver.ThreadingTCPServer) -> Iterator[FaultProxy]:
    """What stands before it."""
    with FaultProxy(server.server_address[1]) as running:
        yield running


def connect(proxy: FaultProxy) -> socket.socket:
    """A client."""
    return socket.create_connection(("127.0.0.1", proxy.port), 5)


def ask(client: socket.socket, question: bytes = b"ping") -> bytes:
    """One question, and the answer to it."""
    client.sendall(question)
    answer = b""
    while len(answer) < len(question):
        chunk = client.recv(65536)
        if not chunk:
            break
        answer += chunk
    return answer


async def test_it_passes_everything_on(proxy: FaultProxy) -> None:
    """Without an order it is not there; used from an event loop as from a thread."""
    question = bytes(range(256)) * 4096
    async with await anyio.connect_tcp("127.0.0.1", proxy.port) as stream:
        async with anyio.create_task_group() as group:
            group.start_soon(stream.send, question)
            answer = b""
            while len(answer) < len(question):
                answer += await stream.receive()
        assert answer == question
        # Half of a connection can end, and the other half still answers.
        await stream.send_eof()
        assert await stream.receive() == b"heard %d" % len(question)
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()
    assert proxy.connections_made == 1


def test_it_refuses_and_heals(proxy: FaultProxy) -> None:
    """As if the server had gone and come back."""
    with connect(proxy) as client:
        assert ask(client) == b"ping"
        proxy.refuse()
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            ask(client)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)

    proxy.heal()

    with connect(proxy) as client:
        assert ask(client) == b"ping"


def test_it_hangs_and_heals(proxy: FaultProxy) -> None:
    """Old and new connections are open and silent; nothing is lost."""
    with connect(proxy) as old:
        assert ask(old) == b"ping"
        proxy.hang()
        with connect(proxy) as new:
            for client in (old, new):
                client.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    ask(client)
            proxy.heal()
            for client in (old, new):
                client.settimeout(5)
                assert client.recv(4) == b"ping"


def test_it_resets_what_is_connected(proxy: FaultProxy) -> None:
    """Once: whoever connects again is served."""
    with connect(proxy) as client:
        assert ask(client) == b"ping"
        assert proxy.reset() == 1
        with pytest.raises(ConnectionResetError):
            ask(client)
    with connect(proxy) as client:
        assert ask(client) == b"ping"


def test_it_resets_a_connection_that_hangs(proxy: FaultProxy) -> None:
    """Also one that never got through to the server."""
    proxy.hang()
    with connect(proxy) as client:
        while proxy.connections_made == 0:
            time.sleep(0.001)
        assert proxy.reset() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("size", [0, 3, 4, 5, 7])
def test_it_cuts_an_answer_short(proxy: FaultProxy, size: int) -> None:
    """To the byte, on each connection."""
    proxy.cut_after(size)
    for _ in range(2):
        with connect(proxy) as client, pytest.raises(ConnectionResetError):
            answers = b""
            for question in (b"ping", b"pong"):
                client.sendall(question)
                wanted = min(size, len(answers) + 4)
                while len(answers) < wanted:
                    answers += client.recv(100)
            assert answers == b"pingpong"[:size]
            client.recv(100)
    proxy.heal()
    with connect(proxy) as client:
        assert ask(client, b"a" * 100) == b"a" * 100


def test_it_keeps_nothing_back_when_the_server_is_done() -> None:
    """A client that reads late gets all of the answer."""
    size = 12_000_000

    class Flood(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"a" * size)

    with (
        serving(Flood) as server,
        FaultProxy(server.server_address[1]) as proxy,
        connect(proxy) as client,
    ):
        # From now on only the answer keeps the connection open.
        client.shutdown(socket.SHUT_WR)
        received = 0
        while chunk := client.recv(30_000):
            received += len(chunk)
            # Slower than the proxy, so that all buffers on the way are full at the end.
            time.sleep(0.001)
        assert received == size


def test_it_delays(proxy: FaultProxy) -> None:
    """In each direction."""
    with connect(proxy) as client:
        proxy.slow(0.05)
        start = time.monotonic()
        assert ask(client) == b"ping"
        assert time.monotonic() - start >= 0.1


def test_a_dead_target_is_a_reset() -> None:
    """A proxy that has accepted cannot refuse any more."""
    with (
        FaultProxy(_ports.free_port()) as proxy,
        # It may come before connect() has returned.
        pytest.raises(ConnectionResetError),
        connect(proxy) as client,
    ):
        ask(client)


def test_closing_frees_the_port_and_ends_the_thread() -> None:
    """Nothing is left of it."""
    before = threading.active_count()
    with FaultProxy(_ports.free_port()) as proxy:
        proxy.hang()
        client = connect(proxy)
    with client, pytest.raises(ConnectionResetError):
        client.recv(1)
    assert threading.active_count() == before
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", proxy.port))


def test_one_that_was_never_started_can_be_closed() -> None:
    """So a failed set-up cleans up like any other."""
    FaultProxy(1).close()
