"""What a closed circuit remembers, as plain lists.

Nothing here knows a threshold: how many failures are too many is asked by the breaker,
of its settings, after each failure.

Not modelled, because a history would have to be that long: a bucket of more than 32 767
outcomes halves its counts, and buckets begin anew after 16 384 durations.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

BUCKETS = 10


class Counts(NamedTuple):
    """How many outcomes are in the window, and how many of them are failures."""

    calls: int
    failures: int


class InARow:
    """Failures in a row: a success in between forgets them."""

    def __init__(self) -> None:
        self.failures = 0

    def add(self, *, failed: bool, now: int) -> None:
        """Remember one outcome."""
        self.failures = self.failures + 1 if failed else 0

    def counts(self, now: int) -> Counts:
        """A run of failures is a window of nothing but failures."""
        return Counts(self.failures, self.failures)

    def is_clean(self) -> bool:
        """Would one more success change nothing?"""
        return self.failures == 0

    def clear(self) -> None:
        """Forget everything."""
        self.failures = 0


class LastCalls:
    """The outcomes of the last so many calls."""

    def __init__(self, calls: int) -> None:
        self.outcomes: deque[bool] = deque(maxlen=calls)

    def add(self, *, failed: bool, now: int) -> None:
        """Remember one outcome; of a full window the oldest falls out."""
        self.outcomes.append(failed)

    def counts(self, now: int) -> Counts:
        """Count what is there."""
        return Counts(len(self.outcomes), sum(self.outcomes))

    def is_clean(self) -> bool:
        """Would one more success change nothing? If it is full of successes."""
        return len(self.outcomes) == self.outcomes.maxlen and not any(self.outcomes)

    def clear(self) -> None:
        """Forget everything."""
        self.outcomes.clear()


class LastWhile:
    """The outcomes of the last so many nanoseconds, in ten buckets.

    A bucket is a tenth of the duration. The window is the bucket of now and the nine
    before it, so it spans between nine and ten tenths of the duration.
    """

    def __init__(self, duration: int) -> None:
        self.width = duration // BUCKETS
        self.outcomes: list[tuple[int, bool]] = []

    def add(self, *, failed: bool, now: int) -> None:
        """Remember one outcome and its bucket."""
        self.outcomes.append((now // self.width, failed))

    def counts(self, now: int) -> Counts:
        """Count what is in the window that ends now."""
        oldest = now // self.width - (BUCKETS - 1)
        inside = [failed for bucket, failed in self.outcomes if bucket >= oldest]
        return Counts(len(inside), sum(inside))

    def is_clean(self) -> bool:
        """Would one more success change nothing? No: it is one call more."""
        return False

    def clear(self) -> None:
        """Forget everything."""
        self.outcomes.clear()


Window = InARow | LastCalls | LastWhile
