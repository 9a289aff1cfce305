"""Stop calling what is down, and find out by itself when it is back.

What callers and operators see of a circuit; how it works says `_circuit`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, final

from ._breaker_config import BreakerConfig, configured
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
from ._trip import Consecutive
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
    event loops. Cancelled calls count neither way, and never keep a probe's place.

    Args:
        name: What errors and events call it.
        trip: When to open: `Consecutive` failures.
        break_duration: Seconds from opening to the first probe, at most a year.
        success_threshold: Successful probes that close it, 1 to 31.
        max_probes: Probes at a time, 1 to 31; surplus calls are rejected, not queued.
        probe_lease: Seconds after which a probe that never came back gives up its
            place, at most a day. None: the break, or 30 s if that is longer.
        on: What counts as a failure: exception types, categories, a tuple of both, or
            a predicate. None: what the classification says; a "no" from a healthy
            server counts as a success, our own saturation as nothing.
        on_result: A predicate on what a call returned: True means failure. The value is
            returned all the same. None: every value is a success. What it raises takes
            the value's place, and the call counts neither way.
        classify: A `Classifier`, or a function that gives an error its
            `Classification`. None: `seawall.classify`.
        clock: Where to read the time. None: the machine's.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """

    __slots__ = ("__weakref__", "_circuit", "name")

    def __init__(
        self,
        name: str,
        *,
        # Five in a row, two to close and 60 s are ONEX's; pybreaker opens after
        # five for 60 s too, Polly and resilience4j probe after 5 s and 60 s.
        trip: Consecutive = _DEFAULT_TRIP,
        break_duration: Seconds = 60.0,
        success_threshold: int = 2,
        max_probes: int = 1,
        probe_lease: Seconds | None = None,
        on: On | None = None,
        on_result: Callable[[Any], bool] | None = None,
        classify: Classify | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check_name(name)
        if clock is not None:
            check_clock("clock", clock)
        self.name: str = name
        config = configured(
            trip=trip,
            break_duration=break_duration,
            success_threshold=success_threshold,
            max_probes=max_probes,
            probe_lease=probe_lease,
            on=on,
            on_result=on_result,
            classify=classify,
        )
        self._circuit = Circuit(name, config, SYSTEM_CLOCK if clock is None else clock)

    def __repr__(self) -> str:
        """Show the name and the state."""
        return f"<CircuitBreaker {self.name!r} {self.state.value}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a copy would protect nothing."""
        raise TypeError(
            f"the breaker {self.name!r} cannot be pickled or copied: its state belongs "
            f"to one process; build one in each"
        )

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
        return stats_of(self._core.snapshot())

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

        Raises:
            CircuitOpenError: If the circuit rejects the call.
        """
        taken = self._circuit.take()
        if isinstance(taken, Rejection):
            raise self._circuit.announcer.rejection(taken)
        return Permit(taken, self._circuit)

    def try_acquire(self) -> Permit | None:
        """Ask for admission, and answer None instead of raising."""
        taken = self._circuit.take()
        return None if isinstance(taken, Rejection) else Permit(taken, self._circuit)

    def isolate(self) -> Isolation:
        """Reject every call until the returned hold is released.

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
            self._circuit.failed(permit, error, call)
            raise
        else:
            self._circuit.returned(permit, result)
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
            self._circuit.failed(permit, error, call)
            raise
        else:
            self._circuit.returned(permit, result)
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
