"""The attempts of one call, and the decision after each: again, and when; or not.

Rule 1: nothing here waits. Deadlines come in through a function, delays go out.

Rule 2: a token of the budget is the last thing that is asked for, so that none is spent
on a retry that something else forbids.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, final

import attrs

from ._attempt import Attempt
from ._backoff import RULES, delay_after, delays_of, spread_over
from ._budget import core_of
from ._call import Call
from ._cancel import is_cancellation
from ._classify import Classify, matches
from ._classify import classify as classify_as_usual
from ._clock import SYSTEM_CLOCK
from ._correlation import current_correlation_id
from ._errors import AttemptRecord, CircuitOpenError, raise_again, remember_attempts
from ._events import RetryScheduled
from ._give_up import Told, note_read_once, note_why_not, tell_surrender
from ._meaning import Classification
from ._one_shot import read_once
from ._result_hint import hint_of
from ._retry_options import RetryOptions
from ._types import Category, Clock
from ._validate import hint as checked_hint
from ._validate import seconds

# Spread over the hint, so that clients told "in 5 s" do not all come back at 5.000 s.
_HINT_SPREAD: Final = 0.1
_MAX_RECORDS: Final = 100


@final
class Series:
    """The attempts of one call.

    Attributes:
        last: The function's own newest error; None if it returned since.
        clock: Where the call reads the time.
    """

    __slots__ = (
        "_begun",
        "_call",
        "_classify",
        "_delay",
        "_left",
        "_listeners",
        "_number",
        "_options",
        "_previous",
        "_records",
        "_rejection",
        "_rejections",
        "_results",
        "clock",
        "last",
    )

    def __init__(
        self,
        options: RetryOptions,
        listeners: Told,
        call: Call,
        left: Callable[[], float],
    ) -> None:
        self.clock: Clock = SYSTEM_CLOCK if options.clock is None else options.clock
        self.last: Exception | None = None
        self._options = options
        self._listeners = listeners
        self._call = call
        self._left = left
        self._classify: Classify = options.classify or classify_as_usual
        self._begun = self.clock.monotonic()
        self._number = 0
        self._rejections = 0
        self._rejection: CircuitOpenError | None = None  # the newest
        self._previous: float | None = None  # of the backoff, without a server's hint
        self._delay = 0.0
        self._results: tuple[Any, ...] = ()  # the newest, if it was refused
        # Its own, for there may be another retry around this one.
        self._records: tuple[AttemptRecord, ...] = ()
        # What the generated wrapper has already called found the budget full.
        if options.budget is not None and call.replayed is None:
            core_of(options.budget).deposit()

    def after(self, error: Exception) -> float | None:
        """Decide: seconds to wait, or None to let *error* through."""
        if self._call.misused or is_cancellation(error):
            self.forget()  # no earlier error may take the place of this one
            return None
        verdict = self._classified(error)
        if isinstance(error, CircuitOpenError):
            self._rejection = error
        else:
            self.last, self._results = error, ()
            if self._call.watched:
                self._call.last_error = error
        return self._decide(error, verdict)

    def after_result(self, result: Any) -> float | None:
        """Decide: seconds to wait, or None to return *result*."""
        on_result = self._options.on_result
        # A value that arrives while its caller is being cancelled is a value.
        if on_result is None or not on_result(result) or self._left() == -math.inf:
            return None
        self.last, self._results = None, (result,)
        return self._decide(None, None, hint_of(result))

    def attempt(self) -> Attempt:
        """Show how far it has come."""
        return Attempt(
            number=self._number,
            delay=self._delay,
            elapsed=self._elapsed(),
            error=self.last,
        )

    def raises(self, error: Exception) -> bool:
        """Whether *error* is what the caller should see.

        A rejection is not, where it would hide what came of the function's own last
        attempt.
        """
        own = self.last is not None or bool(self._results)
        return not own or not isinstance(error, CircuitOpenError)

    def own(self) -> Any:
        """Return or raise what came of the function's own last attempt.

        If it was never called: the rejection.
        """
        if self._results:
            return self._results[0]
        error = self._settled()
        assert error is not None  # noqa: S101 -- an attempt has been made
        try:
            raise_again(error)
        finally:
            del error  # its traceback holds this frame

    def runs_late(self) -> bool:
        """Tell whether a callback has used up the time for the delay, and give up.

        What has been paid for the retry stays paid.
        """
        if not self._options.stop_early or self._delay < self._left():
            return False
        *before, newest = self._records
        self._records = self._call.records = (
            *before,
            attrs.evolve(newest, delay=None),
        )
        self._surrender(self._settled(), newest.category, "deadline")
        return True

    def forget(self) -> None:
        """Let go of the error: its traceback holds the frames that hold this."""
        self.last, self._results, self._rejection = None, (), None

    def _settled(self) -> Exception | None:
        """Return the error that the caller gets; None: it is a result."""
        if self._results:
            return None
        return self._rejection if self.last is None else self.last

    def _decide(
        self,
        error: Exception | None,
        verdict: Classification | None,
        hint: float | None = None,
    ) -> float | None:
        self._number += 1
        if isinstance(error, CircuitOpenError):
            self._rejections += 1
            hint = checked_hint(error.retry_after)
        elif verdict is not None:
            hint = verdict.retry_after
        reason = self._refusal(error, verdict)
        if reason is None:
            delay = self._next_delay(hint)
            reason = self._too_long(error, delay, hint) or self._unpaid()
            if reason is None:
                self._delay = delay
                self._remember(error, verdict, delay)
                self._scheduled(verdict, delay)
                return delay
        self._remember(error, verdict, None)
        self._gave_up(error, verdict, reason)
        return None

    def _classified(self, error: Exception) -> Classification:
        verdict: object = self._classify(error)
        if isinstance(verdict, Classification):
            return verdict
        raise TypeError(
            f"classify returned {verdict!r}, which says nothing about an error: write "
            f"classify=Classifier().extend({{...}}), or return a Classification"
        )

    def _refusal(
        self, error: Exception | None, verdict: Classification | None
    ) -> str | None:
        """Say why there must be no further attempt; None if there may."""
        if isinstance(error, CircuitOpenError):
            if not self._options.wait_for_circuit:
                return "circuit_open"
        elif error is not None and verdict is not None:
            why_not = self._not_worth_it(error, verdict)
            if why_not is not None:
                return why_not
        # A half-open circuit asked for one probe, not for a series of them.
        limit = 1 if self._call.probe else self._options.max_attempts
        if limit is not None and self._number >= limit:
            return "attempts"
        return "not_retryable" if read_once(self._call) is not None else None

    def _not_worth_it(self, error: Exception, verdict: Classification) -> str | None:
        if self._options.on is not None:
            hit = matches(self._options.on, error, self._classify)
            return None if hit else "not_retryable"
        if verdict.retry in ("yes", "after_hint"):
            return None
        if verdict.retry != "if_idempotent":
            return "not_retryable"
        return None if self._options.idempotent else "not_idempotent"

    def _next_delay(self, hint: float | None) -> float:
        backoff = self._options.backoff
        if isinstance(backoff, RULES):
            delay = delays_of(backoff).delay(self._number, self._previous)
        else:
            delay = delay_after(self.attempt(), backoff)
        self._previous = delay
        if hint is None:
            return delay
        # Never earlier than the server said, and not everybody at that very moment.
        return max(delay, hint) + spread_over(hint * _HINT_SPREAD)

    def _too_long(
        self, error: Exception | None, delay: float, hint: float | None
    ) -> str | None:
        if hint is not None and hint > self._longest_hint():
            rejected = isinstance(error, CircuitOpenError)
            return "circuit_open" if rejected else "server_delay"
        late = self._options.stop_early and delay >= self._left()
        return "deadline" if late else None

    def _longest_hint(self) -> float:
        longest = self._options.max_server_delay
        return seconds("max_server_delay", longest, finite=False)

    def _unpaid(self) -> str | None:
        budget = self._options.budget
        paid = budget is None or core_of(budget).withdraw()
        return None if paid else "budget"

    def _remember(
        self,
        error: Exception | None,
        verdict: Classification | None,
        delay: float | None,
    ) -> None:
        record = AttemptRecord(
            number=self._number,
            error_type=None if error is None else _name_of(type(error)),
            category=_category_of(verdict),
            delay=delay,
            elapsed=self._elapsed(),
        )
        # Without a limit of attempts there is one of records: the first, and the last.
        kept = self._records
        if len(kept) == _MAX_RECORDS:
            kept = kept[: _MAX_RECORDS // 2] + kept[_MAX_RECORDS // 2 + 1 :]
        self._records = self._call.records = (*kept, record)

    def _scheduled(self, verdict: Classification | None, delay: float) -> None:
        if self._listeners:
            event = RetryScheduled(
                attempt=self._number,
                delay=delay,
                category=_category_of(verdict),
                correlation_id=current_correlation_id(),
            )
            self._listeners.emit(event)

    def _gave_up(
        self, error: Exception | None, verdict: Classification | None, reason: str
    ) -> None:
        raised = error if error is None or self.raises(error) else self.last
        made = self._number - self._rejections
        if self._number == 1 and (reason == "not_retryable" or made == 0):
            if raised is not None:
                remember_attempts(raised, self._records)
            self._note_why_not(error, verdict)
            return
        self._surrender(raised, _category_of(verdict), reason)

    def _surrender(
        self, raised: Exception | None, category: Category | None, reason: str
    ) -> None:
        if raised is not None:
            remember_attempts(raised, self._records)
        tell_surrender(
            raised,
            self._listeners,
            # A rejection is in the history, but no attempt was made.
            attempts=self._number - self._rejections,
            reason=reason,
            elapsed=self._elapsed(),
            category=category,
        )

    def _note_why_not(
        self, error: Exception | None, verdict: Classification | None
    ) -> None:
        if error is None or verdict is None or self._rejections:
            return  # a result has no notes, and a rejection speaks for itself
        if self._not_worth_it(error, verdict) is None:
            note_read_once(error, read_once(self._call) or "an argument")
        else:
            note_why_not(error, verdict, chosen=self._options.on is not None)

    def _elapsed(self) -> float:
        return self.clock.monotonic() - self._begun


def _category_of(verdict: Classification | None) -> Category | None:
    return None if verdict is None else verdict.category


def _name_of(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
