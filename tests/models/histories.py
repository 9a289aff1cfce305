"""Histories drawn at random, and the shortest one that still shows a difference."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from models.clock import Case
from models.pair import NEWEST, DivergedError, Op, Pair

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
    "reconfigure": 1,
}
NAMES = tuple(WEIGHTS)
FAILED_ROUND = [("break_edge", NEWEST), ("acquire", NEWEST), ("failure", NEWEST)]


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
