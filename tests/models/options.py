"""The options of a `CircuitBreaker`, as its model takes them."""

from __future__ import annotations

from typing import Any

from models import settings as model
from models.settings import DAY, SECOND
from seawall import Consecutive, Exponential, FailureRatio, Linear

MIN_LEASE = 30 * SECOND
Options = dict[str, Any]


def nanos(duration: float) -> int:
    """Seconds in the unit of the model."""
    return round(duration * SECOND)


def settings_of(options: Options) -> model.Settings:
    """What the model is told of a breaker's *options*, defaults filled in."""
    breaks = _breaks_of(options["break_duration"])
    slow_after, patience = options.get("slow_after"), options.get("cancelled_after")
    slow = None if slow_after is None else nanos(slow_after)
    lease = options.get("probe_lease")
    if lease is None:
        longest = min(max(breaks.first, slow or 0, MIN_LEASE), DAY)
    else:
        longest = nanos(lease)
    return model.Settings(
        trip=_trip_of(options["trip"]),
        breaks=breaks,
        success_threshold=options["success_threshold"],
        max_probes=options["max_probes"],
        probe_lease=longest,
        slow_after=slow,
        cancelled_after=None if patience is None else nanos(patience),
        enforce=options.get("enforce", True),
        count_successes=options.get("count_successes", False),
    )


def _trip_of(
    trip: Consecutive | FailureRatio,
) -> model.Consecutive | model.Ratio:
    if isinstance(trip, Consecutive):
        return model.Consecutive(trip.failures)
    duration = None if trip.duration is None else nanos(trip.duration)
    ppm = round(trip.ratio * 1_000_000)
    return model.Ratio(ppm, trip.min_calls, trip.calls, duration)


def _breaks_of(breaks: float | Exponential | Linear) -> model.Breaks:
    if isinstance(breaks, Exponential):
        base, longest = nanos(breaks.base), nanos(breaks.max_delay)
        return model.Breaks(base, factor=breaks.factor, longest=longest)
    if isinstance(breaks, Linear):
        base, longest = nanos(breaks.base), nanos(breaks.max_delay)
        return model.Breaks(base, step=nanos(breaks.step), longest=longest)
    return model.Breaks(nanos(breaks))
