"""Say that no further attempt is made, and why: on the error, in the log, to listeners.

Rule 1: nothing here replaces the error. What cannot be told is left untold.

Rule 2: neither arguments nor a driver's text are repeated anywhere.
"""

from __future__ import annotations

from typing import Final

import attrs

from ._correlation import current_correlation_id
from ._events import Listeners, RetryGaveUp, RetryScheduled, warn
from ._meaning import Classification
from ._types import Category

Told = Listeners[RetryScheduled | RetryGaveUp]

_GAVE_UP: Final = "gave up after "
_NOT_RETRIED: Final = "not retried: "
_REASONS: Final = {
    "attempts": "attempts exhausted",
    "budget": "the retry budget is spent",
    "not_idempotent": "not idempotent: it may have been executed; say "
    "`idempotent=True` if it may be repeated",
}


def tell_surrender(
    error: Exception | None,
    listeners: Told,
    *,
    attempts: int,
    reason: str,
    elapsed: float,
    category: Category | None,
) -> None:
    """Tell that a call was given up; *error* is what its caller gets, if it is one."""
    many = "attempt" if attempts == 1 else "attempts"
    if error is not None:
        why = _REASONS.get(reason, reason.replace("_", " "))
        _add_note(error, f"{_GAVE_UP}{attempts} {many} in {elapsed:.3g} s: {why}")
    event = RetryGaveUp(
        attempts=attempts,
        reason=reason,
        elapsed=elapsed,
        category=category,
        correlation_id=current_correlation_id(),
    )
    warn(
        "retry gave up after %d %s in %.3g s: %s (%s)",
        attempts,
        many,
        elapsed,
        reason,
        "a refused result" if category is None else category,
        seawall={"policy": "retry", **attrs.asdict(event)},
        correlation_id=event.correlation_id,
    )
    if listeners:
        listeners.emit(event)


def note_why_not(error: Exception, verdict: Classification, *, chosen: bool) -> None:
    """Tell why the first attempt is the last; *chosen*: `on` was given.

    Nothing was given up, so no log and no event; but somebody may wonder.
    """
    why = "`on` does not name it" if chosen else _as_classified(verdict)
    _add_note(error, f"{_NOT_RETRIED}{why}")


def note_read_once(error: Exception, argument: str) -> None:
    """Tell that *argument* of the call cannot be read a second time."""
    _add_note(
        error,
        f"{_NOT_RETRIED}{argument} is a generator that has been read; pass a list, or "
        f"a function that begins a new one",
    )


def _as_classified(verdict: Classification) -> str:
    return (
        f"classified as {verdict.category.value}; name it in `on` if it may be repeated"
    )


def _add_note(error: Exception, note: str) -> None:
    try:
        notes = getattr(error, "__notes__", [])
        # One note: the same error object may be raised, and given up, more than once.
        notes[:] = [n for n in notes if not str(n).startswith((_GAVE_UP, _NOT_RETRIED))]
        error.add_note(note)
    except Exception:  # noqa: BLE001 -- a frozen exception is raised without the note
        return
