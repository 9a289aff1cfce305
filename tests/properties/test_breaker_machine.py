"""The breaker against its model: whatever happens to it, in whatever order."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from models import breaker as model
from models.breaker import (
    MILLISECOND,
    QUARTER,
    SECOND,
    State,
)
from models.pair import EDGES, LEASE_FACE, STEPS, Clock, in_doubt, seconds
from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    Permit,
)
from seawall._isolation import Isolation

STATES = {
    CircuitState.CLOSED: State.CLOSED,
    CircuitState.OPEN: State.OPEN,
    CircuitState.HALF_OPEN: State.HALF_OPEN,
    CircuitState.ISOLATED: State.ISOLATED,
    CircuitState.DISABLED: State.DISABLED,
}
BY_OPERATORS = (State.ISOLATED, State.DISABLED)
PROBED = (State.OPEN, State.HALF_OPEN)

Outcome = type[BaseException] | None
outcomes: st.SearchStrategy[Outcome] = st.sampled_from(
    [None, None, ConnectionError, ConnectionError, KeyboardInterrupt]
)
"""How a call ends: it returns, it fails, or it says nothing about the dependency."""


class ScriptedClock(Clock):
    """A clock that goes on when it is told to."""

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self.seconds

    def sleep(self, duration: float) -> None:
        self.set(self.now + round(duration * SECOND))


class Hand:
    """What somebody has of a permit; hypothesis keeps the hand, not the permit."""

    def __init__(self, permit: Permit, modelled: model.Permit) -> None:
        self.permit: Permit | None = permit
        self.modelled = modelled

    def spent(self) -> bool:
        """Has it had its verdict, or been dropped?"""
        return self.permit is None or self.modelled.used


class BreakerMachine(RuleBasedStateMachine):
    """Calls, late verdicts, lost permits, operators, and a clock."""

    hands: Bundle[Hand] = Bundle("hands")
    holds: Bundle[tuple[Isolation, model.Hold]] = Bundle("holds")

    @initialize(
        failures=st.sampled_from([1, 2, 4]),
        pause=st.sampled_from([0.0, 0.0004, 0.25, 10.0, 3600.0, 365 * 86_400.0]),
        threshold=st.sampled_from([1, 2, 3, 31]),
        probes=st.sampled_from([1, 2, 3, 31]),
        lease=st.sampled_from([0.1, 0.25, 30.0, 3600.0, 86_400.0]),
        start=st.sampled_from([0, 12_345_678_901, LEASE_FACE - 40 * SECOND]),
        attended=st.booleans(),
    )
    def build(  # noqa: PLR0917 -- hypothesis names them
        self,
        failures: int,
        pause: float,
        threshold: int,
        probes: int,
        lease: float,
        start: int,
        attended: bool,  # noqa: FBT001 -- hypothesis names it
    ) -> None:
        """Any options, a clock that may be about to go round, operators or none."""
        self.attended = attended
        self.clock = ScriptedClock(start)
        self.breaker = CircuitBreaker(
            "db",
            trip=Consecutive(failures),
            break_duration=pause,
            success_threshold=threshold,
            max_probes=probes,
            probe_lease=lease,
            clock=self.clock,
        )
        self.model = model.Breaker(
            model.Settings(
                trip=model.Consecutive(failures),
                breaks=model.Breaks(round(pause * SECOND)),
                success_threshold=threshold,
                max_probes=probes,
                probe_lease=round(lease * SECOND),
            )
        )
        self.expected: list[tuple[str, int]] = []
        self.events: list[CircuitEvent] = []
        self.breaker.subscribe(self.events.append)
        self.inside: list[model.Permit] = []
        self.commanded: State | None = None

    # ------------------------------------------------------------ calls

    @rule(outcome=outcomes)
    def call(self, outcome: Outcome) -> None:
        """A function is called and ends at once."""
        self._call(outcome, lambda: None)

    @precondition(lambda self: self.model.state is State.CLOSED)
    @rule()
    def fail_until_it_opens(self) -> None:
        """The dependency goes down."""
        while self.model.state is State.CLOSED:
            self._call(ConnectionError, lambda: None)

    @rule(outcome=outcomes, inner=outcomes)
    def call_within_a_call(self, outcome: Outcome, inner: Outcome) -> None:
        """A helper is guarded too; inside a probe it belongs to that probe."""
        self._call(outcome, lambda: self._call(inner, lambda: None))

    @rule(outcome=outcomes, inner=outcomes)
    def call_within_a_block(self, outcome: Outcome, inner: Outcome) -> None:
        """A block is guarded; what it calls belongs to it."""
        self._block(outcome, lambda _permit: self._call(inner, lambda: None))

    @rule(outcome=outcomes, inner=outcomes)
    def call_after_an_early_verdict(self, outcome: Outcome, inner: Outcome) -> None:
        """A block decides for itself; what it calls from then on is ordinary."""

        def body(hand: Hand) -> None:
            self._judge(hand, outcome)
            self._call(inner, lambda: None)

        self._block(None, body)

    @rule(target=hands)
    def acquire(self) -> Any:
        """A permit is taken by hand, for later."""
        answer = self._ask()
        try:
            permit = self.breaker.acquire()
        except CircuitOpenError as error:
            self._check_rejection(error, answer)
            return multiple()
        assert isinstance(answer, model.Permit)
        return Hand(permit, answer)

    @rule(target=hands)
    def try_acquire(self) -> Any:
        """The same, without an error."""
        answer, permit = self._ask(), self.breaker.try_acquire()
        if permit is None:
            assert isinstance(answer, model.Rejection)
            return multiple()
        assert isinstance(answer, model.Permit)
        return Hand(permit, answer)

    # ------------------------------------------------------------ late verdicts

    @rule(hand=hands, outcome=outcomes)
    def judge(self, hand: Hand, outcome: Outcome) -> None:
        """A permit gets its verdict, however much later; a second one is an error."""
        if hand.permit is not None and hand.modelled.used:
            with pytest.raises(RuntimeError, match="already has its verdict"):
                hand.permit.success()
        else:
            self._judge(hand, outcome)

    @rule(hand=consumes(hands))
    def lose(self, hand: Hand) -> None:
        """A permit is lost; what is collected is released."""
        hand.permit = None
        gc.collect(0)
        self.model.drop(hand.modelled)

    # ------------------------------------------------------------ operators

    @precondition(lambda self: self.attended)
    @rule(target=holds)
    def isolate(self) -> tuple[Isolation, model.Hold]:
        """An operator holds the circuit."""
        modelled = self.model.isolate(self.clock.now)
        self._expect(modelled.transition)
        self._operator_moved()
        return self.breaker.isolate(), modelled

    @rule(hold=holds)
    def let_go(self, hold: tuple[Isolation, model.Hold]) -> None:
        """He lets go, perhaps of what he holds no longer."""
        real, modelled = hold
        real.release()
        self._expect(self.model.unisolate(modelled, self.clock.now))
        self._operator_moved()

    @precondition(lambda self: self.attended)
    @rule(command=st.sampled_from(["disable", "enable", "reset"]))
    def command(self, command: str) -> None:
        """An operator switches it off, on, or closes it."""
        getattr(self.breaker, command)()
        self._expect(getattr(self.model, command)(self.clock.now))
        self._operator_moved()

    # ------------------------------------------------------------ time

    @rule(step=st.sampled_from(STEPS) | st.integers(0, 60 * SECOND))
    def wait(self, step: int) -> None:
        """Time goes by: a little, or a year."""
        self._until(self.clock.now + step)

    @precondition(lambda self: self.model.state is State.OPEN)
    @rule(off=st.sampled_from(EDGES))
    def wait_for_the_break(self, off: int) -> None:
        """The end of the break comes, give or take a nanosecond."""
        self._until(self.model.break_ends * MILLISECOND + off)

    @precondition(lambda self: self.model.state is State.HALF_OPEN)
    @rule(off=st.sampled_from(EDGES))
    def wait_for_the_lease(self, off: int) -> None:
        """The end of the newest lease comes, give or take a nanosecond."""
        self._until(self.model.lease_ends * QUARTER + off)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def it_looks_like_its_model(self) -> None:
        """State, generation, permits, break and counters."""
        seen = self.breaker.stats()
        half_open_in = None
        if self.model.state is State.OPEN:
            half_open_in = seconds(self.model.retry_after(self.clock.now)) or 0.0

        assert STATES[seen.state] is self.model.state
        assert STATES[self.breaker.state] is self.model.state
        assert seen.generation == self.model.generation
        assert seen.permits_out == len(self.model.probes)
        assert seen.half_open_in == half_open_in
        assert seen.rejected == self.model.counters.rejected
        assert seen.late == self.model.counters.late
        assert seen.failures == self.model.remembered(self.clock.now).failures

    @invariant()
    def no_more_probes_are_out_than_allowed(self) -> None:
        """Nor ever fewer than none."""
        assert 0 <= self.breaker.stats().permits_out <= self.breaker.config.max_probes

    @invariant()
    def each_change_of_state_is_told_once(self) -> None:
        """In order, and one for each generation that began with it."""
        told = [(type(event).__name__, event.generation) for event in self.events]
        generations = [event.generation for event in self.events]

        assert told == self.expected
        assert generations == sorted(set(generations))

    @invariant()
    def only_an_operator_ends_what_an_operator_began(self) -> None:
        """No verdict and no time ends an isolation, or a disabling."""
        if self.commanded in BY_OPERATORS:
            assert STATES[self.breaker.state] is self.commanded

    # ------------------------------------------------------------ how

    def _call(self, outcome: Outcome, body: Callable[[], object]) -> None:
        answer = self._ask()
        ran = False

        def function() -> None:
            nonlocal ran
            ran = True
            self._inside(answer, body)
            _end(outcome)

        try:
            self.breaker.call_sync(function)
        except CircuitOpenError as error:
            self._check_rejection(error, answer)
        except (ConnectionError, KeyboardInterrupt) as error:
            assert type(error) is outcome
        assert ran is isinstance(answer, model.Permit)
        if isinstance(answer, model.Permit):
            self._judged(answer, outcome)

    def _block(self, outcome: Outcome, body: Callable[[Hand], object]) -> None:
        answer = self._ask()
        try:
            with self.breaker.acquire() as permit:
                assert isinstance(answer, model.Permit)
                hand = Hand(permit, answer)
                self._inside(answer, lambda: body(hand))
                _end(outcome)
        except CircuitOpenError as error:
            self._check_rejection(error, answer)
        except (ConnectionError, KeyboardInterrupt) as error:
            assert type(error) is outcome
        if isinstance(answer, model.Permit) and not answer.used:
            self._judged(answer, outcome)

    def _ask(self) -> model.Permit | model.Rejection:
        """What the model answers to a call from here."""
        live = any(not permit.used for permit in self.inside)
        if live and self.model.state in PROBED:
            return self.model.nested()
        answer = self.model.acquire(self.clock.now)
        self._expect(answer.transition)
        return answer

    def _inside(
        self, answer: model.Permit | model.Rejection, body: Callable[[], object]
    ) -> None:
        """Run *body* as a part of the call that *answer* admitted."""
        if answer not in self.model.probes:
            body()
            return
        assert isinstance(answer, model.Permit)
        self.inside.append(answer)
        try:
            body()
        finally:
            self.inside.remove(answer)

    def _judge(self, hand: Hand, outcome: Outcome) -> None:
        """Give a verdict by hand, on both sides."""
        assert hand.permit is not None
        if outcome is None:
            hand.permit.success()
        elif outcome is ConnectionError:
            hand.permit.failure(ConnectionError("down"))
        else:
            hand.permit.release()
        self._judged(hand.modelled, outcome)

    def _judged(self, permit: model.Permit, outcome: Outcome) -> None:
        """Tell the model how the call ended."""
        now = self.clock.now
        if outcome is None:
            self._expect(self.model.success(permit, now))
        elif outcome is ConnectionError:
            self._expect(self.model.failure(permit, now))
        else:
            self._expect(self.model.cancelled(permit, now))

    def _expect(self, moved: model.Transition | None) -> None:
        """Listeners hear of every change but the reset of a closed circuit."""
        if moved is not None and moved.old != moved.new:
            self.expected.append((EVENTS[moved.new], moved.generation))

    def _operator_moved(self) -> None:
        self.commanded = self.model.state

    def _check_rejection(
        self, error: CircuitOpenError, answer: model.Permit | model.Rejection
    ) -> None:
        assert isinstance(answer, model.Rejection)
        assert STATES[error.state] is answer.state
        assert error.retry_after == seconds(answer.retry_after)

    def _until(self, then: int) -> None:
        if then > self.clock.now and not in_doubt(self.model, then):
            self.clock.set(then)


EVENTS = {
    State.CLOSED: "CircuitClosed",
    State.OPEN: "CircuitOpened",
    State.HALF_OPEN: "CircuitHalfOpened",
    State.ISOLATED: "CircuitIsolated",
    State.DISABLED: "CircuitDisabled",
}


def _end(outcome: Outcome) -> None:
    if outcome is not None:
        raise outcome("so it ends")


TestBreakerMachine = BreakerMachine.TestCase
# A difference shows itself in many ways, and to explain each takes hypothesis minutes;
# the shortest history of one of them does it.
TestBreakerMachine.settings = settings(
    max_examples=3 * settings().max_examples,
    stateful_step_count=60,
    phases=set(Phase) - {Phase.explain},
    report_multiple_bugs=False,
)
TestBreakerMachine.pytestmark = [pytest.mark.timeout(400)]  # to shrink takes its time
TestBreakerMachine.__doc__ = "No history tells the breaker from its model."
