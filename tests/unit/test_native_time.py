"""What the binding times: slow calls, cancelled ones, and since when a state is."""

from __future__ import annotations

import gc
import itertools
import random
import threading
from typing import Any

import pytest

from cores import (
    SECOND,
    ManualClock,
    breaker_of,
    in_threads,
    permitted,
    probing,
    settings_of,
    tally,
    told,
    wrapper_of,
)
from seawall import _native
from seawall._native import Backoff, Breaker, Permit, Rejection


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at 100 s."""
    return ManualClock()


# Slow calls


SLOW = {"slow_after": SECOND, "ratio": 0.5, "calls": 32, "min_calls": 10}


@pytest.mark.parametrize(
    ("took", "slow"), [(1.0, False), (1.001, True)], ids=["just in time", "too long"]
)
def test_a_success_that_took_too_long_is_a_failure(
    clock: ManualClock, took: float, *, slow: bool
) -> None:
    """For callers that wait, slow is down."""
    breaker = breaker_of(clock, slow_after=SECOND, failures=1)
    wrapper = wrapper_of(breaker)
    permit = permitted(breaker)
    assert told(wrapper) == (None, None)
    clock.seconds += took

    moved = permit.success()

    assert (moved is not None) == slow
    assert tally(breaker) == (int(slow), 0, None, 0, 0)
    if moved is not None:
        assert (moved.new, moved.break_duration) == (_native.OPEN, 1.0)


def test_a_slow_probe_has_not_found_the_dependency_recovered(
    clock: ManualClock,
) -> None:
    """It would open again with the first calls that follow."""
    breaker = breaker_of(clock, slow_after=SECOND, failures=1)
    permitted(breaker).failure()
    clock.seconds += 1.0
    probe = permitted(breaker)
    clock.seconds += 1.1

    moved = probe.success()

    assert moved is not None
    assert (moved.old, moved.new) == (_native.HALF_OPEN, _native.OPEN)


def test_calls_that_hang_open_the_circuit(clock: ManualClock) -> None:
    """Nothing ever comes back, so the next call that asks has to find out."""
    breaker = breaker_of(clock, **SLOW)
    wrapper = wrapper_of(breaker)
    hanging = [permitted(breaker) for _ in range(10)]
    clock.seconds += 1.5

    first, second = breaker.acquire(), breaker.acquire()

    assert isinstance(first, Rejection)
    assert isinstance(second, Rejection)
    moved = first.transition
    assert moved is not None
    assert (moved.new, moved.generation, moved.break_duration) == (1, 1, 1.0)
    assert second.transition is None
    assert (first.state, first.retry_after) == (_native.OPEN, 1.0)
    assert told(wrapper) == (None, True)
    seen = breaker.snapshot()
    assert (seen.since, seen.rejected) == (101.5, 2)
    assert hanging[0].success() is None
    assert breaker.snapshot().late == 1


def test_in_shadow_mode_the_call_that_finds_them_hanging_says_so(
    clock: ManualClock,
) -> None:
    """It runs, and its listeners hear of the circuit that would be open."""
    breaker = breaker_of(clock, enforce=False, **SLOW)
    hanging = [permitted(breaker) for _ in range(10)]
    clock.seconds += 1.5

    first, second = permitted(breaker), permitted(breaker)

    assert first.transition is not None
    assert first.transition.new == _native.OPEN
    assert second.transition is None
    assert first.failure() is None
    del hanging


@pytest.mark.parametrize("end", ["release", "cancelled", "success", "dropped", "cycle"])
def test_what_has_ended_does_not_hang(clock: ManualClock, end: str) -> None:
    """However it ended: the collector may be the one who ends it."""
    breaker = breaker_of(clock, **SLOW)
    permits: list[Any] = [permitted(breaker) for _ in range(10)]

    if end == "cycle":
        permits.append(permits)
    elif end != "dropped":
        for permit in permits:
            getattr(permit, end)()
    del permits
    gc.collect()
    clock.seconds += 1.5

    assert isinstance(breaker.acquire(), Permit)
    assert breaker.snapshot().window_failures == 0


@pytest.mark.parametrize("verdict", ["failure", "cancelled", "success"])
def test_a_failure_is_counted_once_however_long_it_took(
    clock: ManualClock, verdict: str
) -> None:
    """It has landed before it is counted, or it would be there twice."""
    breaker = breaker_of(clock, cancelled_after=1, **SLOW)
    permits = [permitted(breaker) for _ in range(9)]
    clock.seconds += 1.5

    for permit in permits[:8]:
        getattr(permit, verdict)()

    assert isinstance(breaker.acquire(), Permit)
    seen = breaker.snapshot()
    assert (seen.window_calls, seen.window_failures) == (8, 8)


def test_a_break_for_calls_that_hang_has_the_seed_s_jitter(clock: ManualClock) -> None:
    """It is the first break, as after a failure."""
    breaks = Backoff.constant(SECOND, "full", 7)
    breaker = breaker_of(clock, breaks=breaks, **SLOW)
    hanging = [permitted(breaker) for _ in range(10)]
    clock.seconds += 1.5

    rejection = breaker.acquire()

    assert isinstance(rejection, Rejection)
    assert rejection.transition is not None
    assert rejection.transition.break_duration == breaks.delay(1, None)
    del hanging


@pytest.mark.parametrize("slow_after", [None, 2 * SECOND])
def test_when_a_call_is_slow_cannot_be_changed(
    clock: ManualClock, slow_after: int | None
) -> None:
    """The calls in flight are counted in quarters of it."""
    breaker = breaker_of(clock, slow_after=SECOND)

    with pytest.raises(ValueError, match="slow_after must be what the breaker was"):
        breaker.reconfigure(settings_of(slow_after=slow_after))


# Cancelled calls


def test_a_call_that_may_be_too_long_is_a_permit_in_every_state(
    clock: ManualClock,
) -> None:
    """A number could not remember when it was admitted."""
    breaker = breaker_of(clock, cancelled_after=SECOND)
    wrapper = wrapper_of(breaker)

    closed = permitted(breaker)
    breaker.disable()
    disabled = permitted(breaker)

    assert (closed.probe, disabled.probe) == (False, False)
    assert told(wrapper) == (None, None)
    assert clock.reads == 3


@pytest.mark.parametrize("kind", ["call", "probe"])
def test_a_cancellation_is_a_failure_if_the_call_ran_too_long(
    clock: ManualClock, kind: str
) -> None:
    """Who gives up after that long has been let down by the dependency."""
    options = {"cancelled_after": 5 * SECOND, "failures": 1}
    breaker = breaker_of(clock, **options)
    if kind == "probe":
        permitted(breaker).failure()
        clock.seconds += 1.0
    before = breaker.snapshot()

    early = permitted(breaker)
    clock.seconds += 4.9
    assert early.cancelled() is None
    assert breaker.snapshot().ignored == 1

    late = permitted(breaker)
    clock.seconds += 5.0
    moved = late.cancelled()
    assert moved is not None
    assert (moved.new, moved.break_duration) == (_native.OPEN, 1.0)
    assert breaker.snapshot().failed == before.failed + 1


def test_a_cancellation_is_a_release_unless_asked_for(clock: ManualClock) -> None:
    """Somebody's impatience says nothing about the dependency."""
    breaker = probing(clock)
    permit = permitted(breaker)
    clock.seconds += 10.0
    reads = clock.reads

    assert permit.cancelled() is None

    assert clock.reads == reads
    seen = breaker.snapshot()
    assert (seen.state, seen.permits_out, seen.ignored) == (_native.HALF_OPEN, 0, 1)


def test_a_nested_call_is_not_timed(clock: ManualClock) -> None:
    """The probe around it runs as long, and is."""
    breaker = breaker_of(clock, failures=1, cancelled_after=1)
    nested = breaker.permit(nested=True)
    assert isinstance(nested, Permit)
    clock.seconds += 10.0

    assert nested.cancelled() is None
    assert nested.used
    assert tally(breaker) == (0, 0, None, 0, 0)


# Since when


def test_a_state_began_when_its_change_was_made(clock: ManualClock) -> None:
    """The reading that decided it, not one of the moment somebody asks."""
    breaker = breaker_of(clock, failures=1)
    began = [breaker.snapshot().since]

    breaker.failure(0)
    began.append(breaker.snapshot().since)
    clock.seconds = 102.5
    permit = permitted(breaker)
    clock.seconds = 103.0
    began.append(breaker.snapshot().since)
    permit.success()
    clock.seconds = 104.0
    began.append(breaker.snapshot().since)
    hold = breaker.isolate()
    breaker.isolate().release()
    clock.seconds = 105.0
    began.append(breaker.snapshot().since)
    hold.release()
    began.append(breaker.snapshot().since)
    clock.seconds = 106.0
    breaker.disable()
    breaker.disable()
    began.append(breaker.snapshot().since)
    clock.seconds = 107.0
    breaker.enable()
    clock.seconds = 108.0
    breaker.enable()
    began.append(breaker.snapshot().since)

    assert began == [None, 100.0, 102.5, 103.0, 104.0, 105.0, 106.0, 107.0]


def test_what_is_no_change_of_state_begins_none(clock: ManualClock) -> None:
    """A lost probe's round and the reset of a closed circuit only forget."""
    breaker = breaker_of(clock)
    breaker.reset()
    assert breaker.snapshot().since is None

    breaker = probing(clock, max_probes=1, probe_lease=SECOND)
    lost = permitted(breaker)
    clock.seconds += 2.0
    again = permitted(breaker)

    assert again.generation == lost.generation + 1
    assert breaker.snapshot().since == 101.0


def test_the_last_change_of_any_thread_is_the_one_that_is_told() -> None:
    """A state beside the instant of another one is a wrong answer to "since when"."""
    here = threading.local()
    numbers = itertools.count(1)

    def now() -> float:
        here.read = float(next(numbers))
        return here.read

    breaker = breaker_of(now)

    def work(seed: int) -> list[tuple[int, float]]:
        rng = random.Random(seed)
        made: list[tuple[int, float]] = []
        for _ in range(500):
            moved = rng.choice([breaker.disable, breaker.enable])()
            if moved is not None:
                made.append((moved.generation, here.read))
        return made

    for made in in_threads(work):
        generation, read = max(made)
        seen = breaker.snapshot()
        assert (seen.generation, seen.since) == (generation, read)


def test_a_snapshot_during_which_the_state_changes_is_of_one_state(
    clock: ManualClock,
) -> None:
    """A Python clock lets others run, between the state and since when it is."""
    breaker: Breaker

    def now() -> float:
        clock.seconds += 1.0
        if clock.seconds == 102.0:
            breaker.disable()
        return clock.seconds

    breaker = breaker_of(now, failures=1)
    breaker.failure(0)

    seen = breaker.snapshot()

    assert (seen.state, seen.since) == (_native.DISABLED, 103.0)


@pytest.mark.parametrize("command", ["isolate", "disable", "enable", "reset"])
def test_a_command_whose_clock_fails_is_not_carried_out(
    clock: ManualClock, command: str
) -> None:
    """An operator who sees the error may repeat the command."""
    breaker = breaker_of(clock)
    if command == "enable":
        breaker.disable()
    before = breaker.snapshot().generation
    clock.error = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        getattr(breaker, command)()
    assert breaker.snapshot().generation == before

    clock.error = None
    getattr(breaker, command)()
    assert breaker.snapshot().generation == before + 1


def test_a_hold_whose_clock_fails_is_still_held(clock: ManualClock) -> None:
    """Otherwise nobody could release it any more."""
    breaker = breaker_of(clock)
    hold = breaker.isolate()
    clock.error = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        hold.release()

    clock.error = None
    assert breaker.snapshot().state == _native.ISOLATED
    assert hold.release() is not None
