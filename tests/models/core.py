"""What the core is told and what it tells, in words that its model has too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.answers import Transition
from models.breaker import Breaker
from models.settings import SECOND, Breaks, Consecutive, Settings
from models.windows import InARow
from seawall import _native as native


class Drawn:
    """Breaks with jitter: what a seed draws for each of them."""

    def __init__(self, kind: str | float, seed: int) -> None:
        self.core = native.Backoff.exponential(SECOND, 2.0, 3600 * SECOND, kind, seed)
        self.drawn = f"{kind!r} jitter of seed {seed}"

    def __call__(self, reopenings: int) -> int:
        """Retries are counted from 1."""
        return round(self.core.delay(reopenings + 1, None) * SECOND)

    def __repr__(self) -> str:
        """For the story of a history."""
        return self.drawn


def settings_of_core(settings: Settings) -> native.Settings:
    """What the core is told of *settings*."""
    trip = settings.trip
    in_a_row = isinstance(trip, Consecutive)
    return native.Settings(
        failures=trip.failures if in_a_row else None,
        ratio=None if in_a_row else trip.ppm / 1_000_000,
        calls=None if in_a_row else trip.calls,
        duration=None if in_a_row else trip.duration,
        min_calls=1 if in_a_row else trip.min_calls,
        breaks=_breaks_of_core(settings.breaks),
        success_threshold=settings.success_threshold,
        max_probes=settings.max_probes,
        probe_lease=settings.probe_lease,
        slow_after=settings.slow_after,
        cancelled_after=settings.cancelled_after,
        enforce=settings.enforce,
        count_successes=settings.count_successes,
    )


def _breaks_of_core(breaks: Callable[[int], int]) -> native.Backoff:
    if isinstance(breaks, Drawn):
        return breaks.core
    assert isinstance(breaks, Breaks)
    first, longest = breaks.first, breaks.longest
    if breaks.step:
        return native.Backoff.linear(first, breaks.step, longest, "none", None)
    if breaks.factor > 1:
        return native.Backoff.exponential(first, breaks.factor, longest, "none", None)
    return native.Backoff.constant(first, "none", None)


def seconds(nanos: int | None) -> float | None:
    """A duration as the core gives it out."""
    return None if nanos is None else float(nanos) / 1e9


def told(moved: Transition | None) -> tuple[object, ...] | None:
    """A transition of the model, for comparing."""
    if moved is None:
        return None
    return (moved.old, moved.new, moved.generation, seconds(moved.break_duration))


def move_of_core(moved: native.Transition | None) -> tuple[object, ...] | None:
    """A transition of the core, for comparing."""
    if moved is None:
        return None
    return (moved.old, moved.new, moved.generation, moved.break_duration)


def admission_of_core(answer: Any) -> tuple[object, ...]:
    """What the core answered to a call, for comparing."""
    if isinstance(answer, int):
        return ("stamp", answer)
    if isinstance(answer, native.Rejection):
        moved = move_of_core(answer.transition)
        return ("rejection", answer.state, answer.retry_after, moved)
    moved = move_of_core(answer.transition)
    return ("permit", answer.generation, answer.probe, moved)


def seen_of_core(core: native.Breaker) -> tuple[object, ...]:
    """Everything that the core tells about itself."""
    seen = core.snapshot()
    return (
        seen.state,
        seen.generation,
        seen.since,
        seen.failures,
        seen.successes,
        seen.permits_out,
        seen.retry_after,
        seen.window_calls,
        seen.window_failures,
        seen.rejected,
        seen.late,
        seen.failed,
        seen.ignored,
        seen.succeeded,
    )


def seen_of_model(model: Breaker, now: int) -> tuple[object, ...]:
    """The same of the model."""
    in_a_row = isinstance(model.window, InARow)
    calls, failures = model.remembered(now)
    counted = model.counters
    return (
        model.state,
        model.generation,
        seconds(model.since),
        failures if in_a_row else 0,
        model.successes,
        len(model.probes),
        seconds(model.retry_after(now)),
        0 if in_a_row else calls,
        0 if in_a_row else failures,
        counted.rejected,
        counted.late,
        counted.failures,
        counted.ignored,
        counted.successes if model.settings.count_successes else None,
    )
