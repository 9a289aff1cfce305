"""What was seen of one incident; everything that is shown is computed from this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Final, Literal, TypeAlias, final

import anyio
import attrs

from seawall import CircuitState

from ._plan import Plan

Kind: TypeAlias = Literal["fresh", "stale", "late", "failed"]
"""What a call came to; late is an answer past the deadline."""

KINDS: Final[tuple[Kind, ...]] = ("fresh", "stale", "late", "failed")

DEADLINE: Final = 1.5
"""Seconds within which every look-up promises to be over."""


@final
@attrs.frozen(kw_only=True)
class Sample:
    """One look-up, as its caller saw it.

    Attributes:
        begun: Seconds from the start of the incident.
        elapsed: Seconds until it was answered or failed.
        error: The class of the exception, or None.
        marked: Whether the service said that the answer is stale.
        kept: Whether the answer did come from the cache, by its own data.
    """

    begun: float
    elapsed: float
    error: str | None = None
    marked: bool = False
    kept: bool = False

    @property
    def kind(self) -> Kind:
        """What the call came to."""
        if self.error is not None:
            return "failed"
        if self.elapsed > DEADLINE:
            return "late"
        return "stale" if self.kept else "fresh"


@final
class Stopwatch:
    """Seconds since the incident began, in the event loop's time; 0 before."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def start(self) -> None:
        """Begin now."""
        self._begun = anyio.current_time()

    def __call__(self) -> float:
        """Tell the time."""
        return 0.0 if self._begun is None else anyio.current_time() - self._begun


@final
@attrs.define(kw_only=True)
class Lane:
    """One of the two services under the same load.

    Attributes:
        clock: Seconds since the start of the incident.
        samples: The look-ups that are over.
        waiting: How many are under way.
        attempts: When it reached for the database.
        logins: When it logged in at OpenBao.
        retries: When it decided to call again.
        circuit: Changes of the circuit; empty for the bare service.
    """

    clock: Callable[[], float] = attrs.field(repr=False)
    samples: list[Sample] = attrs.field(factory=list[Sample])
    waiting: int = 0
    attempts: list[float] = attrs.field(factory=list[float])
    logins: list[float] = attrs.field(factory=list[float])
    retries: list[float] = attrs.field(factory=list[float])
    circuit: list[tuple[float, CircuitState]] = attrs.field(
        factory=list[tuple[float, CircuitState]]
    )

    def attempted(self) -> None:
        """Note that the database is being asked."""
        self.attempts.append(self.clock())

    def logged_in(self) -> None:
        """Note that a login leaves for OpenBao."""
        self.logins.append(self.clock())

    def retried(self) -> None:
        """Note a retry."""
        self.retries.append(self.clock())

    def moved(self, state: CircuitState) -> None:
        """Note a change of the circuit."""
        self.circuit.append((self.clock(), state))

    def state_at(self, when: float) -> CircuitState:
        """What the circuit was at *when*."""
        states = [state for at, state in self.circuit if at <= when]
        return states[-1] if states else CircuitState.CLOSED

    def kinds(self) -> Counter[Kind]:
        """How many calls came to what."""
        return Counter(sample.kind for sample in self.samples)

    def answered_in_time(self) -> float:
        """The share of calls with an answer before the deadline, 0 to 1."""
        kinds = self.kinds()
        return (kinds["fresh"] + kinds["stale"]) / max(1, kinds.total())

    def by_time(self, step: float, until: float) -> list[Counter[Kind]]:
        """What the calls came to that began in each *step* seconds."""
        slices: list[Counter[Kind]] = [Counter() for _ in range(ceil(until / step))]
        for sample in list(self.samples):
            # The first page may be due in the last slice by a rounding error.
            place = min(int(sample.begun / step), len(slices) - 1)
            slices[place][sample.kind] += 1
        return slices


MarkName: TypeAlias = Literal["hang", "kill", "revoke", "back"]
Database: TypeAlias = Literal["up", "hanging", "dead"]

_DATABASE: Final[dict[MarkName, Database]] = {
    "hang": "hanging",
    "kill": "dead",
    "back": "up",
}


@final
@attrs.define(kw_only=True)
class Record:
    """One incident on one backend.

    Attributes:
        backend: "asyncio" or "trio".
        seed: What made the load.
        plan: What was meant to happen.
        guarded: The service with seawall.
        bare: The service without.
        elapsed: Seconds since the start, as of the last beat of the event loop.
        worst_lag: How late the event loop was at worst, in seconds.
        marks: When what was done to the servers.
        leaks: What was left behind, in words.
    """

    backend: str
    seed: int
    plan: Plan
    guarded: Lane
    bare: Lane
    elapsed: float = 0.0
    worst_lag: float = 0.0
    marks: dict[MarkName, float] = attrs.field(factory=dict[MarkName, float])
    leaks: list[str] = attrs.field(factory=list[str])

    def closed_at(self) -> float | None:
        """When the circuit closed for good; None if it did not, or never opened."""
        if not self.guarded.circuit:
            return None
        at, state = self.guarded.circuit[-1]
        return at if state is CircuitState.CLOSED else None

    def opened_at(self) -> float | None:
        """When the circuit opened first."""
        opened = [
            at for at, state in self.guarded.circuit if state is CircuitState.OPEN
        ]
        return opened[0] if opened else None

    def database_at(self, when: float) -> Database:
        """What the database was at *when*."""
        last: Database = "up"
        for name, at in sorted(self.marks.items(), key=lambda mark: mark[1]):
            if at <= when and name in _DATABASE:
                last = _DATABASE[name]
        return last
