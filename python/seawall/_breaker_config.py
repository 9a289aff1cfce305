"""The options of a circuit breaker: what they accept, and how the core gets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypedDict, final

import attrs

from ._backoff import (
    RULES,
    Constant,
    Exponential,
    Linear,
    Rule,
    delays_of,
    nanos,
)
from ._classify import Classify
from ._native import Settings  # noqa: TID251 -- the options as the core takes them
from ._trip import Consecutive, FailureRatio, Trip, count_the_same
from ._types import On, Seconds
from ._validate import (
    check_classify,
    check_flag,
    check_function,
    check_on,
    duration_meant,
    seconds,
    whole,
)

_YEAR: Final = 365 * 86400.0
_DAY: Final = 86400.0
_MIN_LEASE: Final = 30.0
_MOST_PROBES: Final = 31

BreakDuration: TypeAlias = Seconds | Constant | Exponential | Linear


class Changes(TypedDict, total=False):
    """What may be changed while a circuit is at work."""

    trip: Trip
    break_duration: BreakDuration
    success_threshold: int
    max_probes: int
    probe_lease: Seconds | None
    cancelled_after: Seconds | None
    max_server_delay: Seconds
    enforce: bool


@final
@attrs.frozen(kw_only=True)
class Options:
    """All options, as their user gave them."""

    trip: Trip
    break_duration: BreakDuration
    success_threshold: int
    max_probes: int
    probe_lease: Seconds | None
    slow_after: Seconds | None
    cancelled_after: Seconds | None
    on: On | None
    on_result: Callable[[Any], bool] | None
    max_server_delay: Seconds
    enforce: bool
    count_successes: bool
    classify: Classify | None


@final
@attrs.frozen(kw_only=True)
class BreakerConfig:
    """The settings of a `CircuitBreaker`, with what was left open filled in.

    ::

        CircuitBreaker("orders-db").config.probe_lease  # 60.0

    Attributes:
        trip: What opens it.
        break_duration: Seconds, or how breaks grow; without a jitter unless one was
            asked for.
        success_threshold: Successful probes that close it.
        max_probes: Probes at a time.
        probe_lease: Seconds after which a probe is given up.
        slow_after: Seconds after which a call is slow, or None.
        cancelled_after: Seconds after which a cancelled call is a failure, or None.
        on: What is a failure; None: what the classification says.
        on_result: Which results are failures; None: none.
        max_server_delay: The most seconds that a server may ask for.
        enforce: False: nothing is rejected, but while an operator isolates it.
        count_successes: Whether `CircuitStats.successes` is kept.
        classify: Who classifies; None: `seawall.classify`.
    """

    trip: Trip
    break_duration: float | Constant | Exponential | Linear
    success_threshold: int
    max_probes: int
    probe_lease: float
    slow_after: float | None
    cancelled_after: float | None
    on: On | None
    on_result: Callable[[Any], bool] | None
    max_server_delay: float
    enforce: bool
    count_successes: bool
    classify: Classify | None


def configured(options: Options) -> BreakerConfig:
    """Check *options* and fill in what was left open.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option is out of range.
    """
    _check_trip(options.trip)
    _check_functions(options)
    check_flag("enforce", options.enforce)
    check_flag("count_successes", options.count_successes)
    breaks = _breaks(options.break_duration)
    slow_after = _limit("slow_after", options.slow_after)
    longest = max(_first(breaks), slow_after or 0.0, _MIN_LEASE)
    return BreakerConfig(
        trip=options.trip,
        break_duration=breaks,
        success_threshold=_few("success_threshold", options.success_threshold),
        max_probes=_few("max_probes", options.max_probes),
        probe_lease=_limit("probe_lease", options.probe_lease) or min(longest, _DAY),
        slow_after=slow_after,
        cancelled_after=_limit("cancelled_after", options.cancelled_after),
        on=options.on,
        on_result=options.on_result,
        max_server_delay=seconds(
            "max_server_delay", options.max_server_delay, maximum=_YEAR
        ),
        enforce=options.enforce,
        count_successes=options.count_successes,
        classify=options.classify,
    )


def changed(options: Options, changes: Changes) -> Options:
    """Return *options* with *changes*.

    Raises:
        TypeError: If something is to be changed that never changes.
        ValueError: If *trip* would look at other calls than before.
    """
    known = Changes.__annotations__
    for name in changes:
        if name not in known:
            raise TypeError(_never_changes(name, ", ".join(known)))
    old, new = options.trip, changes.get("trip", options.trip)
    _check_trip(new)
    if not count_the_same(old, new):
        raise ValueError(
            f"reconfigure() keeps what has been counted, so {old!r} cannot become "
            f"{new!r}, which counts something else: build a new breaker"
        )
    return attrs.evolve(options, **changes)


def _never_changes(name: str, known: str) -> str:
    if name in attrs.fields_dict(Options) or name in {"name", "clock"}:
        return (
            f"reconfigure() cannot change {name!r}, only {known}: build a new breaker"
        )
    return f"reconfigure() has no option {name!r}: it takes {known}"


def settings_of(config: BreakerConfig) -> Settings:
    """Say it in the core's words and units."""
    trip = config.trip
    ratio = trip if isinstance(trip, FailureRatio) else None
    return Settings(
        failures=trip.failures if isinstance(trip, Consecutive) else None,
        ratio=None if ratio is None else ratio.ratio,
        calls=None if ratio is None else ratio.calls,
        duration=None if ratio is None else _nanos(ratio.duration),
        min_calls=1 if ratio is None else ratio.min_calls,
        breaks=delays_of(_backoff(config.break_duration)),
        success_threshold=config.success_threshold,
        max_probes=config.max_probes,
        probe_lease=nanos(config.probe_lease),
        slow_after=_nanos(config.slow_after),
        cancelled_after=_nanos(config.cancelled_after),
        enforce=config.enforce,
        count_successes=config.count_successes,
    )


def _nanos(duration: float | None) -> int | None:
    return None if duration is None else nanos(duration)


def _check_trip(trip: object) -> None:
    if not isinstance(trip, Consecutive | FailureRatio):
        raise TypeError(
            f"trip must be Consecutive(failures) or FailureRatio(ratio, calls=...), "
            f"not {_shown(trip)}: {_trip_meant(trip)}"
        )


def _trip_meant(trip: object) -> str:
    if isinstance(trip, list | tuple | set | frozenset):
        return (
            "a breaker has one trip: put a second breaker with the other around the "
            "same calls"
        )
    if trip is FailureRatio:
        return "write trip=FailureRatio(0.5, calls=32)"
    if isinstance(trip, float) and 0 < trip < 1:
        return f"write trip=FailureRatio({trip!r}, calls=32)"
    meant = type(trip) is int and trip > 0
    return f"write trip=Consecutive({trip if meant else 5})"


def _shown(value: object) -> str:
    """Show *value*, and a class by the name that lacks its parentheses."""
    return f"the class {value.__name__}" if isinstance(value, type) else repr(value)


def _check_functions(options: Options) -> None:
    if options.on is not None:
        check_on("on", options.on)
    if options.on_result is not None:
        check_function("on_result", options.on_result, takes="result")
    if options.classify is not None:
        check_classify("classify", options.classify)


def _few(option: str, value: int) -> int:
    return whole(option, value, 1, _MOST_PROBES)


def _limit(option: str, value: Seconds | None) -> float | None:
    if value is None:
        return None
    return seconds(option, value, exclusive=True, maximum=_DAY)


def _breaks(value: BreakDuration) -> float | Rule:
    if not isinstance(value, RULES):
        _check_break(value)
        return seconds("break_duration", value, maximum=_YEAR)
    if value.jitter == "decorrelated":
        raise ValueError(
            "break_duration cannot have decorrelated jitter, which needs to know the "
            "break before: write jitter=0.1"
        )
    if isinstance(value, Constant):
        seconds("the delay of break_duration", value.delay, maximum=_YEAR)
    else:
        seconds("the base of break_duration", value.base, maximum=_YEAR)
        seconds("the max_delay of break_duration", value.max_delay, maximum=_YEAR)
        _check_order(value.base, value.max_delay)
    # Callers that failed together should come back apart; a circuit is only one.
    return attrs.evolve(value, jitter=value.jitter or "none")


def _check_break(value: object) -> None:
    if isinstance(value, int | float | timedelta) and not isinstance(value, bool):
        return
    meant = repr(duration_meant(value))
    for rule in RULES:
        if value is rule:
            meant = f"{rule.__name__}({'60.0' if rule is Constant else 'base=5.0'})"
    raise TypeError(
        f"break_duration must be a number of seconds, a timedelta, Constant(delay), "
        f"Exponential(...) or Linear(...), not {_shown(value)}: write "
        f"break_duration={meant}"
    )


def _backoff(breaks: float | Rule) -> Rule:
    if isinstance(breaks, RULES):
        return breaks
    return Constant(breaks)


def _check_order(base: Seconds, max_delay: Seconds) -> None:
    # A retry may be cut short by a cap; of a break the base is the first one.
    first, longest = seconds("base", base), seconds("max_delay", max_delay)
    if first > longest:
        raise ValueError(
            f"break_duration has base={base!r}, more than max_delay={max_delay!r}, and "
            f"no break is longer than that: write max_delay={first!r}, or "
            f"base={longest!r}"
        )


def _first(breaks: float | Rule) -> float:
    """Tell the first break in seconds, without jitter."""
    if isinstance(breaks, Constant):
        return seconds("delay", breaks.delay)
    if isinstance(breaks, Exponential | Linear):
        return seconds("base", breaks.base)
    return breaks
