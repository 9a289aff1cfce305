"""The same clients for any event loop: psycopg and valkey, waiting in threads.

asyncpg and valkey.asyncio need asyncio; on trio, and wherever a driver has no
asynchronous half, a thread waits in the driver's place.

Rule: a thread that nobody waits for any more is not left to itself. The connection is
hung up under it, and it comes back with an error that nobody sees.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, cast, final

import anyio
import anyio.to_thread
import psycopg
import valkey

from seawall import ErrorContext, InfraConnectionError, TransportType

from ._clients import POOL, ROW, Addresses, Vault, packed, unpacked
from ._record import Lane
from ._service import User

# The least that psycopg takes, in seconds: for a server that accepts and says nothing.
_CONNECT_TIMEOUT: Final = 2


@final
class Connections:
    """A small pool of blocking connections; each is used by one thread at a time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: list[psycopg.Connection[Any]] = []

    def open(self) -> None:
        """Fill the pool."""
        self._idle += [self._connect() for _ in range(POOL)]

    def fetch(self, user_id: int, line: Line) -> User:
        """Ask for one row."""
        connection = self._take()
        try:
            line.use(connection.fileno())
            row = connection.execute(f"{ROW} %s", (user_id,)).fetchone()
        except BaseException:
            # The server went away, and took the idle ones with it.
            connection.close()
            self.close()
            raise
        finally:
            line.drop()
        self._idle.append(connection)
        assert row is not None  # noqa: S101 (every user of the load is in the table)
        return User(*row)

    def close(self) -> None:
        """Close all that is idle."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> psycopg.Connection[Any]:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self._address, autocommit=True, connect_timeout=_CONNECT_TIMEOUT
        )


@final
class Line:
    """What a thread is waiting on, for whoever wants to hang up."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def use(self, fileno: int) -> None:
        """Wait on this from now on."""
        self._socket = socket.socket(fileno=os.dup(fileno))

    def drop(self) -> None:
        """Wait no more."""
        if self._socket is not None:
            self._socket.close()

    def hang_up(self) -> None:
        """Make whoever waits see the end of the line."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


@final
class ThreadClients(Vault):
    """psycopg and valkey in worker threads."""

    def __init__(self, addresses: Addresses, lane: Lane) -> None:
        super().__init__(addresses, lane)
        self._connections = Connections(addresses.database)
        connect = cast("Any", valkey.Valkey.from_url)  # pyright: ignore[reportUnknownMemberType]
        self._cache: Any = connect(addresses.cache, socket_timeout=1.0)
        self.database_threads = anyio.CapacityLimiter(POOL)

    async def warm_up(self) -> None:
        """Connect before the load does, as a service that has been running would."""
        await anyio.to_thread.run_sync(self._connections.open)

    async def from_database(self, user_id: int) -> User:
        """Ask PostgreSQL; the one place where somebody reaches for it."""
        self._lane.attempted()
        line = Line()
        try:
            return await anyio.to_thread.run_sync(
                self._connections.fetch,
                user_id,
                line,
                abandon_on_cancel=True,
                limiter=self.database_threads,
            )
        except psycopg.OperationalError as error:
            # The classification of errors does not know this driver: said in ours.
            context = ErrorContext(TransportType.DATABASE, "fetch", "users")
            raise InfraConnectionError("psycopg failed", context) from error
        except BaseException:
            line.hang_up()
            raise

    async def from_cache(self, user_id: int) -> User:
        """Ask Valkey."""
        value = await anyio.to_thread.run_sync(
            self._cache.get, f"user:{user_id}", limiter=self.threads
        )
        return unpacked(value)

    async def remember(self, user: User) -> None:
        """Put into Valkey what PostgreSQL said."""
        await anyio.to_thread.run_sync(
            self._cache.set,
            f"user:{user.id}",
            packed(user, self._lane.clock),
            limiter=self.threads,
        )

    @property
    def busy_threads(self) -> int:
        """How many threads wait for a server."""
        return super().busy_threads + self.database_threads.borrowed_tokens

    def close(self) -> None:
        """Let go of all connections."""
        super().close()
        self._connections.close()
        self._cache.close()


@asynccontextmanager
async def thread_clients(
    addresses: Addresses, lane: Lane
) -> AsyncGenerator[ThreadClients]:
    """Make clients for any backend."""
    clients = ThreadClients(addresses, lane)
    try:
        await clients.warm_up()
        yield clients
    finally:
        clients.close()
