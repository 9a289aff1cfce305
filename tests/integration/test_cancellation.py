"""Cancelled at every await, in every way: no permit out, no task left, nothing lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitState,
    Consecutive,
    Constant,
    CredentialRefresh,
    Fallback,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    Issued,
    Pipeline,
    Retry,
    Snapshot,
    Step,
    Timeout,
)
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio


async def slow(*errors: Exception) -> str:
    """Take two awaits; then fail with the next of *errors*, if there is one."""
    await anyio.sleep(1)
    await anyio.sleep(1)
    for error in errors:
        raise error
    return "ok"


class Script:
    """A function that fails as it is told to, call by call."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        """Run once more."""
        self.calls += 1
        error = self.errors.pop(0) if self.errors else None
        return await slow(*([] if error is None else [error]))


def permits_out(breaker: CircuitBreaker) -> int:
    """Count what has been acquired and not come back."""
    return breaker.stats().permits_out


async def test_a_retry_is_left_at_every_await() -> None:
    """In each attempt and in each sleep; nothing is called after that."""
    down = InfraConnectionError("down")
    script = Script()

    async def scenario() -> None:
        nonlocal script
        script = Script(down, down)
        assert await Retry(backoff=Constant(5))(script)() == "ok"

    points = 0
    async for point in cancel_everywhere(scenario):
        called = script.calls
        await anyio.sleep(60)
        assert script.calls == called, point
        points += 1
    assert points >= 8


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("error", [None, InfraConnectionError("down")])
async def test_a_closed_circuit_is_left_at_every_await(
    error: Exception | None, *, decorated: bool
) -> None:
    """A cancelled call counts neither way, and the circuit works on."""
    breaker = CircuitBreaker("db", trip=Consecutive(1000))

    async def scenario() -> None:
        script = Script(error)
        call = breaker(script) if decorated else lambda: breaker.call(script)
        try:
            await call()
        except InfraConnectionError:
            await anyio.sleep(1)

    before = -1
    async for point in cancel_everywhere(scenario):
        assert breaker.state is CircuitState.CLOSED, point
        failures = breaker._core.snapshot().failures
        assert failures <= before + 1 or before < 0, point
        before = failures


@pytest.mark.parametrize("decorated", [True, False])
async def test_a_probe_is_left_at_every_await(*, decorated: bool) -> None:
    """Its permit comes back each time, and the next call is a probe again."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=1)

    async def fails() -> None:
        raise InfraConnectionError("down")

    async def scenario() -> None:
        while breaker.state is CircuitState.CLOSED:
            try:
                await breaker.call(fails)
            except InfraConnectionError:
                await anyio.sleep(2)
        call = breaker(slow) if decorated else lambda: breaker.call(slow)
        await call()
        await call()

    async for point in cancel_everywhere(scenario):
        assert permits_out(breaker) == 0, point
        await anyio.sleep(5)
        if breaker.state is CircuitState.CLOSED:
            with pytest.raises(InfraConnectionError):
                await breaker.call(fails)
            await anyio.sleep(2)
        assert await breaker.call(slow) == "ok", point


@pytest.mark.parametrize("limit", [1.5, 60])
async def test_a_time_out_is_left_at_every_await(limit: float) -> None:
    """Whether it would have fired or not; it never claims what it did not do."""

    async def scenario() -> None:
        try:
            await Timeout(limit)(slow)()
        except InfraTimeoutError:
            assert limit == 1.5
            await anyio.sleep(1)

    async for _ in cancel_everywhere(scenario):
        pass


async def test_a_fallback_is_left_at_every_await() -> None:
    """In the primary and in the steps; the steps after that are not called."""
    called: list[str] = []

    def step(name: str, error: Exception | None) -> Step:
        async def fn() -> str:
            called.append(name)
            return await slow(*([] if error is None else [error]))

        return Step(name, fn)

    unavailable = InfraUnavailableError("down")
    fallback = Fallback(step("first", unavailable), step("second", None))

    async def scenario() -> None:
        called.clear()
        assert await fallback(Script(unavailable))() == "ok"

    async for point in cancel_everywhere(scenario):
        seen = list(called)
        await anyio.sleep(10)
        assert called == seen, point


@pytest.mark.parametrize("owned", [True, False])
async def test_a_refresh_is_left_at_every_await(*, owned: bool) -> None:
    """The credential is there for the next caller, and no login is spent twice."""

    class Login:
        def __init__(self) -> None:
            self.calls = 0

        async def __call__(self, _: Snapshot[int] | None) -> Issued[int]:
            self.calls += 1
            number = self.calls
            await slow()
            return Issued(number, expires_in=3600)

    async def use(token: int, refused: list[int]) -> int:
        await slow()
        if not refused:
            refused.append(token)
            raise InfraAuthenticationError("revoked")
        return token

    credentials: CredentialRefresh[int] | None = None

    async def scenario() -> None:
        nonlocal credentials
        credentials = CredentialRefresh(Login())
        refused: list[int] = []
        if owned:
            async with credentials:
                await credentials.call(use, refused)
        else:
            await credentials.call(use, refused)

    async for point in cancel_everywhere(scenario):
        assert credentials is not None
        assert (await credentials.get()).value >= 1, point


def stacks() -> dict[str, Callable[[CircuitBreaker], Pipeline]]:
    """List the two orders of the documentation."""

    async def cached() -> str:
        await anyio.sleep(1)
        return "cached"

    return {
        "standard": lambda breaker: Pipeline(
            Timeout(120),
            Fallback(Step("cache", cached)),
            Retry(max_attempts=3, backoff=Constant(1)),
            breaker,
            Timeout(5),
        ),
        "generated": lambda breaker: Pipeline(
            Fallback(Step("cache", cached)),
            Retry(max_attempts=3, backoff=Constant(1)),
            breaker,
        ),
        "breaker outside": lambda breaker: Pipeline(
            breaker, Retry(max_attempts=3, backoff=Constant(1))
        ),
    }


@pytest.mark.parametrize("stack", list(stacks()))
async def test_a_pipeline_is_left_at_every_await(stack: str) -> None:
    """Through failures, an opening circuit, a fallback and the recovery."""
    breaker = CircuitBreaker("db", trip=Consecutive(4), break_duration=3)
    guard = stacks()[stack](breaker)
    down = InfraConnectionError("down")

    async def scenario() -> None:
        script: Callable[[], Awaitable[Any]] = guard(Script(down, down, down, down))
        for _ in range(4):
            try:
                await script()
            except InfraConnectionError:
                await anyio.sleep(1)
            await anyio.sleep(2)

    async for point in cancel_everywhere(scenario):
        assert permits_out(breaker) == 0, point
        await anyio.sleep(10)
        await breaker.call(slow)
