"""A circuit at work: who is admitted, and by which settings.

The states, permits and deadlines are the core's (`rust/core/src/breaker`). This module
asks it and has announced what it says; `_settle` hands it the verdicts.

Rule: a call made inside a probe of the same breaker belongs to that probe. Two helpers
guarded by one breaker must not reject each other while it is half-open.
"""

from __future__ import annotations

import threading
from typing import Final, final

from ._announcer import Announcer
from ._breaker_config import (
    BreakerConfig,
    Changes,
    Options,
    changed,
    configured,
    settings_of,
)
from ._call import Call
from ._native import (  # noqa: TID251 -- the state machine is the core's
    HALF_OPEN,
    OPEN,
    Breaker,
    Permit,
    Rejection,
    Transition,
)
from ._probe import Probe, inside_probe
from ._types import Clock

_PROBED: Final = (OPEN, HALF_OPEN)
_HANGING: Final = "hanging calls"


@final
class Circuit:
    """What the calls of one breaker share: its core, settings and listeners."""

    __slots__ = ("_changing", "_options", "announcer", "config", "core")

    def __init__(self, name: str, options: Options, clock: Clock) -> None:
        self._options = options
        self._changing = threading.RLock()  # an option may be an object with code
        self.config: BreakerConfig = configured(options)
        self.core: Breaker = Breaker(settings_of(self.config), now=clock.monotonic)
        self.announcer: Announcer = Announcer(name)

    def reconfigure(self, changes: Changes) -> None:
        """Change options; what was left open before is filled in anew."""
        # One at a time, or the core might keep other settings than `config` says.
        with self._changing:
            options = changed(self._options, changes)
            config = configured(options)
            self.core.reconfigure(settings_of(config))
            self.config, self._options = config, options

    def admit(self, call: Call) -> int | Permit | None:
        """Take a permit or raise; None for a call inside a probe of this very one."""
        if call.replayed is not None:
            # What has already happened cannot be rejected, least of all a cancellation.
            return call.stamps[self.core]
        if self._in_probe():
            return None
        answer = self.core.acquire()
        if isinstance(answer, int):
            return answer
        if answer.transition is not None:
            self._announce(answer, answer.transition)
        if isinstance(answer, Rejection):
            raise self.announcer.rejection(answer)
        return answer

    def take(self) -> Permit | Rejection:
        """Take a permit that somebody will hold in hand."""
        answer = self.core.permit(nested=self._in_probe())
        if answer.transition is not None:
            self._announce(answer, answer.transition)
        return answer

    def probe(self, permit: int | Permit | None, call: Call) -> Probe | None:
        """Mark what runs under *permit*, if it is a probe or belongs to one."""
        if permit is None or (not isinstance(permit, int) and permit.probe):
            return Probe(self, call)
        return None

    def commanded(self, change: Transition | None) -> None:
        """Tell listeners what an operator changed, if it is another state now."""
        if change is not None and change.old != change.new:
            self.announcer.moved(change)

    def _announce(self, answer: Permit | Rejection, change: Transition) -> None:
        try:
            self.announcer.moved(change, _HANGING)
        except BaseException:  # Ctrl-C in a listener
            if isinstance(answer, Permit):
                answer.release()
            raise

    def _in_probe(self) -> bool:
        if not inside_probe(self):
            return False
        # Closed by another probe, it is closed for calls in this one too; and what an
        # operator said since then holds for them as for all others.
        return self.core.snapshot().state in _PROBED
