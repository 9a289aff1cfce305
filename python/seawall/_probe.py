"""Knowing that a call is made inside a probe.

Two helpers guarded by one breaker must not reject each other while it is half-open, so
what is called inside a probe belongs to that probe. The mark is set in half-open only:
an undisturbed call never touches it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, TypeAlias, final
from weakref import ref

from ._call import Call


@final
class Probe:
    """One probe under way: marks the running context, and the call if there is one.

    Whoever runs the probe holds it, and nobody else. Copies of the context outlive it,
    in every task that it starts; and where a signal handler raises, nobody comes to
    say that it is over.
    """

    __slots__ = ("__weakref__", "breaker", "call", "live", "outside")

    def __init__(self, breaker: object, call: Call | None = None) -> None:
        self.breaker: object = breaker
        self.call: Call | None = call
        self.live: bool = True
        self.outside: bool = False
        if call is not None:
            self.outside, call.probe = call.probe, True
        _probes.set((*_living(), ref(self)))

    def end(self) -> None:
        """Make what is called from now on an ordinary call.

        Children that outlive the probe hold a copy of the context; for them, too, the
        verdict is given.
        """
        self.live = False
        if self.call is not None:
            self.call.probe = self.outside
        # Not back to what was before: of two generators that each guard a block, the
        # first to begin may be the first to end. And an abandoned coroutine is closed
        # by whoever collects it, in a context that has never seen this probe.
        _probes.set(_living())


def inside_probe(breaker: object) -> bool:
    """Tell whether the running code is part of a probe of *breaker*."""
    return any(
        probe.live and probe.breaker is breaker
        for mark in _probes.get()
        if (probe := mark()) is not None
    )


def _living() -> Marks:
    return tuple(
        mark for mark in _probes.get() if (probe := mark()) is not None and probe.live
    )


Marks: TypeAlias = tuple[ref[Probe], ...]

_probes: Final[ContextVar[Marks]] = ContextVar("seawall_probes", default=())
