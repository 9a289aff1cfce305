"""Breakers of the extension module, for the tests of what the binding promises."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import Any

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


def tally(breaker: Breaker) -> tuple[int, int, int | None, int, int]:
    """Failures, neutral verdicts, successes, rejections, late verdicts."""
    seen = breaker.snapshot()
    return (seen.failed, seen.ignored, seen.succeeded, seen.rejected, seen.late)


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
