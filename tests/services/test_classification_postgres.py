"""Clients of PostgreSQL, and what their errors mean: each raised by a real server."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    suppress,
)
from functools import partial
from itertools import count
from typing import Any

import asyncpg
import psycopg
import psycopg_pool
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from loopback import Loopback, garbage, hang
from meanings import (
    DENIED,
    DOWN,
    ENDED,
    FULL,
    MAYBE,
    MISUSED,
    REFUSED,
    REJECTED,
    free_port,
    row_of,
    said,
)
from seawall import CircuitBreaker, CircuitState, Consecutive
from seawall.testing import FaultProxy, PostgreSQL

pytestmark = pytest.mark.real_time

PATIENCE = 0.2
ROOM = 6
TIMED_OUT = "timeout if_idempotent failure no"
SLOW_CONNECT = "timeout yes failure no"


@pytest.fixture(scope="module")
def _guarded() -> Iterator[PostgreSQL]:
    """A server with a user that needs a password, a table, and room for few."""
    settings = {
        "max_connections": str(ROOM),
        "superuser_reserved_connections": "3",
        "deadlock_timeout": "50ms",
    }
    with PostgreSQL(settings) as server:
        rules = server.directory / "data" / "pg_hba.conf"
        line = "host all guarded 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(line + rules.read_text())
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = on")
            connection.execute("CREATE TABLE things (id int PRIMARY KEY)")
            connection.execute("INSERT INTO things VALUES (1)")
            connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
            connection.execute("CREATE ROLE plain LOGIN")
            connection.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def server(_guarded: PostgreSQL) -> PostgreSQL:
    """The same, healthy, with nobody in it."""
    end_sessions(_guarded.heal())
    return _guarded


@pytest.fixture
def proxy(server: PostgreSQL) -> Iterator[FaultProxy]:
    """What stands between."""
    with FaultProxy(server.port) as proxy:
        yield proxy


def address(port: int, user: str = "postgres", database: str = "postgres") -> str:
    """Where a server is, as all of them read it."""
    return f"postgresql://{user}@127.0.0.1:{port}/{database}"


@pytest.fixture
def shutting_down(server: PostgreSQL) -> Iterator[None]:
    """Wait for the last client to go, and let nobody in meanwhile."""
    with psycopg.connect(server.dsn):
        os.kill(server.pid, signal.SIGTERM)
        while _lets_in(server):
            pass
        yield
    server.stop()


def _lets_in(server: PostgreSQL) -> bool:
    try:
        psycopg.connect(server.dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def check(what: str, exc: BaseException, expected: str) -> None:
    """It means what is expected."""
    assert said(exc) == expected, (what, row_of(exc), repr(exc), repr(exc.__cause__))


# ---------------------------------------------------------------- asyncpg


def end_sessions(server: PostgreSQL) -> None:
    """End every session, as an operator does."""
    with psycopg.connect(server.dsn, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


_numbers = count()


@contextmanager
def once_busy(server: PostgreSQL, then: Callable[[], object]) -> Iterator[str]:
    """Do something as soon as the server works on the statement that this yields."""
    statement = f"SELECT pg_sleep(20), {next(_numbers)}"
    over = threading.Event()
    thread = threading.Thread(target=_once_busy, args=[server, statement, then, over])
    thread.start()
    try:
        yield statement
    finally:
        over.set()
        thread.join()


def _once_busy(
    server: PostgreSQL,
    statement: str,
    then: Callable[[], object],
    over: threading.Event,
) -> None:
    asked = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = %s"
    with psycopg.connect(server.dsn, autocommit=True) as operator:
        while not over.is_set():
            if operator.execute(asked, [statement]).fetchone():
                then()
                return


async def _notice(connection: Any) -> None:
    while not connection.is_closed():  # noqa: ASYNC110 -- it tells nobody
        await asyncio.sleep(0.01)


class Asyncpg:
    """What can happen to asyncpg."""

    def __init__(self, server: PostgreSQL, proxy: FaultProxy) -> None:
        self.server = server
        self.proxy = proxy

    async def refused(self) -> None:
        await asyncpg.connect(address(free_port()))

    async def connect_hang(self) -> None:
        with Loopback(hang) as nobody:
            await asyncpg.connect(address(nobody.port), timeout=PATIENCE)

    async def reset(self) -> None:
        connection = await asyncpg.connect(address(self.proxy.port))
        with once_busy(self.server, self.proxy.reset) as statement:
            await connection.fetchval(statement)

    async def half(self) -> None:
        connection = await asyncpg.connect(address(self.proxy.port))
        self.proxy.cut_after(5_000)
        try:
            await connection.fetchval("SELECT repeat('x', 1000000)")
        finally:
            connection.terminate()

    async def garbage(self) -> None:
        with Loopback(garbage) as nobody:
            await asyncpg.connect(address(nobody.port), timeout=5)

    async def password(self) -> None:
        await asyncpg.connect(address(self.server.port, "guarded:wrong"))

    async def database(self) -> None:
        await asyncpg.connect(address(self.server.port, database="nowhere"))

    async def role(self) -> None:
        await asyncpg.connect(address(self.server.port, "nobody"))

    async def many(self) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(ROOM + 1):
                connection = await asyncpg.connect(address(self.server.port, "plain"))
                stack.push_async_callback(connection.close)

    async def pool(self) -> None:
        async with (
            asyncpg.create_pool(self.server.dsn, min_size=1, max_size=1) as pool,
            pool.acquire(),
        ):
            await pool.acquire(timeout=PATIENCE)

    async def closed(self) -> None:
        connection = await asyncpg.connect(self.server.dsn)
        end_sessions(self.server)
        await _notice(connection)
        await connection.fetchval("SELECT 1")

    async def shutdown(self) -> None:
        connection = await asyncpg.connect(self.server.dsn)
        with once_busy(self.server, partial(end_sessions, self.server)) as statement:
            await connection.fetchval(statement)

    async def duplicate(self) -> None:
        connection = await asyncpg.connect(self.server.dsn)
        try:
            await connection.execute("INSERT INTO things VALUES (1)")
        finally:
            await connection.close()

    async def statement(self) -> None:
        connection = await asyncpg.connect(self.server.dsn)
        try:
            await connection.execute("SET statement_timeout = 50")
            await connection.execute("SELECT pg_sleep(20)")
        finally:
            await connection.close()


ASYNCPG = {
    "refused": (Asyncpg.refused, REFUSED),
    "connect hang": (Asyncpg.connect_hang, "timeout if_idempotent failure maybe"),
    "reset": (Asyncpg.reset, MAYBE),
    "half an answer": (Asyncpg.half, MAYBE),
    "garbage": (Asyncpg.garbage, MAYBE),
    "wrong password": (Asyncpg.password, DENIED),
    "no such database": (Asyncpg.database, REJECTED),
    "no such role": (Asyncpg.role, DENIED),
    "too many clients": (Asyncpg.many, DOWN),
    "pool full": (Asyncpg.pool, "timeout if_idempotent failure maybe"),
    "shut down": (Asyncpg.shutdown, ENDED),
    "closed": (Asyncpg.closed, REFUSED),
    "duplicate key": (Asyncpg.duplicate, REJECTED),
    "statement timeout": (Asyncpg.statement, TIMED_OUT),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", ASYNCPG)
async def test_asyncpg_says_what_happened(
    what: str, server: PostgreSQL, proxy: FaultProxy
) -> None:
    """One row stands for all of the server's errors: it reads their code."""
    situation, expected = ASYNCPG[what]

    with pytest.raises(Exception) as caught:  # noqa: PT011 -- what the table says
        await situation(Asyncpg(server, proxy))

    check(f"asyncpg {what}", caught.value, expected)


# ---------------------------------------------------------------- psycopg


class Psycopg:
    """What can happen to psycopg, which blocks."""

    def __init__(self, server: PostgreSQL, proxy: FaultProxy) -> None:
        self.server = server
        self.proxy = proxy

    def refused(self) -> None:
        """Nobody listens."""
        psycopg.connect(address(free_port()))

    def connect_hang(self) -> None:
        """Somebody listens and says nothing. Two seconds are its shortest patience."""
        with Loopback(hang) as nobody:
            psycopg.connect(address(nobody.port), connect_timeout=2)

    def reset(self) -> None:
        """The connection breaks under a statement."""
        with (
            closing(psycopg.connect(address(self.proxy.port))) as connection,
            once_busy(self.server, self.proxy.reset) as statement,
        ):
            connection.execute(statement)

    def half(self) -> None:
        """It breaks in the middle of an answer."""
        with closing(psycopg.connect(address(self.proxy.port))) as connection:
            self.proxy.cut_after(5_000)
            connection.execute("SELECT repeat('x', 1000000)")

    def garbage(self) -> None:
        """Something else listens there."""
        with Loopback(garbage) as nobody:
            psycopg.connect(address(nobody.port), connect_timeout=5)

    def password(self) -> None:
        """A wrong password."""
        psycopg.connect(address(self.server.port, "guarded:wrong"))

    def database(self) -> None:
        """No such database."""
        psycopg.connect(address(self.server.port, database="nowhere"))

    def role(self) -> None:
        """No such user."""
        psycopg.connect(address(self.server.port, "nobody"))

    def many(self) -> None:
        """More connections than the server has room for."""
        with ExitStack() as stack:
            for _ in range(ROOM + 1):
                connection = psycopg.connect(address(self.server.port, "plain"))
                stack.enter_context(closing(connection))

    def pool_full(self) -> None:
        """All of our own connections are in use."""
        with self._pool() as pool, pool.connection():
            pool.getconn(PATIENCE)

    def pool_closed(self) -> None:
        """We have closed it ourselves."""
        with self._pool() as pool:
            pass
        pool.getconn(PATIENCE)

    def _pool(self) -> Any:
        return psycopg_pool.ConnectionPool(
            self.server.dsn, min_size=1, max_size=1, open=False
        )

    def shut_down(self) -> None:
        """An operator ends our session while it is idle."""
        with closing(psycopg.connect(self.server.dsn)) as connection:
            end_sessions(self.server)
            connection.execute("SELECT 1")

    def shut_down_busy(self) -> None:
        """An operator ends our session under a statement."""
        with (
            closing(psycopg.connect(self.server.dsn)) as connection,
            once_busy(self.server, partial(end_sessions, self.server)) as statement,
        ):
            connection.execute(statement)

    def closed(self) -> None:
        """It is used again after that."""
        with closing(psycopg.connect(self.server.dsn)) as connection:
            end_sessions(self.server)
            with suppress(psycopg.Error):
                connection.execute("SELECT 1")
            connection.execute("SELECT 1")

    def duplicate(self) -> None:
        """The statement is refused."""
        with psycopg.connect(self.server.dsn) as connection:
            connection.execute("INSERT INTO things VALUES (1)")

    def statement(self) -> None:
        """The server gives up on a statement."""
        with psycopg.connect(self.server.dsn) as connection:
            connection.execute("SET statement_timeout = 50")
            connection.execute("SELECT pg_sleep(20)")


PSYCOPG = {
    "refused": (Psycopg.refused, REFUSED),
    "connect hang": (Psycopg.connect_hang, SLOW_CONNECT),
    "reset": (Psycopg.reset, MAYBE),
    "half an answer": (Psycopg.half, MAYBE),
    "garbage": (Psycopg.garbage, REFUSED),
    "wrong password": (Psycopg.password, DENIED),
    "no such database": (Psycopg.database, "rejected no answered no"),
    "no such role": (Psycopg.role, DENIED),
    "too many clients": (Psycopg.many, DOWN),
    "pool full": (Psycopg.pool_full, FULL),
    "pool closed": (Psycopg.pool_closed, MISUSED),
    "shut down": (Psycopg.shut_down, ENDED),
    "shut down while busy": (Psycopg.shut_down_busy, ENDED),
    "closed": (Psycopg.closed, REFUSED),
    "duplicate key": (Psycopg.duplicate, REJECTED),
    "statement timeout": (Psycopg.statement, TIMED_OUT),
}


@pytest.mark.parametrize("what", PSYCOPG)
def test_psycopg_says_what_happened(
    what: str, server: PostgreSQL, proxy: FaultProxy
) -> None:
    """At connect there is no code, and the text is all there is to read."""
    situation, expected = PSYCOPG[what]

    with pytest.raises(psycopg.Error) as caught:
        situation(Psycopg(server, proxy))

    check(f"psycopg {what}", caught.value, expected)


# ---------------------------------------------------------------- SQLAlchemy


class SQLAlchemy:
    """What can happen to SQLAlchemy on top of asyncpg."""

    def __init__(self, server: PostgreSQL, proxy: FaultProxy) -> None:
        self.server = server
        self.proxy = proxy

    @asynccontextmanager
    async def connected(
        self, url: str, **options: Any
    ) -> AsyncIterator[AsyncConnection]:
        """A connection of an engine."""
        engine = create_async_engine(
            url.replace("postgresql:", "postgresql+asyncpg:"), **options
        )
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    async def _ask(self, url: str, sql: str = "SELECT 1", **options: Any) -> None:
        async with self.connected(url, **options) as connection:
            await connection.execute(sqlalchemy.text(sql))

    async def refused(self) -> None:
        await self._ask(address(free_port()))

    async def connect_hang(self) -> None:
        with Loopback(hang) as nobody:
            options = {"connect_args": {"timeout": PATIENCE}}
            await self._ask(address(nobody.port), **options)

    async def reset(self) -> None:
        async with self.connected(address(self.proxy.port)) as connection:
            with once_busy(self.server, self.proxy.reset) as statement:
                await connection.execute(sqlalchemy.text(statement))

    async def half(self) -> None:
        async with self.connected(address(self.proxy.port)) as connection:
            self.proxy.cut_after(5_000)
            await connection.execute(sqlalchemy.text("SELECT repeat('x', 1000000)"))

    async def garbage(self) -> None:
        with Loopback(garbage) as nobody:
            await self._ask(address(nobody.port))

    async def password(self) -> None:
        await self._ask(address(self.server.port, "guarded:wrong"))

    async def database(self) -> None:
        await self._ask(address(self.server.port, database="nowhere"))

    async def many(self) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(ROOM + 1):
                await stack.enter_async_context(
                    self.connected(address(self.server.port, "plain"))
                )

    async def pool_full(self) -> None:
        engine = create_async_engine(
            self.server.dsn.replace("postgresql:", "postgresql+asyncpg:"),
            pool_size=1,
            max_overflow=0,
            pool_timeout=PATIENCE,
        )
        try:
            async with engine.connect(), engine.connect():
                pass
        finally:
            await engine.dispose()

    async def shut_down(self) -> None:
        async with self.connected(self.server.dsn) as connection:
            ending = partial(end_sessions, self.server)
            with once_busy(self.server, ending) as statement:
                await connection.execute(sqlalchemy.text(statement))

    async def closed(self) -> None:
        async with self.connected(self.server.dsn) as connection:
            raw = await connection.get_raw_connection()
            end_sessions(self.server)
            await _notice(raw.driver_connection)
            await connection.execute(sqlalchemy.text("SELECT 1"))

    async def duplicate(self) -> None:
        await self._ask(self.server.dsn, "INSERT INTO things VALUES (1)")


SQLALCHEMY = {
    "refused": (SQLAlchemy.refused, REFUSED),
    "connect hang": (SQLAlchemy.connect_hang, "timeout if_idempotent failure maybe"),
    "reset": (SQLAlchemy.reset, MAYBE),
    "half an answer": (SQLAlchemy.half, MAYBE),
    "garbage": (SQLAlchemy.garbage, MAYBE),
    "wrong password": (SQLAlchemy.password, DENIED),
    "no such database": (SQLAlchemy.database, REJECTED),
    "too many clients": (SQLAlchemy.many, DOWN),
    "pool full": (SQLAlchemy.pool_full, FULL),
    "shut down": (SQLAlchemy.shut_down, ENDED),
    "closed": (SQLAlchemy.closed, REFUSED),
    "duplicate key": (SQLAlchemy.duplicate, REJECTED),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", SQLALCHEMY)
async def test_sqlalchemy_says_what_happened(
    what: str, server: PostgreSQL, proxy: FaultProxy
) -> None:
    """Some are its own errors, some the driver's; at connect they are raw."""
    situation, expected = SQLALCHEMY[what]

    with pytest.raises(Exception) as caught:  # noqa: PT011 -- what the table says
        await situation(SQLAlchemy(server, proxy))

    check(f"sqlalchemy {what}", caught.value, expected)


def test_sqlalchemy_on_psycopg_says_what_psycopg_says(server: PostgreSQL) -> None:
    """The driver's error is asked, whichever driver it is."""
    engine = sqlalchemy.create_engine(
        address(free_port()).replace("postgresql:", "postgresql+psycopg:")
    )
    with pytest.raises(sqlalchemy.exc.OperationalError) as caught:
        engine.connect()

    check("psycopg refused", caught.value, REFUSED)


# ---------------------------------------------------------------- the server goes


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.usefixtures("shutting_down")
async def test_a_server_that_shuts_down_lets_nobody_in(
    server: PostgreSQL, proxy: FaultProxy
) -> None:
    """57P03: nothing was executed, so anything may be repeated, and circuits open."""
    with pytest.raises(asyncpg.CannotConnectNowError) as of_asyncpg:
        await asyncpg.connect(server.dsn)
    with pytest.raises(psycopg.OperationalError) as of_psycopg:
        psycopg.connect(server.dsn)
    with pytest.raises(sqlalchemy.exc.DBAPIError) as of_sqlalchemy:
        async with SQLAlchemy(server, proxy).connected(server.dsn):
            pass

    for caught in (of_asyncpg, of_psycopg, of_sqlalchemy):
        check("shutting down", caught.value, DOWN)


# ---------------------------------------------------------------- circuits

DRIVERS = {
    "asyncpg": (Asyncpg, Asyncpg.duplicate, Asyncpg.shutdown),
    "SQLAlchemy": (SQLAlchemy, SQLAlchemy.duplicate, SQLAlchemy.shut_down),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.usefixtures("clients_may_block")
async def test_five_duplicate_keys_leave_a_circuit_closed_and_five_shutdowns_open_it(
    driver: str, server: PostgreSQL, proxy: FaultProxy
) -> None:
    """The first is an answer of a healthy server, the second is not."""
    kind, duplicate, shutdown = DRIVERS[driver]
    breaker = CircuitBreaker(driver, trip=Consecutive(5))
    bench: Any = kind(server, proxy)

    for _ in range(5):
        with pytest.raises(Exception, match="duplicate key"):
            await breaker.call(duplicate, bench)
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(Exception, match="terminating connection|closed in the mid"):
            await breaker.call(shutdown, bench)
    assert breaker.state is CircuitState.OPEN


@pytest.mark.usefixtures("clients_may_block")
def test_psycopg_keeps_and_opens_its_circuit_alike(
    server: PostgreSQL, proxy: FaultProxy
) -> None:
    """As above, for a driver that blocks."""
    breaker = CircuitBreaker("psycopg", trip=Consecutive(5))
    bench = Psycopg(server, proxy)

    for _ in range(5):
        with pytest.raises(psycopg.errors.UniqueViolation):
            breaker.call_sync(Psycopg.duplicate, bench)
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(psycopg.errors.AdminShutdown):
            breaker.call_sync(Psycopg.shut_down, bench)
    assert breaker.state is CircuitState.OPEN
