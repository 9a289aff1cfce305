"""Stop calling what is down, and find out by itself when it is back.

What callers and operators see of a circuit; how it works says `_circuit`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, Unpack, final

from ._breaker_config import BreakDuration, BreakerConfig, Changes, Options
from ._call import Call, Fragment, Inner, InnerSync
from ._circuit import Circuit
from ._circuit_stats import STATES, CircuitStats, stats_of
from ._classify import Classify
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._events import CircuitEvent
from ._isolation import Isolation
from ._native import Breaker, Rejection  # noqa: TID251 -- the state machine's
from ._permit import Permit
from ._settle import raised, returned
from ._trip import Consecutive, Trip
from ._types import CircuitState, Clock, On, Seconds
from ._validate import check_clock

_DEFAULT_TRIP: Final = Consecutive()


@final
class CircuitBreaker(Guarded):
    """Reject calls to a dependency that is down, and let it recover.

    After enough failures the circuit opens: calls raise `CircuitOpenError` at once,
    without being made. When the break is over a probe is let through; if enough of
    them succeed, the circuit closes::

        db = CircuitBreaker("orders-db", break_duration=10.0)


        @db
        async def query(sql: str) -> list[Row]: ...

    One object per dependency, shared by everything that calls it: tasks, threads and
    event loops. Cancelled calls never keep a probe's place, and count neither way
    unless *cancelled_after* says so.

    Args:
        name: What errors and events call it.
        trip: When to open: `Consecutive` failures, or a `FailureRatio`.
        break_duration: Seconds from opening to the first probe, at most a year. Zero:
            the next call is the probe.
            `Constant`, `Exponential` or `Linear` say how it grows with every probe that
            fails: the base is the first break; there is no jitter unless asked for, and
            never a decorrelated one.
        success_threshold: Successful probes that close it, 1 to 31.
        max_probes: Probes at a time, 1 to 31; surplus calls are rejected, not queued.
        probe_lease: Seconds after which a probe that never came back gives up its
            place, at most a day. None: the first break, *slow_after* or 30 s, whichever
            is longest.
        slow_after: Seconds after which a call is slow, at most a day: what would have
            been a success is a failure then. A `FailureRatio` looks at calls that are
            still under way and as slow, too. None: no call is slow.
        cancelled_after: Seconds after which a call that is cancelled from outside is a
            failure, at most a day; exits and Ctrl-C never are. None: cancelled calls
            count neither way, but for those that a `Timeout` of the same pipeline ended
            when they had half of the time of the `Timeout` inside.
        on: What counts as a failure: exception types, categories, a tuple of both, or
            a predicate. None: what the classification says; a "no" from a healthy
            server counts as a success, our own saturation as nothing.
        on_result: A predicate on what a call returned: True means failure. The value is
            returned all the same. None: every value is a success. What it raises takes
            the value's place, and the call counts neither way.
        max_server_delay: The most seconds by which a server's own "not before" makes a
            break longer, at most a year. Zero: servers have no say.
        enforce: False is shadow mode: states, events and counters are as ever, and
            nothing is rejected; but what an operator isolates is.
        count_successes: Keep `CircuitStats.successes`; each call then costs a little.
        classify: A `Classifier`, or a function that gives an error its
            `Classification`. None: `seawall.classify`.
        clock: Where to read the time. None: the machine's.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """

    __slots__ = ("__weakref__", "_circuit", "_name")

    def __init__(
        self,
        name: str,
        *,
        # Five in a row, two to close and 60 s are ONEX's; pybreaker opens after
        # five for 60 s too, Polly and resilience4j probe after 5 s and 60 s.
        trip: Trip = _DEFAULT_TRIP,
        break_duration: BreakDuration = 60.0,
        success_threshold: int = 2,
        max_probes: int = 1,
        probe_lease: Seconds | None = None,
        slow_after: Seconds | None = None,
        cancelled_after: Seconds | None = None,
        on: On | None = None,
        on_result: Callable[[Any], bool] | None = None,
        # As `Retry` waits for no server longer than five minutes.
        max_server_delay: Seconds = 300.0,
        enforce: bool = True,
        count_successes: bool = False,
        classify: Classify | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check_name(name)
        if clock is not None:
            check_clock("clock", clock)
        self._name = name
        options = Options(
            trip=trip,
            break_duration=break_duration,
            success_threshold=success_threshold,
            max_probes=max_probes,
            probe_lease=probe_lease,
            slow_after=slow_after,
            cancelled_after=cancelled_after,
            on=on,
            on_result=on_result,
            max_server_delay=max_server_delay,
            enforce=enforce,
            count_successes=count_successes,
            classify=classify,
        )
        self._circuit = Circuit(name, options, SYSTEM_CLOCK if clock is None else clock)

    def __repr__(self) -> str:
        """Show the name and the state, and whether anything comes of it."""
        shadow = "" if self.config.enforce else ", not enforced"
        return f"<CircuitBreaker {self.name!r} {self.state.value}{shadow}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a copy would protect nothing."""
        raise TypeError(
            f"the breaker {self.name!r} cannot be pickled or copied: its state belongs "
            f"to one process; build one in each"
        )

    @property
    def name(self) -> str:
        """What errors and events call it, from the first to the last."""
        return self._name

    @property
    def config(self) -> BreakerConfig:
        """The settings, with what was left open filled in."""
        return self._circuit.config

    @property
    def state(self) -> CircuitState:
        """What the next call meets; open stays open until a call comes to probe."""
        return STATES[self._core.snapshot().state]

    def stats(self) -> CircuitStats:
        """Tell state and counters at once; what is counted says `CircuitStats`."""
        return stats_of(self._core.snapshot(), self.config.trip)

    def subscribe(
        self, callback: Callable[[CircuitEvent], object], /
    ) -> Callable[[], None]:
        """Call *callback* on every change of state; returns the way to stop it."""
        return self._circuit.announcer.listeners.subscribe(callback)

    def acquire(self) -> Permit:
        """Ask for admission without a function to call; never waits.

        A `Permit` is a context manager, for plain and for asynchronous code::

            with orders_db.acquire():
                rows = await connection.fetch("select 1")

        The verdict at the end of the block is that of a call, but for *on_result*: a
        block has no result.

        Raises:
            CircuitOpenError: If the circuit rejects the call.
        """
        taken = self._circuit.take()
        if isinstance(taken, Rejection):
            raise self._circuit.announcer.rejection(taken)
        return Permit(taken, self._circuit)

    def try_acquire(self) -> Permit | None:
        """Ask for admission, and answer None instead of raising.

        ::

            permit = orders_db.try_acquire()
            if permit is None:
                return cached
            with permit:
                ...
        """
        taken = self._circuit.take()
        return None if isinstance(taken, Rejection) else Permit(taken, self._circuit)

    def isolate(self) -> Isolation:
        """Reject every call until the returned hold is released, in shadow mode too.

        Held by several, it stays isolated until each has let go; then it is closed.
        Calls under way go on, and their results change nothing.
        """
        hold = self._core.isolate()
        isolation = Isolation(hold, self._circuit.commanded)
        try:
            self._circuit.commanded(hold.transition)
        except BaseException:  # Ctrl-C in a listener: nobody gets to hold it
            isolation.release()
            raise
        return isolation

    def disable(self) -> None:
        """Admit every call and count nothing, until `enable`; drops all holds."""
        self._circuit.commanded(self._core.disable())

    def enable(self) -> None:
        """Close the circuit if it is disabled; else do nothing."""
        self._circuit.commanded(self._core.enable())

    def reset(self) -> None:
        """Close the circuit, forget every failure, drop all holds.

        The results of calls under way change nothing. Of a circuit that was closed no
        listener hears.
        """
        self._circuit.commanded(self._core.reset())

    @property
    def _core(self) -> Breaker:
        return self._circuit.core

    def reconfigure(self, **changes: Unpack[Changes]) -> None:
        """Change options while it is at work; state and counters are kept.

        ::

            orders_db.reconfigure(break_duration=30.0, enforce=False)

        What is not named stays as it is. Results of calls under way count by what holds
        when they end; a break that has begun keeps its length.

        Args:
            **changes: *trip* (which looks at the same calls as before),
                *break_duration*, *success_threshold*, *max_probes*, *probe_lease*,
                *cancelled_after*, *max_server_delay* and *enforce*.

        Raises:
            ValueError: If an option is out of range, or *trip* is of another kind.
            TypeError: If an option has the wrong type, or cannot be changed.
        """
        self._circuit.reconfigure(changes)

    def __fragment__(self) -> Fragment | None:
        """Let the core publish whether a call may pass; None to see every result."""
        return Fragment(self._core) if self.config.on_result is None else None

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* if the circuit admits it, and learn from its end."""
        permit = self._circuit.admit(call)
        probe = self._circuit.probe(permit, call)
        outside, call.attempt = call.attempt, None
        try:
            result = await inner(call)
        except BaseException as error:
            raised(self._circuit, permit, error, call)
            raise
        else:
            returned(self._circuit, permit, result, call)
            return result
        finally:
            if call.attempt is None:
                call.attempt = outside
            if probe is not None:
                probe.end()

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner* if the circuit admits it, and learn from its end."""
        permit = self._circuit.admit(call)
        probe = self._circuit.probe(permit, call)
        try:
            result = inner(call)
        except BaseException as error:
            raised(self._circuit, permit, error, call)
            raise
        else:
            returned(self._circuit, permit, result, call)
            return result
        finally:
            if probe is not None:
                probe.end()


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise TypeError(
            f"name must be text that tells the dependency, not {name!r}: write "
            f"CircuitBreaker('orders-db')"
        )
