"""Which credential is current, what is known against it, and who fetches the next one.

Rule 1: everything that changes changes here, under one lock, and nothing is awaited,
called back or read from a clock while it is held. Who asks is answered for one moment,
whatever other threads do.

Rule 2: a credential is known by its generation. What is said about another generation
than the current one is late, and changes nothing.

Rule 3: at any time there is at most one flight.
"""

from __future__ import annotations

import threading
from enum import Enum
from typing import Final, Generic, TypeAlias, TypeVar, final

import attrs

from ._credential_life import (
    Failure,
    Issued,
    Life,
    Moment,
    Snapshot,
    State,
    pause_after,
)
from ._flight import Flight, Owner

C = TypeVar("C")

# A credential that lasted longer than the longest pause was of use, even if nobody said
# so: `get` and `reject` alone tell of no success. Replacing one that seldom is no loop.
_LASTED: Final = 60.0


@final
@attrs.frozen(eq=False)
class Failed:
    """A flight that brought nothing. The error lives as long as someone waits for it.

    Attributes:
        failure: What is remembered.
        error: What the source raised.
    """

    failure: Failure
    error: Exception


@final
class Abandoned(Enum):
    """A flight that nobody finished: whoever still needs it starts another one."""

    ABANDONED = "abandoned"


ABANDONED: Final = Abandoned.ABANDONED

Outcome: TypeAlias = Snapshot[C] | Failed | Abandoned


@final
@attrs.frozen(eq=False)
class Boarding(Generic[C]):
    """The way to a new credential.

    Attributes:
        flight: What brings it.
        leads: Whether it is for the one who asked to see that it starts.
        ahead: The current credential, if it need not be replaced yet.
    """

    flight: Flight[Outcome[C]]
    leads: bool
    ahead: Snapshot[C] | None


@final
class Ledger(Generic[C]):
    """The state of one `CredentialRefresh`.

    Args:
        first: What is served before any refresh, if there is such a thing.
    """

    __slots__ = (
        "_failure",
        "_flight",
        "_generation",
        "_lock",
        "_owner",
        "_proven",
        "_rejected",
        "_unproven",
        "current",
    )

    def __init__(self, first: Snapshot[C] | None) -> None:
        self._lock = threading.Lock()
        self.current = first
        self._generation = 0 if first is None else first.generation
        # Both are the highest generation of which it is known.
        self._rejected = 0
        self._proven = 0
        # How many in a row were rejected before they served one success.
        self._unproven = 0
        self._failure: Failure | None = None
        self._flight: Flight[Outcome[C]] | None = None
        self._owner: Owner | None = None

    @property
    def generation(self) -> int:
        """Number of the newest credential; 0 before the first one."""
        return self._generation

    # ------------------------------------------------------------ who may have what

    def state(self, snapshot: Snapshot[C] | None, now: Moment) -> State:
        """Say what *snapshot* is good for."""
        if snapshot is None:
            return State.MISSING
        if snapshot.generation <= self._rejected:
            return State.REJECTED
        return snapshot.life.state(now)

    def valid(self, now: Moment) -> Snapshot[C] | None:
        """Return the current credential, if it may be served."""
        current = self.current  # once: another thread may replace it
        return current if self.state(current, now).valid else None

    def fresh(self, now: Moment) -> Snapshot[C] | None:
        """Return the current credential, if nothing need be done about it."""
        # No lock on the way that every call takes: a snapshot never changes, and one
        # that was rejected a moment ago was served a moment earlier.
        current = self.current
        return current if self.state(current, now) is State.FRESH else None

    def board(self, now: Moment) -> Snapshot[C] | Failure | Boarding[C]:
        """Say what to do for a credential: take it, give up, or take the flight."""
        with self._lock:
            current = self.current
            state = self.state(current, now)
            usable = current if state.valid else None
            if usable is not None and state is State.FRESH:
                return usable
            failure = self._failure
            if failure is not None and now.monotonic < failure.until:
                return failure if usable is None else usable
            ahead = usable if state is State.ADVISORY else None
            if self._flight is not None:
                flight = Boarding(self._flight, leads=False, ahead=None)
                return flight if ahead is None else ahead
            self._flight = Flight(self._owner)
            return Boarding(self._flight, leads=True, ahead=ahead)

    # ------------------------------------------------------------ how a flight ends

    def land(
        self, flight: Flight[Outcome[C]], issued: Issued[C], life: Life
    ) -> Snapshot[C]:
        """Make what was issued the current credential."""
        with self._lock:
            self._generation += 1
            self.current = snapshot = Snapshot(issued.value, self._generation, life)
            self._failure = None
            self._forget(flight)
        flight.end(snapshot)
        return snapshot

    def fail(
        self,
        flight: Flight[Outcome[C]],
        error: Exception,
        now: Moment,
        *,
        permanent: bool,
        hint: float | None,
    ) -> Failure:
        """Keep the current credential, and ask for no other one for a while."""
        with self._lock:
            failures = 1 if self._failure is None else self._failure.failures + 1
            pause = pause_after(failures, permanent=permanent, hint=hint)
            failure = Failure(
                reason=f"{type(error).__qualname__}, {failures} in a row",
                permanent=permanent,
                failures=failures,
                until=now.monotonic + pause,
            )
            self._failure = failure
            self._forget(flight)
        flight.end(Failed(failure, error))
        return failure

    def abandon(self, flight: Flight[Outcome[C]]) -> None:
        """Leave the flight to whoever still needs it; nothing, if it has ended."""
        with self._lock:
            self._forget(flight)
        flight.end(ABANDONED)

    def _forget(self, flight: Flight[Outcome[C]]) -> None:
        if self._flight is flight:
            self._flight = None

    # ------------------------------------------------------------ what operations say

    def reject(self, generation: int, now: Moment) -> bool:
        """Note that the server refused this generation; False if that is old news."""
        with self._lock:
            current = self.current
            if current is None or current.generation != generation:
                return False
            if generation <= self._rejected:
                return False
            self._rejected = generation
            served = self._proven >= generation
            lasted = now.since(current.life.began) > _LASTED
            self._unproven = 0 if served or lasted else self._unproven + 1
            if self._unproven > 1:
                self._failure = self._refused(now)
            return True

    def _refused(self, now: Moment) -> Failure:
        """Stop logging in to an account that refuses what it issues."""
        return Failure(
            reason=f"the last {self._unproven} were refused at once",
            permanent=False,
            failures=self._unproven - 1,
            until=now.monotonic + pause_after(self._unproven - 1),
        )

    def prove(self, generation: int) -> None:
        """Note that this generation served a success."""
        if generation <= self._proven:
            return  # all but the first success end here, without the lock
        with self._lock:
            self._proven = max(self._proven, generation)
            self._unproven = 0

    # ------------------------------------------------------------ whose it is

    def adopt(self, owner: Owner) -> bool:
        """Let *owner* do what is boarded from now on; False if there is one."""
        with self._lock:
            if self._owner is not None:
                return False
            self._owner = owner
            return True

    def disown(self, owner: Owner) -> None:
        """Leave what is boarded from now on to the callers again."""
        with self._lock:
            if self._owner is owner:
                self._owner = None

    def orphan(self, owner: Owner) -> None:
        """Abandon what *owner* was to do, and can no longer begin."""
        # A thread may have boarded while there was an owner, and post to his event
        # loop after its last round: nobody would ever end that flight.
        flight = self._flight
        if flight is not None and flight.owner is owner:
            self.abandon(flight)
