"""A record in which every promise was kept, and servers that are none."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import attrs
import pytest

from seawall import CircuitState, FallbackSkip, InfraAuthenticationError
from seawall.demo._plan import QUICK
from seawall.demo._record import Lane, Record, Sample, Stopwatch
from seawall.demo._service import Token, User


@pytest.fixture
def record() -> Record:
    """One incident: down from 2 s to 7 s, circuit open from 2.3 s to 7.5 s."""
    return Record(
        backend="asyncio",
        seed=1,
        plan=QUICK,
        elapsed=QUICK.end,
        worst_lag=0.004,
        marks={"hang": 2.0, "kill": 3.0, "revoke": 4.5, "back": 7.0},
        guarded=Lane(
            clock=lambda: 8.0,
            samples=[
                Sample(begun=0.5, elapsed=0.01),
                Sample(begun=2.0, elapsed=0.6, marked=True, kept=True),
                Sample(begun=4.0, elapsed=0.01, marked=True, kept=True),
                Sample(begun=8.0, elapsed=0.01),
            ],
            attempts=[0.5, 2.0, 3.5, 4.5, 7.5, 8.0],
            logins=[0.1, 1.5, 2.9, 4.2, 4.6, 6.0, 7.4],
            retries=[2.3, 2.31, 2.32],
            circuit=[
                (2.3, CircuitState.OPEN),
                (3.4, CircuitState.HALF_OPEN),
                (3.5, CircuitState.OPEN),
                (4.5, CircuitState.HALF_OPEN),
                (4.5, CircuitState.OPEN),
                (7.4, CircuitState.HALF_OPEN),
                (7.5, CircuitState.CLOSED),
            ],
        ),
        bare=Lane(
            clock=lambda: 8.0,
            samples=[
                Sample(begun=0.5, elapsed=0.01),
                Sample(begun=1.9, elapsed=1.8),
                Sample(begun=2.0, elapsed=1.0, error="ConnectionResetError"),
                Sample(begun=4.0, elapsed=0.01, error="ConnectionRefusedError"),
                Sample(begun=8.0, elapsed=0.01),
            ],
            attempts=[0.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            logins=[0.1, 2.1, 4.6, 4.6, 4.6],
        ),
    )


class RefusedError(InfraAuthenticationError):
    """What the fake of OpenBao says to a token that is no good."""


class FakeWorld:
    """PostgreSQL, Valkey and OpenBao in a few lines; the deeds come from threads."""

    def __init__(self) -> None:
        self.database = "up"
        self.cache: dict[int, User] = {}
        self.tokens: dict[str, float] = {}
        self.token_lifetime = 2.0
        self.busy_threads = 0

    def hang(self) -> None:
        self.database = "hanging"

    def kill(self) -> None:
        self.database = "dead"

    def back(self) -> None:
        self.database = "up"

    def revoke(self) -> None:
        self.tokens.clear()


class FakeClients:
    """The clients of the service, against the fake world."""

    token_refused: type[Exception] = RefusedError

    def __init__(self, world: FakeWorld, lane: Lane) -> None:
        self.world = world
        self.lane = lane

    @property
    def busy_threads(self) -> int:
        return self.world.busy_threads

    async def from_database(self, user_id: int) -> User:
        self.lane.attempted()
        await anyio.sleep(0.005)
        while self.world.database == "hanging":  # noqa: ASYNC110
            await anyio.sleep(0.01)
        if self.world.database == "dead":
            raise ConnectionRefusedError
        return User(user_id, f"user {user_id}")

    async def from_cache(self, user_id: int) -> User:
        await anyio.sleep(0.001)
        if user_id not in self.world.cache:
            raise FallbackSkip
        return self.world.cache[user_id]

    async def remember(self, user: User) -> None:
        self.world.cache[user.id] = attrs.evolve(user, kept_at=self.lane.clock())

    async def login(self) -> Token:
        self.lane.logged_in()
        await anyio.sleep(0.02)
        value = f"token {len(self.lane.logins)} of {id(self)}"
        lifetime = self.world.token_lifetime
        self.world.tokens[value] = anyio.current_time() + lifetime
        return Token(value, lifetime)

    async def key(self, *, token: str = "") -> bytes:
        await anyio.sleep(0.002)
        if self.world.tokens.get(token, 0.0) <= anyio.current_time():
            raise RefusedError("permission denied")
        return b"key"


@pytest.fixture
def world() -> FakeWorld:
    """The servers, all well."""
    return FakeWorld()


@pytest.fixture
def connect(
    world: FakeWorld,
) -> Callable[[Lane], AbstractAsyncContextManager[FakeClients]]:
    """What makes the clients of a lane."""

    @asynccontextmanager
    async def connected(lane: Lane) -> AsyncGenerator[FakeClients]:
        yield FakeClients(world, lane)

    return connected


@pytest.fixture
async def clients(world: FakeWorld) -> FakeClients:
    """Clients of a lane that runs."""
    stopwatch = Stopwatch()
    stopwatch.start()
    return FakeClients(world, Lane(clock=stopwatch))
