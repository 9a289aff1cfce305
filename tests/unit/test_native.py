"""The extension module: what the binding promises on top of the core."""

from __future__ import annotations

import gc
import importlib.metadata
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cores import (
    DAY,
    HOUR,
    SECOND,
    ManualClock,
    admitted,
    breaker_of,
    breaks_of,
    opened,
    permitted,
    probing,
    settings_of,
    told,
    wrapper_of,
)
from seawall import _native
from seawall._native import Backoff, Breaker, Permit, Rejection


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at 100 s."""
    return ManualClock()


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
