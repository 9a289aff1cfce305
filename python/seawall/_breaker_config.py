"""The options of a circuit breaker: what they accept, and how the core gets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

import attrs

from ._backoff import Constant, delays_of, nanos
from ._classify import Classify
from ._native import Breaker, Settings  # noqa: TID251 -- the state machine is the core's
from ._trip import Consecutive
from ._types import Clock, On, Seconds
from ._validate import check_classify, check_on, check_predicate, seconds, whole

_YEAR: Final = 365 * 86400.0
_DAY: Final = 86400.0
_MIN_LEASE: Final = 30.0
_MOST_PROBES: Final = 31


@final
@attrs.frozen(kw_only=True)
class BreakerConfig:
    """The settings of a `CircuitBreaker`, durations in seconds."""

    trip: Consecutive
    break_duration: float
    success_threshold: int
    max_probes: int
    probe_lease: float
    on: On | None
    on_result: Callable[[Any], bool] | None
    classify: Classify | None


def configured(
    *,
    trip: Consecutive,
    break_duration: Seconds,
    success_threshold: int,
    max_probes: int,
    probe_lease: Seconds | None,
    on: On | None,
    on_result: Callable[[Any], bool] | None,
    classify: Classify | None,
) -> BreakerConfig:
    """Check the options and fill in what was left open.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option is out of range.
    """
    if not isinstance(trip, Consecutive):
        raise TypeError(f"trip must be Consecutive(failures), not {trip!r}")
    if on is not None:
        check_on("on", on)
    if on_result is not None:
        check_predicate("on_result", on_result, "result")
    if classify is not None:
        check_classify("classify", classify)
    pause = seconds("break_duration", break_duration, maximum=_YEAR)
    return BreakerConfig(
        trip=trip,
        break_duration=pause,
        success_threshold=whole(
            "success_threshold", success_threshold, 1, _MOST_PROBES
        ),
        max_probes=whole("max_probes", max_probes, 1, _MOST_PROBES),
        probe_lease=_lease(probe_lease, pause),
        on=on,
        on_result=on_result,
        classify=classify,
    )


def core_of(config: BreakerConfig, clock: Clock) -> Breaker:
    """Build the state machine."""
    return Breaker(settings_of(config), now=clock.monotonic)


def settings_of(config: BreakerConfig) -> Settings:
    """Say it in the core's words and units."""
    return Settings(
        failures=config.trip.failures,
        ratio=None,
        calls=None,
        duration=None,
        min_calls=1,
        breaks=delays_of(Constant(config.break_duration)),
        success_threshold=config.success_threshold,
        max_probes=config.max_probes,
        probe_lease=nanos(config.probe_lease),
        slow_after=None,
        cancelled_after=None,
        enforce=True,
        count_successes=False,
    )


def _lease(given: Seconds | None, pause: float) -> float:
    if given is None:
        return min(max(pause, _MIN_LEASE), _DAY)
    return seconds("probe_lease", given, exclusive=True, maximum=_DAY)
