"""What the pair tests share: the originals at their best, and small dependencies.

The document's breaker reads `datetime.utcnow()`. Here that follows the event loop's
virtual time, so that what a pair shows is a defect of the logic and not of the test.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, Final

import anyio

from mission._document import originals
from seawall.patterns import InfraAuthenticationError

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
BREAK: Final = 60.0
TIMEOUT: Final = timedelta(seconds=BREAK)

Operation = Callable[[], Awaitable[Any]]


class WallClock(datetime):
    """A `datetime` whose `utcnow` is the loop's time, plus a step somebody made."""

    step: timedelta = timedelta(0)

    @classmethod
    def utcnow(cls) -> datetime:
        now = EPOCH + timedelta(seconds=anyio.current_time()) + cls.step
        return now.replace(tzinfo=None)


def theirs() -> ModuleType:
    """Return the document's own code, in virtual time."""
    return originals(datetime=WallClock)


async def succeed() -> str:
    """Answer at once."""
    return "ok"


async def fail() -> str:
    """Fail as a dependency that is down."""
    raise ConnectionResetError("reset by peer")


def after(delay: float, operation: Operation) -> Operation:
    """Return *operation* as a slow dependency would do it."""

    async def slow() -> Any:
        await anyio.sleep(delay)
        return await operation()

    return slow


class Counted:
    """An operation that counts its calls: the given ones in order, the last for ever.

    Args:
        operations: What the first call does, the second, and so on.
        error: What the first call raises, in place of what it would.
    """

    def __init__(self, *operations: Operation, error: Exception | None = None) -> None:
        self.operations = operations
        self.error = error
        self.calls = 0

    async def __call__(self, *_: object) -> Any:
        which = min(self.calls, len(self.operations) - 1)
        self.calls += 1
        if self.calls == 1 and self.error is not None:
            raise self.error
        return await self.operations[which]()


def disguised(error: Exception) -> Operation:
    """Return what a client does that makes *error* of its own cancellation."""

    async def operation() -> None:
        try:
            await anyio.sleep(10.0)
        except anyio.get_cancelled_exc_class() as cancelled:
            raise error from cancelled

    return operation


async def together(
    callers: int, fn: Callable[..., Awaitable[Any]], *args: Any
) -> list[Exception]:
    """Call *fn* so many times at once and return what was raised."""
    errors: list[Exception] = []

    async def caller() -> None:
        try:
            await fn(*args)
        except Exception as error:  # noqa: BLE001 -- returned
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(callers):
            tasks.start_soon(caller)
    return errors


async def hang() -> None:
    """Never answer."""
    await anyio.sleep_forever()


async def attempt(breaker: Any, operation: Operation) -> None:
    """Call *operation* through *breaker*; its failure is nobody's concern."""
    with suppress(Exception):
        await breaker.call(operation)


async def opened(library: Any, **settings: Any) -> Any:
    """Return a breaker that five failures have opened just now."""
    config = library.CircuitBreakerConfig(**{"timeout": TIMEOUT} | settings)
    breaker = library.CircuitBreaker(config)
    for _ in range(config.failure_threshold):
        await attempt(breaker, fail)
    assert breaker.state.value == "open"
    return breaker


async def half_opened(library: Any, **settings: Any) -> Any:
    """Return a breaker that is half-open, with one successful probe of ten."""
    breaker = await opened(library, **{"success_threshold": 10} | settings)
    await anyio.sleep(BREAK)
    await attempt(breaker, succeed)
    assert breaker.state.value == "half_open"
    return breaker


class Token:
    """A credential of the mission's kind, whose log-in takes a second.

    Args:
        expired: Whether it is, until the first refresh.
        error: What each log-in raises instead of succeeding.
    """

    def __init__(
        self, *, expired: bool = False, error: Exception | None = None
    ) -> None:
        self.is_expired = expired
        self.error = error
        self.logins = 0
        self.value = 0
        self.accepted = 0

    async def refresh(self) -> None:
        self.logins += 1
        await anyio.sleep(1.0)
        if self.error is not None:
            raise self.error
        self.is_expired = False
        self.value += 1

    def revoke(self) -> None:
        """Let the server accept only what the next log-in brings."""
        self.accepted = self.value + 1

    async def use(self) -> int:
        """Answer if the token is accepted."""
        used = self.value
        await anyio.sleep(0.1)
        if used < self.accepted:
            raise InfraAuthenticationError("token refused")
        return used
