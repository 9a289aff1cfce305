"""A breaker between time-outs: which of them says something about the dependency."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from circuits import disguises, hangs, in_a_group
from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    Constant,
    Fallback,
    InfraTimeoutError,
    Pipeline,
    Retry,
    Step,
    Timeout,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure."""
    return CircuitBreaker("db", trip=Consecutive(1), **options)


@pytest.mark.parametrize("hanging", [hangs, disguises, in_a_group])
@pytest.mark.parametrize("decorated", [True, False])
async def test_a_total_deadline_counts_once_the_attempt_had_its_chance(
    hanging: Callable[[], Any], *, decorated: bool
) -> None:
    """Half of the time of an attempt without an answer: the database hangs."""
    breaker = opens_at_once()
    guard = Pipeline(Timeout(5), breaker, Timeout(10))
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)

    with pytest.raises((InfraTimeoutError, ConnectionError, ExceptionGroup)):
        await (guard(hanging)() if decorated else guard.call(hanging))

    assert breaker.state is OPEN
    assert isinstance(seen[0], CircuitOpened)
    assert seen[0].opened_by == "a total time-out"


@pytest.mark.parametrize("hanging", [hangs, disguises, in_a_group])
async def test_a_total_deadline_says_nothing_of_an_attempt_cut_short(
    hanging: Callable[[], Any],
) -> None:
    """What got a moment at the end of a long call had no chance to answer."""
    breaker = opens_at_once()

    with pytest.raises((InfraTimeoutError, ConnectionError, ExceptionGroup)):
        await Pipeline(Timeout(4.9), breaker, Timeout(10)).call(hanging)

    assert breaker.state is CLOSED


async def test_each_attempt_is_measured_by_itself() -> None:
    """The last one of a series may be the one that is cut short."""
    breaker = CircuitBreaker("db", trip=Consecutive(3))
    retry = Retry(max_attempts=9, idempotent=True, backoff=Constant(0))

    with pytest.raises(InfraTimeoutError):
        await Pipeline(Timeout(2.25), retry, breaker, Timeout(1)).call(hangs)
    assert breaker.state is CLOSED

    breaker.reset()
    with pytest.raises(InfraTimeoutError):
        await Pipeline(Timeout(2.75), retry, breaker, Timeout(1)).call(hangs)
    assert breaker.state is OPEN


async def test_the_innermost_of_several_is_the_one_of_the_attempt() -> None:
    """The others limit more than one attempt."""
    for inner, state in ((4, OPEN), (40, CLOSED)):
        breaker = opens_at_once()
        guard = Pipeline(Timeout(2), breaker, Timeout(30), Timeout(inner))

        with pytest.raises(InfraTimeoutError):
            await guard.call(hangs)

        assert breaker.state is state


async def test_of_several_outside_any_may_be_the_one_that_fired() -> None:
    """The nearest passes on what it cannot answer."""
    for outside in ((2, 60), (60, 2), (2, 2)):
        breaker = opens_at_once()
        total = [Timeout(limit) for limit in outside]

        with pytest.raises(InfraTimeoutError):
            await Pipeline(*total, breaker, Timeout(3)).call(hangs)

        assert breaker.state is OPEN


@pytest.mark.parametrize("hanging", [hangs, disguises, in_a_group])
@pytest.mark.parametrize("patience", [2, 5], ids=["before", "at the same time"])
async def test_the_callers_own_cancellation_comes_first(
    hanging: Callable[[], Any], patience: float
) -> None:
    """An impatient user is no outage, whatever else would have stopped the call."""
    breaker = opens_at_once()

    with (
        contextlib.suppress(ConnectionError, ExceptionGroup),
        anyio.move_on_after(patience),
    ):
        await Pipeline(Timeout(5), breaker, Timeout(5)).call(hanging)

    assert breaker.state is CLOSED


async def test_a_time_out_of_somebody_else_is_the_callers_own_cancellation() -> None:
    """Only those of the same pipeline are known to be about this call."""
    breaker = opens_at_once()

    with pytest.raises(InfraTimeoutError):
        await Timeout(1).call(Pipeline(breaker, Timeout(1.5))(hangs))

    assert breaker.state is CLOSED


async def test_without_a_time_out_inside_there_is_no_half_of_it() -> None:
    """Nobody said how long an attempt may take."""
    breaker = opens_at_once()
    guard = Pipeline(Timeout(1), Timeout(2), breaker)

    with pytest.warns(UserWarning, match="never opens"), pytest.raises(TimeoutError):
        await guard.call(hangs)

    assert breaker.state is CLOSED


async def test_a_fallback_that_hangs_inside_is_no_attempt() -> None:
    """Its time is not that of the time-out next to the function."""
    breaker = opens_at_once()

    async def fails_at_once() -> None:
        raise ConnectionError

    fallback = Fallback(Step("slow", hangs))
    with pytest.raises(InfraTimeoutError):
        await Pipeline(Timeout(5), breaker, fallback, Timeout(1)).call(fails_at_once)

    assert breaker.state is CLOSED


async def test_an_outer_breaker_sees_the_attempt_of_an_inner_one() -> None:
    """Whether a time-out stands between them or inside both."""
    for middle, inner in ((3, 60), (60, 3)):
        outer, nested = opens_at_once(), CircuitBreaker("inner", trip=Consecutive(1))
        guard = Pipeline(Timeout(2), outer, Timeout(middle), nested, Timeout(inner))

        with pytest.raises(InfraTimeoutError):
            await guard.call(hangs)

        assert (outer.state, nested.state) == (
            (CLOSED, CLOSED) if inner == 60 else (OPEN, OPEN)
        )
    outer, nested = opens_at_once(), opens_at_once()
    guard = Pipeline(Timeout(2), outer, Timeout(3), nested)
    with pytest.warns(UserWarning, match="never opens"), pytest.raises(TimeoutError):
        await guard.call(hangs)
    assert (outer.state, nested.state) == (OPEN, CLOSED)


async def test_a_probe_that_is_cut_off_had_its_chance_or_gives_its_place_back() -> None:
    """Either way half-open is not stuck."""
    for inner, state in ((2, OPEN), (60, HALF_OPEN)):
        breaker = opens_at_once(break_duration=1)
        breaker.acquire().failure()
        await anyio.sleep(1)

        with pytest.raises(InfraTimeoutError):
            await Pipeline(Timeout(1), breaker, Timeout(inner)).call(hangs)

        assert breaker.state is state
        assert breaker.stats().permits_out == 0


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_an_exit_under_a_deadline_is_none_of_its_doing(
    stop: type[BaseException],
) -> None:
    """Ctrl-C while the time-out fires says nothing about the database."""
    breaker = opens_at_once()

    async def exits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise stop

    with pytest.raises(stop):
        await Pipeline(Timeout(5), breaker, Timeout(5.5)).call(exits)

    assert breaker.state is CLOSED


async def test_an_exit_in_a_group_under_a_deadline_is_neutral_too() -> None:
    """A leaf that is an exit makes the group one."""
    breaker = opens_at_once()

    async def exits() -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as cancelled:
            group = BaseExceptionGroup("both", [cancelled, SystemExit()])
            raise group from None

    with contextlib.suppress(BaseExceptionGroup):
        await Pipeline(Timeout(5), breaker, Timeout(5.5)).call(exits)

    assert breaker.state is CLOSED


async def test_a_listener_that_is_interrupted_then_loses_no_place() -> None:
    """The verdict of a probe may be given by the time-out outside."""
    breaker = opens_at_once(break_duration=1)
    breaker.acquire().failure()
    await anyio.sleep(1)

    def interrupted(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            raise KeyboardInterrupt

    stop = breaker.subscribe(interrupted)
    with pytest.raises(KeyboardInterrupt):
        await Pipeline(Timeout(1), breaker, Timeout(1.5)).call(hangs)
    stop()

    assert breaker.state is OPEN
    with pytest.raises(CircuitOpenError):
        await breaker.call(hangs)


async def test_a_late_value_is_a_success_whatever_fired() -> None:
    """It arrived in spite of the cancellation."""
    breaker = opens_at_once()

    async def finishes() -> str:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(2)
        return "late"

    guard = Pipeline(Timeout(1), breaker, Timeout(1.5))
    assert await guard.call(finishes) == "late"
    assert breaker.state is CLOSED
