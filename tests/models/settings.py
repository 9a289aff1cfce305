"""What a breaker is built with, and the states it can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND
QUARTER = SECOND // 4
DAY = 86_400 * SECOND
YEAR = 365 * DAY


class State(IntEnum):
    """Where the circuit is; the numbers are the core's."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2
    ISOLATED = 3
    DISABLED = 4


@dataclass(frozen=True)
class Consecutive:
    """Trip after so many failures in a row."""

    failures: int


@dataclass(frozen=True)
class Ratio:
    """Trip by a share of failures, in parts per million, among the last calls."""

    ppm: int
    min_calls: int
    calls: int | None = None
    duration: int | None = None


@dataclass(frozen=True)
class Breaks:
    """How long breaks are: a first one, and how they grow with each re-opening."""

    first: int
    factor: float = 1.0
    step: int = 0
    longest: int = YEAR

    def __call__(self, reopenings: int) -> int:
        """How long is the break after so many re-openings in a row?"""
        grown = int(self.first * self.factor**reopenings) + self.step * reopenings
        return min(grown, self.longest)


@dataclass(frozen=True)
class Settings:
    """What a breaker is built with; durations in nanoseconds.

    `breaks` answers like `Breaks`; with jitter, how long the drawn break is.
    """

    trip: Consecutive | Ratio
    breaks: Callable[[int], int]
    success_threshold: int = 2
    max_probes: int = 1
    probe_lease: int = 30 * SECOND
    slow_after: int | None = None
    cancelled_after: int | None = None
    enforce: bool = True
    count_successes: bool = False
