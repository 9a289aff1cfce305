"""What the binding makes of every option of a breaker, at first and later."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cores import (
    SECOND,
    ManualClock,
    admitted,
    breaker_of,
    breaks_of,
    broken,
    in_threads,
    opened,
    permitted,
    probing,
    settings_of,
    tally,
    told,
    wrapper_of,
)
from seawall import _native
from seawall._native import Backoff, Permit, Rejection


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at 100 s."""
    return ManualClock()


# What opens it, and for how long


def test_a_ratio_of_the_last_calls_opens(clock: ManualClock) -> None:
    """Half of four, asked after each failure once there are four."""
    breaker = breaker_of(clock, ratio=0.5, calls=8, min_calls=4)

    assert breaker.failure(0) is None
    breaker.success(0)
    breaker.success(0)
    seen = breaker.snapshot()
    assert (seen.window_calls, seen.window_failures, seen.failures) == (3, 1, 0)

    moved = breaker.failure(0)
    assert moved is not None
    assert (moved.new, moved.break_duration) == (_native.OPEN, 1.0)
    assert breaker.snapshot().window_calls == 0


def test_a_window_of_time_counts_successes_and_forgets(clock: ManualClock) -> None:
    """Without its successes any failure would be all of the calls."""
    breaker = breaker_of(clock, ratio=0.5, duration=10 * SECOND)
    for _ in range(3):
        breaker.success(0)

    assert breaker.failure(0) is None
    seen = breaker.snapshot()
    assert (seen.window_calls, seen.window_failures) == (4, 1)

    clock.seconds += 11.0
    assert breaker.snapshot().window_calls == 0
    assert breaker.failure(0) is not None


@pytest.mark.parametrize("count", [5, 43, 44, 1024])
def test_a_ratio_of_calls_reads_no_clock_for_a_success(
    clock: ManualClock, count: int
) -> None:
    """Only a window of time has to know when."""
    breaker = breaker_of(clock, ratio=0.5, calls=count)

    for _ in range(count + 1):
        breaker.success(admitted(breaker))

    assert breaker.snapshot().window_calls == count
    assert clock.reads == 0


def test_breaks_grow_with_every_failed_probe(clock: ManualClock) -> None:
    """What was not back after a second need not be asked every second."""
    breaks = Backoff.exponential(SECOND, 2.0, 60 * SECOND, "none", None)

    assert broken(clock, breaker_of(clock, failures=1, breaks=breaks), 5) == [
        *(1.0, 2.0, 4.0, 8.0, 16.0),
    ]


@pytest.mark.parametrize(
    "trip",
    [{"failures": 1}, {"ratio": 0.1, "calls": 9}, {"ratio": 0.1, "duration": SECOND}],
    ids=["consecutive", "calls", "time"],
)
def test_a_seed_makes_breaks_a_function_of_their_number(
    clock: ManualClock, trip: dict[str, Any]
) -> None:
    """Whatever else draws in between, and from the start when it has recovered."""
    breaks = Backoff.exponential(SECOND, 2.0, 60 * SECOND, "full", 7)
    breaker = breaker_of(clock, breaks=breaks, **trip)
    expected = [breaks.delay(number, None) for number in (1, 2, 3)]

    first = broken(clock, breaker, 3)
    permitted(breaker).success()
    second = broken(clock, breaker, 3)

    assert first == pytest.approx(expected)
    assert second == first
    assert len(set(first)) == 3


def test_without_a_seed_breaks_are_spread() -> None:
    """Breakers of many processes must not probe at the same moment."""
    breaks = Backoff.constant(SECOND, "full", None)

    durations = set[float | None]()
    for _ in range(100):
        moved = breaker_of(failures=1, breaks=breaks).failure(0)
        assert moved is not None
        durations.add(moved.break_duration)

    assert len(durations) == 100


@pytest.mark.parametrize(
    ("hint", "duration"),
    [(None, 1.0), (SECOND // 2, 1.0), (5 * SECOND, 5.0), (2**64 - 1, 365 * 86400.0)],
    ids=["none", "shorter", "longer", "centuries"],
)
def test_a_hint_only_lengthens_the_break(
    clock: ManualClock, hint: int | None, duration: float
) -> None:
    """The other side knows better when it is back, but not that it is back sooner."""
    breaker = breaker_of(clock, failures=1)

    opened = breaker.failure(0, hint)
    assert opened is not None
    assert opened.break_duration == duration
    clock.seconds += duration
    reopened = permitted(breaker).failure(hint)
    assert reopened is not None
    assert reopened.break_duration == duration


def test_only_an_opening_has_a_break(clock: ManualClock) -> None:
    """Half-open and closed last as long as they last."""
    permit = permitted(probing(clock))

    assert permit.transition is not None
    assert permit.transition.break_duration is None
    closed = permit.success()
    assert closed is not None
    assert closed.break_duration is None


# Other settings


def test_other_settings_keep_the_state_and_what_was_counted(clock: ManualClock) -> None:
    """Who tunes a breaker in an incident must not lose what it has learnt."""
    breaker = breaker_of(clock, failures=9)
    breaker.failure(0)
    breaker.failure(0)

    breaker.reconfigure(settings_of(failures=3, breaks=breaks_of(7 * SECOND)))

    seen = breaker.snapshot()
    assert (seen.failures, seen.failed, seen.generation) == (2, 2, 0)
    moved = breaker.failure(0)
    assert moved is not None
    assert moved.break_duration == 7.0


def test_other_settings_are_published(clock: ManualClock) -> None:
    """Functions that were decorated before have to heed them too."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)

    breaker.reconfigure(settings_of(cancelled_after=SECOND))
    assert told(wrapper) == (None, None)
    breaker.reconfigure(settings_of(count_successes=True))
    assert told(wrapper) == (0, True)
    breaker.reconfigure(settings_of())
    assert told(wrapper) == (0, None)


def test_enforcing_can_be_switched_while_the_circuit_is_open(
    clock: ManualClock,
) -> None:
    """The way from trying it out to relying on it, and back in an emergency."""
    breaker = opened(clock, enforce=False)

    shadowed = breaker.acquire()
    breaker.reconfigure(settings_of(failures=1))
    rejected = breaker.acquire()
    breaker.reconfigure(settings_of(failures=1, enforce=False))
    again = breaker.acquire()

    kinds = [type(answer) for answer in (shadowed, rejected, again)]
    assert kinds == [Permit, Rejection, Permit]
    assert breaker.snapshot().rejected == 3


def test_a_call_admitted_before_it_was_timed_is_not_late(clock: ManualClock) -> None:
    """Nobody knows when it began."""
    breaker = breaker_of(clock, failures=1)
    permit = breaker.permit(nested=False)
    assert isinstance(permit, Permit)
    breaker.reconfigure(settings_of(failures=1, cancelled_after=1))
    clock.seconds += 10.0

    assert permit.cancelled() is None
    assert breaker.snapshot().ignored == 1


def test_another_seed_draws_other_breaks(clock: ManualClock) -> None:
    """From the next one on; without a seed they are random again."""
    draws = [Backoff.constant(SECOND, "full", seed) for seed in (1, 2, None, None)]
    breaker = breaker_of(clock, failures=1, breaks=draws[0])

    durations: list[float] = []
    for breaks in draws:
        breaker.reconfigure(settings_of(failures=1, breaks=breaks))
        breaker.reset()
        durations += broken(clock, breaker, 1)

    assert durations[:2] == [breaks.delay(1, None) for breaks in draws[:2]]
    assert len(set(durations)) == 4


@pytest.mark.parametrize(
    ("window", "message"),
    [
        pytest.param({"failures": 2}, "trip must be the kind", id="none"),
        pytest.param({"ratio": 0.5, "calls": 9}, "calls must be what", id="other size"),
        pytest.param({"ratio": 0.5, "duration": SECOND}, "trip must be", id="time"),
    ],
)
def test_another_window_is_refused_and_nothing_has_changed(
    clock: ManualClock, window: dict[str, Any], message: str
) -> None:
    """What was remembered would mean something else."""
    breaker = breaker_of(clock, ratio=0.5, calls=8)
    wrapper = wrapper_of(breaker)

    with pytest.raises(ValueError, match=message):
        breaker.reconfigure(settings_of(**window, count_successes=True, enforce=False))

    assert breaker.snapshot().succeeded is None
    breaker.isolate()
    assert isinstance(breaker.acquire(), Rejection)
    assert told(wrapper) == (None, True)


def test_two_reconfigurations_at_once_leave_one_of_both() -> None:
    """Half of each is what nobody has asked for."""
    choices = [
        settings_of(failures=1),
        settings_of(failures=1, breaks=breaks_of(9 * SECOND), cancelled_after=1),
    ]
    breaker = breaker_of(failures=1)

    def work(seed: int) -> list[tuple[int, float]]:
        rng = random.Random(seed)
        for _ in range(500):
            breaker.reconfigure(rng.choice(choices))
        return []

    for _ in in_threads(work):
        timed = isinstance(breaker.acquire(), Permit)
        moved = breaker.failure(breaker.snapshot().generation)
        breaker.reset()
        assert moved is not None
        assert moved.break_duration == (9.0 if timed else 1.0)


# Counting


def test_every_verdict_is_counted_once(clock: ManualClock) -> None:
    """A late one as late and nothing else."""
    breaker = breaker_of(clock, count_successes=True, max_probes=3)

    breaker.success(0)
    breaker.release(0)
    breaker.failure(0)
    breaker.failure(0)
    assert tally(breaker) == (2, 1, 1, 0, 0)

    breaker.success(0)
    breaker.failure(0)
    breaker.release(0)  # gives no verdict, so it cannot give one late
    breaker.acquire()
    assert tally(breaker) == (2, 1, 1, 1, 2)

    clock.seconds += 1.0
    late, probe, dropped = (permitted(breaker) for _ in range(3))
    del dropped
    permitted(breaker).release()
    probe.success()
    late.failure()
    assert tally(breaker) == (2, 3, 2, 1, 3)


def test_successes_are_none_until_they_are_counted(clock: ManualClock) -> None:
    """Most of them are never heard of, so a number would be a lie."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)
    breaker.failure(0)
    breaker.success(0)

    assert breaker.snapshot().succeeded is None
    assert told(wrapper) == (0, None)


def test_a_success_is_heard_of_where_it_is_counted(clock: ManualClock) -> None:
    """Also in a circuit that has nothing to forget."""
    breaker = breaker_of(clock, count_successes=True)
    wrapper = wrapper_of(breaker)

    breaker.success(0)
    permit = breaker.permit(nested=False)
    assert isinstance(permit, Permit)
    permit.success()

    assert told(wrapper) == (0, True)
    assert breaker.snapshot().succeeded == 2
    assert clock.reads == 0


@pytest.mark.parametrize("kind", ["nested", "disabled", "shadow"])
def test_what_is_not_judged_is_not_counted(clock: ManualClock, kind: str) -> None:
    """A probe around it gives the verdict, or nobody does."""
    options = {"count_successes": True, "enforce": kind != "shadow"}
    breaker = breaker_of(clock, failures=1, **options)
    if kind == "disabled":
        breaker.disable()
    elif kind == "shadow":
        breaker.failure(admitted(breaker))

    for verdict in ("success", "failure", "release", "cancelled"):
        permit = breaker.permit(nested=kind == "nested")
        assert isinstance(permit, Permit)
        assert getattr(permit, verdict)() is None
    del permit
    if kind == "disabled":
        breaker.success(1)
        breaker.failure(1)
        breaker.release(1)

    assert tally(breaker) == ((1, 0, 0, 4, 0) if kind == "shadow" else (0,) * 5)


# Shadow mode


def test_in_shadow_mode_nothing_is_rejected_and_all_of_it_counted(
    clock: ManualClock,
) -> None:
    """Whoever introduces a breaker wants to know first what it would do."""
    breaker = breaker_of(clock, failures=1, enforce=False)
    wrapper = wrapper_of(breaker)
    assert breaker.failure(admitted(breaker)) is not None

    shadowed = [permitted(breaker), breaker.permit(nested=False)]

    assert breaker.snapshot().rejected == 2
    assert told(wrapper) == (None, True)
    for permit in shadowed:
        assert isinstance(permit, Permit)
        assert (permit.probe, permit.generation, permit.transition) == (False, 1, None)
        assert permit.failure() is None
    assert breaker.snapshot().state == _native.OPEN


def test_in_shadow_mode_a_hold_rejects(clock: ManualClock) -> None:
    """It is an operator's command, and no verdict that is tried out."""
    breaker = breaker_of(clock, failures=1, enforce=False)
    hold = breaker.isolate()

    rejected = [breaker.acquire(), breaker.permit(nested=False)]

    assert [type(answer) for answer in rejected] == [Rejection] * 2
    assert breaker.snapshot().rejected == 2
    hold.release()
    assert breaker.acquire() == breaker.snapshot().generation


def test_in_shadow_mode_probes_are_granted_and_judged(clock: ManualClock) -> None:
    """Otherwise it would never find out that the dependency is back."""
    breaker = probing(clock, enforce=False)

    probe, surplus = permitted(breaker), permitted(breaker)

    assert (probe.probe, surplus.probe) == (True, False)
    assert surplus.success() is None
    closed = probe.success()
    assert closed is not None
    assert closed.new == _native.CLOSED
    assert breaker.snapshot().rejected == 1
