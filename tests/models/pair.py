"""The core's breaker and its model, side by side: told the same, asked the same.

An operation is a name and a number. What the number means is up to the operation: which
of the permits at hand, how far the clock goes. So every list of operations is a history
that can be run, also what is left of it when some are taken away.
"""

from __future__ import annotations

from random import Random
from typing import Any

from models.answers import Hold, Permit, Rejection, Transition
from models.breaker import Breaker, hanging_tick
from models.cases import lease_kept, redrawn
from models.clock import EDGES, STEPS, Case, Clock, end_of_time, in_doubt
from models.core import (
    admission_of_core,
    move_of_core,
    seconds,
    seen_of_core,
    seen_of_model,
    settings_of_core,
    told,
)
from models.settings import DAY, MILLISECOND, QUARTER, SECOND, State
from models.windows import BUCKETS, LastWhile
from seawall import _native as native

Op = tuple[str, int]
MOST_PERMITS = 40
HINTS = (400 * DAY, 77 * SECOND, 1, 0, None, None, None, None)
# Of the numbers that pick, the one for what came last, without a hint, on the edge.
NEWEST = -1


class DivergedError(AssertionError):
    """The two gave different answers."""

    def __init__(self, asked: str, core: object, model: object) -> None:
        super().__init__(f"{asked}\n    core:  {core}\n    model: {model}")


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
        settings = redrawn(self.model.settings, Random(pick))
        if self.model.state is State.HALF_OPEN:
            settings = lease_kept(settings, self.model.settings)
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
