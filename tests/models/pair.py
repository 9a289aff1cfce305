"""The core's breaker and its model, side by side: told the same, asked the same.

An operation is a name and a number. What the number means is up to the operation: which
of the permits at hand, how far the clock goes. So every list of operations is a history
that can be run, also what is left of it when some are taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from models.breaker import (
    DAY,
    LONGEST_LEASE,
    MILLISECOND,
    QUARTER,
    SECOND,
    YEAR,
    Breaker,
    Breaks,
    Consecutive,
    Hold,
    Permit,
    Ratio,
    Rejection,
    Settings,
    State,
    Transition,
    hanging_tick,
)
from models.windows import BUCKETS, InARow, LastWhile
from seawall import _native as native

Op = tuple[str, int]
# A window of time counts laps, and calls in flight ticks, in so few bits that what is
# older than this may look new.
LONGEST_IN_DURATIONS = 16_000
LONGEST_IN_TICKS = 2**23 - 1
# The core keeps the ends of breaks and leases as hands of a clock face.
BREAK_FACE = 2**37 * MILLISECOND
LEASE_FACE = 2**24 * QUARTER
MOST_PERMITS = 40
HINTS = (400 * DAY, 77 * SECOND, 1, 0, None, None, None, None)
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
# Of the numbers that pick, the one for what came last, without a hint, on the edge.
NEWEST = -1
# Around an edge: the last instant before it, the first one of it, and a little off.
EDGES = (-MILLISECOND, -1, MILLISECOND, 1, 0, 0, 0)


class DivergedError(AssertionError):
    """The two gave different answers."""

    def __init__(self, asked: str, core: object, model: object) -> None:
        super().__init__(f"{asked}\n    core:  {core}\n    model: {model}")


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


class Pair:
    """Both breakers, and the permits and holds that somebody still has."""

    def __init__(self, case: Case) -> None:
        self.clock = Clock(case.start)
        self.ends = end_of_time(case)
        self.model = Breaker(case.settings)
        self.core = native.Breaker(settings_of_core(case.settings), now=self.clock)
        self.permits: list[tuple[Any, Permit]] = []
        self.holds: list[tuple[native.Hold, Hold]] = []
        self.moves: list[Transition] = []

    def run(self, op: Op) -> None:
        """Do it on both sides and compare what can be seen from outside.

        Raises:
            DivergedError: If it is not the same.
        """
        name, pick = op
        core, model = getattr(self, name)(pick)
        if core != model:
            raise DivergedError(f"{name} was answered differently", core, model)
        core, model = seen_of_core(self.core), seen_of_model(self.model, self.clock.now)
        if core != model:
            raise DivergedError(f"after {name} they look different", core, model)

    def story(self, history: list[Op]) -> str:
        """Run *history* and tell it, down to the difference."""
        lines = [str(self.model.settings), f"the clock begins at {self.clock.now} ns"]
        for name, pick in history:
            try:
                self.run((name, pick))
            except DivergedError as error:
                return "\n".join([*lines, f"  {name} {pick}", str(error)])
            seen = self.model
            told = f"{seen.state.name.lower()}, generation {seen.generation}"
            lines.append(f"  {name} {pick}: {told}, {self.clock.now} ns")
        return "\n".join([*lines, "the two agree"])

    # ------------------------------------------------------------ calls

    def acquire(self, pick: int) -> tuple[object, object]:
        """Ask as a call does, which needs no object while the circuit is closed."""
        core = self.core.acquire()
        model = self.model.acquire(self.clock.now)
        return self._admitted(core, model, bare=True)

    def permit(self, pick: int) -> tuple[object, object]:
        """Ask as a block does, which always needs an object."""
        core = self.core.permit(nested=False)
        model = self.model.acquire(self.clock.now)
        return self._admitted(core, model, bare=False)

    def nested(self, pick: int) -> tuple[object, object]:
        """Admit what is part of a probe."""
        core = self.core.permit(nested=True)
        return self._admitted(core, self.model.nested(), bare=False)

    def _admitted(
        self, core: Any, model: Permit | Rejection, *, bare: bool
    ) -> tuple[object, object]:
        if isinstance(model, Permit) and not isinstance(core, native.Rejection):
            self.permits.append((core, model))
            if len(self.permits) > MOST_PERMITS:
                self.drop(0)
        if model.transition is not None:
            self.moves.append(model.transition)
        return admission_of_core(core), self._admission_of_model(model, bare=bare)

    def _admission_of_model(
        self, answer: Permit | Rejection, *, bare: bool
    ) -> tuple[object, ...]:
        if isinstance(answer, Rejection):
            wait = seconds(answer.retry_after)
            return ("rejection", answer.state, wait, told(answer.transition))
        probe = answer in self.model.probes
        if bare and not answer.bystander and answer.admitted is None:
            return ("stamp", answer.generation)
        return ("permit", answer.generation, probe, told(answer.transition))

    # ------------------------------------------------------------ verdicts

    def success(self, pick: int) -> tuple[object, object]:
        """A call returned."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        moved = self.model.success(model, self.clock.now)
        if isinstance(core, int):
            return self.core.success(core), self._moved(moved)
        return move_of_core(core.success()), self._moved(moved)

    def failure(self, pick: int) -> tuple[object, object]:
        """A call failed."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        hint = HINTS[pick % len(HINTS)]
        moved = self.model.failure(model, self.clock.now, hint or 0)
        if isinstance(core, int):
            answer = self.core.failure(core, hint)
        else:
            answer = core.failure(hint)
        return move_of_core(answer), self._moved(moved)

    def release(self, pick: int) -> tuple[object, object]:
        """A call ended and says nothing."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        self.model.release(model)
        if isinstance(core, int):
            return self.core.release(core), None
        return core.release(), None

    def cancelled(self, pick: int) -> tuple[object, object]:
        """A call is cancelled from outside; a number cannot be told."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        if isinstance(core, int):
            self.model.release(model)
            return self.core.release(core), None
        moved = self.model.cancelled(model, self.clock.now)
        return move_of_core(core.cancelled()), self._moved(moved)

    def drop(self, pick: int) -> tuple[object, object]:
        """A permit is forgotten; the number of a closed circuit holds nothing."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        if not isinstance(core, int):
            self.model.drop(model)
        return None, None

    def again(self, pick: int) -> tuple[object, object]:
        """A permit is given two verdicts; the second is an error."""
        if not self.permits:
            return None, None
        core, model = self._taken(pick)
        self.model.release(model)
        if isinstance(core, int):
            return self.core.release(core), None
        core.release()
        try:
            core.success()
        except RuntimeError:
            return "refused", "refused"
        return "taken", "refused"

    def _taken(self, pick: int) -> tuple[Any, Permit]:
        return self.permits.pop(pick % len(self.permits))

    def _moved(self, moved: Transition | None) -> tuple[object, ...] | None:
        if moved is not None:
            self.moves.append(moved)
        return told(moved)

    # ------------------------------------------------------------ operators

    def isolate(self, pick: int) -> tuple[object, object]:
        """An operator holds the circuit."""
        core, model = self.core.isolate(), self.model.isolate(self.clock.now)
        self.holds.append((core, model))
        return move_of_core(core.transition), self._moved(model.transition)

    def unisolate(self, pick: int) -> tuple[object, object]:
        """He lets go, perhaps not for the first time."""
        if not self.holds:
            return None, None
        core, model = self.holds[pick % len(self.holds)]
        moved = self.model.unisolate(model, self.clock.now)
        return move_of_core(core.release()), self._moved(moved)

    def disable(self, pick: int) -> tuple[object, object]:
        """Switch it off."""
        moved = self.model.disable(self.clock.now)
        return move_of_core(self.core.disable()), self._moved(moved)

    def enable(self, pick: int) -> tuple[object, object]:
        """Switch it on."""
        moved = self.model.enable(self.clock.now)
        return move_of_core(self.core.enable()), self._moved(moved)

    def reset(self, pick: int) -> tuple[object, object]:
        """Close and forget."""
        moved = self.model.reset(self.clock.now)
        return move_of_core(self.core.reset()), self._moved(moved)

    def reconfigure(self, pick: int) -> tuple[object, object]:
        """Some thresholds and durations change; the shape of the window cannot."""
        settings = reconfigured(self.model.settings, Random(pick))
        self.model.reconfigure(settings)
        return self.core.reconfigure(settings_of_core(settings)), None

    # ------------------------------------------------------------ time

    def wait(self, pick: int) -> tuple[object, object]:
        """Time goes by."""
        self._until(self.clock.now + STEPS[pick % len(STEPS)])
        return None, None

    def break_edge(self, pick: int) -> tuple[object, object]:
        """The end of the break comes near, or is passed by a hair."""
        self._to_edge(self.model.break_ends * MILLISECOND, pick)
        return None, None

    def lease_edge(self, pick: int) -> tuple[object, object]:
        """The end of the newest lease comes near, or is passed by a hair."""
        self._to_edge(self.model.lease_ends * QUARTER, pick)
        return None, None

    def bucket_edge(self, pick: int) -> tuple[object, object]:
        """One of the next buckets of a window of time begins."""
        if isinstance(self.model.window, LastWhile):
            width = self.model.window.width
            ahead_by = 1 + pick // len(EDGES) % (BUCKETS + 1)
            self._to_edge((self.clock.now // width + ahead_by) * width, pick)
        return None, None

    def slow_edge(self, pick: int) -> tuple[object, object]:
        """A call becomes slow, or begins to hang."""
        slow_after = self.model.settings.slow_after
        if slow_after is not None and self.permits:
            admitted = self.permits[pick % len(self.permits)][1].admitted or 0
            width = hanging_tick(slow_after)
            hanging = (admitted // width + 5) * width
            self._to_edge((admitted + slow_after, hanging)[pick % 2], pick // 2)
        return None, None

    def _to_edge(self, edge: int, pick: int) -> None:
        self._until(edge + EDGES[pick % len(EDGES)])

    def _until(self, then: int) -> None:
        if self.clock.now < then < self.ends and not in_doubt(self.model, then):
            self.clock.set(then)


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


def reconfigured(settings: Settings, rng: Random) -> Settings:
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
        return ("rejection", answer.state, answer.retry_after, None)
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
