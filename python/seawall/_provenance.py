"""Whose value it is, told across guards.

Inside one pipeline an `Origin` says it. But a cache may stand around a function that
has a fallback of its own, and to the cache that function is the primary. So whoever
hands out a substitute says so here, and a cache does not keep what it hears of.

Rule 1: what counts is that the very object is returned. A page that holds a substitute
among other things is the page's own value.

Rule 2: nothing is remembered longer than the call that is watched. A context that was
copied meanwhile outlives it, so a watch that has ended is emptied and skipped.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar, Token
from typing import Final, final

# What is handed through is nearly always the newest; a loop over a thousand degraded
# calls must not be kept in full.
_REMEMBERED: Final = 16


@final
class Watch:
    """Look out for substitutes while a call is made for *subject*."""

    __slots__ = ("_outside", "_substitutes", "_token", "subject")

    def __init__(self, subject: object) -> None:
        self.subject: object | None = subject
        # Only what is still watched: else a task that starts its successor from within
        # a call would hang one watch to the next, for ever.
        self._outside = next(_watches(), None)
        self._substitutes: deque[object] = deque(maxlen=_REMEMBERED)
        self._token: Token[Watch | None] | None = _watch.set(self)

    def has_seen(self, value: object) -> bool:
        """Tell whether *value* was handed out as a substitute."""
        return any(seen is value for seen in self._substitutes)

    def end(self) -> None:
        """Forget everything."""
        assert self._token is not None  # noqa: S101 -- ended once
        token, self._token = self._token, None  # it holds the watch before this one
        self.subject = None
        self._substitutes.clear()
        # A coroutine that was abandoned is closed in a context that is not its own.
        with contextlib.suppress(ValueError):
            _watch.reset(token)

    @property
    def outside(self) -> Watch | None:
        """The watch around this one."""
        return self._outside

    def note(self, value: object) -> None:
        """Remember *value*."""
        self._substitutes.append(value)


def substituted(value: object) -> None:
    """Tell those who watch that *value* is not the primary's own."""
    if _watch.get() is None:
        return  # nearly always
    for watch in _watches():
        watch.note(value)


def inside(subject: object) -> bool:
    """Tell whether the running code is part of the call made for *subject*."""
    return any(watch.subject is subject for watch in _watches())


def _watches() -> Iterator[Watch]:
    """List the watches that have not ended, innermost first."""
    watch = _watch.get()
    while watch is not None:
        if watch.subject is not None:
            yield watch
        watch = watch.outside


_watch: Final[ContextVar[Watch | None]] = ContextVar("seawall_watch", default=None)
