"""Histories drawn at random, and the shortest one that still shows a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from models.breaker import (
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
from models.pair import (
    BREAK_FACE,
    LEASE_FACE,
    NEWEST,
    Case,
    DivergedError,
    Drawn,
    Op,
    Pair,
)
from seawall import _native as native

LENGTH = 120
# How often each is drawn, against the others. A history multiplies each by its own
# random number, so that some hardly have any commands, and others hardly any verdicts.
WEIGHTS = {
    "acquire": 20,
    "permit": 8,
    "nested": 1,
    "success": 12,
    "failure": 24,
    "release": 3,
    "cancelled": 3,
    "drop": 3,
    "again": 1,
    "isolate": 0.7,
    "unisolate": 2,
    "disable": 0.4,
    "enable": 1,
    "reset": 0.6,
    "wait": 5,
    "break_edge": 8,
    "lease_edge": 5,
    "bucket_edge": 3,
    "slow_edge": 3,
}
if hasattr(native.Breaker, "reconfigure"):
    WEIGHTS["reconfigure"] = 1
NAMES = tuple(WEIGHTS)
FAILED_ROUND = [("break_edge", NEWEST), ("acquire", NEWEST), ("failure", NEWEST)]
STARTS = (
    0,
    12_345 * SECOND + 678_901_234,
    LEASE_FACE - 40 * SECOND,
    BREAK_FACE - 40 * SECOND,
)
BREAKS = (0, 1, MILLISECOND - 1, MILLISECOND, 10 * SECOND, 3600 * SECOND, 365 * DAY)
WINDOWS = (10 * MILLISECOND, SECOND, SECOND + 7, 60 * SECOND, DAY)
SLOW: tuple[int | None, ...] = (None, None, 1, 5, MILLISECOND, 4 * SECOND, DAY)
if not hasattr(native.Rejection, "transition"):
    SLOW = (None,)
LEASES = (1, QUARTER - 1, QUARTER, SECOND, 30 * SECOND, 3600 * SECOND, DAY)


def draw_case(rng: Random) -> Case:
    """Draw what a breaker is built with."""
    settings = Settings(
        trip=_draw_trip(rng),
        breaks=_draw_breaks(rng),
        success_threshold=rng.choice((1, 2, 3, 31)),
        max_probes=rng.choice((1, 1, 2, 3, 31)),
        probe_lease=rng.choice(LEASES),
        slow_after=rng.choice(SLOW)
        if hasattr(native.Rejection, "transition")
        else None,
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


def draw_history(rng: Random, length: int = LENGTH) -> list[Op]:
    """Draw what happens to it."""
    weights = [weight * rng.random() for weight in WEIGHTS.values()]
    names = rng.choices(NAMES, weights, k=length)
    history = list(zip(names, rng.choices(range(2**16), k=length), strict=True))
    if rng.random() < 0.1:
        # So many rounds of probes that fail are not drawn one by one.
        at = rng.randrange(length)
        history[at:at] = FAILED_ROUND * rng.randint(1, 20)
    return history


def diverges(case: Case, history: list[Op]) -> tuple[int, str] | None:
    """Run it; say how many operations it took to see a difference, and which."""
    pair = Pair(case)
    for count, op in enumerate(history, start=1):
        try:
            pair.run(op)
        except DivergedError as error:
            return count, str(error)
    return None


def shortest(case: Case, history: list[Op]) -> list[Op]:
    """Take away whatever the difference does not need: long stretches, then single."""
    stretch = len(history)
    while stretch:
        shorter = next(_diverging(case, _without(history, stretch)), None)
        if shorter is None:
            stretch //= 2
        else:
            history = shorter
    return history


def _without(history: list[Op], stretch: int) -> Iterator[list[Op]]:
    for start in reversed(range(0, len(history), stretch)):
        yield history[:start] + history[start + stretch :]


def _diverging(case: Case, histories: Iterator[list[Op]]) -> Iterator[list[Op]]:
    for history in histories:
        found = diverges(case, history)
        if found is not None:
            yield history[: found[0]]
