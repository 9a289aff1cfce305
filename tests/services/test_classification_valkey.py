"""Clients of Valkey and Redis, and what their errors mean: each really raised."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest

from loopback import Answer, Loopback, closed, garbage, hang, reset, says
from meanings import (
    DENIED,
    DOWN,
    FULL,
    MAYBE,
    NONSENSE,
    REFUSED,
    REJECTED,
    SLOW,
    free_port,
    row_of,
    said,
    sources,
)
from seawall import CircuitBreaker, CircuitState, Consecutive
from seawall.testing import Valkey

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.parametrize("library", ["valkey", "redis"]),
]

PATIENCE = 0.2
NEVER = 20.0


@pytest.fixture(scope="module")
def _guarded() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


@pytest.fixture
def server(_guarded: Valkey) -> Iterator[Valkey]:
    """A server that lets everybody in, and is restarted for the next one."""
    yield _guarded.heal()
    # It keeps nothing, so this undoes whatever was set.
    _guarded.kill()


class Bench:
    """One library, blocking, and a server."""

    def __init__(self, library: str, port: int) -> None:
        self.module: ModuleType = importlib.import_module(library)
        name = library.partition(".")[0]
        self.client_class: Any = getattr(self.module, name.title())
        self.retry: Any = importlib.import_module(f"{library}.retry").Retry
        self.no_backoff: Any = importlib.import_module(f"{name}.backoff").NoBackoff
        self.port = port

    def client(self, port: int | None = None, **options: Any) -> Any:
        """A client that tries once."""
        settings = {
            "host": "127.0.0.1",
            "port": port or self.port,
            "socket_connect_timeout": NEVER,
            "socket_timeout": NEVER,
            "retry": self.retry(self.no_backoff(), 0),
            **options,
        }
        return self.client_class(**settings)

    def ask(self, *words: str, port: int | None = None, **options: Any) -> Any:
        """Ask once, on a connection of its own."""
        with self.client(port, **options) as client:
            return client.execute_command(*(words or ("PING",)))

    def set(self, name: str, value: str) -> None:
        """Change a setting of the server's."""
        self.ask("CONFIG", "SET", name, value)


def refused(bench: Bench) -> None:
    """Nobody listens."""
    bench.ask(port=free_port())


def patience(answer: Answer) -> float:
    """How long to wait for it: an answer that comes must not come too late."""
    return PATIENCE if answer is hang else NEVER


def answering(answer: Answer) -> Callable[[Bench], None]:
    """Something else listens."""

    def ask(bench: Bench) -> None:
        with Loopback(answer) as nobody:
            bench.ask(port=nobody.port, socket_timeout=patience(answer))

    return ask


def stopped(bench: Bench) -> None:
    """The server is told to go under our feet."""
    over = threading.Event()
    ending = threading.Thread(target=_shut_down, args=[bench, over])
    ending.start()
    try:
        bench.ask("BLPOP", "nothing", "20")
    finally:
        over.set()
        ending.join()


def _shut_down(bench: Bench, over: threading.Event) -> None:
    with bench.client() as client, suppress(bench.module.ConnectionError):
        while not over.is_set():
            if "blpop" in str(client.execute_command("CLIENT LIST")):
                client.execute_command("SHUTDOWN", "NOSAVE")


def wrong_password(bench: Bench) -> None:
    """A wrong password."""
    bench.set("requirepass", "right")
    bench.ask(password="wrong")  # noqa: S106


def no_password(bench: Bench) -> None:
    """None at all."""
    bench.set("requirepass", "right")
    bench.ask()


def not_allowed(bench: Bench) -> None:
    """The user may not."""
    bench.ask("ACL", "SETUSER", "reader", "on", ">x", "+@read", "+ping", "~*")
    bench.ask("FLUSHALL", username="reader", password="x")  # noqa: S106


def too_many_clients(bench: Bench) -> None:
    """The server has no room."""
    bench.set("maxclients", "1")
    with bench.client() as first:
        first.ping()
        bench.ask()


def pool_full(bench: Bench) -> None:
    """All of our own connections are in use."""
    with bench.client(max_connections=1) as client, client.pipeline() as pipe:
        pipe.watch("a")
        client.ping()


def no_memory(bench: Bench) -> None:
    """The server has no memory left."""
    bench.set("maxmemory", "1")
    bench.ask("SET", "a", "b")


def wrong_type(bench: Bench) -> None:
    """The command is not for that key."""
    bench.ask("SET", "a", "b")
    bench.ask("LPUSH", "a", "c")


def busy(bench: Bench) -> None:
    """A script keeps the server busy."""
    bench.set("busy-reply-threshold", "50")
    script = threading.Thread(target=_forever, args=[bench])
    script.start()
    try:
        while bench.ask():
            pass
    finally:
        bench.ask("SCRIPT", "KILL")
        script.join()


def _forever(bench: Bench) -> None:
    with suppress(bench.module.ResponseError):
        bench.ask("EVAL", "while true do end", "0")


def read_only(bench: Bench) -> None:
    """A replica is asked to write."""
    bench.ask("REPLICAOF", "127.0.0.1", str(free_port()))
    bench.ask("SET", "a", "b")


def stale(bench: Bench) -> None:
    """A replica without its master is asked anything."""
    bench.set("replica-serve-stale-data", "no")
    bench.ask("REPLICAOF", "127.0.0.1", str(free_port()))
    bench.ask("GET", "a")


def watched(bench: Bench) -> None:
    """Somebody else was faster."""
    with bench.client() as client, client.pipeline() as pipe:
        pipe.watch("a")
        client.incr("a")
        pipe.multi()
        pipe.incr("a")
        pipe.execute()


SITUATIONS: dict[str, tuple[Callable[[Bench], Any], str]] = {
    "refused": (refused, REFUSED),
    "hang": (answering(hang), SLOW),
    "reset": (answering(reset), MAYBE),
    "closed": (answering(closed), MAYBE),
    "half an answer": (answering(says(b"$100\r\nonly this")), MAYBE),
    "garbage": (answering(garbage), NONSENSE),
    "shut down": (stopped, MAYBE),
    "wrong password": (wrong_password, DENIED),
    "no password": (no_password, DENIED),
    "not allowed": (not_allowed, "authentication no answered no"),
    "too many clients": (too_many_clients, DOWN),
    "pool full": (pool_full, FULL),
    "no memory": (no_memory, "unavailable no failure no"),
    "wrong type": (wrong_type, REJECTED),
    "busy": (busy, DOWN),
    "read only": (read_only, DOWN),
    "stale": (stale, DOWN),
    "watched": (watched, "conflict no ignored no"),
}


def check(what: str, exc: BaseException, expected: str) -> None:
    """It means what is expected, and its row was settled by provoking it."""
    assert said(exc) == expected, (what, row_of(exc), repr(exc))
    assert sources()[row_of(exc)].startswith("provoked:valkey."), (what, row_of(exc))


@pytest.mark.parametrize("what", SITUATIONS)
def test_a_blocking_client_says_what_happened(
    what: str, library: str, server: Valkey
) -> None:
    """The libraries are twins: what one says, the other says."""
    situation, expected = SITUATIONS[what]
    bench = Bench(library, server.port)

    with pytest.raises(Exception) as caught:  # noqa: PT011 -- what the table says
        situation(bench)

    check(what, caught.value, expected)


# ---------------------------------------------------------------- asyncio


class AsyncBench(Bench):
    """One library, on asyncio, and a server."""

    def __init__(self, library: str, port: int) -> None:
        super().__init__(f"{library}.asyncio", port)

    async def ask_async(self, port: int | None = None, **options: Any) -> None:
        """Ask once."""
        async with self.client(port, **options) as client:
            await client.ping()


async def _refused(bench: AsyncBench) -> None:
    await bench.ask_async(free_port())


def _answering(answer: Answer) -> Callable[[AsyncBench], Awaitable[None]]:
    async def ask(bench: AsyncBench) -> None:
        with Loopback(answer) as nobody:
            await bench.ask_async(nobody.port, socket_timeout=patience(answer))

    return ask


async def _wrong_password(bench: AsyncBench) -> None:
    async with bench.client() as client:
        await client.config_set("requirepass", "right")
    await bench.ask_async(password="wrong")  # noqa: S106


async def _pool_full(bench: AsyncBench) -> None:
    async with (
        bench.client(max_connections=1) as client,
        client.pipeline() as pipe,
    ):
        await pipe.watch("a")
        await client.ping()


ASYNC: dict[str, tuple[Callable[[AsyncBench], Awaitable[None]], str]] = {
    "refused": (_refused, REFUSED),
    "hang": (_answering(hang), SLOW),
    "reset": (_answering(reset), MAYBE),
    "closed": (_answering(closed), MAYBE),
    "half an answer": (_answering(says(b"$100\r\nonly this")), MAYBE),
    "garbage": (_answering(garbage), NONSENSE),
    "wrong password": (_wrong_password, DENIED),
    "pool full": (_pool_full, FULL),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", ASYNC)
async def test_a_client_on_asyncio_says_the_same(
    what: str, library: str, server: Valkey
) -> None:
    """It has the same errors and raises them in other places."""
    situation, expected = ASYNC[what]

    with pytest.raises(Exception) as caught:  # noqa: PT011 -- what the table says
        await situation(AsyncBench(library, server.port))

    check(what, caught.value, expected)


# ---------------------------------------------------------------- circuits


def test_answers_leave_a_circuit_closed_and_a_dead_server_opens_it(
    library: str, server: Valkey
) -> None:
    """Five commands for the wrong type, and five that nobody answers."""
    breaker = CircuitBreaker(library, trip=Consecutive(5))
    bench = Bench(library, server.port)

    for _ in range(5):
        with pytest.raises(bench.module.ResponseError):
            breaker.call_sync(wrong_type, bench)
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(bench.module.ConnectionError):
            breaker.call_sync(refused, bench)
    assert breaker.state is CircuitState.OPEN
