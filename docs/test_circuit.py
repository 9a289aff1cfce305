"""The diagram of the breaker's page is what a breaker does: each row is driven."""

from __future__ import annotations

import contextlib
import contextvars
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall import (
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    FailureRatio,
    Isolation,
)

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
from circuit_diagram import (
    FROM_ANY,
    TRANSITIONS,
    Signal,
    Transition,
    changes,
    drawing,
)


class Circuit:
    """A real breaker that is taken through the table."""

    def __init__(self) -> None:
        self.now = 0.0
        self.holds: list[Isolation] = []
        self.breaker = CircuitBreaker(
            "table", trip=Consecutive(2), break_duration=10.0, clock=self
        )
        breaker = self.breaker
        self.early = breaker.acquire()
        self.do: dict[Signal, Callable[[], object]] = {
            Signal.SUCCESS: self.succeed,
            Signal.FAILURE: self.fail,
            Signal.TRIP: lambda: (self.fail(), self.fail()),
            Signal.CANCELLED: self.cancel,
            Signal.CALL: self.rejected,
            Signal.CALL_AFTER_BREAK: lambda: (self.wait(10.0), self.cancel()),
            Signal.LATE_RESULT: self.early.success,
            Signal.SURPLUS_CALL: lambda: breaker.call_sync(self.elsewhere),
            Signal.PROBE_SUCCEEDS: self.succeed,
            Signal.LAST_PROBE_SUCCEEDS: lambda: (self.succeed(), self.succeed()),
            Signal.PROBE_FAILS: self.fail,
            Signal.PROBE_CANCELLED: self.cancel,
            Signal.PROBE_LOST: self.lose_a_probe,
            Signal.CALL_WHILE_ISOLATED: self.rejected,
            Signal.CALL_WHILE_DISABLED: self.fail,
            Signal.RELEASE_ONE: self.let_go_of_one_more,
            Signal.RELEASE_LAST: self.let_go,
            Signal.ISOLATE: self.isolate,
            Signal.DISABLE: breaker.disable,
            Signal.ENABLE: breaker.enable,
            Signal.RESET: breaker.reset,
        }
        self.reach: dict[CircuitState, Callable[[], object]] = {
            CircuitState.CLOSED: lambda: None,
            CircuitState.OPEN: self.do[Signal.TRIP],
            CircuitState.HALF_OPEN: lambda: (
                self.do[Signal.TRIP](),
                self.do[Signal.CALL_AFTER_BREAK](),
            ),
            CircuitState.ISOLATED: self.isolate,
            CircuitState.DISABLED: breaker.disable,
        }

    def monotonic(self) -> float:
        """Stand still until somebody waits."""
        return self.now

    def wall(self) -> float:
        """The same."""
        return self.now

    def sleep(self, duration: float) -> None:
        """Go on."""
        self.now += duration

    def wait(self, duration: float) -> None:
        """Let time pass."""
        self.now += duration

    def isolate(self) -> None:
        """Hold it."""
        self.holds.append(self.breaker.isolate())

    def let_go(self) -> None:
        """Release the newest hold."""
        self.holds.pop().release()

    def let_go_of_one_more(self) -> None:
        """Hold it twice, release once."""
        self.isolate()
        self.let_go()

    def succeed(self) -> None:
        """Make a call that returns."""
        self.breaker.call_sync(lambda: None)

    def fail(self) -> None:
        """Make a call that fails."""
        self._raise(ConnectionRefusedError())

    def cancel(self) -> None:
        """Make a call that is stopped."""
        self._raise(KeyboardInterrupt())

    def rejected(self) -> None:
        """Make a call that is not made."""
        with pytest.raises(CircuitOpenError):
            self.succeed()

    def elsewhere(self) -> None:
        """Call from a task that is not the probe's."""
        contextvars.Context().run(self.rejected)

    def lose_a_probe(self) -> None:
        """Keep a permit for longer than its lease, and come with another call."""
        lost, before = self.breaker.acquire(), self.breaker.stats()
        self.wait(self.breaker.config.probe_lease)
        with self.breaker.acquire():
            assert self.breaker.stats().permits_out == before.permits_out == 1
            lost.success()
            assert self.breaker.stats().late == before.late + 1

    def _raise(self, error: BaseException) -> None:
        def fn() -> None:
            raise error

        with contextlib.suppress(type(error)):
            self.breaker.call_sync(fn)


@pytest.mark.parametrize(
    "row", TRANSITIONS, ids=lambda row: f"{row.state.name}-{row.signal.name}".lower()
)
def test_the_breaker_does_what_the_table_says(row: Transition) -> None:
    """The diagram and the table of the page are drawn from these rows."""
    circuit = Circuit()
    circuit.reach[row.state]()
    assert circuit.breaker.state is row.state
    circuit.do[row.signal]()
    assert circuit.breaker.state is row.next


class Impatient(Circuit):
    """One that opens for a share, and for whom two seconds are slow."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker(
            "slow",
            trip=FailureRatio(0.5, calls=10, min_calls=2),
            slow_after=2.0,
            clock=self,
        )

    def be_slow(self) -> None:
        """Make a call that returns, but not soon."""
        self.breaker.call_sync(self.wait, 3.0)

    def hang(self) -> None:
        """Make two calls that do not come back, and one that finds that out."""
        hanging = [self.breaker.acquire(), self.breaker.acquire()]
        self.wait(3.0)
        self.rejected()
        del hanging


@pytest.mark.parametrize(
    "way",
    [
        lambda circuit: (circuit.fail(), circuit.fail()),
        lambda circuit: (circuit.be_slow(), circuit.be_slow()),
        lambda circuit: circuit.hang(),
    ],
    ids=["fails", "is slow", "hangs"],
)
def test_a_circuit_trips_in_each_way_that_the_table_names(
    way: Callable[[Impatient], object],
) -> None:
    """Who looks for the reason of an open circuit looks there."""
    circuit = Impatient()

    way(circuit)

    assert circuit.breaker.state is CircuitState.OPEN


def test_a_success_clears_failures_in_a_row_and_no_others() -> None:
    """A share of the last calls goes on."""
    for circuit, failures in ((Circuit(), 0), (Impatient(), 1)):
        circuit.fail()
        circuit.succeed()
        assert circuit.breaker.stats().window_failures == failures


def test_every_signal_has_a_row() -> None:
    """A signal that nobody decided on would be missing from the page."""
    assert {row.signal for row in TRANSITIONS} == set(Signal)


def test_no_row_contradicts_another() -> None:
    """One state and one signal have one answer."""
    assert len({(row.state, row.signal) for row in TRANSITIONS}) == len(TRANSITIONS)


def test_every_change_of_state_is_drawn() -> None:
    """One arrow each; what an operator can say in any state is drawn once."""
    assert drawing().count('class="arrow') == len(set(changes())) == len(changes())
    drawn = {*changes()}
    for row in TRANSITIONS:
        if row.state is not row.next:
            assert row.signal in drawn or (row.state, row.next) in drawn


def test_only_commands_are_drawn_from_any_state() -> None:
    """Nothing that a call does may leave a state that an operator chose."""
    assert set(FROM_ANY) == {Signal.ISOLATE, Signal.DISABLE, Signal.RESET}
