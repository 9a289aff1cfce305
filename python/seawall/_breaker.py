"""Stop calling what is down, and find out by itself when it is back.

The states, permits and deadlines are the core's (`rust/core/src/breaker`); this module
decides what a result means, tells listeners, and raises.

Rule 1: a verdict is given exactly once per permit: success, failure, or none. No
verdict is what cancellation gets, and whatever says nothing about the dependency.

Rule 2: a call made inside a probe of the same breaker belongs to that probe. Two
helpers guarded by one breaker must not reject each other while it is half-open.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, NoReturn, final

import attrs

from ._backoff import nanos
from ._call import Call, Fragment, Inner, InnerSync
from ._cancel import is_cancellation
from ._classify import classify, matches
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._errors import CircuitOpenError
from ._events import (
    CircuitClosed,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitOpened,
    Listeners,
)
from ._native import (  # noqa: TID251 -- the state machine is the core's
    CLOSED,
    DISABLED,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    Breaker,
    Permit,
    Rejection,
    Transition,
)
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
            failures=trip.failures,
            break_duration=nanos(pause),
            success_threshold=self.config.success_threshold,
            max_probes=self.config.max_probes,
            probe_lease=nanos(lease),
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

    def subscribe(
        self, callback: Callable[[CircuitEvent], object], /
    ) -> Callable[[], None]:
        """Call *callback* on every change of state; returns the way to stop it."""
        return self._listeners.subscribe(callback)

    def __fragment__(self) -> Fragment:
        """Let the core publish whether a call may pass."""
        return Fragment(self._core)

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* if the circuit admits it, and learn from its end."""
        permit = self._admit(call)
        probe = None if isinstance(permit, int) else _Probe(self, call)
        try:
            result = await inner(call)
        except BaseException as error:
            self._failed(call, permit, error)
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
        probe = None if isinstance(permit, int) else _Probe(self, call)
        try:
            result = inner(call)
        except BaseException as error:
            self._failed(call, permit, error)
            raise
        else:
            self._succeeded(permit)
            return result
        finally:
            if probe is not None:
                probe.end()

    def _admit(self, call: Call) -> int | Permit | None:
        """Take a permit; None for a call inside a probe of this very breaker."""
        if call.replayed is not None:
            # What has already happened cannot be rejected, least of all a cancellation.
            return call.stamps[self._core]
        if self._in_probe():
            return None
        answer = self._core.acquire()
        if isinstance(answer, Rejection):
            raise self._rejected(answer)
        if not isinstance(answer, int) and answer.transition is not None:
            try:
                self._moved(answer.transition)
            except BaseException:  # Ctrl-C in a listener
                answer.release()
                raise
        return answer

    def _in_probe(self) -> bool:
        probes = _probes.get()
        if not any(probe.live and probe.breaker is self for probe in probes):
            return False
        # Closed by another probe, it is closed for calls in this one too.
        return self._core.snapshot().state != CLOSED

    def _rejected(self, rejection: Rejection) -> CircuitOpenError:
        return CircuitOpenError(
            breaker=self.name,
            state=_STATES[rejection.state],
            retry_after=rejection.retry_after,
            opened_by=self._opened_by,
        )

    def _succeeded(self, permit: int | Permit | None) -> None:
        if isinstance(permit, int):
            self._core.success(permit)
        elif permit is not None and (moved := permit.success()) is not None:
            self._moved(moved)

    def _failed(
        self, call: Call, permit: int | Permit | None, error: BaseException
    ) -> None:
        if permit is None:
            return  # the probe around it gives the verdict
        if call.misused or is_cancellation(error):
            self._released(permit)
            return
        assert isinstance(error, Exception)  # noqa: S101 -- the rest is cancellation
        try:
            verdict = self._verdict(error)
        except BaseException:
            self._released(permit)
            raise
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

    def _record(self, permit: int | Permit) -> Transition | None:
        if isinstance(permit, int):
            return self._core.failure(permit)
        try:
            return permit.failure()
        except Exception:  # the clock's; the verdict is not given yet
            permit.release()
            raise

    @staticmethod
    def _released(permit: int | Permit) -> None:
        # A stamp of the closed state holds nothing that could be given back.
        if not isinstance(permit, int):
            permit.release()

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


@final
class _Probe:
    """One probe under way: marks the running context, and the call."""

    __slots__ = ("breaker", "call", "live", "outside", "token")

    def __init__(self, breaker: CircuitBreaker, call: Call) -> None:
        self.breaker = breaker
        self.call = call
        self.live = True
        self.outside, call.probe = call.probe, True
        self.token = _probes.set((*_probes.get(), self))

    def end(self) -> None:
        """Make what is called from now on an ordinary call.

        Children that outlive the probe hold a copy of the context; for them, too, the
        verdict is given.
        """
        self.live = False
        self.call.probe = self.outside
        # An abandoned coroutine is closed by whoever collects it, in a context that has
        # never seen this probe.
        with contextlib.suppress(ValueError):
            _probes.reset(self.token)


# Set in half-open only, so that an undisturbed call never touches it.
_probes: Final[ContextVar[tuple[_Probe, ...]]] = ContextVar(
    "seawall_probes", default=()
)
