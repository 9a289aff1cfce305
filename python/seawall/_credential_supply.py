"""How the next credential is fetched, by whom, and what those get who wait for it.

Rule 1: a refresh belongs to nobody's deadline. With an owner it runs in his task group.
Without one it runs in the task of a caller; if that one is cancelled, the next begins
again, or, where half a refresh would lose something, it is finished first.

Rule 2: a refresh that fails changes nothing but when the next one may start.

Rule 3: who waited for a flight gets what it brought, even if that is due again by now.
A credential that lasts no longer than a task switch must not be fetched for ever.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar, final

import anyio
import attrs
from anyio.lowlevel import checkpoint_if_cancelled

from ._cancel import is_cancellation
from ._classify import classify
from ._credential_ledger import ABANDONED, Failed, Ledger, Outcome
from ._credential_life import (
    Failure,
    Issued,
    Moment,
    Snapshot,
    Source,
    State,
    is_permanent,
    life_of,
)
from ._credential_misuse import awaitable, issued_by
from ._errors import CredentialRefreshError, InfraError, InfraTimeoutError
from ._events import CredentialRefreshed, CredentialRefreshFailed, Listeners, warn
from ._flight import Flight
from ._types import Clock

C = TypeVar("C")


class Knowing(Protocol):
    """A source of one credential, which knows by itself whether it is expired."""

    def expired(self) -> bool:
        """Ask it."""
        ...

    def first(self) -> Any:
        """Return what is served before the first refresh."""
        ...


@final
@attrs.frozen(kw_only=True, eq=False)
class Supply(Generic[C]):
    """The source, and the one way to it.

    Attributes:
        name: For messages and events.
        source: What is asked.
        knows: The same, where the credential knows by itself whether it is expired.
        atomic: Whether half a refresh loses something.
        limit: Seconds for one call of the source.
        clock: Where to read the time.
        ledger: What is current.
        listeners: Who is told.
    """

    name: str
    source: Source[C]
    knows: Knowing | None
    atomic: bool
    limit: float
    clock: Clock
    ledger: Ledger[C]
    listeners: Listeners[CredentialRefreshed | CredentialRefreshFailed]

    def now(self) -> Moment:
        """Read the clocks, and ask the credential if it knows more than they."""
        expired = self.knows is not None and self.knows.expired()
        return Moment(self.clock.wall(), self.clock.monotonic(), expired)

    async def fetched(self) -> Snapshot[C] | None:
        """Return a credential that may be used; None: ask again.

        Raises:
            CredentialRefreshError: If there is none, one error for each who waits: a
                shared one would collect everybody's traceback.
        """
        boarding = self.ledger.board(self.now())
        if isinstance(boarding, Snapshot):
            return boarding
        if isinstance(boarding, Failure):
            raise self._error(boarding)
        if boarding.leads:
            await self._lead(boarding.flight)
        if boarding.ahead is not None and boarding.flight.owner is not None:
            return boarding.ahead
        outcome = await boarding.flight.outcome()
        if outcome is ABANDONED:
            return None
        if isinstance(outcome, Failed):
            if (current := self.ledger.valid(self.now())) is not None:
                return current
            raise self._error(outcome.failure) from outcome.error
        refused = self.ledger.state(outcome, self.now()) is State.REJECTED
        return None if refused else outcome

    def _error(self, failure: Failure) -> CredentialRefreshError:
        pause = max(0.0, failure.until - self.clock.monotonic())
        return CredentialRefreshError(
            # No colon behind the name: redaction takes what stands after "...Token:".
            f"no new credential from {self.name!r} ({failure.reason}); next attempt in "
            f"{pause:.1f} s",
            permanent=failure.permanent,
            retry_after=pause,
        )

    # ------------------------------------------------------------ who flies

    async def _lead(self, flight: Flight[Outcome[C]]) -> None:
        """See that somebody flies; without an owner, this very task."""
        owner = flight.owner
        if owner is None:
            await (self._fly_shielded(flight) if self.atomic else self._fly(flight))
            return

        async def fly() -> None:
            await self._fly_aside(flight)

        def give_up() -> None:
            self.ledger.abandon(flight)

        if not owner.launch(fly, give_up):
            self.ledger.disown(owner)

    async def _fly_shielded(self, flight: Flight[Outcome[C]]) -> None:
        # A shield around an await here would stop a scope's cancellation but no
        # native `task.cancel()`; a child task in a shield is stopped by neither.
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._fly_aside, flight)
        finally:
            self.ledger.abandon(flight)  # if the child never took its first step
        # trio's nursery swallows a cancellation that it waited through.
        await checkpoint_if_cancelled()

    async def _fly_aside(self, flight: Flight[Outcome[C]]) -> None:
        """Fly in a task of its own, whose errors would cancel other people's."""
        try:
            await self._fly(flight)
        except Exception:  # noqa: BLE001 -- what a cancelled source made of it
            return

    async def _fly(self, flight: Flight[Outcome[C]]) -> None:
        try:
            began = self.now()
            answer = await self._ask()
            if isinstance(answer, Issued):
                self._land(flight, answer, began)
            else:
                self._fail(flight, answer)
        finally:
            self.ledger.abandon(flight)  # unless it has ended

    # ------------------------------------------------------------ what comes of it

    async def _ask(self) -> Issued[C] | Exception:
        """Call the source. What it raises is returned: it holds these frames."""
        try:
            with (
                anyio.CancelScope(shield=self.atomic),
                anyio.move_on_after(self.limit),
            ):
                result = self.source(self.ledger.current)
                return issued_by(self.source, await awaitable(self.source, result))
        except Exception as error:
            if is_cancellation(error):
                raise
            return error
        return InfraTimeoutError(
            f"{self.name!r} returned no credential within {self.limit:g} s"
        )

    def _land(
        self, flight: Flight[Outcome[C]], issued: Issued[C], began: Moment
    ) -> None:
        now = self.now()
        life = life_of(issued, began, now)
        # What a credential says of itself is not ours to doubt.
        by_clock = attrs.evolve(now, expired=False)
        if life.state(by_clock) is State.EXPIRED:
            since = now.since(began) - life.expires
            self._fail(flight, _already_expired(self.name, since))
            return
        snapshot = self.ledger.land(flight, issued, life)
        if self.listeners:
            event = CredentialRefreshed(
                credential=self.name, generation=snapshot.generation
            )
            self.listeners.emit(event)

    def _fail(self, flight: Flight[Outcome[C]], error: Exception) -> None:
        verdict, now = classify(error), self.now()
        failure = self.ledger.fail(
            flight,
            error,
            now,
            permanent=is_permanent(verdict.category),
            hint=verdict.retry_after,
        )
        event = CredentialRefreshFailed(
            credential=self.name,
            error_type=type(error).__qualname__,
            failures=failure.failures,
            retry_after=failure.until - now.monotonic,
        )
        warn(
            "no new credential from %r (%s); next attempt in %.3g s",
            event.credential,
            failure.reason,
            event.retry_after,
            seawall=attrs.asdict(event),
        )
        if self.listeners:
            self.listeners.emit(event)


def _already_expired(name: str, since: float) -> InfraError:
    return InfraError(
        f"{name!r} returned a credential that expired {since:.1f} s ago: compare the "
        f"clocks of both machines"
    )
