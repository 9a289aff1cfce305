"""The document's example of a database connection, on asyncpg and a PostgreSQL.

On asyncio only, because asyncpg is. The back-off takes no time: the loop's time is
virtual, and stands still while the server is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import pytest

from mission._document import Pattern, usage
from seawall import attempts_of
from seawall.patterns import EnumInfraTransportType, InfraConnectionError
from seawall.testing import PostgreSQL, VirtualLoop

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.services,
    pytest.mark.usefixtures("clients_may_block"),  # asyncpg looks for ~/.pgpass
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The one backend of asyncpg; see above."""
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example gives host and port; the rest is libpq's environment."""
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGDATABASE", "postgres")
    monkeypatch.setenv("PGSSLMODE", "disable")


class Watched:
    """asyncpg, with a hook that is told after each failed attempt to connect."""

    Connection = asyncpg.Connection
    PostgresConnectionError = asyncpg.PostgresConnectionError

    def __init__(self, failed: Callable[[int], object] = lambda _: None) -> None:
        self.failed = failed
        self.errors: list[Exception] = []
        self.times: list[float] = []

    async def connect(self, *, host: str, port: int) -> asyncpg.Connection:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.times.append(loop.time())
        with loop.hold():
            try:
                return await asyncpg.connect(host=host, port=port)
            except Exception as error:
                self.errors.append(error)
                await anyio.to_thread.run_sync(self.failed, len(self.errors))
                raise


def example(client: Watched, port: int) -> Callable[[UUID], Any]:
    """Return the document's `connect_to_database`."""
    config = SimpleNamespace(db_host="127.0.0.1", db_port=port)
    connect: Callable[[UUID], Any] = usage(
        Pattern.RETRY, asyncpg=client, config=config
    ).connect_to_database
    return connect


@asynccontextmanager
async def closing(connection: Any) -> AsyncIterator[Any]:
    """Leave no connection behind."""
    try:
        yield connection
    finally:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        with loop.hold():
            await connection.close()


async def test_a_database_that_is_there_is_connected_at_once(
    postgres: PostgreSQL,
) -> None:
    """The undisturbed example: one attempt, and it works."""
    client = Watched()
    async with closing(await example(client, postgres.port)(uuid4())) as connection:
        assert await connection.fetchval("select 6 * 7") == 42
    assert (len(client.times), client.errors) == (1, [])


async def test_a_database_that_comes_back_is_connected(postgres: PostgreSQL) -> None:
    """Killed before the first attempt, back before the third."""
    postgres.kill()
    client = Watched(lambda failures: postgres.start() if failures == 2 else None)
    async with closing(await example(client, postgres.port)(uuid4())) as connection:
        assert await connection.fetchval("select 6 * 7") == 42
    assert [type(e) for e in client.errors] == [ConnectionRefusedError] * 2
    first, second = (b - a for a, b in pairwise(client.times))
    assert 0.5 <= first <= 1.5
    assert 1.0 <= second <= 3.0


async def test_a_database_that_stays_away_is_given_up(postgres: PostgreSQL) -> None:
    """Five attempts as written, then the driver's own error, which says so."""
    postgres.kill()
    client = Watched()
    with pytest.raises(ConnectionRefusedError) as caught:
        await example(client, postgres.port)(uuid4())
    assert len(client.errors) == 5
    assert caught.value is client.errors[-1]
    assert [record.number for record in attempts_of(caught.value)] == [1, 2, 3, 4, 5]
    assert "gave up after 5 attempts" in caught.value.__notes__[0]


async def test_a_lost_connection_has_the_examples_context() -> None:
    """What hangs up during the handshake is a `PostgresConnectionError`.

    A listener that closes is what a pooler in front of a dead database does.
    """

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    given = uuid4()
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(InfraConnectionError) as caught:
            await example(Watched(), port)(given)
    context = caught.value.context
    assert context.transport_type is EnumInfraTransportType.DATABASE
    assert context.operation == "connect"
    assert context.target_name == "postgresql-primary"
    assert context.correlation_id == caught.value.correlation_id == given
    assert isinstance(caught.value.__cause__, asyncpg.PostgresConnectionError)
    assert len(attempts_of(caught.value)) == 5
