"""`slow_after`: what answers too late, or not at all, in virtual time."""

from __future__ import annotations

import functools
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    CredentialRefreshError,
    FailureRatio,
    InfraAuthenticationError,
    InfraConnectionError,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


def impatient(**options: Any) -> CircuitBreaker:
    """Open after two slow calls in a row; 5 s is not slow, more is."""
    settings: dict[str, Any] = {"trip": Consecutive(2), "slow_after": 5}
    return CircuitBreaker("db", **settings | options)


def openings(breaker: CircuitBreaker) -> list[str | None]:
    """Collect what opens *breaker* from now on."""
    seen: list[str | None] = []

    def opened(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            seen.append(event.opened_by)

    breaker.subscribe(opened)
    return seen


async def answers(after: float, error: Exception | None = None) -> str:
    """Take *after* seconds."""
    await anyio.sleep(after)
    if error is not None:
        raise error
    return "ok"


@pytest.mark.parametrize("decorated", [True, False])
async def test_a_slow_answer_is_a_failure_and_is_returned(*, decorated: bool) -> None:
    """A dependency that takes a minute for everything is down for its users."""
    breaker = impatient()
    call = breaker(answers) if decorated else functools.partial(breaker.call, answers)
    seen = openings(breaker)

    assert await call(6) == "ok"
    assert await call(1) == "ok"
    assert await call(6) == "ok"
    assert breaker.state is CLOSED
    assert await call(6) == "ok"

    assert breaker.state is OPEN
    assert seen == ["slow calls"]
    assert breaker.stats().failures == 3
    with pytest.raises(CircuitOpenError, match="opened by slow calls"):
        await call(1)


async def test_a_block_may_be_slow_too() -> None:
    """And a permit that is told by hand that it was a success."""
    breaker = impatient()
    with breaker.acquire():
        await anyio.sleep(6)
    permit = breaker.acquire()
    await anyio.sleep(6)

    permit.success()

    assert breaker.state is OPEN


async def test_a_slow_no_is_a_failure_a_slow_nothing_is_nothing() -> None:
    """Slowness speaks where the answer would have spoken for the dependency."""
    breaker = impatient(trip=Consecutive(1))

    with pytest.raises(CredentialRefreshError):
        await breaker.call(answers, 6, CredentialRefreshError("elsewhere"))
    with anyio.move_on_after(60):
        await breaker.call(anyio.sleep_forever)
    assert breaker.state is CLOSED

    with pytest.raises(InfraAuthenticationError):
        await breaker.call(answers, 6, InfraAuthenticationError("no"))
    assert breaker.state is OPEN


async def test_a_slow_probe_has_failed() -> None:
    """What is as slow as that has not recovered."""
    breaker = impatient(break_duration=10, success_threshold=1, probe_lease=60)
    for _ in range(2):
        await breaker.call(answers, 6)
    await anyio.sleep(10)

    assert await breaker.call(answers, 6) == "ok"
    assert breaker.state is OPEN
    await anyio.sleep(10)
    assert await breaker.call(answers, 1) == "ok"
    assert breaker.state is CLOSED


@pytest.mark.parametrize("decorated", [True, False])
async def test_calls_that_hang_open_it_although_none_returns(
    *, decorated: bool
) -> None:
    """Looked at when the next one is admitted, which is rejected."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32))
    call = breaker(answers) if decorated else functools.partial(breaker.call, answers)
    seen = openings(breaker)

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(call, 1e6)
        await anyio.sleep(8)

        with pytest.raises(CircuitOpenError, match="opened by hanging calls"):
            await call(1)
        assert breaker.state is OPEN
        assert seen == ["hanging calls"]
        group.cancel_scope.cancel()


async def test_who_only_tries_makes_it_known_too() -> None:
    """The transition is told by whoever made it, however they asked."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32))
    seen = openings(breaker)
    permits = [breaker.acquire() for _ in range(20)]
    await anyio.sleep(8)

    assert breaker.try_acquire() is None
    assert seen == ["hanging calls"]
    assert breaker.try_acquire() is None
    assert seen == ["hanging calls"]
    assert breaker.stats().rejected == 2
    del permits


async def test_a_few_long_streams_do_not_open_it() -> None:
    """Among healthy calls they are a small share."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(breaker.call, answers, 1e6)
        for _ in range(20):
            await breaker.call(answers, 1)
        assert breaker.state is CLOSED
        group.cancel_scope.cancel()


async def test_calls_of_another_time_are_not_counted() -> None:
    """After a reset nobody hangs."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32))
    permits = [breaker.acquire() for _ in range(20)]
    await anyio.sleep(8)
    breaker.reset()

    assert await breaker.call(answers, 1) == "ok"
    assert breaker.state is CLOSED
    del permits


async def test_a_listener_that_is_interrupted_then_stops_the_call() -> None:
    """Ctrl-C comes when it wants to; the circuit is open all the same."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32))
    permits = [breaker.acquire() for _ in range(20)]
    await anyio.sleep(8)

    def interrupted(_: CircuitEvent) -> None:
        raise KeyboardInterrupt

    breaker.subscribe(interrupted)
    with pytest.raises(KeyboardInterrupt):
        await breaker.call(answers, 1)

    assert breaker.state is OPEN
    del permits


async def test_in_shadow_mode_hanging_calls_open_it_and_nobody_is_rejected() -> None:
    """The event tells what would have been."""
    breaker = impatient(trip=FailureRatio(0.5, calls=32), enforce=False)
    seen = openings(breaker)
    permits = [breaker.acquire() for _ in range(20)]
    await anyio.sleep(8)

    assert await breaker.call(answers, 1) == "ok"
    assert (breaker.state, seen) == (OPEN, ["hanging calls"])
    assert breaker.stats().rejected == 1
    del permits


async def test_failures_are_failures_slow_or_not() -> None:
    """Once each."""
    breaker = impatient()

    for after in (1, 6):
        with pytest.raises(InfraConnectionError):
            await breaker.call(answers, after, InfraConnectionError("down"))

    assert breaker.state is OPEN
    assert breaker.stats().failures == 2
