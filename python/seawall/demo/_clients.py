"""The service's clients on asyncio: asyncpg, valkey.asyncio, and hvac in threads."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast, final

import anyio
import anyio.to_thread
import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import attrs
import hvac
import hvac.exceptions
import requests
import valkey.asyncio

from seawall import FallbackSkip

from ._record import Lane
from ._service import Token, User

POOL: Final = 8
"""Connections to the database, and threads for each kind of blocking client."""

ROW: Final = "SELECT id, name FROM users WHERE id = "
# What the clients themselves give up after: no thread is left behind for longer.
_VAULT_TIMEOUT: Final = 0.5


@final
@attrs.frozen(kw_only=True)
class Addresses:
    """Where the servers are, and as whom the service logs in.

    Attributes:
        database: PostgreSQL's address.
        cache: Valkey's.
        vault: OpenBao's.
        role_id: Who the service is, to OpenBao.
        secret_id: What proves it.
    """

    database: str
    cache: str
    vault: str
    role_id: str
    secret_id: str = attrs.field(repr=False)


class Vault:
    """OpenBao through hvac, which blocks: every request has a thread of its own."""

    token_refused: type[Exception] = hvac.exceptions.Forbidden

    def __init__(self, addresses: Addresses, lane: Lane) -> None:
        self._addresses = addresses
        self._session = requests.Session()
        self._lane = lane
        self.threads = anyio.CapacityLimiter(POOL)

    async def login(self) -> Token:
        """Get a token; the one place where a login leaves."""
        self._lane.logged_in()
        return await anyio.to_thread.run_sync(self._login, limiter=self.threads)

    async def key(self, *, token: str = "") -> bytes:
        """Read the key."""
        return await anyio.to_thread.run_sync(self._key, token, limiter=self.threads)

    @property
    def busy_threads(self) -> int:
        """How many threads wait for a server."""
        return self.threads.borrowed_tokens

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _login(self) -> Token:
        issued = self._client("").auth.approle.login(
            self._addresses.role_id, self._addresses.secret_id, use_token=False
        )["auth"]
        return Token(issued["client_token"], float(issued["lease_duration"]))

    def _key(self, token: str) -> bytes:
        answer = self._client(token).secrets.kv.v2.read_secret_version(
            "users", raise_on_deleted_version=True
        )
        return str(answer["data"]["data"]["key"]).encode()

    def _client(self, token: str) -> Any:
        # A new one for each token: a shared one would be changed under its users. An
        # empty token, because None sends hvac to look for one in the environment.
        return hvac.Client(
            url=self._addresses.vault,
            token=token,
            session=self._session,
            timeout=_VAULT_TIMEOUT,  # pyright: ignore[reportArgumentType]
        )


@final
class AsyncioClients(Vault):
    """asyncpg and valkey.asyncio, which know no other loop than asyncio's."""

    def __init__(
        self, addresses: Addresses, lane: Lane, database: Any, cache: Any
    ) -> None:
        super().__init__(addresses, lane)
        self._database = database
        self._cache = cache

    async def from_database(self, user_id: int) -> User:
        """Ask PostgreSQL; the one place where somebody reaches for it."""
        self._lane.attempted()
        async with self._database.acquire() as connection:
            try:
                row = await connection.fetchrow(f"{ROW} $1", user_id)
            except BaseException:
                # Cancelled, asyncpg would ask the server to cancel too, and wait for
                # one that hangs.
                connection.terminate()
                raise
        return User(row["id"], row["name"])

    async def from_cache(self, user_id: int) -> User:
        """Ask Valkey."""
        return unpacked(await self._cache.get(f"user:{user_id}"))

    async def remember(self, user: User) -> None:
        """Put into Valkey what PostgreSQL said."""
        await self._cache.set(f"user:{user.id}", packed(user, self._lane.clock))


@asynccontextmanager
async def asyncio_clients(
    addresses: Addresses, lane: Lane
) -> AsyncGenerator[AsyncioClients]:
    """Connect on asyncio."""
    cache = valkey.asyncio.Valkey.from_url(addresses.cache)
    connect = cast("Any", asyncpg.create_pool)  # pyright: ignore[reportUnknownMemberType]
    database = await connect(
        addresses.database,
        # Filled below. A pool with a minimum calls a dead database on its own, and
        # every call that reaches it shall be one of the service's.
        min_size=0,
        max_size=POOL,
        # A look-up leaves nothing to reset, and a reset that hangs outlives its call.
        reset=_nothing_to_reset,
        # Trusted on loopback; asked for nothing, asyncpg looks into files, and blocks.
        password="",
        ssl=False,
    )
    clients = AsyncioClients(addresses, lane, database, cache)
    try:
        await _warm_up(database)
        yield clients
        await database.close()
    finally:
        database.terminate()
        await cache.aclose()
        clients.close()


async def _nothing_to_reset(connection: object) -> None:
    """Leave the connection as it is."""


async def _warm_up(database: Any) -> None:
    """Connect before the load does, as a service that has been running would have."""
    connections = [await database.acquire() for _ in range(POOL)]
    for connection in connections:
        await database.release(connection)


def packed(user: User, clock: Callable[[], float]) -> str:
    """Write *user* down for the cache, with the time."""
    return json.dumps({"id": user.id, "name": user.name, "kept_at": clock()})


def unpacked(value: bytes | None) -> User:
    """Read what `packed` wrote.

    Raises:
        FallbackSkip: If there is nothing.
    """
    if value is None:
        raise FallbackSkip("the cache does not know this user")
    return User(**json.loads(value))
