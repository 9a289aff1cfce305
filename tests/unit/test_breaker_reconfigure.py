"""Changing a breaker at work: what is kept, what is changed, what is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio
import pytest

import seawall
from seawall import (
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    Exponential,
    FailureRatio,
    InfraConnectionError,
    InfraUnavailableError,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Do not."""
    raise InfraConnectionError("down")


async def test_state_and_counters_are_kept() -> None:
    """A new threshold is no amnesty."""
    breaker = CircuitBreaker("db", trip=Consecutive(5))
    for _ in range(3):
        breaker.acquire().failure()
    before = breaker.stats()

    breaker.reconfigure(trip=Consecutive(4), break_duration=10)

    assert breaker.stats() == before
    breaker.acquire().failure()
    assert breaker.state is OPEN
    breaker.reconfigure(trip=Consecutive(9))
    assert breaker.state is OPEN


async def test_a_ratio_changes_and_keeps_its_window() -> None:
    """The same calls, another opinion about them."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.9, calls=10, min_calls=4))
    for outcome in "..xx":
        permit = breaker.acquire()
        permit.success() if outcome == "." else permit.failure()
    assert breaker.state is CLOSED

    breaker.reconfigure(trip=FailureRatio(0.5, calls=10, min_calls=2))

    breaker.acquire().failure()
    assert breaker.state is OPEN


async def test_a_break_under_way_keeps_its_length_and_the_next_is_new() -> None:
    """Who was told "in a minute" is not told something else."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=60)
    breaker.acquire().failure()

    breaker.reconfigure(break_duration=Exponential(base=10, max_delay=100))

    assert breaker.stats().half_open_in == pytest.approx(60, abs=0.01)
    await anyio.sleep(60)
    breaker.acquire().failure()
    assert breaker.stats().half_open_in == pytest.approx(20, abs=0.01)


async def test_probes_and_successes_needed_change_at_once() -> None:
    """Also in the middle of half-open."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=0)
    breaker.acquire().failure()
    first = breaker.acquire()
    assert breaker.try_acquire() is None

    breaker.reconfigure(max_probes=2, success_threshold=1)

    second = breaker.try_acquire()
    assert second is not None
    first.success()
    assert breaker.state is CLOSED


@pytest.mark.parametrize("decorated", [True, False])
async def test_shadow_mode_is_switched_on_and_off(*, decorated: bool) -> None:
    """The first days of a breaker in production, and a way out at night."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), enforce=False)
    guarded = breaker(works) if decorated else lambda: breaker.call(works)
    breaker.acquire().failure()
    assert await guarded() == "ok"

    breaker.reconfigure(enforce=True)
    with pytest.raises(CircuitOpenError):
        await guarded()

    breaker.reconfigure(enforce=False)
    assert await guarded() == "ok"


@pytest.mark.parametrize("decorated", [True, False])
async def test_giving_up_begins_and_ceases_to_count(*, decorated: bool) -> None:
    """Functions that were decorated before hear of it too."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    hangs = (
        breaker(anyio.sleep_forever)
        if decorated
        else lambda: breaker.call(anyio.sleep_forever)
    )

    breaker.reconfigure(cancelled_after=5)
    with anyio.move_on_after(6):
        await hangs()
    assert breaker.state is OPEN

    breaker.reset()
    breaker.reconfigure(cancelled_after=None)
    with anyio.move_on_after(6):
        await hangs()
    assert breaker.state is CLOSED


async def test_a_call_that_was_not_timed_is_not_measured_afterwards() -> None:
    """Nobody knows when it began."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))

    async with anyio.create_task_group() as group:
        group.start_soon(breaker(anyio.sleep_forever))
        await anyio.sleep(60)
        breaker.reconfigure(cancelled_after=5)
        group.cancel_scope.cancel()

    assert breaker.state is CLOSED


async def test_a_cap_for_servers_holds_from_the_next_failure_on() -> None:
    """It belongs to the settings, and not to the core's."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    breaker.reconfigure(max_server_delay=timedelta(seconds=90))

    breaker.acquire().failure(InfraUnavailableError(retry_after=1000))

    assert breaker.stats().half_open_in == pytest.approx(90, abs=0.01)


def test_what_is_not_named_stays_as_it_is() -> None:
    """And what was left open is filled in anew."""
    breaker = CircuitBreaker("db", trip=Consecutive(3), max_probes=2, on=KeyError)
    before = breaker.config

    breaker.reconfigure(break_duration=90)
    after = breaker.config
    assert (after.trip, after.max_probes, after.on) == (Consecutive(3), 2, KeyError)
    assert (before.probe_lease, after.probe_lease) == (60, 90)

    breaker.reconfigure(probe_lease=5)
    breaker.reconfigure(break_duration=120)
    assert breaker.config.probe_lease == 5
    breaker.reconfigure(probe_lease=None)
    assert breaker.config.probe_lease == 120

    breaker.reconfigure()
    assert breaker.config == breaker.config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"success_threshold": 0}, "success_threshold must be at least 1"),
        ({"max_probes": 32}, "max_probes must be at most 31"),
        ({"break_duration": -1}, "break_duration must be at least 0"),
        ({"probe_lease": 0}, "probe_lease must be greater than 0"),
        ({"probe_lease": 1e-10}, "probe_lease must be more than 0"),
        ({"cancelled_after": 0}, "cancelled_after must be greater than 0"),
        ({"max_server_delay": None}, "max_server_delay must be a number"),
        ({"enforce": 1}, "enforce must be True or False"),
        ({"trip": 5}, "trip must be Consecutive"),
        ({"slow_after": 5}, "cannot change 'slow_after', only trip, break_duration, "),
        ({"on": KeyError}, "cannot change 'on'.*build a new breaker"),
        ({"on_result": len}, "cannot change 'on_result'"),
        ({"classify": None}, "cannot change 'classify'"),
        ({"count_successes": True}, "cannot change 'count_successes'"),
        ({"clock": None}, "cannot change 'clock'"),
        ({"name": "x"}, "cannot change 'name'"),
        ({"max_proves": 3}, "no option 'max_proves': it takes trip, break_duration, "),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_refuses_and_changes_nothing(changes: dict[str, Any], message: str) -> None:
    """All or nothing, also where another change would have been fine."""
    breaker = CircuitBreaker("db")
    before = breaker.config

    with pytest.raises((TypeError, ValueError), match=message):
        breaker.reconfigure(**{"max_probes": 3, **changes})

    assert breaker.config is before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Consecutive(5), FailureRatio(0.5, calls=32)),
        (FailureRatio(0.5, calls=32), Consecutive(5)),
        (FailureRatio(0.5, calls=32), FailureRatio(0.5, calls=33)),
        (FailureRatio(0.5, calls=32), FailureRatio(0.5, duration=32)),
        (FailureRatio(0.5, duration=32), FailureRatio(0.5, duration=33)),
    ],
    ids=["to a ratio", "from a ratio", "more calls", "to a duration", "longer"],
)
def test_another_window_is_another_breaker(
    old: Consecutive | FailureRatio, new: Consecutive | FailureRatio
) -> None:
    """What has been counted would mean something else."""
    breaker = CircuitBreaker("db", trip=old)

    with pytest.raises(ValueError, match="build a new breaker"):
        breaker.reconfigure(trip=new)

    assert breaker.config.trip == old


def test_threads_that_reconfigure_at_once_agree_in_the_end() -> None:
    """What `config` says is what the core does."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), break_duration=0)
    breaker.acquire().failure()
    barrier = threading.Barrier(4)

    def change_often(probes: int) -> None:
        barrier.wait()
        for _ in range(200):
            breaker.reconfigure(max_probes=probes)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(change_often, n) for n in (1, 2, 3, 4)]:
            done.result()

    permits = []
    while (permit := breaker.try_acquire()) is not None:
        permits.append(permit)
    assert len(permits) == breaker.config.max_probes


def test_threads_that_change_different_things_lose_none() -> None:
    """Each builds on the last, not on the one that it read before."""
    breaker = CircuitBreaker("db")
    other = threading.Thread(
        target=lambda: breaker.reconfigure(success_threshold=9), daemon=True
    )

    class Slow:
        def __index__(self) -> int:
            if other.ident is None:  # in the middle of the change
                other.start()
                other.join(0.1)
            return 7

    probes: Any = Slow()
    breaker.reconfigure(max_probes=probes)
    other.join()

    assert (breaker.config.max_probes, breaker.config.success_threshold) == (7, 9)


def test_changes_are_named() -> None:
    """As options are where the breaker is built."""
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        eval("CircuitBreaker('x').reconfigure(3)", dict(vars(seawall)))
