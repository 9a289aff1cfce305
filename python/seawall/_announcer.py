"""Telling what became of a circuit: events for listeners, errors for the rejected."""

from __future__ import annotations

from typing import Final, final

from ._circuit_stats import STATES
from ._errors import CircuitOpenError
from ._events import (
    CircuitClosed,
    CircuitDisabled,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitIsolated,
    CircuitOpened,
    Listeners,
)
from ._native import (  # noqa: TID251 -- the numbers of the states are the core's
    CLOSED,
    DISABLED,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    Rejection,
    Transition,
)

_SIMPLE: Final = {
    HALF_OPEN: CircuitHalfOpened,
    CLOSED: CircuitClosed,
    ISOLATED: CircuitIsolated,
    DISABLED: CircuitDisabled,
}


@final
class Announcer:
    """Knows the name of a circuit, who listens, and what opened it last.

    `opened_by` is written after the change of state, so in that moment another thread's
    rejection may still name the opening before.
    """

    __slots__ = ("_name", "_opened_by", "listeners")

    def __init__(self, name: str) -> None:
        self._name = name
        self._opened_by: str | None = None
        self.listeners: Listeners[CircuitEvent] = Listeners()

    def moved(self, change: Transition, opened_by: str | None = None) -> None:
        """Tell listeners of *change*, which this very call made.

        *opened_by* is what to blame, if it opened the circuit.
        """
        if change.new == OPEN:
            self._opened_by = opened_by
        if self.listeners:
            self.listeners.emit(self._event(change, opened_by))

    def rejection(self, rejection: Rejection) -> CircuitOpenError:
        """Make the error of a call that was not admitted."""
        return CircuitOpenError(
            breaker=self._name,
            state=STATES[rejection.state],
            retry_after=rejection.retry_after,
            opened_by=None if rejection.state == ISOLATED else self._opened_by,
        )

    def _event(self, change: Transition, opened_by: str | None) -> CircuitEvent:
        if change.break_duration is not None:
            return CircuitOpened(
                breaker=self._name,
                generation=change.generation,
                opened_by=opened_by,
                break_duration=change.break_duration,
            )
        event = _SIMPLE[change.new]
        return event(breaker=self._name, generation=change.generation)
