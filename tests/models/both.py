"""The breaker as Python has it, and its model: called alike, and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from models import answers as model
from models.breaker import Breaker
from models.clock import Clock
from models.core import seconds
from models.options import Options, nanos, settings_of
from models.settings import State
from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraUnavailableError,
    Permit,
)

MAX_SERVER_DELAY = 300.0
BAD = "a bad result"
PROBED = (State.OPEN, State.HALF_OPEN)
EVENTS = {
    State.CLOSED: "CircuitClosed",
    State.OPEN: "CircuitOpened",
    State.HALF_OPEN: "CircuitHalfOpened",
    State.ISOLATED: "CircuitIsolated",
    State.DISABLED: "CircuitDisabled",
}
ERRORS: dict[str, Callable[[], BaseException]] = {
    "fails": lambda: ConnectionError("down"),
    "asks for 77 s": lambda: InfraUnavailableError("not now", retry_after=77.0),
    "asks for a day": lambda: InfraUnavailableError("not now", retry_after=86_400.0),
    "answers no": lambda: InfraAuthenticationError("who are you"),
    "never came to it": lambda: CredentialRefreshError("no token"),
    "is interrupted": KeyboardInterrupt,
}
HINTS = {"asks for 77 s": 77.0, "asks for a day": 86_400.0}
OUTCOMES = ("returns", "returns badly", *ERRORS)
"""How a call ends."""


class ScriptedClock(Clock):
    """A clock that goes on when it is told to."""

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self.seconds

    def sleep(self, duration: float) -> None:
        self.set(self.now + nanos(duration))


class Hand:
    """What somebody has of a permit: the permit, until it is lost, and the model's."""

    def __init__(self, permit: Permit, modelled: model.Permit) -> None:
        self.permit: Permit | None = permit
        self.modelled = modelled


class Both:
    """A `CircuitBreaker` of some options, its model, and what listeners hear."""

    def __init__(self, options: Options, start: int) -> None:
        self.options = options
        self.clock = ScriptedClock(start)
        self.breaker = CircuitBreaker(
            "db",
            **options,
            max_server_delay=MAX_SERVER_DELAY,
            on_result=lambda result: result == BAD,
            clock=self.clock,
        )
        self.model = Breaker(settings_of(options))
        self.inside: list[model.Permit] = []
        self.expected: list[tuple[str, int, float | None]] = []
        self.events: list[CircuitEvent] = []
        self.breaker.subscribe(self.events.append)

    # ------------------------------------------------------------ calls

    def call(
        self,
        outcome: str,
        took: int = 0,
        body: Callable[[], object] = lambda: None,
        how: Callable[..., Any] | None = None,
    ) -> None:
        """Call a function that does *body*, takes its time, and ends so."""
        answer = self.ask()

        def function() -> str:
            assert isinstance(answer, model.Permit), "the model rejects this call"
            self._inside(answer, body)
            self.wait(took)
            return end(outcome)

        try:
            (how or self.breaker.call_sync)(function)
        except BaseException as error:  # noqa: BLE001 -- looked at, or raised again
            self._check_error(error, answer, outcome)
        else:
            assert isinstance(answer, model.Permit)
        if isinstance(answer, model.Permit):
            self.judged(answer, outcome)

    def block(
        self,
        outcome: str,
        took: int = 0,
        body: Callable[[Hand], object] = lambda _: None,
    ) -> None:
        """The same of a block, which knows its permit and has no result."""
        answer = self.ask()
        try:
            with self.breaker.acquire() as permit:
                assert isinstance(answer, model.Permit), "the model rejects this block"
                hand = Hand(permit, answer)
                self._inside(answer, lambda: body(hand))
                self.wait(took)
                end(outcome)
        except BaseException as error:  # noqa: BLE001 -- looked at, or raised again
            self._check_error(error, answer, outcome)
        if isinstance(answer, model.Permit) and not answer.used:
            self.judged(answer, "returns" if outcome == "returns badly" else outcome)

    async def cancelled_call(self, took: int) -> None:
        """Call a function that is cancelled from outside at its await."""
        answer = self.ask()

        async def function() -> None:
            assert isinstance(answer, model.Permit), "the model rejects this call"
            self.wait(took)
            scope.cancel()
            await anyio.sleep_forever()

        with anyio.CancelScope() as scope:
            try:
                await self.breaker.call(function)
            except CircuitOpenError as error:
                self._check_error(error, answer, "")
        assert scope.cancelled_caught is isinstance(answer, model.Permit)
        if isinstance(answer, model.Permit):
            self.expect(self.model.cancelled(answer, self.clock.now))

    # ------------------------------------------------------------ permits by hand

    def take(self) -> Hand | None:
        """Take a permit for later."""
        answer = self.ask()
        try:
            permit = self.breaker.acquire()
        except CircuitOpenError as error:
            self._check_error(error, answer, "")
            return None
        assert isinstance(answer, model.Permit)
        return Hand(permit, answer)

    def judge(self, hand: Hand, outcome: str) -> None:
        """Give the verdict by hand; what a user decides is not classified."""
        assert hand.permit is not None
        error = ERRORS[outcome]() if outcome in ERRORS else None
        if error is None:
            hand.permit.success()
            self.judged(hand.modelled, "returns")
        elif isinstance(error, Exception):
            hand.permit.failure(error)
            hint = hint_of(outcome)
            self.expect(self.model.failure(hand.modelled, self.clock.now, hint))
        else:
            hand.permit.release()
            self.model.release(hand.modelled)

    # ------------------------------------------------------------ the model's side

    def ask(self) -> model.Permit | model.Rejection:
        """What the model answers to a call from here."""
        live = any(not permit.used for permit in self.inside)
        if live and self.model.state in PROBED:
            return self.model.nested()
        answer = self.model.acquire(self.clock.now)
        self.expect(answer.transition)
        return answer

    def judged(self, permit: model.Permit, outcome: str) -> None:
        """Tell the model how the call ended."""
        now = self.clock.now
        if outcome in {"returns", "answers no"}:
            self.expect(self.model.success(permit, now))
        elif outcome in {"never came to it", "is interrupted"}:
            self.model.release(permit)
        else:
            self.expect(self.model.failure(permit, now, hint_of(outcome)))

    def expect(self, moved: model.Transition | None) -> None:
        """Listeners hear of every change but the reset of a closed circuit."""
        if moved is not None and moved.old is not moved.new:
            pause = seconds(moved.break_duration)
            self.expected.append((EVENTS[moved.new], moved.generation, pause))

    def wait(self, duration: int) -> None:
        """Let time go by."""
        if duration:
            self.clock.set(self.clock.now + duration)

    def _inside(self, permit: model.Permit, body: Callable[[], object]) -> None:
        """Run *body* as a part of the call that has *permit*."""
        if permit not in self.model.probes:
            body()
            return
        self.inside.append(permit)
        try:
            body()
        finally:
            self.inside.remove(permit)

    # ------------------------------------------------------------ comparing

    def check(self) -> None:
        """Whatever can be seen from outside is the same."""
        seen, modelled, now = self.breaker.stats(), self.model, self.clock.now
        calls, failures = modelled.remembered(now)
        pause = seconds(modelled.retry_after(now)) or 0.0
        counted = modelled.counters
        wanted = {
            "state": modelled.state.name.lower(),
            "since": seconds(modelled.since),
            "generation": modelled.generation,
            "successes": counted.successes
            if modelled.settings.count_successes
            else None,
            "failures": counted.failures,
            "ignored": counted.ignored,
            "rejected": counted.rejected,
            "late": counted.late,
            "window_calls": calls,
            "window_failures": failures,
            "permits_out": len(modelled.probes),
            "half_open_in": pause if modelled.state is State.OPEN else None,
        }
        found = {name: getattr(seen, name) for name in wanted}
        found["state"] = seen.state.name.lower()

        assert found == wanted
        assert self.breaker.state is seen.state
        assert [told(event) for event in self.events] == self.expected

    def _check_error(
        self,
        error: BaseException,
        answer: model.Permit | model.Rejection,
        outcome: str,
    ) -> None:
        """It is a rejection like the model's, or the one that the call ended with."""
        if isinstance(answer, model.Permit):
            if type(error) is not type(ERRORS.get(outcome, AssertionError)()):
                raise error
            return
        if not isinstance(error, CircuitOpenError):
            raise error
        assert error.state.name.lower() == answer.state.name.lower()
        assert error.retry_after == seconds(answer.retry_after)


def end(outcome: str) -> str:
    """End like that."""
    if outcome in ERRORS:
        error = ERRORS[outcome]()
        raise error
    return BAD if outcome == "returns badly" else "fine"


def hint_of(outcome: str) -> int:
    """The break that the other side asks for, as far as it is trusted."""
    return nanos(min(HINTS.get(outcome, 0.0), MAX_SERVER_DELAY))


def told(event: CircuitEvent) -> tuple[str, int, float | None]:
    """An event as the model has it."""
    pause = event.break_duration if isinstance(event, CircuitOpened) else None
    return (type(event).__name__, event.generation, pause)
