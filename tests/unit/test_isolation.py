"""What an operator can say to a circuit, on both backends and in plain threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitClosed,
    CircuitDisabled,
    CircuitEvent,
    CircuitIsolated,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    InfraConnectionError,
    Isolation,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN, ISOLATED, DISABLED = CircuitState


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure."""
    return CircuitBreaker("db", trip=Consecutive(1), **options)


def in_state(state: CircuitState) -> CircuitBreaker:
    """Return a breaker in any state."""
    breaker = opens_at_once(break_duration=0 if state is HALF_OPEN else 60)
    if state in (OPEN, HALF_OPEN):
        breaker.acquire().failure(InfraConnectionError("down"))
    if state is HALF_OPEN:
        breaker.acquire().release()
    if state is ISOLATED:
        breaker.isolate()
    if state is DISABLED:
        breaker.disable()
    assert breaker.state is state
    return breaker


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Do not."""
    raise InfraConnectionError("down")


@pytest.mark.parametrize("before", CircuitState)
async def test_an_isolated_circuit_rejects_until_it_is_released(
    before: CircuitState,
) -> None:
    """From every state, for however long, and decorated functions too."""
    breaker = in_state(before)
    guarded = breaker(works)
    breaker.reset()
    assert await guarded() == "ok"

    isolation = breaker.isolate()
    assert breaker.state is ISOLATED
    await anyio.sleep(10**6)
    for ask in (guarded, lambda: breaker.call(works)):
        with pytest.raises(CircuitOpenError):
            await ask()
    assert breaker.try_acquire() is None

    isolation.release()
    assert breaker.state is CLOSED
    assert await guarded() == "ok"


def test_a_rejection_says_that_somebody_holds_it() -> None:
    """Nobody knows for how long, and no failure is to blame for it."""
    breaker = in_state(OPEN)
    breaker.isolate()

    with pytest.raises(CircuitOpenError) as caught:
        breaker.acquire()

    error = caught.value
    assert (
        str(error)
        == "circuit 'db' is ISOLATED, held OPEN by an operator until released"
    )
    assert (error.state, error.retry_after, error.opened_by) == (ISOLATED, None, None)


def test_two_holds_need_two_releases() -> None:
    """Two operators, two reasons; neither ends the other's."""
    breaker = CircuitBreaker("db")
    first, second = breaker.isolate(), breaker.isolate()

    first.release()
    first.release()
    assert breaker.state is ISOLATED

    second.release()
    assert breaker.state is CLOSED


def test_a_hold_is_released_once_by_however_many_threads() -> None:
    """A second release would take somebody else's hold."""
    breaker = CircuitBreaker("db")
    barrier = threading.Barrier(4)

    def release(isolation: Isolation) -> None:
        barrier.wait()
        isolation.release()

    with ThreadPoolExecutor(4) as threads:
        for _ in range(100):
            ours, theirs = breaker.isolate(), breaker.isolate()
            for done in [threads.submit(release, ours) for _ in range(4)]:
                done.result()
            assert breaker.state is ISOLATED
            theirs.release()
            assert breaker.state is CLOSED


@pytest.mark.parametrize("drop", [CircuitBreaker.reset, CircuitBreaker.disable])
def test_a_dropped_hold_does_not_end_a_newer_one(
    drop: Callable[[CircuitBreaker], None],
) -> None:
    """Its isolation is over; the one that is now belongs to somebody else."""
    breaker = CircuitBreaker("db")
    old = breaker.isolate()
    drop(breaker)
    newer = breaker.isolate()

    old.release()
    assert breaker.state is ISOLATED

    newer.release()
    assert breaker.state is CLOSED


async def test_a_block_holds_for_as_long_as_it_runs() -> None:
    """However it ends."""
    breaker = CircuitBreaker("db")

    with anyio.move_on_after(1), breaker.isolate() as isolation:
        with pytest.raises(CircuitOpenError):
            await breaker.call(works)
        await anyio.sleep_forever()
    assert breaker.state is CLOSED

    with breaker.isolate():
        isolation.release()
        assert breaker.state is ISOLATED


def test_a_hold_that_is_dropped_stays() -> None:
    """Who typed the command and kept nothing meant it; `reset` takes it away."""
    breaker = CircuitBreaker("db")
    breaker.isolate()
    assert breaker.state is ISOLATED

    breaker.reset()
    assert breaker.state is CLOSED


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("before", CircuitState)
async def test_a_disabled_circuit_admits_all_and_counts_nothing(
    before: CircuitState, *, decorated: bool
) -> None:
    """A breaker that is suspected itself can be taken out of the way."""
    breaker = in_state(before)
    guarded = breaker(fails)
    breaker.disable()

    for _ in range(10):
        with pytest.raises(InfraConnectionError):
            await (guarded() if decorated else breaker.call(fails))
    assert breaker.state is DISABLED

    breaker.enable()
    assert breaker.state is CLOSED
    with pytest.raises(InfraConnectionError):
        await (guarded() if decorated else breaker.call(fails))
    assert breaker.state is OPEN


@pytest.mark.parametrize("before", [CLOSED, OPEN, HALF_OPEN, ISOLATED])
def test_enabling_what_is_not_disabled_does_nothing(before: CircuitState) -> None:
    """It is the opposite of one command, not of all."""
    breaker = in_state(before)
    stats = breaker.stats()

    breaker.enable()

    assert breaker.state is before
    assert breaker.stats().generation == stats.generation


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("before", CircuitState)
async def test_a_reset_closes_and_forgets(
    before: CircuitState, *, decorated: bool
) -> None:
    """The dependency was repaired, and somebody knows it."""
    breaker = in_state(before)
    guarded = breaker(works)

    breaker.reset()

    assert breaker.state is CLOSED
    assert await (guarded() if decorated else breaker.call(works)) == "ok"


def test_a_reset_forgets_failures_in_a_row() -> None:
    """Otherwise the next one would open what was just reset."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))
    breaker.acquire().failure()
    breaker.reset()
    breaker.acquire().failure()

    assert breaker.state is CLOSED
    assert breaker.stats().window_failures == 1


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize(
    "command",
    [CircuitBreaker.reset, CircuitBreaker.isolate, CircuitBreaker.disable],
)
async def test_the_results_of_calls_under_way_change_nothing(
    command: Callable[[CircuitBreaker], object], *, decorated: bool
) -> None:
    """They were admitted in a state that is over."""
    breaker = opens_at_once()

    async def slow() -> None:
        await anyio.sleep(1)
        raise InfraConnectionError("late")

    async def under_way() -> None:
        with pytest.raises(InfraConnectionError, match="late"):
            await (breaker(slow)() if decorated else breaker.call(slow))

    async with anyio.create_task_group() as group:
        group.start_soon(under_way)
        await anyio.sleep(0.5)
        command(breaker)
        ordered = breaker.stats()

    assert breaker.state is ordered.state
    assert breaker.stats().generation == ordered.generation
    assert breaker.stats().late == 1


async def test_a_command_holds_for_calls_inside_a_probe_too() -> None:
    """The operator means everybody."""
    breaker = opens_at_once(break_duration=0)

    async def helped() -> None:
        assert await breaker.call(works) == "ok"
        with breaker.isolate(), pytest.raises(CircuitOpenError):
            await breaker.call(works)
        breaker.disable()
        assert await breaker.call(works) == "ok"
        assert breaker.stats().generation == 5

    breaker.acquire().failure()
    await breaker.call(helped)

    assert breaker.state is DISABLED


def test_each_command_that_changes_the_state_is_told_once() -> None:
    """In order, with the number of the state that began."""
    breaker = opens_at_once(break_duration=60)
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)

    breaker.reset()  # 1: closed it was, closed it is
    first, second = breaker.isolate(), breaker.isolate()  # 2
    first.release()
    second.release()  # 3
    second.release()
    breaker.disable()  # 4
    breaker.disable()
    breaker.enable()  # 5
    breaker.enable()
    breaker.acquire().failure()  # 6
    breaker.reset()  # 7
    stale = breaker.isolate()  # 8
    breaker.disable()  # 9
    stale.release()

    assert [(type(event), event.generation) for event in seen] == [
        (CircuitIsolated, 2),
        (CircuitClosed, 3),
        (CircuitDisabled, 4),
        (CircuitClosed, 5),
        (CircuitOpened, 6),
        (CircuitClosed, 7),
        (CircuitIsolated, 8),
        (CircuitDisabled, 9),
    ]


def test_a_listener_may_give_commands() -> None:
    """What it changes is told after the event that it heard."""
    breaker = opens_at_once()
    seen: list[tuple[str, CircuitState]] = []

    def hold(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            breaker.isolate()

    breaker.subscribe(hold)
    breaker.subscribe(lambda event: seen.append((type(event).__name__, breaker.state)))
    breaker.acquire().failure()

    assert seen == [("CircuitOpened", ISOLATED), ("CircuitIsolated", ISOLATED)]


def test_a_hold_that_nobody_gets_to_hold_is_released() -> None:
    """Ctrl-C in a listener comes before the handle is returned."""
    breaker = CircuitBreaker("db")

    def interrupted(event: CircuitEvent) -> None:
        if isinstance(event, CircuitIsolated):
            raise KeyboardInterrupt

    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)
    breaker.subscribe(interrupted)

    with pytest.raises(KeyboardInterrupt):
        breaker.isolate()

    assert breaker.state is CLOSED
    assert [type(event) for event in seen] == [CircuitIsolated, CircuitClosed]
