"""The extension module: what the binding promises on top of the core."""

from __future__ import annotations

import gc
import importlib.metadata
import itertools
import random
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import Any

import pytest

from seawall import _native
from seawall._native import Backoff, Breaker, Permit, Rejection, Settings

SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR


class ManualClock:
    """A clock that stands still until it is told otherwise, and counts its readers."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.reads = 0
        self.error: BaseException | None = None

    def __call__(self) -> float:
        """Tell the time."""
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.seconds


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at 100 s."""
    return ManualClock()


def settings_of(**options: Any) -> Settings:
    """Open after two failures, probe after 1 s, close after one success."""
    defaults = {
        "failures": None if "ratio" in options else 2,
        "ratio": None,
        "calls": None,
        "duration": None,
        "min_calls": 1,
        "breaks": breaks_of(SECOND),
        "success_threshold": 1,
        "max_probes": 1,
        "probe_lease": 30 * SECOND,
        "slow_after": None,
        "cancelled_after": None,
        "enforce": True,
        "count_successes": False,
    }
    return Settings(**(defaults | options))


def breaks_of(duration: int) -> Backoff:
    """Break always as long."""
    return Backoff.constant(duration, "none", None)


def breaker_of(now: Callable[[], float] | None = None, **options: Any) -> Breaker:
    """Build what `settings_of` says."""
    return Breaker(settings_of(**options), now=now)


def admitted(breaker: Breaker) -> int:
    """Acquire from a closed breaker."""
    stamp = breaker.acquire()
    assert isinstance(stamp, int)
    return stamp


def permitted(breaker: Breaker) -> Permit:
    """Acquire a probe's permit."""
    permit = breaker.acquire()
    assert isinstance(permit, Permit)
    return permit


def opened(clock: ManualClock, **options: Any) -> Breaker:
    """Return an open breaker."""
    breaker = breaker_of(clock, failures=1, **options)
    breaker.failure(0)
    return breaker


def probing(clock: ManualClock, **options: Any) -> Breaker:
    """Return a breaker whose next `acquire` is the first probe."""
    breaker = opened(clock, **options)
    clock.seconds += 1.0
    return breaker


def wrapper_of(breaker: Breaker) -> FunctionType:
    """Make what the code generator makes: a function with globals of its own."""
    wrapper = FunctionType((lambda: None).__code__, {})
    breaker.attach(wrapper, "tok", "note")
    return wrapper


def told(wrapper: FunctionType) -> tuple[object, object]:
    """Read what a wrapper would read."""
    return wrapper.__globals__["tok"], wrapper.__globals__["note"]


# Admission and the clock


def test_the_answer_is_a_stamp_a_rejection_or_a_permit(clock: ManualClock) -> None:
    """Closed admits without an object of ours; only a probe has to be given back."""
    breaker = breaker_of(clock)

    assert breaker.acquire() == 0
    assert breaker.failure(0) is None
    moved = breaker.failure(0)
    assert moved is not None
    assert (moved.old, moved.new, moved.generation) == (0, 1, 1)

    rejection = breaker.acquire()
    assert isinstance(rejection, Rejection)
    assert (rejection.state, rejection.retry_after) == (_native.OPEN, 1.0)

    clock.seconds += 1.0
    permit = permitted(breaker)
    assert permit.generation == 2
    surplus = breaker.acquire()
    assert isinstance(surplus, Rejection)
    assert (surplus.state, surplus.retry_after) == (_native.HALF_OPEN, None)

    closed = permit.success()
    assert closed is not None
    assert (closed.old, closed.new, closed.generation) == (2, 0, 3)
    assert breaker.acquire() == 3


def test_only_the_admission_that_changed_the_state_says_so(clock: ManualClock) -> None:
    """Exactly one caller announces half-open."""
    breaker = probing(clock, max_probes=2)

    first, second = permitted(breaker), permitted(breaker)

    assert first.transition is not None
    assert (first.transition.old, first.transition.new) == (1, 2)
    assert second.transition is None


def test_the_undisturbed_call_does_not_read_the_clock(clock: ManualClock) -> None:
    """A Python clock costs more than everything else on that path."""
    breaker = breaker_of(clock)

    for _ in range(3):
        breaker.success(admitted(breaker))
    breaker.snapshot()

    assert clock.reads == 0


@pytest.mark.parametrize("error", [ZeroDivisionError("no time"), KeyboardInterrupt()])
def test_what_the_clock_raises_reaches_the_caller_and_changes_nothing(
    clock: ManualClock, error: BaseException
) -> None:
    """A broken clock must be seen, not turned into a decision."""
    breaker = opened(clock)
    before = breaker.snapshot().generation
    clock.error = error

    for ask in (breaker.acquire, breaker.snapshot, lambda: breaker.failure(before)):
        with pytest.raises(type(error)) as caught:
            ask()
        assert caught.value is error

    clock.error = None
    assert breaker.snapshot().generation == before


@pytest.mark.parametrize("verdict", ["success", "failure", "cancelled"])
def test_a_verdict_can_be_given_again_when_the_clock_failed(
    clock: ManualClock, verdict: str
) -> None:
    """Otherwise the probe's permit would be lost until its lease is over."""
    breaker = probing(clock, cancelled_after=1)
    permit = permitted(breaker)
    clock.seconds += 1.0
    clock.error = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        getattr(permit, verdict)()
    assert not permit.used

    clock.error = None
    assert getattr(permit, verdict)() is not None


def test_a_clock_that_tells_no_number_is_a_type_error() -> None:
    """What is not a number has no order either."""
    breaker = breaker_of(lambda: "noon", failures=1)  # type: ignore[arg-type,return-value]

    with pytest.raises(TypeError, match="real number"):
        breaker.failure(admitted(breaker))


def test_without_a_clock_the_system_one_is_read() -> None:
    """`now=None` is CLOCK_MONOTONIC, read without a call into Python."""
    breaker = breaker_of(failures=1, breaks=breaks_of(3600 * SECOND))
    breaker.failure(admitted(breaker))

    first, second = breaker.snapshot().retry_after, breaker.snapshot().retry_after

    assert first is not None
    assert second is not None
    assert 3500 < second <= first <= 3600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(options, message, id=message.split(", got")[0])
        for options, message in [
            ({"failures": 0}, "failures must be at least 1, got 0"),
            ({"max_probes": 32}, "max_probes must be 1 to 31, got 32"),
            ({"success_threshold": 0}, "success_threshold must be 1 to 31, got 0"),
            (
                {"breaks": breaks_of(366 * DAY)},
                "break_duration must be at most 365 days, got 31622400 s",
            ),
            (
                {"breaks": Backoff.exponential(1, 2.0, 9, "decorrelated", None)},
                "jitter must be none, full, equal or a number for a break, got",
            ),
            ({"probe_lease": 0}, "probe_lease must be more than 0 s"),
            ({"slow_after": 0}, "slow_after must be more than 0 s"),
            ({"cancelled_after": 0}, "cancelled_after must be more than 0 s"),
            (
                {"cancelled_after": DAY + 1},
                "cancelled_after must be more than 0 s and at most 24 hours, got 86400",
            ),
            ({"ratio": 1.5, "calls": 9}, "ratio must be 0 to 1, got 1.5"),
            ({"ratio": 0.5, "calls": 0}, "calls must be 1 to 1024, got 0"),
            (
                {"ratio": 0.5, "calls": 9, "min_calls": 10},
                "min_calls must be at most the calls of the window, got 10",
            ),
            (
                {"ratio": 0.5, "duration": 25 * HOUR},
                "duration must be 10 ms to 24 hours, got 90000 s",
            ),
            ({"ratio": 0.5}, "a ratio needs one window; give either calls or"),
            (
                {"ratio": 0.5, "calls": 9, "duration": SECOND},
                "a ratio needs one window; give either calls or duration",
            ),
            ({"failures": None}, "one rule opens a circuit; give either failures"),
            (
                {"failures": 2, "ratio": 0.5, "calls": 9},
                "one rule opens a circuit; give either failures or ratio",
            ),
        ]
    ],
)
def test_an_option_out_of_bounds_is_a_value_error(
    options: dict[str, Any], message: str
) -> None:
    """It is named with its value, before there is a breaker; nothing panics."""
    with pytest.raises(ValueError, match=message):
        settings_of(**options)


# Permits


@pytest.mark.parametrize("second", ["success", "failure", "release"])
@pytest.mark.parametrize("first", ["success", "failure", "release"])
def test_a_second_verdict_is_an_error(
    clock: ManualClock, first: str, second: str
) -> None:
    """Two verdicts for one call are a bug of the caller, told where it happens."""
    breaker = probing(clock, success_threshold=2, max_probes=2)
    permit, other = permitted(breaker), permitted(breaker)
    getattr(permit, first)()
    before = breaker.snapshot()

    with pytest.raises(RuntimeError, match="generation 2 already has its verdict"):
        getattr(permit, second)()

    after = breaker.snapshot()
    assert (after.permits_out, after.state) == (before.permits_out, before.state)
    del other


def test_of_two_threads_only_one_gives_the_verdict(clock: ManualClock) -> None:
    """A permit may be handed to a thread while its giver still holds it."""

    def verdict(permit: Permit, barrier: threading.Barrier) -> bool:
        barrier.wait()
        try:
            permit.release()
        except RuntimeError:
            return False
        return True

    breaker = probing(clock)
    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        for _ in range(200):
            permit = permitted(breaker)
            given = [threads.submit(verdict, permit, barrier) for _ in range(2)]
            assert sorted(future.result() for future in given) == [False, True]
            assert breaker.snapshot().permits_out == 0


def test_a_dropped_permit_is_released(clock: ManualClock) -> None:
    """Whoever forgets a permit must not block every later probe."""
    breaker = probing(clock)
    permit = permitted(breaker)
    assert breaker.snapshot().permits_out == 1

    del permit

    assert breaker.snapshot().permits_out == 0
    assert permitted(breaker).transition is None


def test_a_permit_in_a_cycle_is_released_by_the_collector(clock: ManualClock) -> None:
    """A traceback that holds its own frame is such a cycle."""
    breaker = probing(clock)
    cycle: list[Any] = [permitted(breaker)]
    cycle.append(cycle)
    del cycle
    assert breaker.snapshot().permits_out == 1

    gc.collect()

    assert breaker.snapshot().permits_out == 0


@pytest.mark.parametrize(
    "ask", ["acquire", "snapshot", "success", "failure", "isolate", "disable", "reset"]
)
def test_a_permit_may_be_collected_in_the_middle_of_anything(
    clock: ManualClock, ask: str
) -> None:
    """The collector and signal handlers run whenever a Python clock is read."""

    def now() -> float:
        gc.collect()
        return clock()

    breaker = breaker_of(now, ratio=0.5, duration=SECOND, cancelled_after=SECOND)
    cycle: list[Any] = [permitted(breaker)]
    cycle.append(cycle)
    del cycle

    arguments = [0] if ask in {"success", "failure"} else []
    kept = getattr(breaker, ask)(*arguments)

    assert breaker.snapshot().ignored == 1
    del kept


def test_a_permit_with_a_verdict_is_not_released_again(clock: ManualClock) -> None:
    """The place it would give back belongs to somebody else by now."""
    breaker = probing(clock, success_threshold=3, max_probes=2)
    permit, other = permitted(breaker), permitted(breaker)
    permit.success()

    del permit

    assert breaker.snapshot().permits_out == 1
    other.release()


def test_a_permit_dropped_by_an_exception_leaves_it_alone(clock: ManualClock) -> None:
    """It is released while the exception is on its way."""
    breaker = probing(clock)
    wrapper = wrapper_of(breaker)
    error = ZeroDivisionError("mine")

    def call() -> None:
        permit = permitted(breaker)
        assert permit.generation == 2
        raise error

    with pytest.raises(ZeroDivisionError) as caught:
        call()

    assert caught.value is error
    del caught
    error.__traceback__ = None
    assert breaker.snapshot().permits_out == 0
    assert told(wrapper) == (None, True)


def test_a_permit_keeps_its_breaker_alive(clock: ManualClock) -> None:
    """A call may outlive every other user of the breaker."""
    permit = permitted(probing(clock))
    gc.collect()

    moved = permit.success()

    assert moved is not None
    assert moved.new == _native.CLOSED


def test_a_breaker_whose_clock_knows_it_is_collected() -> None:
    """Owners of a breaker often own its clock too."""

    class Owner:
        def __init__(self) -> None:
            self.breaker = breaker_of(self.now, failures=1, breaks=breaks_of(0))
            self.breaker.failure(0)
            self.permit = permitted(self.breaker)

        def now(self) -> float:
            return 0.0

    owner = weakref.ref(Owner())
    gc.collect()

    assert owner() is None


def test_an_object_in_every_state(clock: ManualClock) -> None:
    """Only a probe holds a place; what is nested in one is always admitted."""
    breaker = breaker_of(clock, failures=1)

    call = breaker.permit(nested=False)
    assert isinstance(call, Permit)
    assert (call.probe, call.used, call.transition) == (False, False, None)
    assert call.failure() is not None
    assert call.used
    assert isinstance(breaker.permit(nested=False), Rejection)

    nested = breaker.permit(nested=True)
    assert isinstance(nested, Permit)
    assert (nested.probe, nested.generation, nested.transition) == (False, 1, None)
    assert nested.failure() is None

    clock.seconds += 1.0
    probe = breaker.permit(nested=False)
    assert isinstance(probe, Permit)
    assert probe.probe
    assert probe.transition is not None


def test_a_circuit_that_closes_while_the_clock_is_read_gives_a_plain_permit() -> None:
    """It takes no place, for there is none to take."""
    breaker: Breaker
    resets = iter([1])

    def now() -> float:
        if breaker.snapshot().state == _native.ISOLATED and next(resets, None):
            breaker.reset()  # reads the clock, too
        return 0.0

    breaker = breaker_of(now)
    breaker.isolate()
    assert breaker.acquire() == 2
    resets = iter([1])
    breaker.isolate()

    permit = breaker.permit(nested=False)

    assert isinstance(permit, Permit)
    assert (permit.probe, permit.generation) == (False, 4)


def test_a_hold_keeps_its_breaker_alive_and_is_collected_with_it() -> None:
    """An operator may hold nothing but the handle."""

    class Owner:
        def __init__(self) -> None:
            self.hold = breaker_of(self.now).isolate()

        def now(self) -> float:
            return 0.0

    owner = Owner()
    released = owner.hold.release()
    assert released is not None
    assert released.new == _native.CLOSED
    assert owner.hold.release() is None
    gone = weakref.ref(owner)
    del owner
    gc.collect()

    assert gone() is None


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


def broken(clock: ManualClock, breaker: Breaker, times: int) -> list[float]:
    """Fail, and fail every probe; how long it broke each time."""
    durations: list[float] = []
    for _ in range(times):
        ticket = breaker.acquire()
        assert not isinstance(ticket, Rejection)
        failed = ticket.failure if isinstance(ticket, Permit) else None
        moved = breaker.failure(admitted(breaker)) if failed is None else failed()
        assert moved is not None
        assert moved.break_duration is not None
        durations.append(moved.break_duration)
        assert isinstance(breaker.acquire(), Rejection)
        clock.seconds += moved.break_duration + 0.001  # a break ends on a millisecond
    return durations


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


def tally(breaker: Breaker) -> tuple[int, int, int | None, int, int]:
    """Failures, neutral verdicts, successes, rejections, late verdicts."""
    seen = breaker.snapshot()
    return (seen.failed, seen.ignored, seen.succeeded, seen.rejected, seen.late)


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
    breaker = breaker_of(clock, **options)
    if kind == "disabled":
        breaker.disable()
    elif kind == "shadow":
        breaker.isolate()

    for verdict in ("success", "failure", "release", "cancelled"):
        permit = breaker.permit(nested=kind == "nested")
        assert isinstance(permit, Permit)
        assert getattr(permit, verdict)() is None
    del permit
    if kind == "disabled":
        breaker.success(1)
        breaker.failure(1)
        breaker.release(1)

    assert tally(breaker) == (0, 0, 0, 4 if kind == "shadow" else 0, 0)


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


# Slow calls


SLOW = {"slow_after": SECOND, "ratio": 0.5, "calls": 32, "min_calls": 10}


@pytest.mark.parametrize(("took", "slow"), [(1.0, False), (1.001, True)])
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


def in_threads(
    work: Callable[[int], list[tuple[int, float]]],
) -> Iterator[list[tuple[int, float]]]:
    """Run *work* in four threads that change often, five times; what all returned."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for round_ in range(5):
            with ThreadPoolExecutor(4) as threads:
                seeds = range(round_ * 4, round_ * 4 + 4)
                yield list(itertools.chain(*threads.map(work, seeds)))
    finally:
        sys.setswitchinterval(interval)


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


# Publishing


def test_a_wrapper_is_told_at_once_and_on_every_change(clock: ManualClock) -> None:
    """It reads two names instead of making two calls."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)
    assert told(wrapper) == (0, None)

    breaker.failure(0)
    assert told(wrapper) == (0, True)
    breaker.success(0)
    assert told(wrapper) == (0, None)

    breaker.failure(0)
    breaker.failure(0)
    assert told(wrapper) == (None, True)
    clock.seconds += 1.0
    permit = permitted(breaker)
    assert told(wrapper) == (None, True)
    permit.success()
    assert told(wrapper) == (3, None)


def test_a_wrapper_is_told_of_every_command(clock: ManualClock) -> None:
    """Otherwise an isolated circuit would go on admitting its decorated functions."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)

    first, second = breaker.isolate(), breaker.isolate()
    assert told(wrapper) == (None, True)
    first.release()
    assert told(wrapper) == (None, True)
    second.release()
    assert told(wrapper) == (2, None)
    breaker.disable()
    assert told(wrapper) == (3, None)
    breaker.failure(3)
    assert told(wrapper) == (3, None)
    breaker.enable()
    assert told(wrapper) == (4, None)
    breaker.failure(4)
    assert told(wrapper) == (4, True)
    breaker.reset()
    assert told(wrapper) == (5, None)


def test_a_late_wrapper_is_told_what_the_others_know(clock: ManualClock) -> None:
    """Functions are decorated at any time, also while the circuit is open."""
    breaker = opened(clock)

    assert told(wrapper_of(breaker)) == (None, True)


def test_the_note_is_written_before_the_stamp(clock: ManualClock) -> None:
    """Whoever is admitted with a new stamp finds the note that belongs to it."""
    breaker = probing(clock)
    wrapper = wrapper_of(breaker)
    assert list(wrapper.__globals__) == ["note", "tok"]

    wrapper.__globals__.clear()
    permitted(breaker).success()

    assert list(wrapper.__globals__) == ["note", "tok"]


def test_all_wrappers_of_a_breaker_share_one_stamp(clock: ManualClock) -> None:
    """A thousand functions behind one breaker need one number."""
    breaker = breaker_of(clock, failures=1, breaks=breaks_of(0))
    wrappers = [wrapper_of(breaker) for _ in range(3)]
    for _ in range(100):  # beyond the small integers, which are shared anyway
        breaker.failure(admitted(breaker))
        permitted(breaker).success()
    wrappers.append(wrapper_of(breaker))

    stamps = [told(wrapper)[0] for wrapper in wrappers]

    assert stamps == [300] * 4
    assert len({id(stamp) for stamp in stamps}) == 1


def test_a_breaker_does_not_keep_its_wrappers(clock: ManualClock) -> None:
    """Functions that are decorated and thrown away leave nothing behind."""
    breaker = breaker_of(clock)
    kept, dropped = wrapper_of(breaker), wrapper_of(breaker)
    breaker.failure(0)
    gone = weakref.ref(dropped)

    del dropped

    assert gone() is None
    breaker.success(0)
    assert told(kept) == (0, None)


def test_references_to_dead_wrappers_are_cleared_out(clock: ManualClock) -> None:
    """Also where the circuit never changes and only `attach` is called."""
    breaker = breaker_of(clock)
    reference = weakref.ref(wrapper_of(breaker))
    assert sys.getrefcount(reference) > 2, "the breaker holds this very reference"

    _other = wrapper_of(breaker)

    assert sys.getrefcount(reference) == 2


@pytest.mark.parametrize("no_function", [len, object(), Breaker, breaker_of])
def test_only_functions_written_in_python_can_be_told(no_function: Any) -> None:
    """Anything else has no globals, or runs code when it is asked for them."""
    if isinstance(no_function, FunctionType):
        no_function = no_function.__get__(1)  # a bound method

    with pytest.raises(TypeError, match="attach needs a function written in Python"):
        breaker_of().attach(no_function, "tok", "note")


class TwoCalls:
    """The plain protocol: ask, run, report. Always."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker

    def begin(self) -> int | Permit | Rejection:
        """Ask whether the call may run."""
        return self.breaker.acquire()

    def succeed(self, ticket: int | Permit) -> None:
        """Report a success."""
        if isinstance(ticket, Permit):
            ticket.success()
        else:
            self.breaker.success(ticket)

    def fail(self, ticket: int | Permit) -> None:
        """Report a failure."""
        if isinstance(ticket, Permit):
            ticket.failure()
        else:
            self.breaker.failure(ticket)

    def state(self) -> tuple[int, ...]:
        """Everything the word says but its times."""
        seen = self.breaker.snapshot()
        counts = (seen.failures, seen.successes, seen.permits_out)
        return (seen.state, seen.generation, *counts)


class TwoNames(TwoCalls):
    """What a generated wrapper does: no call while there is nothing to say."""

    def __init__(self, breaker: Breaker) -> None:
        super().__init__(breaker)
        self.wrapper = wrapper_of(breaker)

    def begin(self) -> int | Permit | Rejection:
        """Take the stamp that lies there, or ask."""
        stamp: int | None = self.wrapper.__globals__["tok"]
        return super().begin() if stamp is None else stamp

    def succeed(self, ticket: int | Permit) -> None:
        """Report a success to whom it means something."""
        if isinstance(ticket, Permit) or self.wrapper.__globals__["note"] is not None:
            super().succeed(ticket)


def test_two_names_decide_what_two_calls_decide() -> None:
    """2,000 random interleavings of up to 8 calls: no divergence."""
    for seed in range(2000):
        rng = random.Random(seed)
        clock = ManualClock()
        options = {
            "failures": rng.randint(1, 3),
            "success_threshold": rng.randint(1, 2),
            "max_probes": rng.randint(1, 2),
            "probe_lease": 2 * SECOND,
        }
        plain = TwoCalls(breaker_of(clock, **options))
        published = TwoNames(breaker_of(clock, **options))
        interleave(rng, clock, plain, published)


def interleave(
    rng: random.Random, clock: ManualClock, plain: TwoCalls, published: TwoCalls
) -> None:
    """Begin and end calls in any order, and compare after every step."""
    running: list[tuple[Any, Any]] = []
    for _ in range(40):
        step = rng.choice(["begin", "succeed", "fail", "cancel", "wait"])
        if step == "wait":
            clock.seconds += rng.choice([0.3, 1.0, 2.5])
        elif step == "begin" and len(running) < 8:
            pair = (plain.begin(), published.begin())
            assert type(pair[0]) is type(pair[1])
            if not isinstance(pair[0], Rejection):
                running.append(pair)
        elif step != "begin" and running:
            one, other = running.pop(rng.randrange(len(running)))
            if step != "cancel":
                getattr(plain, step)(one)
                getattr(published, step)(other)
            del one, other
        assert plain.state() == published.state()


@pytest.mark.parametrize(
    "trip",
    [{"failures": 2**31}, {"ratio": 1.0, "calls": 6}, {"ratio": 1.0, "calls": 44}],
    ids=["consecutive", "word", "ring"],
)
def test_the_last_word_of_any_thread_is_published(trip: dict[str, Any]) -> None:
    """A stale note after a failure would lose the success that resets it."""
    breaker = breaker_of(min_calls=6, **trip)
    wrapper = wrapper_of(breaker)

    def work(seed: int) -> list[tuple[int, float]]:
        rng = random.Random(seed)
        for _ in range(2000):
            stamp = told(wrapper)[0]
            if isinstance(stamp, int):
                rng.choice([*[breaker.success] * 9, breaker.failure])(stamp)
            else:
                breaker.reset()
        return []

    for _ in in_threads(work):
        seen = breaker.snapshot()
        full = seen.window_calls == trip.get("calls", 0)
        quiet = full and seen.failures == seen.window_failures == 0
        stamp = seen.generation if seen.state == _native.CLOSED else None
        assert told(wrapper) == (stamp, None if quiet else True)


def test_a_window_is_quiet_once_it_is_full_of_successes(clock: ManualClock) -> None:
    """Then one more changes nothing, and nobody need be called."""
    breaker = breaker_of(clock, ratio=0.5, calls=3)
    wrapper = wrapper_of(breaker)

    notes = [told(wrapper)[1]]
    for _ in range(3):
        breaker.success(0)
        notes.append(told(wrapper)[1])
    breaker.failure(0)
    notes.append(told(wrapper)[1])

    assert notes == [True, True, True, None, True]


def test_a_window_of_time_hears_of_every_success(clock: ManualClock) -> None:
    """It forgets by itself, so it is never so full that one more is nothing."""
    breaker = breaker_of(clock, ratio=0.5, duration=SECOND)
    wrapper = wrapper_of(breaker)
    for _ in range(100):
        breaker.success(0)

    assert told(wrapper) == (0, True)


def test_no_news_are_not_told_again(clock: ManualClock) -> None:
    """A window of time asks after every call; most of them change nothing."""
    breaker = breaker_of(clock, ratio=0.5, duration=SECOND)
    wrapper = wrapper_of(breaker)
    wrapper.__globals__["tok"] = "untouched"

    breaker.success(0)
    wrapper_of(breaker)
    assert told(wrapper) == ("untouched", True)
    breaker.reset()
    assert told(wrapper) == (1, True)


# Backoff


def test_a_seeded_delay_depends_on_the_retry_alone() -> None:
    """Reproducible per call, whichever other calls run in between."""
    one, other = (Backoff.constant(SECOND, "full", 7) for _ in range(2))
    retries = [1, 2, 3, 4, 5]

    forwards = [one.delay(retry, None) for retry in retries]
    backwards = [other.delay(retry, None) for retry in reversed(retries)]

    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 5


def test_without_a_seed_no_two_delays_are_alike() -> None:
    """Clients that wait equally long come back together."""
    backoff = Backoff.constant(SECOND, "full", None)

    assert len({backoff.delay(1, None) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("jitter", "low", "high"),
    [
        ("none", 4.0, 4.0),
        ("full", 0.0, 4.0),
        ("equal", 2.0, 4.0),
        ("decorrelated", 1.0, 6.0),
        (0.25, 3.0, 5.0),
        (0, 4.0, 4.0),
    ],
)
def test_every_jitter_keeps_its_bounds(
    jitter: str | float, low: float, high: float
) -> None:
    """Base 1 s, doubled twice; the delay before was 2 s."""
    backoff = Backoff.exponential(SECOND, 2.0, 60 * SECOND, jitter, None)
    delays = [backoff.delay(3, 2.0) for _ in range(300)]

    assert low <= min(delays) <= max(delays) <= high
    assert max(delays) - min(delays) >= (high - low) * 0.8


def test_growth_is_linear_or_none_where_asked() -> None:
    """Base 1 s, one more for each retry."""
    linear = Backoff.linear(SECOND, SECOND, 3 * SECOND, "none", None)
    constant = Backoff.constant(SECOND, "none", None)

    assert [linear.delay(n, None) for n in (1, 2, 3, 2**63)] == [1.0, 2.0, 3.0, 3.0]
    assert [constant.delay(n, None) for n in (1, 2, 2**63)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("jitter", ["gaussian", "Full", "", 1.5, -0.1, float("nan")])
def test_a_jitter_that_does_not_exist_is_a_value_error(jitter: str | float) -> None:
    """A misspelt name must not mean some default."""
    with pytest.raises(ValueError, match="jitter"):
        Backoff.constant(SECOND, jitter, None)


FORK = """
import os, sys
from seawall._native import Backoff

delay = Backoff.constant(10**9, "full", None).delay
delay(1, None)

def child():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, repr(delay(1, None)).encode())
        os._exit(0)
    os.wait()
    os.close(writer)
    return os.read(reader, 100).decode()

print(child(), child(), child(), repr(delay(1, None)))
"""


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="forks are Unix")
@pytest.mark.real_time
def test_forked_children_draw_their_own_delays() -> None:
    """Workers forked from one parent must not all come back at the same moment."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=True
    )

    delays = done.stdout.split()

    assert len(delays) == 4
    assert len(set(delays)) == 4


# The module


def test_the_build_tells_what_it_is() -> None:
    """A benchmark of a debug build means nothing, so it must be recognisable."""
    info = _native.build_info()

    assert _native.__version__ == importlib.metadata.version("seawall")
    assert info["version"] == _native.__version__
    assert info["profile"] in {"release", "debug"}
    assert info["abi"].startswith(("abi3", "cp3"))
    assert info["pyo3"].count(".") == 2
    assert info["target"].count("-") >= 2


@pytest.mark.parametrize("name", ["Permit", "Rejection", "Snapshot", "Transition"])
def test_answers_cannot_be_made_by_hand(name: str) -> None:
    """A permit nobody granted would be given back."""
    with pytest.raises(TypeError, match="cannot create"):
        getattr(_native, name)()
