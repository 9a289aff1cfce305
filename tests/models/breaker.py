"""The circuit breaker as its rules say it: slow, obvious, and nothing packed.

An oracle: what the real one does must be what this does. It is written from the rules
alone, for one thread, and it is meant to be checked by reading:

* time is a whole number of nanoseconds that is handed in;
* a permit is an object, and the probes that are out are a set of them;
* a window is a list of outcomes (`models.windows`);
* whatever was issued before the last change of state is *late*: it changes nothing.

Rounding is part of the rules, because a caller can see it. A break ends on a whole
millisecond and a lease on a whole quarter of a second, both rounded down; a lease never
ends in the quarter it begins in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from models.answers import Counters, Hold, Permit, Rejection, Transition
from models.settings import (
    DAY,
    MILLISECOND,
    QUARTER,
    YEAR,
    Consecutive,
    Settings,
    State,
)
from models.windows import Counts, InARow, LastCalls, LastWhile, Window

LONGEST_LEASE = 20 * DAY
MOST_DOUBLINGS = 7
MOST_REOPENINGS = 15
HANGING_TICKS = 5
SHORTEST_TICK = MILLISECOND // 10


@dataclass(slots=True)
class Breaker:
    """A breaker that does one thing at a time."""

    settings: Settings
    state: State = State.CLOSED
    generation: int = 0
    since: int | None = None
    window: Window = field(init=False)
    flying: list[Permit] = field(default_factory=list)
    break_ends: int = 0
    reopenings: int = 0
    probes: set[Permit] = field(default_factory=set)
    successes: int = 0
    lease_ends: int = 0
    reclaims: int = 0
    holds: int = 0
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        """Begin with an empty window of the shape that was asked for."""
        trip = self.settings.trip
        if isinstance(trip, Consecutive):
            self.window = InARow()
        elif trip.calls is not None:
            self.window = LastCalls(trip.calls)
        else:
            assert trip.duration is not None
            self.window = LastWhile(trip.duration)

    # ------------------------------------------------------------ admission

    def acquire(self, now: int) -> Permit | Rejection:
        """Ask whether a call may run."""
        answer = self._admit(now)
        if isinstance(answer, Permit):
            return answer
        self.counters.rejected += 1
        if self.settings.enforce or answer.state is State.ISOLATED:
            return answer
        return self.nested(answer.transition)

    def nested(self, transition: Transition | None = None) -> Permit:
        """Admit a call whose verdict is somebody else's, or nobody's."""
        return Permit(self.generation, None, bystander=True, transition=transition)

    def _admit(self, now: int) -> Permit | Rejection:
        if self.state is State.DISABLED:
            return Permit(self.generation, self._looked_at(now))
        if self.state is State.ISOLATED:
            return Rejection(self.state, None, None)
        if self.state is State.CLOSED:
            return self._admit_closed(now)
        if self.state is State.OPEN:
            return self._admit_open(now)
        return self._admit_half_open(now)

    def _admit_closed(self, now: int) -> Permit | Rejection:
        if self._too_many_hang(now):
            opened = self._open(now, hint=0)
            return Rejection(self.state, opened.break_duration, opened)
        timed = self.settings.slow_after is not None
        permit = Permit(self.generation, self._looked_at(now), timed=timed)
        if timed:
            self.flying.append(permit)
        return permit

    def _admit_open(self, now: int) -> Permit | Rejection:
        wait = self.retry_after(now)
        if wait is not None:
            return Rejection(self.state, wait, None)
        self.reclaims = 0
        return self._probe(now, self._become(State.HALF_OPEN, now))

    def _admit_half_open(self, now: int) -> Permit | Rejection:
        if len(self.probes) < self.settings.max_probes:
            return self._probe(now, None)
        if now // QUARTER < self.lease_ends:
            return Rejection(self.state, None, None)
        # The holders are lost, or slow: the round begins anew, and they are late.
        self._forget()
        self.generation += 1
        self.reclaims = min(self.reclaims + 1, MOST_DOUBLINGS)
        return self._probe(now, None)

    def _probe(self, now: int, transition: Transition | None) -> Permit:
        lease = min(self.settings.probe_lease * 2**self.reclaims, LONGEST_LEASE)
        self.lease_ends = max((now + lease) // QUARTER, now // QUARTER + 1)
        timed = self.settings.slow_after is not None
        permit = Permit(self.generation, now, timed=timed, transition=transition)
        self.probes.add(permit)
        return permit

    # ------------------------------------------------------------ verdicts

    def success(self, permit: Permit, now: int) -> Transition | None:
        """Take a success; one that was slow is a failure."""
        permit.used = True
        if permit.bystander:
            return None
        if self._was_slow(permit, now):
            return self.failure(permit, now)
        if self._is_late(permit):
            # While there is nothing to do, nobody looks at a success that is not timed.
            if permit.timed or not self._is_quiet():
                self.counters.late += 1
            return None
        self._landed(permit)
        if self.state is State.DISABLED:
            return None
        self.counters.successes += 1
        if self.state is State.CLOSED:
            self.window.add(failed=False, now=now)
        elif self.state is State.HALF_OPEN:
            return self._probe_succeeded(now)
        return None

    def _probe_succeeded(self, now: int) -> Transition | None:
        self.successes += 1
        if self.successes < self.settings.success_threshold:
            return None
        return self._become(State.CLOSED, now)

    def failure(self, permit: Permit, now: int, hint: int = 0) -> Transition | None:
        """Take a failure; *hint* is the break that the other side asked for."""
        permit.used = True
        if permit.bystander:
            return None
        if self._is_late(permit):
            self.counters.late += 1
            return None
        return self._failed(permit, now, hint)

    def _failed(self, permit: Permit, now: int, hint: int) -> Transition | None:
        self._landed(permit)
        if self.state is State.DISABLED:
            return None
        self.counters.failures += 1
        if self.state is State.CLOSED:
            self.window.add(failed=True, now=now)
            if self._trips(self.window.counts(now)):
                return self._open(now, hint)
        elif self.state is State.HALF_OPEN:
            self.reopenings = min(self.reopenings + 1, MOST_REOPENINGS)
            return self._open(now, hint)
        return None

    def release(self, permit: Permit) -> None:
        """Take a call back that says nothing about the dependency."""
        permit.used = True
        if permit.bystander or self._is_late(permit):
            return
        self._landed(permit)
        if self.state is not State.DISABLED:
            self.counters.ignored += 1

    def cancelled(self, permit: Permit, now: int) -> Transition | None:
        """Take a cancellation: a failure if the call had run for long."""
        patience, ran = self.settings.cancelled_after, self._ran(permit, now)
        if patience is not None and ran is not None and ran >= patience:
            return self.failure(permit, now)
        self.release(permit)
        return None

    def drop(self, permit: Permit) -> None:
        """Let go of a permit: without its verdict, it is a release."""
        if not permit.used:
            self.release(permit)

    # ------------------------------------------------------------ operators

    def isolate(self, now: int) -> Hold:
        """Reject every call until each hold is released."""
        moved = None
        if self.state is not State.ISOLATED:
            moved = self._become(State.ISOLATED, now)
        self.holds += 1
        return Hold(self.generation, moved)

    def unisolate(self, hold: Hold, now: int) -> Transition | None:
        """Release a hold, once; those of an earlier isolation hold nothing."""
        if hold.released or hold.generation != self.generation:
            return None
        hold.released = True
        self.holds -= 1
        return None if self.holds else self._become(State.CLOSED, now)

    def disable(self, now: int) -> Transition | None:
        """Admit everything and record nothing; drops all holds."""
        if self.state is State.DISABLED:
            return None
        return self._become(State.DISABLED, now)

    def enable(self, now: int) -> Transition | None:
        """Close a disabled circuit; do nothing to any other."""
        if self.state is not State.DISABLED:
            return None
        return self._become(State.CLOSED, now)

    def reset(self, now: int) -> Transition | None:
        """Close, forget everything, drop all holds; always a new generation."""
        return self._become(State.CLOSED, now)

    def reconfigure(self, settings: Settings) -> None:
        """Take other thresholds and durations; state and window stay."""
        self.settings = settings

    # ------------------------------------------------------------ looking

    def retry_after(self, now: int) -> int | None:
        """Nanoseconds until the break is over; None once it is, or if not open."""
        if self.state is not State.OPEN:
            return None
        wait = self.break_ends * MILLISECOND - now
        return wait if wait > 0 else None

    def remembered(self, now: int) -> Counts:
        """What the window holds; in every state but closed that is nothing."""
        return self.window.counts(now)

    # ------------------------------------------------------------ the rules' own words

    def _become(self, state: State, now: int) -> Transition:
        """Change the state: everything that belonged to the old one is forgotten."""
        self._forget()
        transition = Transition(self.state, state, self.generation + 1, None)
        if state not in (State.OPEN, State.HALF_OPEN):
            self.reopenings = 0
        if state is not self.state:
            self.state, self.since = state, now
        self.generation += 1
        return transition

    def _forget(self) -> None:
        self.window.clear()
        self.flying.clear()
        self.probes.clear()
        self.successes = self.holds = 0

    def _open(self, now: int, hint: int) -> Transition:
        pause = min(max(self.settings.breaks(self.reopenings), hint), YEAR)
        self.break_ends = (now + pause) // MILLISECOND
        return self._become(State.OPEN, now)._replace(break_duration=pause)

    def _is_late(self, permit: Permit) -> bool:
        return permit.generation != self.generation

    def _landed(self, permit: Permit) -> None:
        self.probes.discard(permit)
        if permit in self.flying:
            self.flying.remove(permit)

    def _looked_at(self, now: int) -> int | None:
        """The time, while calls pass, if a setting makes anybody look at the clock."""
        settings = self.settings
        timed = settings.slow_after is not None or settings.cancelled_after is not None
        return now if timed else None

    def _ran(self, permit: Permit, now: int) -> int | None:
        return None if permit.admitted is None else now - permit.admitted

    def _was_slow(self, permit: Permit, now: int) -> bool:
        slow_after, ran = self.settings.slow_after, self._ran(permit, now)
        if slow_after is None or ran is None or not permit.timed:
            return False
        return ran > slow_after

    def _trips(self, counts: Counts) -> bool:
        trip = self.settings.trip
        if isinstance(trip, Consecutive):
            return counts.failures >= trip.failures
        enough = counts.calls >= trip.min_calls
        return enough and counts.failures * 1_000_000 >= trip.ppm * counts.calls

    def _too_many_hang(self, now: int) -> bool:
        """Would the calls that hang trip the circuit, taken for failures?"""
        slow_after = self.settings.slow_after
        if slow_after is None or isinstance(self.settings.trip, Consecutive):
            return False
        tick = hanging_tick(slow_after)
        latest = now // tick - HANGING_TICKS
        admitted = [permit.admitted for permit in self.flying]
        hanging = sum(then is not None and then // tick <= latest for then in admitted)
        calls, failures = self.window.counts(now)
        return hanging > 0 and self._trips(Counts(calls + hanging, failures + hanging))

    def _is_quiet(self) -> bool:
        """Has a success nothing to do here, whoever's it is?"""
        if self.settings.count_successes:
            return False
        if self.state is State.CLOSED:
            return self.window.is_clean()
        return self.state is State.DISABLED


def hanging_tick(slow_after: int) -> int:
    """A quarter of `slow_after`, rounded up; five of them are longer, for certain."""
    return max(-(-slow_after // 4), SHORTEST_TICK)
