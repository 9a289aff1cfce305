"""`cancelled_after`: impatience that is no whim, on both backends, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest

import seawall
from circuits import disguises, hangs, in_a_group
from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitState,
    Consecutive,
    Constant,
    FailureRatio,
    InfraTimeoutError,
    Pipeline,
    Retry,
    Timeout,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure; a cancellation after 5 s is one."""
    return CircuitBreaker("db", trip=Consecutive(1), **{"cancelled_after": 5} | options)


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("hanging", [hangs, disguises, in_a_group])
@pytest.mark.parametrize(
    ("patience", "state"), [(4, CLOSED), (5, OPEN), (6, OPEN)], ids=str
)
async def test_who_gives_up_late_enough_says_something(
    hanging: Callable[[], Any],
    patience: float,
    state: CircuitState,
    *,
    decorated: bool,
) -> None:
    """Nobody waits five seconds for a healthy database and then hangs up."""
    breaker = opens_at_once()
    call = breaker(hanging) if decorated else functools.partial(breaker.call, hanging)
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)

    with (
        contextlib.suppress(ConnectionError, ExceptionGroup),
        anyio.move_on_after(patience),
    ):
        await call()

    assert breaker.state is state
    assert [e.opened_by for e in seen if isinstance(e, CircuitOpened)] == (
        ["cancelled calls"] if state is OPEN else []
    )


async def test_a_block_that_is_cancelled_counts_as_well() -> None:
    """What leaves the block means what it means of a call."""
    for patience, state in ((4, CLOSED), (6, OPEN)):
        breaker = opens_at_once()

        with anyio.move_on_after(patience), breaker.acquire():
            await anyio.sleep_forever()

        assert breaker.state is state


@pytest.mark.parametrize("patience", [4, 6], ids=["soon", "late"])
async def test_a_probe_that_is_cancelled_late_has_failed(patience: float) -> None:
    """A dependency that hangs has not recovered; one that was not asked long may."""
    breaker = opens_at_once(break_duration=1)
    breaker.acquire().failure()
    await anyio.sleep(1)

    with anyio.move_on_after(patience):
        await breaker.call(hangs)

    assert breaker.state is (OPEN if patience > 5 else HALF_OPEN)
    assert breaker.stats().permits_out == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_a_native_cancellation_counts_as_one() -> None:
    """A web server that loses its client knows nothing of scopes."""
    breaker = opens_at_once()

    for hanging, state in ((hangs, OPEN), (disguises, OPEN)):
        breaker.reset()
        task = asyncio.ensure_future(breaker.call(hanging))
        await anyio.sleep(6)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await task
        assert breaker.state is state


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_the_cancellation_of_what_it_waited_for_is_not_from_outside() -> None:
    """Nobody gave up on this call: something in it was stopped by somebody else."""
    breaker = opens_at_once()
    other = asyncio.ensure_future(anyio.sleep_forever())

    async def waits() -> None:
        await anyio.sleep(6)
        other.cancel()
        await other

    with pytest.raises(asyncio.CancelledError):
        await breaker.call(waits)

    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt, SystemExit, GeneratorExit, BaseException]
)
@pytest.mark.parametrize("grouped", [True, False])
async def test_an_exit_is_no_cancellation(
    stop: type[BaseException], *, grouped: bool
) -> None:
    """However long it took, and whoever cancelled besides."""
    breaker = opens_at_once()

    async def exits() -> None:
        try:
            await anyio.sleep(6)
        except anyio.get_cancelled_exc_class() as cancelled:
            if grouped:
                group = BaseExceptionGroup("both", [cancelled, stop()])
                raise group from None
        raise stop

    with pytest.raises(stop):
        await breaker.call(exits)
    with contextlib.suppress(stop, BaseExceptionGroup), anyio.move_on_after(5.5):
        await breaker.call(exits)

    assert breaker.state is CLOSED


def test_without_an_event_loop_nobody_cancels() -> None:
    """What a plain function raises then is its own affair."""
    breaker = opens_at_once()

    def raises(error: BaseException) -> None:
        raise error

    for error in (asyncio.CancelledError(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            breaker.call_sync(raises, error)

    assert breaker.state is CLOSED
    assert breaker.stats().ignored == 2


@pytest.mark.parametrize(
    ("total", "state"), [(4, CLOSED), (6, OPEN)], ids=["soon", "late"]
)
async def test_a_total_deadline_counts_after_as_long(
    total: float, state: CircuitState
) -> None:
    """Of the two limits either will do: this one, or half of the attempt's time."""
    for inner in ([], [Timeout(60)]):
        breaker = opens_at_once()

        with (
            contextlib.nullcontext()
            if inner or state is OPEN
            else pytest.warns(UserWarning, match="never opens"),
            pytest.raises(InfraTimeoutError),
        ):
            await Pipeline(Timeout(total), breaker, *inner).call(hangs)

        assert breaker.state is state


async def test_a_time_out_inside_has_no_say_in_it() -> None:
    """Only one outside can have been the one that cut the call off."""
    breaker = opens_at_once()

    with anyio.move_on_after(6):
        await Pipeline(breaker, Timeout(60)).call(hangs)

    assert breaker.state is OPEN


async def test_a_call_that_is_timed_is_no_probe() -> None:
    """A retry inside makes a single attempt in half-open only."""
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        raise ConnectionError

    retry = Retry(max_attempts=3, idempotent=True, backoff=Constant(0))
    with pytest.raises(ConnectionError):
        await Pipeline(opens_at_once(), retry).call(counted)

    assert calls == 3


async def test_a_call_inside_a_probe_gives_no_verdict_however_it_ends() -> None:
    """The probe around it does."""
    breaker = opens_at_once(break_duration=0, success_threshold=1)
    breaker.acquire().failure()

    async def outer() -> str:
        with anyio.move_on_after(6):
            await breaker.call(hangs)
        return "ok"

    assert await breaker.call(outer) == "ok"
    assert breaker.state is CLOSED


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
async def test_a_clock_that_raises_then_gives_the_place_back(
    error: type[BaseException],
) -> None:
    """The clock is read once more at the end, and may have stopped by then."""

    class Stopping:
        stopped = False

        def monotonic(self) -> float:
            if self.stopped:
                raise error
            return anyio.current_time()

        def wall(self) -> float:
            raise AssertionError("asked for the wall clock")

        def sleep(self, duration: float, /) -> None:
            raise AssertionError("slept")

    clock = Stopping()
    breaker = opens_at_once(break_duration=0, clock=clock)
    breaker.acquire().failure()

    async def stops_the_clock() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            clock.stopped = True

    # Bound to a name, as by a debugger: nothing is collected.
    with pytest.raises(error) as kept, anyio.move_on_after(6):
        await breaker.call(stops_the_clock)
    clock.stopped = False

    assert breaker.stats().permits_out == 0
    assert kept.value


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("cancelled_after=0", "cancelled_after must be greater than 0 seconds, not 0"),
        ("cancelled_after=-1", "cancelled_after must be greater than 0"),
        ("cancelled_after=86401", "cancelled_after must be at most a day"),
        ("cancelled_after=float('nan')", "cancelled_after must be a finite"),
        ("cancelled_after='5s'", "cancelled_after must be a number of seconds"),
        ("cancelled_after=True", "cancelled_after must be a number of seconds"),
        ("slow_after=0", "slow_after must be greater than 0 seconds, not 0"),
        ("slow_after=-1", "slow_after must be greater than 0"),
        ("slow_after=86401", "slow_after must be at most a day"),
        ("slow_after=float('nan')", "slow_after must be a finite"),
        ("slow_after='5s'", "slow_after must be a number of seconds"),
    ],
)
def test_refuses_limits_that_make_no_sense(code: str, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(f"CircuitBreaker('x', {code})", dict(vars(seawall)))


def test_a_limit_may_be_a_timedelta() -> None:
    """As every duration."""
    config = opens_at_once(
        cancelled_after=timedelta(minutes=1), slow_after=timedelta(days=1)
    ).config

    assert (config.cancelled_after, config.slow_after) == (60.0, 86_400.0)


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({}, True),
        ({"cancelled_after": 4}, False),
        ({"cancelled_after": 5}, True),
        ({"slow_after": 4}, True),
        ({"slow_after": 4, "trip": FailureRatio(0.5, calls=32)}, False),
        ({"slow_after": 5, "trip": FailureRatio(0.5, calls=32)}, True),
    ],
    ids=str,
)
def test_only_a_breaker_that_would_never_hear_of_it_is_warned_about(
    options: dict[str, Any], *, warned: bool
) -> None:
    """A warning that cries wolf is worse than none."""
    guard = Pipeline(Timeout(60), Timeout(5), CircuitBreaker("db", **options))

    with (
        pytest.warns(UserWarning, match="never opens")
        if warned
        else contextlib.nullcontext()
    ):
        guard(hangs)
