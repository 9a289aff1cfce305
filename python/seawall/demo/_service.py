"""The service: who asks, what it answers, and what guards it.

`guarded` and `bare` call the same clients in the same order. All that differs is what
stands around the calls.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeAlias, final

import attrs

from seawall import (
    CircuitBreaker,
    CircuitClosed,
    CircuitEvent,
    CircuitOpened,
    CircuitState,
    Consecutive,
    CredentialRefresh,
    Exponential,
    Fallback,
    Issued,
    Pipeline,
    Retry,
    RetryGaveUp,
    RetryScheduled,
    Snapshot,
    Step,
    Timeout,
)

from ._record import DEADLINE, Lane

BREAK: Final = 1.0
"""Seconds for which an open circuit lets nobody through."""


@final
@attrs.frozen
class User:
    """A row.

    Attributes:
        id: Whom it is about.
        name: What it says.
        kept_at: When it was put into the cache; None: it comes from the database.
    """

    id: int
    name: str
    kept_at: float | None = None


@final
@attrs.frozen
class Token:
    """What a login brings: a token, and for how many seconds."""

    value: str = attrs.field(repr=False)
    lifetime: float


@final
@attrs.frozen
class Answer:
    """What the service answers.

    Attributes:
        user: Whom.
        seal: That it was us: made with the key that only a valid token can read.
        stale: Whether this is the last we know rather than what is.
    """

    user: User
    seal: str
    stale: bool


class Clients(Protocol):
    """What the service talks to, whatever the backend.

    Attributes:
        token_refused: The error of `key` for a token that is no good any more.
    """

    token_refused: type[Exception]

    @property
    def busy_threads(self) -> int:
        """How many threads wait for a server."""
        ...

    async def from_database(self, user_id: int, /) -> User:
        """Ask PostgreSQL."""
        ...

    async def from_cache(self, user_id: int, /) -> User:
        """Ask Valkey; raises `seawall.FallbackSkip` if it does not know."""
        ...

    async def remember(self, user: User, /) -> None:
        """Put into Valkey what PostgreSQL said."""
        ...

    async def login(self) -> Token:
        """Get a token from OpenBao."""
        ...

    async def key(self, *, token: str = "") -> bytes:
        """Read the key from OpenBao."""
        ...


Look: TypeAlias = Callable[[int], Awaitable[Answer]]


@final
@attrs.frozen
class Service:
    """A service that runs.

    Attributes:
        answer: Looks a user up.
        permits_out: How many permits of its circuit are out.
    """

    answer: Look
    permits_out: Callable[[], int]


@asynccontextmanager
async def guarded(clients: Clients, lane: Lane) -> AsyncGenerator[Service]:
    """Run the service with seawall."""
    circuit = CircuitBreaker("users-db", trip=Consecutive(5), break_duration=BREAK)
    retry = Retry(max_attempts=2, idempotent=True, backoff=Exponential(base=0.05))
    users = Pipeline(
        Timeout(0.8 * DEADLINE),
        Fallback(Step("cache", clients.from_cache)),
        retry,
        circuit,
        Timeout(0.25 * DEADLINE),
    )

    async def login(current: Snapshot[str] | None) -> Issued[str]:  # noqa: ARG001
        token = await clients.login()
        return Issued(
            token.value, expires_in=token.lifetime, refresh_in=0.7 * token.lifetime
        )

    _watch(circuit, retry, lane)
    async with CredentialRefresh(login, name="openbao") as credentials:
        key = Pipeline(retry, credentials.into("token"))(clients.key)

        @Timeout(DEADLINE)
        async def answer(user_id: int) -> Answer:
            secret = await key()
            found = await users.outcome(clients.from_database, user_id)
            user = found.unwrap()
            if not found.used_fallback:
                await clients.remember(user)
            return Answer(user, seal(user, secret), stale=found.used_fallback)

        yield Service(answer, lambda: circuit.stats().permits_out)


@asynccontextmanager
async def bare(clients: Clients) -> AsyncGenerator[Service]:
    """Run the service as it is often written."""
    token = ""

    async def key() -> bytes:
        nonlocal token
        try:
            return await clients.key(token=token)
        except clients.token_refused:
            token = (await clients.login()).value
            return await clients.key(token=token)

    async def answer(user_id: int) -> Answer:
        secret = await key()
        user = await clients.from_database(user_id)
        await clients.remember(user)
        return Answer(user, seal(user, secret), stale=False)

    yield Service(answer, lambda: 0)


def seal(user: User, secret: bytes) -> str:
    """Vouch for *user*."""
    text = f"{user.id}:{user.name}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def _watch(circuit: CircuitBreaker, retry: Retry, lane: Lane) -> None:
    """Write down what the policies tell."""

    def moved(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            lane.moved(CircuitState.OPEN)
        elif isinstance(event, CircuitClosed):
            lane.moved(CircuitState.CLOSED)
        else:
            lane.moved(CircuitState.HALF_OPEN)

    def retried(event: RetryScheduled | RetryGaveUp) -> None:
        if isinstance(event, RetryScheduled):
            lane.retried()

    circuit.subscribe(moved)
    retry.subscribe(retried)
