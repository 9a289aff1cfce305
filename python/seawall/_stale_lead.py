"""One call on behalf of all who want a key, and what they are given if it fails.

Rule 1: a call ends exactly once for those who wait: it landed, it failed, or it was
abandoned. It was abandoned if whoever made it was cancelled, in whatever disguise, or
made it with the wrong arguments: that says nothing about anybody else's.

Rule 2: nothing of the call stays. What has ended holds no error, and an error's
traceback leads to no flight.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, final

import attrs

from ._call import Call
from ._cancel import is_cancellation
from ._classify import Classify, leaves
from ._clock import read_both
from ._correlation import current_correlation_id
from ._events import Listeners, StaleServed
from ._flight import Flight
from ._handled import classified, handles
from ._outcome import PRIMARY, Origin
from ._provenance import Watch, substituted
from ._stale_store import (
    ABANDONED,
    Boarding,
    Ending,
    Entry,
    Failed,
    Landed,
    Moment,
    Store,
)
from ._types import Category, Clock, On

# "No" is an answer, whatever `on` says.
_REFUSALS: Final = (Category.AUTHENTICATION, Category.REJECTED)


def hand_out(call: Call, origin: Origin, value: Any) -> Any:
    """Return *value*, and tell whose it is."""
    call.origin = origin
    if origin is not PRIMARY:
        substituted(value)
    return value


@final
@attrs.frozen
class Serving:
    """What a cache needs to know to answer a failure.

    Attributes:
        on: Which failures are answered.
        classify: What says what an error means.
        clock: Where to read the time.
        store: The values.
        listeners: Who is told.
    """

    on: On
    classify: Classify | None
    clock: Clock
    store: Store
    listeners: Listeners[StaleServed]

    def now(self) -> Moment:
        """Read both clocks."""
        return Moment(*read_both(self.clock))

    def instead_of(self, error: Exception, call: Call, key: Hashable) -> Landed | None:
        """Find what *call* may return instead of raising *error*."""
        handled = handles(self.on, self.classify, error, call)
        if not handled or any(map(self._is_refusal, _parts(error))):
            return None
        old = self.store.find(key, self.now())
        if old is not None and old.origin.stale_for is not None and self.listeners:
            event = StaleServed(
                stale_for=old.origin.stale_for,
                category=classified(self.classify, error).category,
                correlation_id=current_correlation_id(),
            )
            self.listeners.emit(event)
        return old

    def _is_refusal(self, error: BaseException) -> bool:
        if isinstance(error, PermissionError) or not isinstance(error, Exception):
            return True
        return classified(self.classify, error).category in _REFUSALS


@final
class Lead:
    """The block in which the call is made.

    Attributes:
        flight: Through which others wait for it.
        served: The old value that takes an error's place, once the block is left.
    """

    __slots__ = ("_asked", "_call", "_key", "_serving", "_watch", "flight", "served")

    def __init__(
        self, serving: Serving, call: Call, key: Hashable, boarding: Boarding
    ) -> None:
        self._serving = serving
        self._call = call
        self._key = key
        self._asked = boarding.asked
        # Who must not wait for a call under way makes one of his own beside it, which
        # no store knows and nobody waits for.
        self.flight: Flight[Ending] = boarding.flight if boarding.leads else Flight()
        self.served: Any = None
        self._watch = Watch(self.flight)

    def __enter__(self) -> None:
        """Begin; there is nothing to prepare."""

    def landed(self, value: Any) -> Any:
        """Keep *value* if it is the primary's own, and give it to all who wait."""
        origin = self._call.origin
        if origin is PRIMARY and not self._watch.has_seen(value):
            entry = Entry(value, self._asked)
            self._serving.store.land(self._key, self.flight, entry)
        self._serving.store.leave(self._key, self.flight)
        self.flight.end(Landed(value, origin))
        return value

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> bool:
        flight = self.flight
        del self.flight
        self._watch.end()
        try:
            if not isinstance(error, Exception) or self._says_nothing(error):
                return False
            self._serving.store.leave(self._key, flight)
            flight.end(Failed(error))
            return self._answers(error)
        finally:
            self._serving.store.leave(self._key, flight)
            flight.end(ABANDONED)  # unless it has ended

    def _says_nothing(self, error: Exception) -> bool:
        return self._call.misused or is_cancellation(error)

    def _answers(self, error: Exception) -> bool:
        old = self._serving.instead_of(error, self._call, self._key)
        if old is None:
            return False
        self.served = hand_out(self._call, old.origin, old.value)
        return True


def _parts(error: Exception) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return list(leaves(error))
    return [error]
