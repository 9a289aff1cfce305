"""What happened, in the past tense, for whoever listens.

Events are built only when somebody listens, and delivered after the fact: with no lock
held, in the thread that made it happen, and a listener that raises harms nobody.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Generic, TypeAlias, TypeVar, final
from uuid import UUID

import attrs

from ._types import Category

E = TypeVar("E")

Callbacks: TypeAlias = tuple[Callable[[E], object], ...]

logger: Final = logging.getLogger("seawall")


def warn(
    text: str,
    *values: object,
    seawall: Mapping[str, object],
    correlation_id: UUID | None = None,
) -> None:
    """Log at WARNING, and never raise: an error is under way that matters more.

    A record factory that sets a `correlation_id` itself, as many do, lets nobody else
    set it; ours is in *seawall* too.
    """
    with suppress(Exception):
        try:
            extra = {"seawall": seawall, "correlation_id": correlation_id}
            logger.warning(text, *values, extra=extra, stacklevel=2)
        except KeyError:
            logger.warning(text, *values, extra={"seawall": seawall}, stacklevel=2)


@attrs.frozen(kw_only=True)
class CircuitEvent:
    """Something happened to a circuit.

    Attributes:
        breaker: The breaker's name.
        generation: Number of the state that began; the order of events across threads.
    """

    breaker: str
    generation: int


@final
@attrs.frozen(kw_only=True)
class CircuitOpened(CircuitEvent):
    """Calls are rejected from now on, or would be, with ``enforce=False``.

    Attributes:
        opened_by: What tripped the circuit, as text: the class of an error, or "slow
            calls", "hanging calls", "cancelled calls", "a total time-out", "a bad
            result". None: a failure told by hand, without its error.
        break_duration: Seconds until the first probe may pass.
    """

    opened_by: str | None
    break_duration: float


@final
@attrs.frozen(kw_only=True)
class CircuitHalfOpened(CircuitEvent):
    """The break is over; a probe is on its way."""


@final
@attrs.frozen(kw_only=True)
class CircuitClosed(CircuitEvent):
    """Calls pass again: enough probes succeeded, or an operator said so."""


@final
@attrs.frozen(kw_only=True)
class CircuitIsolated(CircuitEvent):
    """An operator holds it: every call is rejected until each hold is released."""


@final
@attrs.frozen(kw_only=True)
class CircuitDisabled(CircuitEvent):
    """An operator switched it off: every call passes, and none counts."""


@final
@attrs.frozen(kw_only=True)
class RetryScheduled:
    """A call failed and will be repeated.

    Attributes:
        attempt: Number of the attempt that failed, from 1.
        delay: Seconds until the next one.
        category: What kind of failure it was. None: a result that was refused.
        correlation_id: The id of the call, if it has one.
    """

    attempt: int
    delay: float
    category: Category | None
    correlation_id: UUID | None


@final
@attrs.frozen(kw_only=True)
class RetryGaveUp:
    """A call failed for good.

    Attributes:
        attempts: How many attempts were made.
        reason: "attempts", "deadline", "budget", "circuit_open", "not_retryable",
            "not_idempotent" or "server_delay".
        elapsed: Seconds since the retry began to watch.
        category: What kind of failure the last one was. None: a result that was
            refused.
        correlation_id: The id of the call, if it has one.
    """

    attempts: int
    reason: str
    elapsed: float
    category: Category | None
    correlation_id: UUID | None


@final
@attrs.frozen(kw_only=True)
class FallbackUsed:
    """A step answered in place of the primary.

    Attributes:
        step: The step's name.
        category: What kind of failure the primary had. None: it returned a value that
            was refused.
        correlation_id: The id of the call, if it has one.
    """

    step: str
    category: Category | None
    correlation_id: UUID | None


@final
@attrs.frozen(kw_only=True)
class StaleServed:
    """A cache answered with an old value, because the function failed.

    Attributes:
        stale_for: How many seconds ago the value was asked for at its source.
        category: What kind of failure it was.
        correlation_id: The id of the call, if it has one.
    """

    stale_for: float
    category: Category
    correlation_id: UUID | None


@final
@attrs.frozen(kw_only=True)
class CredentialRefreshed:
    """A new credential is in use.

    Attributes:
        credential: The name of the `CredentialRefresh`.
        generation: Number of the new credential, from 1.
    """

    credential: str
    generation: int


@final
@attrs.frozen(kw_only=True)
class CredentialRefreshFailed:
    """A refresh failed; a credential that is still valid stays in use.

    Attributes:
        credential: The name of the `CredentialRefresh`.
        error_type: The class of the source's error.
        failures: How many refreshes failed in a row.
        retry_after: Seconds until the next one may start.
    """

    credential: str
    error_type: str
    failures: int
    retry_after: float


@final
class Listeners(Generic[E]):
    """Callbacks of one policy.

    A change made inside a callback is told after the current one, to everybody: each
    thread has a queue, so a callback may call back into the policy.
    """

    __slots__ = ("_callbacks", "_changing", "_local")

    def __init__(self) -> None:
        self._callbacks: Callbacks[E] = ()
        # Reentrant: the collector, or a signal, may run a finalizer that unsubscribes
        # in the very thread that holds it.
        self._changing = threading.RLock()
        self._local = threading.local()

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def __reduce__(self) -> tuple[type[Listeners[E]], tuple[()]]:
        return (Listeners, ())  # a pickled policy leaves its listeners at home

    def subscribe(self, callback: Callable[[E], object]) -> Callable[[], None]:
        """Add *callback*; the returned function removes it again."""
        if not callable(callback):
            raise TypeError(
                f"callback must be a function of one event, not {callback!r}"
            )
        if inspect.iscoroutinefunction(callback):
            raise TypeError(
                f"callback {callback!r} is a coroutine function, which nobody would "
                f"await: subscribe a plain function, which may start a task"
            )

        def listener(event: E) -> None:  # one object each, so that each is removable
            callback(event)

        def unsubscribe() -> None:
            self._change(lambda known: tuple(c for c in known if c is not listener))

        self._change(lambda known: (*known, listener))
        return unsubscribe

    def _change(self, change: Callable[[Callbacks[E]], Callbacks[E]]) -> None:
        # Replaced, never changed in place: a delivery under way keeps its own tuple.
        with self._changing:
            known = self._callbacks
            changed = change(known)
            while known is not self._callbacks:  # changed again, in the middle of this
                known = self._callbacks
                changed = change(known)
            self._callbacks = changed

    def emit(self, event: E) -> None:
        """Deliver *event*, or queue it behind the one being delivered."""
        queue: deque[E] | None = getattr(self._local, "queue", None)
        if queue is not None:
            queue.append(event)
            return
        self._local.queue = queue = deque((event,))
        try:
            while queue:
                self._deliver(queue.popleft())
        finally:
            del self._local.queue

    def _deliver(self, event: E) -> None:
        for callback in self._callbacks:
            try:
                callback(event)
            except Exception:
                with suppress(Exception):  # a filter of the logger may raise too
                    logger.exception("a listener failed on %s", type(event).__name__)
