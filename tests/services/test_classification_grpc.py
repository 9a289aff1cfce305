"""gRPC, and what its errors mean: each really raised, by both of its clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from loopback import Answer, Loopback, closed, garbage, hang, reset
from meanings import (
    DENIED,
    ENDED,
    REFUSED,
    REJECTED,
    SLOW,
    free_port,
    row_of,
    said,
    sources,
)
from seawall import CircuitBreaker, CircuitState, Consecutive
from seawall._classification import GRPC
from seawall.testing import FaultProxy

pytestmark = pytest.mark.real_time

PATIENCE = 0.3
NEVER = 20.0
# Without it, a channel to a port that somebody has just left waits for a second.
OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


class Service(grpc.GenericRpcHandler):
    """Answers every method as its name says."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked = threading.Event()

    def service(self, details: Any) -> Any:
        """Find who answers."""
        word = details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(
            lambda _, context: self._answer(word, context)
        )

    def _answer(self, word: str, context: Any) -> bytes:
        self.asked.set()
        if word == "hang":
            self.go_on.wait(NEVER)
        elif word == "much":
            return b"x" * 1_000_000
        elif word != "answer":
            context.abort(grpc.StatusCode[word], "because")
        return b"answer"


class Server:
    """A server of gRPC on loopback."""

    def __init__(self, **options: Any) -> None:
        self.service = Service()
        self._pool = ThreadPoolExecutor(4)
        self._server = grpc.server(
            self._pool, [self.service], options=OPTIONS, **options
        )
        self.port = int(self._server.add_insecure_port("127.0.0.1:0"))
        self._server.start()

    def stop(self) -> None:
        """Go without waiting for anybody."""
        stopped = self._server.stop(None)
        self.service.go_on.set()
        stopped.wait(NEVER)
        self._pool.shutdown()


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """Run one for a while."""
    server = Server(**options)
    try:
        yield server
    finally:
        server.stop()


def ask(port: int, word: str = "answer", timeout: float = NEVER) -> bytes:
    """Ask by the client that blocks."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", OPTIONS) as channel:
        return channel.unary_unary(f"/seawall.Test/{word}")(b"", timeout=timeout)


def ask_by_asyncio(port: int, word: str = "answer", timeout: float = NEVER) -> bytes:
    """Ask by the client of asyncio, on a loop of its own."""

    async def once() -> bytes:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", OPTIONS) as channel:
            call = channel.unary_unary(f"/seawall.Test/{word}")
            return await call(b"", timeout=timeout)

    return asyncio.run(once())


Ask = Callable[..., bytes]


def refused(ask: Ask) -> None:
    """Nobody listens."""
    ask(free_port())


def answering(answer: Answer) -> Callable[[Ask], None]:
    """Something else listens."""

    def there(ask: Ask) -> None:
        with Loopback(answer) as nobody:
            ask(nobody.port, timeout=PATIENCE if answer is hang else NEVER)

    return there


def too_late(ask: Ask) -> None:
    """The answer does not come in time."""
    with serving() as server:
        ask(server.port, "hang", PATIENCE)


def broken(ask: Ask) -> None:
    """The connection breaks while an answer is waited for."""
    with serving() as server, FaultProxy(server.port) as proxy:
        breaking = threading.Thread(
            target=lambda: server.service.asked.wait(NEVER) and proxy.reset()
        )
        breaking.start()
        try:
            ask(proxy.port, "hang")
        finally:
            breaking.join()


def half(ask: Ask) -> None:
    """It breaks in the middle of an answer."""
    with serving() as server, FaultProxy(server.port) as proxy:
        proxy.cut_after(10_000)
        ask(proxy.port, "much")


def shut_down(ask: Ask) -> None:
    """The server goes while an answer is waited for."""
    server = Server()
    stopping = threading.Thread(
        target=lambda: server.service.asked.wait(NEVER) and server.stop()
    )
    stopping.start()
    try:
        ask(server.port, "hang")
    finally:
        stopping.join()


def busy(ask: Ask) -> None:
    """The server has too many calls."""
    with serving(maximum_concurrent_rpcs=1) as server:
        first = threading.Thread(target=lambda: _ignore(server.port))
        first.start()
        server.service.asked.wait(NEVER)
        try:
            ask(server.port)
        finally:
            server.service.go_on.set()
            first.join()


def _ignore(port: int) -> None:
    ask(port, "hang")


def status(code: str) -> Callable[[Ask], None]:
    """The service says so."""

    def say(ask: Ask) -> None:
        with serving() as server:
            ask(server.port, code)

    return say


SITUATIONS: dict[str, tuple[Callable[[Ask], None], str]] = {
    "refused": (refused, REFUSED),
    "hang": (answering(hang), SLOW),
    "reset": (answering(reset), REFUSED),
    "closed": (answering(closed), REFUSED),
    "garbage": (answering(garbage), REFUSED),
    "too late": (too_late, SLOW),
    "broken": (broken, ENDED),
    "half an answer": (half, ENDED),
    "shut down": (shut_down, ENDED),
    "busy": (busy, "rate_limited after_hint ignored no"),
    "wrong password": (status("UNAUTHENTICATED"), DENIED),
    "status": (status("ALREADY_EXISTS"), REJECTED),
}


def check(what: str, exc: BaseException, expected: str) -> None:
    """It means what is expected, and its row was settled by provoking it."""
    assert said(exc) == expected, (what, row_of(exc), repr(exc))
    assert sources()[row_of(exc)].startswith("provoked:grpc."), (what, row_of(exc))


@pytest.mark.parametrize("client", [ask, ask_by_asyncio], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("what", SITUATIONS)
def test_grpc_says_what_happened(what: str, client: Ask) -> None:
    """Only a connection that was never made was certainly not used."""
    situation, expected = SITUATIONS[what]

    with pytest.raises(grpc.RpcError) as caught:
        situation(client)

    check(what, caught.value, expected)


def test_every_code_of_grpc_is_in_the_table() -> None:
    """A new one must not fall through unseen."""
    assert {code.name for code in grpc.StatusCode} == {*GRPC, "OK"}


def test_answers_leave_a_circuit_closed_and_a_dead_server_opens_it() -> None:
    """Five answers of a healthy server, and five that never come."""
    breaker = CircuitBreaker("grpc", trip=Consecutive(5))

    with serving() as server:
        for _ in range(5):
            with pytest.raises(grpc.RpcError):
                breaker.call_sync(ask, server.port, "NOT_FOUND")
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(grpc.RpcError):
            breaker.call_sync(refused, ask)
    assert breaker.state is CircuitState.OPEN
