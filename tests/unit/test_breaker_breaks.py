"""How long a circuit stays open: growing breaks, and what the other side asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest

import seawall
from seawall import (
    Backoff,
    Category,
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    Constant,
    Exponential,
    InfraConnectionError,
    InfraRateLimitedError,
    InfraUnavailableError,
    Linear,
)

pytestmark = pytest.mark.anyio


def breaks_of(breaker: CircuitBreaker) -> list[float]:
    """Collect the breaks that *breaker* announces from now on."""
    seen: list[float] = []

    def opened(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            seen.append(event.break_duration)

    breaker.subscribe(opened)
    return seen


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure, close after one success."""
    return CircuitBreaker("db", trip=Consecutive(1), success_threshold=1, **options)


async def fail(breaker: CircuitBreaker, times: int, error: Any = None) -> None:
    """Fail once, and each time that the break is over."""

    async def fails() -> None:
        raise error or InfraConnectionError("down")

    for _ in range(times):
        await anyio.sleep(breaker.stats().half_open_in or 0)
        with pytest.raises(type(error or InfraConnectionError())):
            await breaker.call(fails)


@pytest.mark.parametrize(
    ("breaks", "expected"),
    [
        (7.5, [7.5] * 4),
        (timedelta(seconds=7.5), [7.5] * 4),
        (Constant(timedelta(seconds=7.5)), [7.5] * 4),
        (Exponential(base=10, max_delay=30), [10, 20, 30, 30]),
        (Exponential(base=timedelta(seconds=1), factor=3), [1, 3, 9, 27]),
        (Linear(base=10, step=5, max_delay=18), [10, 15, 18, 18]),
    ],
    ids=["number", "timedelta", "constant", "exponential", "factor", "linear"],
)
async def test_a_break_grows_with_every_failed_probe(
    breaks: Backoff, expected: list[float]
) -> None:
    """What is down for long need not be asked every minute; no jitter unasked."""
    breaker = opens_at_once(break_duration=breaks)
    seen = breaks_of(breaker)

    await fail(breaker, 4)

    assert seen == pytest.approx(expected)


async def test_a_break_is_as_long_as_it_was_announced() -> None:
    """Nobody is admitted a moment earlier."""
    breaker = opens_at_once(break_duration=Exponential(base=10, max_delay=100))
    await fail(breaker, 2)

    await anyio.sleep(19.9)
    with pytest.raises(CircuitOpenError):
        breaker.acquire()
    await anyio.sleep(0.2)
    breaker.acquire().success()


async def test_once_it_was_closed_breaks_are_short_again() -> None:
    """The next outage is another one."""
    breaker = opens_at_once(break_duration=Exponential(base=10, max_delay=100))
    seen = breaks_of(breaker)
    await fail(breaker, 3)
    await anyio.sleep(40)
    breaker.acquire().success()

    await fail(breaker, 1)

    assert seen == pytest.approx([10, 20, 40, 10])


async def test_jitter_that_was_asked_for_is_there() -> None:
    """Many circuits that opened together then probe apart."""
    breaker = opens_at_once(
        break_duration=Exponential(base=100, factor=1.0, max_delay=100, jitter="full")
    )
    seen = breaks_of(breaker)

    await fail(breaker, 8)

    assert len(set(seen)) > 1
    assert all(0 <= pause <= 100 for pause in seen)


def test_the_settings_tell_what_was_meant() -> None:
    """Seconds as a number; a backoff as it is, with the jitter that it has here."""

    def kept(breaks: Any) -> object:
        return CircuitBreaker("db", break_duration=breaks).config.break_duration

    assert kept(timedelta(minutes=1)) == 60.0
    assert kept(Exponential(base=2)) == Exponential(base=2, jitter="none")
    assert kept(Linear()) == Linear(jitter="none")
    assert kept(Linear(jitter=0.1)) == Linear(jitter=0.1)
    assert kept(Constant(5)) == Constant(5)


@pytest.mark.parametrize(
    ("options", "lease"),
    [
        ({}, 60),
        ({"break_duration": 1}, 30),
        ({"break_duration": 10 * 86_400}, 86_400),
        ({"break_duration": Exponential(base=90, max_delay=300)}, 90),
        ({"break_duration": Exponential(base=45, max_delay=90)}, 45),
        ({"break_duration": Constant(timedelta(minutes=2))}, 120),
        ({"slow_after": 90}, 90),
        ({"slow_after": 90, "break_duration": 100}, 100),
        ({"slow_after": 90, "probe_lease": 5}, 5),
    ],
    ids=str,
)
def test_a_lease_that_nobody_set_suits_the_rest(
    options: dict[str, Any], lease: float
) -> None:
    """The first break, what is slow, or 30 s; no longer than a day."""
    assert CircuitBreaker("db", **options).config.probe_lease == lease


# ---------------------------------------------------------------- hints of servers


async def test_a_server_may_ask_for_a_longer_break() -> None:
    """Whoever says "not before two minutes" means it."""
    breaker = opens_at_once(break_duration=60)
    seen = breaks_of(breaker)

    await fail(breaker, 1, InfraUnavailableError(retry_after=120))

    assert seen == [120]
    with pytest.raises(CircuitOpenError) as caught:
        breaker.acquire()
    assert caught.value.retry_after == pytest.approx(120, abs=0.01)


async def test_but_not_for_a_shorter_one() -> None:
    """The breaker has reasons of its own."""
    breaker = opens_at_once(break_duration=60)
    seen = breaks_of(breaker)

    await fail(breaker, 2, InfraUnavailableError(retry_after=5))

    assert seen == [60, 60]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 300),
        ({"max_server_delay": timedelta(minutes=2)}, 120),
        ({"max_server_delay": 0}, 60),
    ],
    ids=["by default", "as set", "no say"],
)
async def test_a_server_does_not_close_us_down(
    options: dict[str, Any], expected: float
) -> None:
    """A header with a year in it is a mistake, or an attack."""
    breaker = opens_at_once(break_duration=60, **options)
    seen = breaks_of(breaker)

    await fail(breaker, 1, InfraUnavailableError(retry_after=1e9))

    assert seen == [expected]


async def test_hints_and_growing_breaks_go_together() -> None:
    """The longer of the two holds, each time."""
    breaker = opens_at_once(break_duration=Exponential(base=10, max_delay=100))
    seen = breaks_of(breaker)

    await fail(breaker, 3, InfraUnavailableError(retry_after=15))

    assert seen == pytest.approx([15, 20, 40])


async def test_the_hint_is_that_of_the_own_classifier() -> None:
    """Who knows the client knows where it keeps the header."""
    busy = Classification(Category.UNAVAILABLE, retry_after=90)
    breaker = opens_at_once(classify=Classifier().extend({KeyError: busy}))
    seen = breaks_of(breaker)

    await fail(breaker, 1, KeyError())

    assert seen == [90]


async def test_an_explicit_on_hears_the_hint_too() -> None:
    """429 is a failure for who says so."""
    breaker = opens_at_once(on=Category.RATE_LIMITED)
    seen = breaks_of(breaker)

    await fail(breaker, 1, InfraRateLimitedError(retry_after=90))

    assert seen == [90]


def test_a_failure_told_by_hand_brings_its_hint() -> None:
    """The error says more than that it happened."""
    breaker = opens_at_once()
    seen = breaks_of(breaker)

    breaker.acquire().failure(InfraUnavailableError(retry_after=90))

    assert seen == [90]


def test_a_classifier_that_raises_by_hand_gives_the_place_back() -> None:
    """As everywhere; the permit is spent."""

    def confused(_: Exception) -> Classification:
        raise RuntimeError("in the classifier")

    breaker = opens_at_once(break_duration=0, classify=confused)
    breaker.acquire().failure()
    permit = breaker.acquire()

    with pytest.raises(RuntimeError, match="in the classifier"):
        permit.failure(KeyError())

    assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.stats().permits_out == 0
    with pytest.raises(RuntimeError, match="already has its verdict"):
        permit.failure()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("break_duration=-1", "break_duration must be at least 0"),
        ("break_duration=4e7", "break_duration must be at most"),
        ("break_duration='1m'", "break_duration must be a number of seconds"),
        ("break_duration='30'", r"not '30': write break_duration=30.0$"),
        ("break_duration=None", r"Constant\(delay\), Exponential.* write .*=5.0$"),
        ("break_duration=True", r"not True: write break_duration=5.0$"),
        ("break_duration=[1, 2]", r"Linear\(...\), not \[1, 2\]: write"),
        ("break_duration=Exponential", r"not the class Exponential: .*ential\(base=5"),
        ("break_duration=Linear", r"write break_duration=Linear\(base=5.0\)"),
        ("break_duration=Constant", r"write break_duration=Constant\(60.0\)"),
        ("break_duration=float('nan')", "break_duration must be a finite number"),
        ("break_duration=Constant(4e7)", "delay of break_duration must be at most"),
        (
            "break_duration=Exponential(base=4e7, max_delay=4e7)",
            "base of break_duration must be at",
        ),
        ("break_duration=Exponential(max_delay=4e7)", "max_delay of break_duration"),
        ("break_duration=Exponential(base=90)", "base=90, more than max_delay=60.0"),
        ("break_duration=Linear(max_delay=0.5)", "write max_delay=1.0, or base=0.5"),
        (
            "break_duration=Linear(base=4e7, max_delay=4e7)",
            "base of break_duration must be at most",
        ),
        ("break_duration=Linear(max_delay=4e7)", "max_delay of break_duration must"),
        (
            "break_duration=Exponential(jitter='decorrelated')",
            r"cannot .* write jitter=0.1$",
        ),
        ("break_duration=Linear(jitter='decorrelated')", "decorrelated jitter"),
        ("break_duration=Constant(1, jitter='decorrelated')", "decorrelated jitter"),
        ("max_server_delay=-1", "max_server_delay must be at least 0"),
        ("max_server_delay=4e7", "max_server_delay must be at most"),
        ("max_server_delay=None", "max_server_delay must be a number of seconds"),
        ("max_server_delay=float('inf')", "max_server_delay must be a finite"),
    ],
)
def test_refuses_breaks_that_make_no_sense(code: str, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(f"CircuitBreaker('x', {code})", dict(vars(seawall)))
