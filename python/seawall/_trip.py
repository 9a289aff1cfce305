"""What opens a closed circuit."""

from __future__ import annotations

from typing import Final, TypeAlias, final

import attrs

from ._types import Seconds
from ._validate import seconds, whole

_MOST: Final = 2**31
# Bounds of the core: a ring of bits, and ten buckets of at least a millisecond.
_MOST_CALLS: Final = 1024
# The ten buckets of a window of time halve their counts when they are full.
_MOST_IN_TIME: Final = 100_000
_SHORTEST: Final = 0.01
_LONGEST: Final = 86_400.0
_LEAST_SHARE: Final = 1e-6


def _failures(value: int) -> int:
    return whole("failures", value, 1, _MOST)


@final
@attrs.frozen
class Consecutive:
    """Trip after so many failures in a row; a success in between starts anew.

    ::

        CircuitBreaker("orders-db", trip=Consecutive(3))

    Args:
        failures: At least 1.

    Raises:
        ValueError: If *failures* is less than 1.
    """

    failures: int = attrs.field(default=5, converter=_failures)


def _share(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"ratio must be a number, not {value!r}: write ratio=0.5")
    # `not >=` instead of `<`: NaN fails every comparison, and must fail here.
    if not _LEAST_SHARE <= value <= 1:
        raise ValueError(
            f"ratio must be more than 0 and at most 1, not {value!r}: "
            f"write ratio=0.5 for every second call"
        )
    return float(value)


def _calls(value: int | None) -> int | None:
    return None if value is None else whole("calls", value, 1, _MOST_CALLS)


def _min_calls(value: int) -> int:
    return whole("min_calls", value, 1)


def _window(value: Seconds | None) -> float | None:
    if value is None:
        return None
    return seconds("duration", value, minimum=_SHORTEST, maximum=_LONGEST)


@final
@attrs.frozen
class FailureRatio:
    """Trip when such a share of the last calls failed; looked at after each failure.

    ::

        CircuitBreaker("orders-db", trip=FailureRatio(0.5, calls=32))
        CircuitBreaker("search", trip=FailureRatio(0.2, duration=30.0, min_calls=50))

    The last calls are so many, or those of so long. To 43 calls a success among nothing
    but successes writes nothing; with a duration, every call does.

    Args:
        ratio: The share of failures, more than 0 and at most 1.
        calls: Of so many last calls, 1 to 1024. Either this or *duration*.
        duration: Of the calls in the last so many seconds, 0.01 to a day, counted in
            tenths of it. Either this or *calls*.
        min_calls: Fewer calls than this open nothing, whatever became of them: at least
            1, and no more than *calls*, or than 100,000 where there is a *duration*.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type, or not exactly one of *calls* and
            *duration* is given.
    """

    ratio: float = attrs.field(converter=_share)
    calls: int | None = attrs.field(default=None, converter=_calls, kw_only=True)
    duration: float | None = attrs.field(default=None, converter=_window, kw_only=True)
    # gobreaker's example takes three, Polly a hundred: a handful of calls is no share.
    min_calls: int = attrs.field(default=10, converter=_min_calls, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what would never open, or does not say of which calls."""
        if (self.calls is None) is (self.duration is None):
            raise TypeError(
                f"a ratio is of the last calls or of the calls in a duration, so give "
                f"one of the two: write FailureRatio({self.ratio!r}, calls=32) or "
                f"FailureRatio({self.ratio!r}, duration=30.0)"
            )
        if self.calls is None:
            whole("min_calls", self.min_calls, 1, _MOST_IN_TIME)
        elif self.min_calls > (calls := self.calls):
            raise ValueError(
                f"min_calls={self.min_calls} would never be reached in calls={calls}: "
                f"write FailureRatio({self.ratio!r}, calls={calls}, min_calls={calls})"
            )


Trip: TypeAlias = Consecutive | FailureRatio


def count_the_same(one: Trip, other: Trip) -> bool:
    """Tell whether both look at the same calls, whatever they say about them."""
    return _window_of(one) == _window_of(other)


def _window_of(trip: Trip) -> tuple[int | None, float | None] | None:
    return None if isinstance(trip, Consecutive) else (trip.calls, trip.duration)
