"""The breaker against its model: whatever happens to it, in whatever order."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import Phase, given, settings
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

from models import answers as model
from models.both import OUTCOMES, Both, Hand
from models.breaker import hanging_tick
from models.cases import lease_kept
from models.clock import EDGES, LEASE_FACE, STEPS, Case, end_of_time, in_doubt
from models.options import settings_of
from models.settings import MILLISECOND, QUARTER, SECOND, State
from seawall import (
    CircuitState,
    Consecutive,
    Exponential,
    FailureRatio,
    Isolation,
    Linear,
)

BY_OPERATORS = (State.ISOLATED, State.DISABLED)

outcomes = st.sampled_from(OUTCOMES)
"""How a call ends."""

took = st.sampled_from([0, 0, 0, SECOND, 4 * SECOND, 4 * SECOND + 1, 60 * SECOND])
"""How long it takes."""

starts = st.sampled_from([0, 12_345_678_901, LEASE_FACE - 40 * SECOND])
"""What the clock says at first; the last is shortly before ticks begin anew."""

ratios = st.sampled_from([0.000_001, 0.1, 0.5, 1.0])
minima = st.integers(1, 4)
trips = st.one_of(
    st.builds(Consecutive, st.sampled_from([1, 2, 4])),
    st.builds(
        FailureRatio,
        ratios,
        calls=st.sampled_from([4, 44]),
        min_calls=st.integers(1, 4),
    ),
    st.builds(
        FailureRatio, ratios, duration=st.just(60.0), min_calls=st.integers(1, 4)
    ),
)
breaks = st.one_of(
    st.sampled_from([0.0, 0.0004, 0.25, 10.0, 3600.0, 365 * 86_400.0]),
    st.just(Exponential(base=10.0, factor=2.0, max_delay=3600.0, jitter="none")),
    st.just(Linear(base=1.0, step=7.0, max_delay=3600.0, jitter="none")),
)
few = st.sampled_from([1, 2, 3, 31])
leases = st.sampled_from([None, 0.1, 0.25, 30.0, 3600.0, 86_400.0])
patiences = st.sampled_from([None, 3.0])
options = st.fixed_dictionaries(
    {
        "trip": trips,
        "break_duration": breaks,
        "success_threshold": few,
        "max_probes": few,
        "probe_lease": leases,
        "slow_after": st.sampled_from([None, None, 4.0]),
        "cancelled_after": patiences,
        "enforce": st.sampled_from([True, True, True, False]),
        "count_successes": st.booleans(),
    }
)
"""What a breaker is built with."""

changes = st.fixed_dictionaries(
    {},
    optional={
        "break_duration": breaks,
        "success_threshold": few,
        "max_probes": few,
        "probe_lease": leases,
        "cancelled_after": patiences,
        "enforce": st.booleans(),
    },
)
"""What is changed while it is at work."""


class BreakerMachine(RuleBasedStateMachine):
    """Calls, late verdicts, lost permits, operators, and a clock."""

    hands: Bundle[Hand] = Bundle("hands")
    holds: Bundle[tuple[Isolation, model.Hold]] = Bundle("holds")

    @initialize(options=options, start=starts, attended=st.booleans())
    def build(self, options: dict[str, Any], start: int, attended: bool) -> None:  # noqa: FBT001
        """Any options, and operators or none."""
        self.attended = attended
        self.both = Both(options, start)
        self.model, self.breaker = self.both.model, self.both.breaker
        self.script: list[Any] = []
        self.guarded = self.breaker(lambda function: function())
        self.ends = end_of_time(Case(settings_of(options), start))
        self.commanded: State | None = None
        self.allowed = 0

    # ------------------------------------------------------------ calls

    @rule(outcome=outcomes, took=took)
    def call(self, outcome: str, took: int) -> None:
        """A function is called through the breaker."""
        self.both.call(outcome, took)

    @rule(outcome=outcomes, took=took)
    def call_a_decorated_function(self, outcome: str, took: int) -> None:
        """A function is called that the breaker decorates."""
        self.both.call(outcome, took, how=self.guarded)

    @precondition(lambda self: self.model.state is State.CLOSED)
    @rule(decorated=st.booleans())
    def fail_until_it_opens(self, decorated: bool) -> None:  # noqa: FBT001
        """The dependency goes down; among successes it takes a while, or for ever."""
        how = self.guarded if decorated else self.breaker.call_sync
        for _ in range(50):
            if self.model.state is State.CLOSED:
                self.both.call("fails", how=how)

    @rule(outcome=outcomes, inner=outcomes, took=took, decorated=st.booleans())
    def call_within_a_call(
        self,
        outcome: str,
        inner: str,
        took: int,
        decorated: bool,  # noqa: FBT001
    ) -> None:
        """A helper is guarded too; inside a probe it belongs to that probe."""
        how = self.guarded if decorated else self.breaker.call_sync
        self.both.call(outcome, took, lambda: self.both.call(inner, how=how), how=how)

    @rule(outcome=outcomes, inner=outcomes, took=took)
    def call_within_a_block(self, outcome: str, inner: str, took: int) -> None:
        """A block is guarded; what it calls belongs to it."""
        self.both.block(outcome, took, lambda _hand: self.both.call(inner))

    @rule(outcome=outcomes, inner=outcomes)
    def call_after_an_early_verdict(self, outcome: str, inner: str) -> None:
        """A block decides for itself; what it calls from then on is ordinary."""

        def body(hand: Hand) -> None:
            self.both.judge(hand, outcome)
            self.both.call(inner)

        self.both.block("returns", body=body)

    # ------------------------------------------------------------ permits by hand

    @rule(target=hands)
    def acquire(self) -> Any:
        """A permit is taken by hand, for later."""
        hand = self.both.take()
        return multiple() if hand is None else hand

    @rule(target=hands)
    def try_acquire(self) -> Any:
        """The same, without an error; an open circuit admits when it said it would."""
        before, wait = self.breaker.state, self.breaker.stats().half_open_in
        answer, permit = self.both.ask(), self.breaker.try_acquire()
        if before is CircuitState.OPEN and self.breaker.config.enforce:
            assert (permit is None) is (wait != 0)
        if isinstance(answer, model.Rejection):
            assert permit is None
            return multiple()
        assert permit is not None
        return Hand(permit, answer)

    @precondition(lambda self: self.model.settings.slow_after is not None)
    @rule(target=hands, ticks=st.sampled_from([4, 5, 6]), off=st.sampled_from(EDGES))
    def let_calls_hang(self, ticks: int, off: int) -> Any:
        """Calls go out and do not come back; the next one finds out, if it is time."""
        hands = [self.both.take() for _ in range(4)]
        tick = hanging_tick(self.model.settings.slow_after or 0)
        self._until((self.both.clock.now // tick + ticks) * tick + off)
        self.both.call("returns")
        return multiple(*(hand for hand in hands if hand is not None))

    @rule(hand=hands, outcome=outcomes)
    def judge(self, hand: Hand, outcome: str) -> None:
        """A permit gets its verdict, however much later; a second one is an error."""
        if hand.modelled.used:
            with pytest.raises(RuntimeError, match="already has its verdict"):
                self.both.judge(hand, outcome)
        else:
            self.both.judge(hand, outcome)

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
        modelled = self.model.isolate(self.both.clock.now)
        self._commanded(modelled.transition)
        return self.breaker.isolate(), modelled

    @rule(hold=holds)
    def let_go(self, hold: tuple[Isolation, model.Hold]) -> None:
        """He lets go, perhaps of what he holds no longer."""
        real, modelled = hold
        real.release()
        self._commanded(self.model.unisolate(modelled, self.both.clock.now))

    @precondition(lambda self: self.attended)
    @rule(command=st.sampled_from(["disable", "enable", "reset"]))
    def command(self, command: str) -> None:
        """An operator switches it off, on, or closes it."""
        getattr(self.breaker, command)()
        self._commanded(getattr(self.model, command)(self.both.clock.now))

    @rule(changes=changes)
    def reconfigure(self, changes: dict[str, Any]) -> None:
        """Somebody has second thoughts; what goes on, goes on."""
        settings = settings_of(self.both.options | changes)
        if self.model.state is State.HALF_OPEN:
            settings = lease_kept(settings, self.model.settings)
            changes = changes | {"probe_lease": settings.probe_lease / SECOND}
        self.breaker.reconfigure(**changes)
        self.both.options = self.both.options | changes
        self.model.reconfigure(settings)

    def _commanded(self, moved: model.Transition | None) -> None:
        self.both.expect(moved)
        self.commanded = self.model.state

    # ------------------------------------------------------------ time

    @rule(step=st.sampled_from(STEPS) | st.integers(0, 60 * SECOND))
    def wait(self, step: int) -> None:
        """Time goes by: a little, or a year."""
        self._until(self.both.clock.now + step)

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

    def _until(self, then: int) -> None:
        forth = self.both.clock.now < then < self.ends
        if forth and not in_doubt(self.model, then):
            self.both.clock.set(then)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def it_looks_like_its_model(self) -> None:
        """State, generation, permits, break, window, counters, and events."""
        self.both.check()

    @invariant()
    def each_generation_begins_with_one_change_of_state(self) -> None:
        """At most: some begin with a lost probe, or with the reset of a closed one."""
        generations = [event.generation for event in self.both.events]

        assert generations == sorted(set(generations))

    @invariant()
    def permits_are_out_within_bounds(self) -> None:
        """Never less than none, nor more than were ever allowed."""
        self.allowed = max(self.allowed, self.breaker.config.max_probes)

        assert 0 <= self.breaker.stats().permits_out <= self.allowed

    @invariant()
    def only_an_operator_ends_what_an_operator_began(self) -> None:
        """No verdict and no time ends an isolation, or a disabling."""
        if self.commanded in BY_OPERATORS:
            assert self.breaker.state.name == self.commanded.name


# A difference shows itself in many ways, and to explain each takes hypothesis minutes;
# the shortest history of one of them does it.
TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(
    max_examples=3 * settings().max_examples,
    stateful_step_count=60,
    phases=set(Phase) - {Phase.explain},
    report_multiple_bugs=False,
)
TestBreakerMachine.pytestmark = [pytest.mark.timeout(400)]  # to shrink takes its time
TestBreakerMachine.__doc__ = "No history tells the breaker from its model."


@pytest.mark.anyio
@given(
    options=options,
    history=st.lists(
        st.tuples(st.sampled_from(["cancelled", "fails", "break", "lease"]), took),
        max_size=30,
    ),
)
async def test_a_probe_that_is_cancelled_is_no_verdict_unless_it_ran_for_long(
    options: dict[str, Any], history: list[tuple[str, int]]
) -> None:
    """At its await and by a scope around it, among failures, breaks and leases."""
    both = Both(options, 0)
    for event, duration in history:
        if event == "cancelled":
            await both.cancelled_call(duration)
        elif event == "fails":
            both.call("fails", duration)
        elif event == "break":
            both.wait(max(0, both.model.break_ends * MILLISECOND - both.clock.now))
        else:
            both.wait(max(0, both.model.lease_ends * QUARTER - both.clock.now))
        both.check()
