"""Knowing that a call is made inside a probe.

Two helpers guarded by one breaker must not reject each other while it is half-open, so
what is called inside a probe belongs to that probe. The mark is set in half-open only:
an undisturbed call never touches it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, final

from ._call import Call


@final
class Probe:
    """One probe under way: marks the running context, and the call if there is one.

    Copies of the context outlive the probe, in whatever task it started. So it knows
    nothing of the permit, and once it is over, of the call and its arguments neither.
    """

    __slots__ = ("breaker", "call", "live", "outside")

    def __init__(self, breaker: object, call: Call | None = None) -> None:
        self.breaker: object = breaker
        self.call: Call | None = call
        self.live: bool = True
        self.outside: bool = False
        if call is not None:
            self.outside, call.probe = call.probe, True
        _probes.set((*_living(), self))

    def end(self) -> None:
        """Make what is called from now on an ordinary call.

        Children that outlive the probe hold a copy of the context; for them, too, the
        verdict is given.
        """
        self.live = False
        if self.call is not None:
            self.call.probe = self.outside
        self.breaker = self.call = None
        # Not back to what was before: of two generators that each guard a block, the
        # first to begin may be the first to end. And an abandoned coroutine is closed
        # by whoever collects it, in a context that has never seen this probe.
        _probes.set(_living())


def inside_probe(breaker: object) -> bool:
    """Tell whether the running code is part of a probe of *breaker*."""
    return any(probe.live and probe.breaker is breaker for probe in _probes.get())


def _living() -> tuple[Probe, ...]:
    return tuple(probe for probe in _probes.get() if probe.live)


_probes: Final[ContextVar[tuple[Probe, ...]]] = ContextVar("seawall_probes", default=())
