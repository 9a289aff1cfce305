"""What opens a circuit: failures in a row, or a ratio of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import cast

import anyio
import pytest

import seawall
from seawall import (
    CircuitBreaker,
    CircuitState,
    Consecutive,
    FailureRatio,
    InfraConnectionError,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN = CircuitState.CLOSED, CircuitState.OPEN


async def answers(*, ok: bool) -> None:
    """Work or fail."""
    if not ok:
        raise InfraConnectionError("down")


async def make(breaker: CircuitBreaker, outcomes: str) -> CircuitState:
    """Call through *breaker*: "." works, "x" fails. Tell the state after it."""
    guarded = breaker(answers)
    for outcome in outcomes:
        with suppress(InfraConnectionError):
            await guarded(ok=outcome == ".")
    return breaker.state


async def test_half_of_the_last_calls() -> None:
    """Successes in between do not hide that every second call fails."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=10))

    assert await make(breaker, "x." * 4 + ".") is CLOSED
    assert await make(breaker, "x") is OPEN


async def test_a_handful_of_calls_is_no_share() -> None:
    """Three of three is every one, and still nothing."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=100, min_calls=4))

    assert await make(breaker, "xxx") is CLOSED
    assert await make(breaker, "x") is OPEN


async def test_a_failure_counts_among_the_last_calls_only() -> None:
    """What was long ago is not held against anybody."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=4, min_calls=4))

    assert await make(breaker, "...x....x....x....") is CLOSED
    assert breaker.stats().window_calls == 4
    assert breaker.stats().window_failures == 0


async def test_a_ratio_below_is_no_trip() -> None:
    """99 failures of 200 are not every second call."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=200, min_calls=200))

    assert await make(breaker, ".." + ".x" * 99) is CLOSED


@pytest.mark.parametrize("calls", [10, 100], ids=["in a word", "in a ring"])
async def test_a_tenth_is_a_tenth(calls: int) -> None:
    """Not a little more, as a fraction in binary would have it."""
    trip = FailureRatio(0.1, calls=calls, min_calls=calls)

    assert await make(CircuitBreaker("db", trip=trip), "." * (calls - 1)) is CLOSED
    breaker = CircuitBreaker("db", trip=trip)
    assert await make(breaker, "." * (calls * 9 // 10) + "x" * (calls // 10)) is OPEN


async def test_a_ratio_of_the_calls_in_a_duration() -> None:
    """Failures of a minute ago are over."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, duration=30, min_calls=4))

    assert await make(breaker, "xxx") is CLOSED
    await anyio.sleep(60)
    assert await make(breaker, "x..") is CLOSED
    stats = breaker.stats()
    assert (stats.window_calls, stats.window_failures) == (3, 1)
    assert await make(breaker, "x") is OPEN


async def test_an_operator_forgets_the_window_too() -> None:
    """What happened before the reset is no reason to open after it."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=4, min_calls=4))
    await make(breaker, "..x")

    breaker.reset()

    assert await make(breaker, "xxx") is CLOSED
    assert await make(breaker, "x") is OPEN


def test_a_duration_may_be_a_timedelta() -> None:
    """Both are the same trip: equal, and of one hash."""
    seconds = FailureRatio(0.5, duration=30)
    delta = FailureRatio(0.5, duration=timedelta(seconds=30))

    assert seconds == delta
    assert len({seconds, delta, FailureRatio(0.5, calls=32)}) == 2
    assert delta.duration == 30.0


def test_whole_numbers_of_other_libraries_become_our_own() -> None:
    """Whatever they think of comparing, equality and hashes."""

    class Three:
        def __index__(self) -> int:
            return 3

    three = cast("int", Three())
    trip = FailureRatio(0.5, calls=three, min_calls=three)

    assert Consecutive(three) == Consecutive(3)
    assert trip == FailureRatio(0.5, calls=3, min_calls=3)
    CircuitBreaker("db", trip=trip).reconfigure(
        trip=FailureRatio(1, calls=3, min_calls=1)
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Consecutive(0)", "failures must be at least 1, not 0"),
        ("Consecutive(-1)", "failures must be at least 1, not -1"),
        ("Consecutive(1.5)", "failures must be a whole number"),
        ("Consecutive(True)", "failures must be a whole number"),
        ("FailureRatio(0.5)", r"write FailureRatio\(0.5, calls=32\) or"),
        ("FailureRatio(0.5, calls=3, duration=3)", "give one of the two"),
        ("FailureRatio('half', calls=32)", "ratio must be a number, not 'half'"),
        ("FailureRatio(True, calls=32)", "ratio must be a number, not True"),
        ("FailureRatio(0, calls=32)", "ratio must be more than 0 and at most 1, not 0"),
        ("FailureRatio(1e-7, calls=32)", "ratio must be more than 0"),
        ("FailureRatio(-0.5, calls=32)", "ratio must be more than 0"),
        ("FailureRatio(50, calls=32)", "write ratio=0.5 for every second call"),
        ("FailureRatio(float('nan'), calls=32)", "ratio must be .* not nan"),
        ("FailureRatio(0.5, calls=0, min_calls=1)", "calls must be at least 1, not 0"),
        ("FailureRatio(0.5, calls=1025)", "calls must be at most 1024, not 1025"),
        ("FailureRatio(0.5, calls=32.0)", "calls must be a whole number, not 32.0"),
        ("FailureRatio(0.5, duration=0.009)", "duration must be at least 0.01"),
        ("FailureRatio(0.5, duration=86401)", "duration must be at most a day"),
        ("FailureRatio(0.5, duration='30s')", "duration must be a number of seconds"),
        ("FailureRatio(0.5, duration=float('nan'))", "duration must be a finite"),
        ("FailureRatio(0.5, calls=32, min_calls=0)", "min_calls must be at least 1"),
        ("FailureRatio(0.5, calls=32, min_calls=3.5)", "min_calls must be a whole"),
        (
            "FailureRatio(0.5, duration=9, min_calls=100_001)",
            "min_calls must be at most 100000, not 100001",
        ),
        ("FailureRatio(0.5, calls=9)", "min_calls=10 would never be reached in calls="),
        ("FailureRatio(0.5, calls=9)", r"write FailureRatio\(0.5, calls=9, min_calls"),
        ("FailureRatio(0.5, 32)", "positional argument"),
        ('CircuitBreaker("x", trip=3)', r"not 3: write trip=Consecutive\(3\)$"),
        ('CircuitBreaker("x", trip=0)', r"not 0: write trip=Consecutive\(5\)$"),
        ('CircuitBreaker("x", trip=0.5)', r"write trip=FailureRatio\(0.5, calls=32\)"),
        ('CircuitBreaker("x", trip=1.5)', r"not 1.5: write trip=Consecutive\(5\)$"),
        ('CircuitBreaker("x", trip=True)', r"not True: write trip=Consecutive\(5\)$"),
        ('CircuitBreaker("x", trip=None)', r"not None: write trip=Consecutive\(5\)$"),
        ('CircuitBreaker("x", trip=Consecutive)', "class Consecutive: write .*e.5"),
        ('CircuitBreaker("x", trip=FailureRatio)', r"not the class .*o\(0.5, calls=32"),
        ('CircuitBreaker("x", trip=Exponential)', r"trip=Consecutive\(5\)$"),
        ('CircuitBreaker("x", trip=(Consecutive(), 1))', "one trip: put a second br"),
        ('CircuitBreaker("x", trip=[Consecutive(5)])', "one trip: put a second br"),
    ],
)
def test_refuses_what_would_never_open_or_always(code: str, message: str) -> None:
    """The message names the option, shows the value, and shows what to write."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, dict(vars(seawall)))


def test_the_bounds_themselves_are_allowed() -> None:
    """The core takes them too."""
    for trip in (
        Consecutive(2**31),
        FailureRatio(1e-6, calls=1024, min_calls=1024),
        FailureRatio(1, calls=1, min_calls=1),
        FailureRatio(1.0, duration=0.01, min_calls=100_000),
        FailureRatio(0.5, duration=86_400),
    ):
        assert CircuitBreaker("db", trip=trip).config.trip == trip
