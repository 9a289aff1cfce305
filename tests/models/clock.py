"""The clock of a history: where it stops, and where it must not."""

from __future__ import annotations

from typing import NamedTuple

from models.breaker import LONGEST_LEASE, Breaker, hanging_tick
from models.settings import (
    DAY,
    MILLISECOND,
    QUARTER,
    SECOND,
    YEAR,
    Ratio,
    Settings,
    State,
)

# A window of time counts laps, and calls in flight ticks, in so few bits that what is
# older than this may look new.
LONGEST_IN_DURATIONS = 16_000
LONGEST_IN_TICKS = 2**23 - 1
# The core keeps the ends of breaks and leases as hands of a clock face.
BREAK_FACE = 2**37 * MILLISECOND
LEASE_FACE = 2**24 * QUARTER
# A little, the sizes of ticks, and what only a forgotten service sees.
STEPS = (
    1,
    1000,
    MILLISECOND,
    37 * MILLISECOND,
    QUARTER - 1,
    QUARTER,
    SECOND,
    7 * SECOND,
    31 * SECOND,
    3600 * SECOND,
    DAY,
    20 * DAY,
    YEAR,
    2 * YEAR,
)
# Around an edge: the last instant before it, the first one of it, and a little off.
EDGES = (-MILLISECOND, -1, MILLISECOND, 1, 0, 0, 0)


class Case(NamedTuple):
    """What a pair is built with, and when its clock begins."""

    settings: Settings
    start: int


class Clock:
    """A clock that is set, in the float seconds that the core is given."""

    def __init__(self, start: int) -> None:
        self.set(start)

    def __call__(self) -> float:
        return self.seconds

    def set(self, now: int) -> None:
        """Set it; *now* becomes what the core will make of the float."""
        self.seconds = now / SECOND
        exact = self.seconds * SECOND
        self.now = int(exact) + (exact - int(exact) >= 0.5)


def in_doubt(model: Breaker, now: int) -> bool:
    """Would the core take what ended long ago for something that is yet to come?

    It does, once in a turn of the clock face, for as long as what is measured by it can
    last, and an hour. That is known, and no test stops the clock there.
    """
    if model.state is State.OPEN:
        return _looks_ahead(now, model.break_ends * MILLISECOND, BREAK_FACE, YEAR)
    if model.state is State.HALF_OPEN:
        return _looks_ahead(now, model.lease_ends * QUARTER, LEASE_FACE, LONGEST_LEASE)
    return False


def _looks_ahead(now: int, end: int, face: int, longest: int) -> bool:
    return now > end and (end - now) % face < longest + 3601 * SECOND


def end_of_time(case: Case) -> int:
    """The last instant up to which the core's counts of ticks are unequivocal."""
    longest = [2**62]
    trip, slow_after = case.settings.trip, case.settings.slow_after
    if isinstance(trip, Ratio) and trip.duration is not None:
        longest.append(LONGEST_IN_DURATIONS * trip.duration)
    if slow_after is not None:
        longest.append(LONGEST_IN_TICKS * hanging_tick(slow_after))
    return case.start + min(longest)
