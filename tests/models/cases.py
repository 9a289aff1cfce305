"""Breakers drawn at random: options on both sides of every edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from models.clock import BREAK_FACE, LEASE_FACE, Case
from models.core import Drawn
from models.settings import (
    DAY,
    MILLISECOND,
    QUARTER,
    SECOND,
    YEAR,
    Breaks,
    Consecutive,
    Ratio,
    Settings,
)

STARTS = (
    0,
    12_345 * SECOND + 678_901_234,
    LEASE_FACE - 40 * SECOND,
    BREAK_FACE - 40 * SECOND,
)
BREAKS = (0, 1, MILLISECOND - 1, MILLISECOND, 10 * SECOND, 3600 * SECOND, 365 * DAY)
WINDOWS = (10 * MILLISECOND, SECOND, SECOND + 7, 60 * SECOND, DAY)
SLOW = (None, None, 1, 5, MILLISECOND, 4 * SECOND, DAY)
LEASES = (1, QUARTER - 1, QUARTER, SECOND, 30 * SECOND, 3600 * SECOND, DAY)


def draw_case(rng: Random) -> Case:
    """Draw what a breaker is built with."""
    settings = Settings(
        trip=_draw_trip(rng),
        breaks=_draw_breaks(rng),
        success_threshold=rng.choice((1, 2, 3, 31)),
        max_probes=rng.choice((1, 1, 2, 3, 31)),
        probe_lease=rng.choice(LEASES),
        slow_after=rng.choice(SLOW),
        cancelled_after=rng.choice((None, None, 1, 10 * SECOND)),
        enforce=rng.random() < 0.8,
        count_successes=rng.random() < 0.3,
    )
    return Case(settings, rng.choice(STARTS))


def _draw_trip(rng: Random) -> Consecutive | Ratio:
    kind = rng.randrange(3)
    if kind == 0:
        return Consecutive(rng.choice((1, 2, 3, 5)))
    ppm = rng.choice((1, 100_000, 333_333, 500_000, 1_000_000))
    if kind == 1:
        # On both sides of what fits one word.
        calls = rng.choice((1, 2, 3, 10, 43, 44, 60, 1024))
        return Ratio(ppm, rng.randint(1, min(calls, 12)), calls=calls)
    return Ratio(ppm, rng.randint(1, 12), duration=rng.choice(WINDOWS))


def _draw_breaks(rng: Random) -> Callable[[int], int]:
    kind = rng.randrange(4)
    if kind == 0:
        return Breaks(rng.choice(BREAKS))
    if kind == 1:
        return Breaks(SECOND, factor=rng.choice((1.5, 2.0, 10.0)), longest=DAY)
    if kind == 2:
        return Breaks(SECOND, step=rng.choice((1, 7 * SECOND)), longest=YEAR)
    return Drawn(rng.choice(("full", "equal", 0.5)), rng.randrange(2**64))


def redrawn(settings: Settings, rng: Random) -> Settings:
    """Draw what may change while calls are under way."""
    trip = settings.trip
    if isinstance(trip, Consecutive):
        trip = Consecutive(rng.randint(1, 5))
    else:
        trip = replace(trip, ppm=rng.randint(1, 10) * 100_000)
    return replace(
        settings,
        trip=trip,
        breaks=Breaks(rng.choice((MILLISECOND, 20 * SECOND)), step=rng.choice((0, 1))),
        success_threshold=rng.randint(1, 4),
        max_probes=rng.randint(1, 4),
        probe_lease=rng.choice((1, 5 * SECOND, DAY)),
        cancelled_after=rng.choice((None, 3 * SECOND)),
        enforce=rng.random() < 0.8,
    )


def lease_kept(settings: Settings, before: Settings) -> Settings:
    """What becomes of *settings* where a lease must not shrink.

    An operator who takes more than an hour from `probe_lease` while half-open may see a
    round of probes begun anew: the core takes what is further ahead than a lease can be
    for long over. That is known, and the model keeps to the lease that was granted.
    """
    longer = max(settings.probe_lease, before.probe_lease)
    return replace(settings, probe_lease=longer)
