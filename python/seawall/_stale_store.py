"""The values that a cache holds, and the calls that are under way for new ones.

Rule 1: everything changes under one lock, and nothing of anybody else's runs there but
what a key does to be looked up. What is thrown out is dropped after the lock is free.

Rule 2: a call may store what it brought only while it is the one that is under way for
its key. Who invalidates a key meanwhile has said that this value is not wanted.

Rule 3: a value is as old as the question it answers, by the clock that says older: one
of them stands still while the machine sleeps, the other one is set by people.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final, TypeAlias, final

import attrs

from ._flight import Flight
from ._outcome import FRESH, Origin


@final
@attrs.frozen
class Moment:
    """What both clocks said."""

    monotonic: float
    wall: float

    def since(self, began: Moment) -> float:
        """Count the seconds from *began* to now; the larger count is believed."""
        return max(self.monotonic - began.monotonic, self.wall - began.wall)


@final
@attrs.frozen
class Entry:
    """A value of the primary, and when it was asked for."""

    value: Any
    asked: Moment


@final
@attrs.frozen
class Landed:
    """A call returned."""

    value: Any
    origin: Origin


@final
@attrs.frozen
class Failed:
    """A call raised, and not because somebody was cancelled."""

    error: Exception


@final
class Abandoned:
    """A call was given up; somebody else may make it."""


ABANDONED: Final = Abandoned()
Ending: TypeAlias = Landed | Failed | Abandoned


@final
@attrs.frozen
class Boarding:
    """A call under way, when this caller asked, and whether it is his to make."""

    flight: Flight[Ending]
    asked: Moment
    leads: bool = attrs.field(kw_only=True)


@final
class Store:
    """Entries by key, the one used last at the end; and flights by key.

    Args:
        max_entries: How many values are kept.
        fresh_for: Seconds for which a value is handed out without a call.
        limit: Seconds after which a value is not handed out at all.
    """

    __slots__ = (
        "_changing",
        "_entries",
        "_flights",
        "_fresh_for",
        "_limit",
        "_max_entries",
    )

    def __init__(self, max_entries: int, fresh_for: float, limit: float) -> None:
        self._max_entries = max_entries
        self._fresh_for = fresh_for
        self._limit = limit
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._flights: dict[Hashable, Flight[Ending]] = {}
        # Reentrant: comparing two keys may run code that asks for a third one.
        self._changing = threading.RLock()

    def __len__(self) -> int:
        return len(self._entries)

    def board(self, key: Hashable, now: Moment) -> Entry | Boarding:
        """Return a fresh entry, or the call under way, or one that begins now."""
        with self._changing:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
                if now.since(entry.asked) < self._fresh_for:
                    return entry
            flight = self._flights.get(key)
            if flight is not None:
                return Boarding(flight, now, leads=False)
            begun = self._flights[key] = Flight[Ending]()
            return Boarding(begun, now, leads=True)

    def find(self, key: Hashable, now: Moment) -> Landed | None:
        """Return what may be handed out instead of an error, and what it is then."""
        with self._changing:
            entry = self._entries.get(key)
            if entry is None:
                return None
            age = now.since(entry.asked)
            if not age < self._limit:
                del self._entries[key]  # and `entry` goes when the lock is free
                return None
        if age < self._fresh_for:  # brought by a call that began after this one
            return Landed(entry.value, FRESH)
        return Landed(entry.value, Origin("stale", stale_for=age))

    def land(self, key: Hashable, flight: Flight[Ending], entry: Entry) -> None:
        """Keep what *flight* brought, unless somebody has invalidated that."""
        dropped: list[object] = []
        with self._changing:
            if self._flights.get(key) is not flight:
                return
            del self._flights[key]
            dropped.append(self._entries.pop(key, None))
            # First, for `len` asks without the lock.
            while len(self._entries) >= self._max_entries:
                dropped.append(self._entries.popitem(last=False))
            self._entries[key] = entry

    def leave(self, key: Hashable, flight: Flight[Ending]) -> None:
        """Let the next caller make a call of his own; a no-op for what has landed."""
        with self._changing:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def invalidate(self, key: Hashable) -> None:
        """Forget the value, and what is under way to replace it."""
        with self._changing:
            dropped = self._entries.pop(key, None), self._flights.pop(key, None)
        del dropped

    def clear(self) -> None:
        """Forget all values, and what is under way."""
        with self._changing:
            dropped = self._entries, self._flights
            self._entries, self._flights = OrderedDict(), {}
        del dropped
