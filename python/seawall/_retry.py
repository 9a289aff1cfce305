"""Call again, later, and not forever.

Rule 1: what the caller gets in the end is the function's own last error, the same
object, with a note that says why nobody tried once more.

Rule 2: cancellation is not a failure, in whatever disguise; it ends the call and the
sleep at once.

Rule 3: a sleep that would outlast the deadline is not begun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self, final

import anyio
import attrs

from ._backoff import Backoff, Exponential, check_backoff, delays_of, spread_over
from ._call import Call, Fragment, Inner, InnerSync
from ._cancel import is_cancellation
from ._classify import classify, matches
from ._clock import SYSTEM_CLOCK, time_left
from ._correlation import current_correlation_id
from ._decorate import Guarded
from ._errors import AttemptRecord, CircuitOpenError, remember_attempts
from ._events import Listeners, RetryGaveUp, RetryScheduled, warn
from ._meaning import Classification
from ._types import Clock, On
from ._validate import check_clock, check_on, whole

# A server that asks for more than five minutes wants nobody to wait for it; without a
# limit, "Retry-After: 1000000000" holds a caller for 31 years.
MAX_SERVER_DELAY: Final = 300.0
# Spread over the hint, so that clients told "in 5 s" do not all come back at 5.000 s.
_HINT_SPREAD: Final = 0.1

_DEFAULT_BACKOFF: Final = Exponential(base=1.0, factor=2.0, max_delay=60.0)
_MAX_RECORDS: Final = 100
_NOTES: Final = ("gave up after ", "not retried: ")
_REASONS: Final = {
    "not_idempotent": "not idempotent: it may have been executed; say "
    "`idempotent=True` if it may be repeated",
}


@final
@attrs.frozen(kw_only=True)
class Retry(Guarded):
    """Call a function again when it fails in a way worth repeating.

    An instance is configuration only; any number of tasks can share it, as a decorator
    or directly::

        retry = Retry(max_attempts=3)


        @retry
        async def fetch(url: str) -> bytes: ...


        body = await retry.call(download, url)

    Cancellation is not a failure: it is never retried and never delayed.

    Args:
        on: Failures to retry: exception types, categories, a tuple of both, or a
            predicate. None: what the classification calls transient. An open circuit
            is never retried.
        max_attempts: Calls in total, the first one included. None removes the limit.
        backoff: How long to wait in between: `Exponential`, `Linear` or `Constant`.
            A server's own "not before" is honoured up to 300 s.
        idempotent: Whether a request that may have been executed may be sent again.
            Says nothing where *on* is given.
        clock: Where to read the time and, in synchronous code, wait. None: the
            machine's.

    Raises:
        ValueError: If *max_attempts* is less than 1.
        TypeError: If *on* names what is no `Exception`, or another option has the wrong
            type.
    """

    on: On | None = None
    # ONEX's error recovery patterns say five.
    max_attempts: int | None = 5
    backoff: Backoff = _DEFAULT_BACKOFF
    idempotent: bool = False
    clock: Clock | None = None
    _listeners: Listeners[RetryScheduled | RetryGaveUp] = attrs.field(
        factory=Listeners, init=False, eq=False, repr=False
    )

    def __new__(cls, *args: object, **_: object) -> Self:
        """Refuse options without their names, the bare decorator among them."""
        if args:
            raise TypeError(
                "options of Retry are keywords: write @Retry() to decorate, or "
                "Retry(max_attempts=4)"
            )
        return super().__new__(cls)

    def __attrs_post_init__(self) -> None:
        """Refuse what could never work."""
        if self.on is not None:
            check_on("on", self.on)
        if self.max_attempts is not None:
            whole("max_attempts", self.max_attempts, 1)
        check_backoff("backoff", self.backoff)
        if self.clock is not None:
            check_clock("clock", self.clock)
        if not isinstance(self.idempotent, bool):
            raise TypeError(
                f"idempotent must be True or False, not {self.idempotent!r}"
            )

    @property
    def heeds_deadline(self) -> bool:
        """Yes: no sleep and no attempt past a time-out outside."""
        return True

    def subscribe(
        self, callback: Callable[[RetryScheduled | RetryGaveUp], object], /
    ) -> Callable[[], None]:
        """Call *callback* on every retry and surrender; returns the way to stop it."""
        return self._listeners.subscribe(callback)

    def __fragment__(self) -> Fragment:
        """Let a call that succeeds pass by."""
        return Fragment()

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* until it succeeds or is not worth repeating."""
        series = _Series(self, call, self._listeners)
        try:
            while True:
                try:
                    return await inner(call)
                except Exception as error:
                    delay = series.delay_after(error, time_left)
                    if delay is None and series.raises(error):
                        raise
                # Outside the except block: nothing is being handled while we wait.
                if delay is None:
                    raise series.last_own()
                await anyio.sleep(delay)
        finally:
            series.forget()

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner* until it succeeds or is not worth repeating."""
        series = _Series(self, call, self._listeners)

        def left() -> float:
            return call.deadline - SYSTEM_CLOCK.monotonic()

        try:
            while True:
                try:
                    return inner(call)
                except Exception as error:
                    delay = series.delay_after(error, left)
                    if delay is None and series.raises(error):
                        raise
                if delay is None:
                    raise series.last_own()
                series.clock.sleep(delay)
        finally:
            series.forget()


@final
class _Series:
    """The attempts of one call."""

    __slots__ = (
        "begun",
        "call",
        "clock",
        "last",
        "listeners",
        "number",
        "previous",
        "records",
        "retry",
    )

    def __init__(
        self,
        retry: Retry,
        call: Call,
        listeners: Listeners[RetryScheduled | RetryGaveUp],
    ) -> None:
        self.retry = retry
        self.listeners = listeners
        self.call = call
        self.clock = SYSTEM_CLOCK if retry.clock is None else retry.clock
        self.begun = self.clock.monotonic()
        self.number = 0
        self.previous: float | None = None
        self.last: Exception | None = None
        # Its own, for there may be another retry around this one.
        self.records: tuple[AttemptRecord, ...] = ()

    def delay_after(self, error: Exception, left: Callable[[], float]) -> float | None:
        """Decide: seconds to wait, or None to let *error* through."""
        if self.call.misused or is_cancellation(error):
            return None
        self.number += 1
        verdict = classify(error)
        reason = self._refusal(error, verdict)
        delay = self._delay(verdict)
        if reason is None and verdict.retry_after is not None:
            reason = "server_delay" if verdict.retry_after > MAX_SERVER_DELAY else None
        if reason is None and delay >= left():
            reason = "deadline"
        self._remember(error, verdict, delay if reason is None else None)
        if reason is None:
            self._scheduled(verdict, delay)
            return delay
        self._gave_up(error, verdict, reason)
        return None

    def raises(self, error: Exception) -> bool:
        """Whether *error* is what the caller should see.

        A rejection is not, where the function's own error would be hidden by it.
        """
        return self.last is None or not isinstance(error, CircuitOpenError)

    def last_own(self) -> Exception:
        """Return the function's own last error."""
        assert self.last is not None  # noqa: S101 -- `raises` said so
        return self.last

    def forget(self) -> None:
        """Let go of the error: its traceback holds the frames that hold this."""
        self.last = None

    def _refusal(self, error: Exception, verdict: Classification) -> str | None:
        """Say why *error* must not be retried; None if it may."""
        if isinstance(error, CircuitOpenError):
            return "circuit_open"
        if (why_not := self._not_worth_it(error, verdict)) is not None:
            return why_not
        # A half-open circuit asked for one probe, not for a series of them.
        limit = 1 if self.call.probe else self.retry.max_attempts
        return "attempts" if limit is not None and self.number >= limit else None

    def _not_worth_it(self, error: Exception, verdict: Classification) -> str | None:
        if self.retry.on is not None:
            hit = matches(self.retry.on, error, classify)
            return None if hit else "not_retryable"
        if verdict.retry in ("yes", "after_hint"):
            return None
        if verdict.retry != "if_idempotent":
            return "not_retryable"
        return None if self.retry.idempotent else "not_idempotent"

    def _delay(self, verdict: Classification) -> float:
        delays = delays_of(self.retry.backoff)
        delay = delays.delay(self.number, self.previous)
        self.previous = delay
        if verdict.retry_after is None:
            return delay
        # Never earlier than the server said, and not everybody at that very moment.
        hint = verdict.retry_after
        return max(delay, hint) + spread_over(hint * _HINT_SPREAD)

    def _remember(
        self, error: Exception, verdict: Classification, delay: float | None
    ) -> None:
        record = AttemptRecord(
            number=self.number,
            error_type=f"{type(error).__module__}.{type(error).__qualname__}",
            category=verdict.category,
            delay=delay,
            elapsed=self.clock.monotonic() - self.begun,
        )
        # Without a limit of attempts there is one of records: the first, and the last.
        kept = self.records
        if len(kept) == _MAX_RECORDS:
            kept = kept[: _MAX_RECORDS // 2] + kept[_MAX_RECORDS // 2 + 1 :]
        self.records = self.call.records = (*kept, record)
        if not isinstance(error, CircuitOpenError):
            self.last = error
            if self.call.watched:
                self.call.last_error = error

    def _scheduled(self, verdict: Classification, delay: float) -> None:
        if self.listeners:
            event = RetryScheduled(
                attempt=self.number,
                delay=delay,
                category=verdict.category,
                correlation_id=current_correlation_id(),
            )
            self.listeners.emit(event)

    def _gave_up(self, error: Exception, verdict: Classification, reason: str) -> None:
        raised = error if self.raises(error) else self.last_own()
        remember_attempts(raised, self.records)
        # A rejection is in the history, but no attempt was made.
        made = self.number - (reason == "circuit_open")
        if made == 0:
            return
        if self.number == 1 and reason == "not_retryable":
            # Nothing was given up, so no log and no event; but somebody may wonder why.
            _add_note(raised, f"{_NOTES[1]}{self._why_not(verdict)}")
            return
        elapsed = self.clock.monotonic() - self.begun
        many = "attempt" if made == 1 else "attempts"
        why = _REASONS.get(reason, reason.replace("_", " "))
        _add_note(raised, f"{_NOTES[0]}{made} {many} in {elapsed:.3g} s: {why}")
        event = RetryGaveUp(
            attempts=made,
            reason=reason,
            elapsed=elapsed,
            category=verdict.category,
            correlation_id=current_correlation_id(),
        )
        warn(
            "retry gave up after %d %s in %.3g s: %s (%s)",
            event.attempts,
            many,
            event.elapsed,
            event.reason,
            event.category,
            seawall=attrs.asdict(event),
            correlation_id=event.correlation_id,
        )
        if self.listeners:
            self.listeners.emit(event)

    def _why_not(self, verdict: Classification) -> str:
        if self.retry.on is not None:
            return "`on` does not name it"
        return (
            f"classified as {verdict.category.value}; name it in `on` if it may be "
            f"repeated"
        )


def _add_note(error: Exception, note: str) -> None:
    try:
        notes = getattr(error, "__notes__", [])
        # One note: the same error object may be raised, and given up, more than once.
        notes[:] = [n for n in notes if not str(n).startswith(_NOTES)]
        error.add_note(note)
    except Exception:  # noqa: BLE001 -- a frozen exception is raised without the note
        return
