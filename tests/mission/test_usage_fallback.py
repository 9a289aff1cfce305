"""The document's example of a cache fallback, on PostgreSQL and Valkey.

On asyncio only: asyncpg is, and valkey's asynchronous client too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import valkey.asyncio

from mission._document import Pattern, usage
from seawall.patterns import InfraTimeoutError
from seawall.testing import PostgreSQL, Valkey

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.services,
    pytest.mark.real_time,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

ADA = {"id": "42", "name": "Ada"}
STALE = {"id": "42", "name": "Ada, as of yesterday"}


@pytest.fixture
def anyio_backend() -> str:
    """The one backend of both clients."""
    return "asyncio"


@pytest.fixture
async def db(postgres: PostgreSQL) -> AsyncIterator[asyncpg.Pool]:
    """The example's `db`: a table of users, and queries that may take 0.2 s."""
    options = {"statement_timeout": "200ms"}
    async with asyncpg.create_pool(
        postgres.dsn, min_size=1, max_size=2, server_settings=options
    ) as pool:
        # A server that was killed may have forgotten the last run's clean-up.
        await pool.execute("drop table if exists users")
        await pool.execute("create table users (id text primary key, name text)")
        await pool.execute("insert into users values ('42', 'Ada')")
        yield pool


@pytest.fixture
async def cache(valkey_server: Valkey) -> AsyncIterator[valkey.asyncio.Valkey]:
    """The example's `valkey`, empty."""
    client = valkey.asyncio.from_url(valkey_server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def slow(postgres: PostgreSQL, db: asyncpg.Pool) -> AsyncIterator[None]:
    """Somebody else locks the table for as long as the test runs."""
    _ = db
    blocker = await asyncpg.connect(postgres.dsn)
    async with blocker.transaction():
        await blocker.execute("lock table users in access exclusive mode")
        yield
    await blocker.close()


@pytest.fixture
def get_user_data(
    db: asyncpg.Pool, cache: valkey.asyncio.Valkey
) -> Callable[[str, UUID], Any]:
    """The document's function, on the clients above."""
    example = usage(
        Pattern.FALLBACK,
        asyncpg=asyncpg,
        db=db,
        json=json,
        logger=logging.getLogger("mission"),
        valkey=cache,
    )
    function: Callable[[str, UUID], Any] = example.get_user_data
    return function


def warnings(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what the example logged about its fallback."""
    return [
        {key: vars(record)[key] for key in ("message", "user_id", "correlation_id")}
        for record in caplog.records
        if record.name == "mission"
    ]


async def test_a_quick_database_answers_itself(
    get_user_data: Callable[[str, UUID], Any],
    cache: valkey.asyncio.Valkey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The cache holds something else; nobody asks it."""
    await cache.set("user:42", json.dumps(STALE))
    assert await get_user_data("42", uuid4()) == ADA
    assert warnings(caplog) == []


@pytest.mark.usefixtures("slow")
async def test_a_slow_database_is_stood_in_for_by_the_cache(
    get_user_data: Callable[[str, UUID], Any],
    cache: valkey.asyncio.Valkey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The statement time-out gives the stale answer, and it is marked as such."""
    await cache.set("user:42", json.dumps(STALE))
    given = uuid4()
    assert await get_user_data("42", given) == STALE
    assert warnings(caplog) == [
        {
            "message": "Used cache fallback for user data",
            "user_id": "42",
            "correlation_id": given,
        }
    ]


@pytest.mark.usefixtures("slow")
async def test_a_dead_cache_is_the_error_then(
    get_user_data: Callable[[str, UUID], Any], valkey_server: Valkey
) -> None:
    """The fallback's own error passes; the time-out that led to it is its cause."""
    valkey_server.kill()
    with pytest.raises(valkey.exceptions.ConnectionError) as caught:
        await get_user_data("42", uuid4())
    chain = caught.value
    while chain.__cause__ is not None and not isinstance(chain, InfraTimeoutError):
        chain = chain.__cause__
    assert isinstance(chain, InfraTimeoutError)


async def test_another_error_has_no_fallback(
    get_user_data: Callable[[str, UUID], Any],
    db: asyncpg.Pool,
    cache: valkey.asyncio.Valkey,
) -> None:
    """A table that is gone is no outage, and a stale answer would hide it."""
    await cache.set("user:42", json.dumps(STALE))
    await db.execute("alter table users rename to people")
    try:
        with pytest.raises(asyncpg.UndefinedTableError):
            await get_user_data("42", uuid4())
    finally:
        await db.execute("alter table people rename to users")
