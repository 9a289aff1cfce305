"""Stop calling what is down, and find out by itself when it is back.

The states, permits and deadlines are the core's (`rust/core/src/breaker`); this module
decides what a result means, tells listeners, and raises.

Rule 1: a verdict is given exactly once per permit: success, failure, or none. No
verdict is what cancellation gets, and whatever says nothing about the dependency.

Rule 2: a call made inside a probe of the same breaker belongs to that probe. Two
helpers guarded by one breaker must not reject each other while it is half-open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, final

import attrs

from ._backoff import Constant, delays_of, nanos
from ._call import Call, Fragment, Inner, InnerSync
from ._cancel import is_cancellation
from ._classify import classify, matches
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._errors import CircuitOpenError
from ._events import (
    CircuitClosed,
    CircuitDisabled,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitIsolated,
    CircuitOpened,
    Listeners,
)
from ._isolation import Isolation
from ._native import (  # noqa: TID251 -- the state machine is the core's
    CLOSED,
    DISABLED,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    Breaker,
    Rejection,
    Settings,
    Transition,
)
from ._native import Permit as Taken  # noqa: TID251 -- a permit as the core gives it
from ._permit import Permit
from ._probe import Probe, inside_probe
from ._types import CircuitState, Clock, On, Seconds
from ._validate import check_clock, check_on, seconds, whole

_YEAR: Final = 365 * 86400.0
_DAY: Final = 86400.0
_MIN_LEASE: Final = 30.0
_STATES: Final = {
    CLOSED: CircuitState.CLOSED,
    OPEN: CircuitState.OPEN,
    HALF_OPEN: CircuitState.HALF_OPEN,
    ISOLATED: CircuitState.ISOLATED,
    DISABLED: CircuitState.DISABLED,
}
_PROBED: Final = (OPEN, HALF_OPEN)


@final
@attrs.frozen
class Consecutive:
    """Trip after so many failures in a row; a success in between starts anew.

    Args:
        failures: At least 1.

    Raises:
        ValueError: If *failures* is less than 1.
    """

    failures: int = 5

    def __attrs_post_init__(self) -> None:
        """Refuse a circuit that opens before anything failed."""
        whole("failures", self.failures, 1, 2**31)


_DEFAULT_TRIP: Final = Consecutive()


@final
@attrs.frozen(kw_only=True)
class BreakerConfig:
    """The settings of a `CircuitBreaker`, durations in seconds."""

    trip: Consecutive
    break_duration: float
    success_threshold: int
    max_probes: int
    probe_lease: float
    on: On | None


@final
@attrs.frozen(kw_only=True)
class CircuitStats:
    """What a `CircuitBreaker` is doing, at one moment.

    State, generation, failures, permits and break are of the same instant; the two
    counters are read right after it and never lose a call, whatever threads do.

    Attributes:
        state: As `CircuitBreaker.state`.
        generation: Number of the state, as in events.
        failures: Failures in a row, while closed; else 0.
        permits_out: Probes under way, while half-open; else 0.
        half_open_in: Seconds until the next call is a probe, 0 if it is; None unless
            open.
        rejected: Calls that were not made, since the breaker was built. A call inside a
            probe is never one.
        late: Verdicts that came after the state had changed, and changed nothing. A
            late success is not among them if the circuit has nothing to forget then,
            for nobody looks at it; nor is what gives no verdict.
    """

    state: CircuitState
    generation: int
    failures: int
    permits_out: int
    half_open_in: float | None
    rejected: int
    late: int


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
        clock: Where to read the time. None: the machine's.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """

    __slots__ = ("__weakref__", "_core", "_listeners", "_opened_by", "config", "name")

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
        clock: Clock | None = None,
    ) -> None:
        _check_name(name)
        if not isinstance(trip, Consecutive):
            raise TypeError(f"trip must be Consecutive(failures), not {trip!r}")
        if on is not None:
            check_on("on", on)
        if clock is not None:
            check_clock("clock", clock)
        pause = seconds("break_duration", break_duration, maximum=_YEAR)
        lease = min(max(pause, _MIN_LEASE), _DAY)
        if probe_lease is not None:
            lease = seconds("probe_lease", probe_lease, exclusive=True, maximum=_DAY)
        self.name: str = name
        self.config: BreakerConfig = BreakerConfig(
            trip=trip,
            break_duration=pause,
            success_threshold=whole("success_threshold", success_threshold, 1, 31),
            max_probes=whole("max_probes", max_probes, 1, 31),
            probe_lease=lease,
            on=on,
        )
        self._core = Breaker(
            Settings(
                failures=trip.failures,
                ratio=None,
                calls=None,
                duration=None,
                min_calls=1,
                breaks=delays_of(Constant(pause)),
                success_threshold=self.config.success_threshold,
                max_probes=self.config.max_probes,
                probe_lease=nanos(lease),
                slow_after=None,
                cancelled_after=None,
                enforce=True,
                count_successes=False,
            ),
            now=(SYSTEM_CLOCK if clock is None else clock).monotonic,
        )
        self._listeners: Listeners[CircuitEvent] = Listeners()
        # What a rejection says. Written after the change of state, so in that moment
        # another thread's rejection may still name the opening before.
        self._opened_by: str | None = None

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
    def state(self) -> CircuitState:
        """What the next call meets; open stays open until a call comes to probe."""
        return _STATES[self._core.snapshot().state]

    def stats(self) -> CircuitStats:
        """Tell state and counters at once; what is counted says `CircuitStats`."""
        seen = self._core.snapshot()
        wait = seen.retry_after
        return CircuitStats(
            state=_STATES[seen.state],
            generation=seen.generation,
            failures=seen.failures,
            permits_out=seen.permits_out,
            half_open_in=wait or 0.0 if seen.state == OPEN else None,
            rejected=seen.rejected,
            late=seen.late,
        )

    def subscribe(
        self, callback: Callable[[CircuitEvent], object], /
    ) -> Callable[[], None]:
        """Call *callback* on every change of state; returns the way to stop it."""
        return self._listeners.subscribe(callback)

    def acquire(self) -> Permit:
        """Ask for admission without a function to call; never waits.

        A `Permit` is a context manager, for plain and for asynchronous code::

            with orders_db.acquire():
                rows = await connection.fetch("select 1")

        Raises:
            CircuitOpenError: If the circuit rejects the call.
        """
        answer = self._take()
        if isinstance(answer, Rejection):
            raise self._rejected(answer)
        return answer

    def try_acquire(self) -> Permit | None:
        """Ask for admission, and answer None instead of raising."""
        answer = self._take()
        return None if isinstance(answer, Rejection) else answer

    def isolate(self) -> Isolation:
        """Reject every call until the returned hold is released.

        Held by several, it stays isolated until each has let go; then it is closed.
        Calls under way go on, and their results change nothing.
        """
        hold = self._core.isolate()
        isolation = Isolation(hold, self._commanded)
        try:
            self._commanded(hold.transition)
        except BaseException:  # Ctrl-C in a listener: nobody gets to hold it
            isolation.release()
            raise
        return isolation

    def disable(self) -> None:
        """Admit every call and count nothing, until `enable`; drops all holds."""
        self._commanded(self._core.disable())

    def enable(self) -> None:
        """Close the circuit if it is disabled; else do nothing."""
        self._commanded(self._core.enable())

    def reset(self) -> None:
        """Close the circuit, forget every failure, drop all holds.

        The results of calls under way change nothing. Of a circuit that was closed no
        listener hears.
        """
        self._commanded(self._core.reset())

    def __fragment__(self) -> Fragment:
        """Let the core publish whether a call may pass."""
        return Fragment(self._core)

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* if the circuit admits it, and learn from its end."""
        permit = self._admit(call)
        probe = None if isinstance(permit, int) else Probe(self, call)
        try:
            result = await inner(call)
        except BaseException as error:
            self._failed(permit, error, misused=call.misused)
            raise
        else:
            self._succeeded(permit)
            return result
        finally:
            if probe is not None:
                probe.end()

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner* if the circuit admits it, and learn from its end."""
        permit = self._admit(call)
        probe = None if isinstance(permit, int) else Probe(self, call)
        try:
            result = inner(call)
        except BaseException as error:
            self._failed(permit, error, misused=call.misused)
            raise
        else:
            self._succeeded(permit)
            return result
        finally:
            if probe is not None:
                probe.end()

    def _admit(self, call: Call) -> int | Taken | None:
        """Take a permit; None for a call inside a probe of this very breaker."""
        if call.replayed is not None:
            # What has already happened cannot be rejected, least of all a cancellation.
            return call.stamps[self._core]
        if self._in_probe():
            return None
        answer = self._core.acquire()
        if isinstance(answer, Rejection):
            raise self._rejected(answer)
        if not isinstance(answer, int):
            self._announce(answer)
        return answer

    def _take(self) -> Permit | Rejection:
        answer = self._core.permit(nested=self._in_probe())
        if isinstance(answer, Rejection):
            return answer
        self._announce(answer)
        return Permit(answer, self, settle=self._settle, end=self._ended)

    def _announce(self, permit: Taken) -> None:
        if permit.transition is None:
            return
        try:
            self._moved(permit.transition)
        except BaseException:  # Ctrl-C in a listener
            permit.release()
            raise

    def _in_probe(self) -> bool:
        if not inside_probe(self):
            return False
        # Closed by another probe, it is closed for calls in this one too; and what an
        # operator said since then holds for them as for all others.
        return self._core.snapshot().state in _PROBED

    def _rejected(self, rejection: Rejection) -> CircuitOpenError:
        return CircuitOpenError(
            breaker=self.name,
            state=_STATES[rejection.state],
            retry_after=rejection.retry_after,
            opened_by=None if rejection.state == ISOLATED else self._opened_by,
        )

    def _ended(self, permit: Taken, error: BaseException | None) -> None:
        if error is None:
            self._succeeded(permit)
        else:
            self._failed(permit, error, misused=False)

    def _succeeded(self, permit: int | Taken | None) -> None:
        if isinstance(permit, int):
            self._core.success(permit)
        elif permit is not None and (moved := permit.success()) is not None:
            self._moved(moved)

    def _failed(
        self, permit: int | Taken | None, error: BaseException, *, misused: bool
    ) -> None:
        if permit is None:
            return  # the probe around it gives the verdict
        if misused or is_cancellation(error):
            self._released(permit)
            return
        assert isinstance(error, Exception)  # noqa: S101 -- the rest is cancellation
        try:
            verdict = self._verdict(error)
        except BaseException:
            self._released(permit)
            raise
        self._settle(permit, verdict, error)

    def _settle(
        self, permit: int | Taken, verdict: str, error: Exception | None = None, /
    ) -> None:
        if verdict == "answered":
            self._succeeded(permit)
        elif verdict == "ignored":
            self._released(permit)
        elif (moved := self._record(permit)) is not None:
            self._moved(moved, opened_by=error)

    def _verdict(self, error: Exception) -> str:
        """Say "failure", "answered" or "ignored"."""
        standard = classify(error).breaker
        if self.config.on is None:
            return standard
        if matches(self.config.on, error, classify):
            return "failure"
        return "answered" if standard == "answered" else "ignored"

    def _record(self, permit: int | Taken) -> Transition | None:
        if isinstance(permit, int):
            return self._core.failure(permit)
        try:
            return permit.failure()
        except Exception:
            if not permit.used:  # the clock's; the verdict is not given yet
                permit.release()
            raise

    @staticmethod
    def _released(permit: int | Taken) -> None:
        # A stamp of the closed state holds nothing that could be given back.
        if not isinstance(permit, int):
            permit.release()

    def _commanded(self, change: Transition | None) -> None:
        """Tell listeners what an operator changed, if it is another state now."""
        if change is not None and change.old != change.new:
            self._moved(change)

    def _moved(self, change: Transition, *, opened_by: Exception | None = None) -> None:
        """Tell listeners of *change*, which this very call made."""
        reason = None if opened_by is None else type(opened_by).__qualname__
        if change.new == OPEN:
            self._opened_by = reason
        if not self._listeners:
            return
        self._listeners.emit(self._event(change, reason))

    def _event(self, change: Transition, reason: str | None) -> CircuitEvent:
        if change.new == HALF_OPEN:
            return CircuitHalfOpened(breaker=self.name, generation=change.generation)
        if change.new == CLOSED:
            return CircuitClosed(breaker=self.name, generation=change.generation)
        if change.new == ISOLATED:
            return CircuitIsolated(breaker=self.name, generation=change.generation)
        if change.new == DISABLED:
            return CircuitDisabled(breaker=self.name, generation=change.generation)
        return CircuitOpened(
            breaker=self.name,
            generation=change.generation,
            opened_by=reason,
            break_duration=self.config.break_duration,
        )


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise TypeError(
            f"name must be text that tells the dependency, not {name!r}: write "
            f"CircuitBreaker('orders-db')"
        )
