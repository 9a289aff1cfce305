"""What a breaker tells of itself is exact, whoever calls it."""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import anyio
import attrs
import pytest

from seawall import (
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    CircuitStats,
    Consecutive,
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
)

pytestmark = pytest.mark.anyio


async def works() -> None:
    """Answer."""


async def test_it_tells_the_whole_way_round() -> None:
    """Failures while closed, the time left while open, probes while half-open."""
    breaker = CircuitBreaker("db", trip=Consecutive(2), break_duration=60)
    assert breaker.stats() == CircuitStats(
        state=CircuitState.CLOSED,
        since=None,
        generation=0,
        successes=None,
        failures=0,
        ignored=0,
        rejected=0,
        late=0,
        window_calls=0,
        window_failures=0,
        permits_out=0,
        half_open_in=None,
    )

    breaker.acquire().failure()
    closed = breaker.stats()
    assert (closed.window_calls, closed.window_failures) == (1, 1)

    breaker.acquire().failure()
    opened = breaker.stats()
    assert (opened.state, opened.generation) == (CircuitState.OPEN, 1)
    assert (opened.window_calls, opened.window_failures) == (0, 0)
    await anyio.sleep(20)
    assert breaker.stats().half_open_in == pytest.approx(40, abs=0.01)
    await anyio.sleep(50)
    assert breaker.stats().half_open_in == 0

    with breaker.acquire():
        probing = breaker.stats()
    assert (probing.state, probing.permits_out) == (CircuitState.HALF_OPEN, 1)
    assert probing.half_open_in is None
    assert breaker.stats().permits_out == 0


async def test_it_tells_since_when() -> None:
    """In the breaker's own clock, at each change of state; a verdict is none."""

    class Ticking:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

        def wall(self) -> float:
            raise AssertionError("asked for the wall clock")

        def sleep(self, duration: float, /) -> None:
            raise AssertionError("slept")

    clock = Ticking()
    breaker = CircuitBreaker("db", trip=Consecutive(2), clock=clock)
    breaker.acquire().failure()
    assert breaker.stats().since is None

    breaker.acquire().failure()
    clock.now = 130.0
    assert breaker.stats().since == 100

    clock.now = 160.0
    breaker.acquire().success()
    assert breaker.stats().since == 160

    clock.now = 190.0
    breaker.reset()
    assert breaker.stats().since == 190


@pytest.mark.parametrize("decorated", [True, False])
async def test_verdicts_are_counted_since_it_was_built(*, decorated: bool) -> None:
    """Whatever the state was; successes only for who asks for them."""
    breaker = CircuitBreaker("db", trip=Consecutive(2), count_successes=True)
    call = breaker(ends) if decorated else functools.partial(breaker.call, ends)

    await call(None)
    for error in (InfraConnectionError(), InfraAuthenticationError(), KeyError()):
        with pytest.raises(type(error)):
            await call(error)
    with pytest.raises(CredentialRefreshError):
        await call(CredentialRefreshError("elsewhere"))
    with anyio.move_on_after(1):
        await call("hangs")
    breaker.reset()
    await call(None)

    stats = breaker.stats()
    assert (stats.successes, stats.failures, stats.ignored) == (3, 2, 2)


async def ends(how: Exception | str | None) -> None:
    """Work, fail or hang."""
    if how == "hangs":
        await anyio.sleep_forever()
    if isinstance(how, Exception):
        raise how


async def test_what_changes_nothing_is_not_counted() -> None:
    """A call inside a probe, one that comes late, one of a disabled circuit."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=0)
    late = breaker.acquire()
    breaker.acquire().failure()

    with breaker.acquire(), suppress(InfraConnectionError):
        await breaker.call(ends, InfraConnectionError())
    late.failure()
    breaker.disable()
    breaker.acquire().failure()

    stats = breaker.stats()
    assert (stats.failures, stats.late, stats.successes) == (1, 1, None)


def test_it_is_of_one_moment() -> None:
    """Whoever keeps it keeps what was."""
    stats = CircuitBreaker("db").stats()

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        stats.failures = 3  # type: ignore[misc]


async def test_every_rejection_is_counted_once() -> None:
    """However the admission was asked for; what is admitted is not counted."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=60)
    guarded = breaker(works)
    await guarded()
    breaker.acquire().failure()

    for ask in (guarded, lambda: breaker.call(works)):
        with pytest.raises(CircuitOpenError):
            await ask()
    with pytest.raises(CircuitOpenError):
        breaker.acquire()
    assert breaker.try_acquire() is None
    assert breaker.stats().rejected == 4

    with breaker.isolate():
        assert breaker.try_acquire() is None
    breaker.reset()
    await guarded()
    assert breaker.stats().rejected == 5


def test_a_call_inside_a_probe_is_no_rejection() -> None:
    """It belongs to the probe."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=0)
    breaker.acquire().failure()

    with breaker.acquire():
        breaker.call_sync(str)

    assert breaker.stats().rejected == 0


def test_no_rejection_is_lost_between_threads() -> None:
    """A counter that loses some is worse than none."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=3600)
    guarded = breaker(lambda: None)
    breaker.acquire().failure()
    barrier = threading.Barrier(8)

    def rejected_often() -> None:
        barrier.wait()
        for _ in range(500):
            with suppress(CircuitOpenError):
                guarded()
            breaker.try_acquire()

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(rejected_often) for _ in range(8)]:
            done.result()

    assert breaker.stats().rejected == 8000


def test_no_late_verdict_is_lost_between_threads() -> None:
    """Failures of before the reset, given by all at once."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    permits = [[breaker.acquire() for _ in range(500)] for _ in range(8)]
    breaker.reset()
    barrier = threading.Barrier(8)

    def fail(mine: list[Any]) -> None:
        barrier.wait()
        for permit in mine:
            permit.failure()

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(fail, mine) for mine in permits]:
            done.result()

    assert breaker.stats().late == 4000
    assert breaker.state is CircuitState.CLOSED


@pytest.mark.parametrize("decorated", [True, False])
async def test_late_calls_count_where_there_is_something_to_forget(
    *, decorated: bool
) -> None:
    """A success that finds nothing to do is not looked at; a failure always is."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))

    async def slow(error: Exception | None = None) -> None:
        await anyio.sleep(1)
        if error is not None:
            raise error

    async def under_way(error: Exception | None = None) -> None:
        with suppress(InfraConnectionError):
            await (breaker(slow)(error) if decorated else breaker.call(slow, error))

    async with anyio.create_task_group() as group:
        group.start_soon(under_way, InfraConnectionError("late"))
        group.start_soon(under_way)
        await anyio.sleep(0.5)
        breaker.reset()
    assert breaker.stats().late == 1

    async with anyio.create_task_group() as group:
        group.start_soon(under_way)
        await anyio.sleep(0.5)
        breaker.reset()
        breaker.acquire().failure()
    assert (breaker.stats().late, breaker.stats().failures) == (2, 1)


def test_a_release_is_no_late_verdict() -> None:
    """It says nothing, and so cannot come too late."""
    breaker = CircuitBreaker("db")
    permit = breaker.acquire()
    breaker.reset()

    permit.release()

    assert breaker.stats().late == 0
