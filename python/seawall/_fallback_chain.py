"""The steps that are tried for one failure, and what becomes of it if none answers.

Rule 1: a step is tried once at most, and never for its own error.

Rule 2: the failure survives. It is raised if no step answers, with a note for each, and
it is the cause of a step's bug.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, final

import attrs

from ._call import Call, describe
from ._cancel import is_cancellation
from ._classify import Classify
from ._correlation import current_correlation_id
from ._errors import (
    FallbackExhaustedError,
    FallbackSkip,
    raise_again,
    remember_attempts,
)
from ._events import FallbackUsed, Listeners
from ._handled import classified, means
from ._outcome import Origin
from ._provenance import substituted
from ._step import Failure, Step
from ._types import Category, On


@final
@attrs.frozen
class Handling:
    """How the fallback of a chain sees failures, and who hears of it.

    Attributes:
        on: Which failures are handled.
        classify: What says what an error means.
        listeners: Who is told.
    """

    on: On
    classify: Classify | None
    listeners: Listeners[FallbackUsed]


@final
class Chain:
    """One failure and the steps for it.

    Attributes:
        steps: Those that are for it, in order.
        answered: Whether the step that was tried last returned.
    """

    __slots__ = (
        "_call",
        "_failure",
        "_handling",
        "_notes",
        "_step",
        "answered",
        "steps",
    )

    def __init__(
        self, call: Call, failure: Failure, steps: Sequence[Step], handling: Handling
    ) -> None:
        self._call = call
        self._failure: Failure | None = failure
        self._handling = handling
        self._notes: list[str] = []
        self._step: Step = steps[0]
        self.answered: bool = False
        # Asked here, while the error is still being handled: what a predicate raises
        # shows then what it was asked about.
        self.steps = [step for step in steps if self._is_for(step, failure.error)]
        if call.watched and failure.error is not None:
            # If a step outlasts the deadline, the time-out tells what was before.
            call.last_error = failure.error

    def skips(self, step: Step, left: Callable[[], float]) -> bool:
        """Tell whether *step* is not to be tried, with so many seconds left."""
        if not step.needed or left() >= step.needed:
            return False
        self._note(step, f"was not begun: less than its {step.needed:g} s were left")
        return True

    def arguments(self, step: Step) -> Sequence[Any]:
        """List what *step* is called with."""
        if step.with_failure:
            return (self._failure, *self._call.args)
        return self._call.args

    def trying(self, step: Step) -> Chain:
        """Run *step* in here; what it raises decides whether the next one is tried."""
        self._step = step
        return self

    def __enter__(self) -> None:
        self.answered = False

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> bool:
        if error is None:
            self.answered = True
            return False
        if not isinstance(error, Exception) or is_cancellation(error):
            return False
        if isinstance(error, FallbackSkip):
            self._note(self._step, "had nothing to offer")
            return True
        if not means(self._handling.on, self._handling.classify, error):
            self._name_cause(error)
            return False
        self._note(self._step, f"failed too: {type(error).__qualname__}")
        return True

    def answer(self, step: Step, value: Any) -> Any:
        """Return *value*, and tell whose it is."""
        self._call.origin = Origin(step.name, from_step=True)
        substituted(value)
        if self._handling.listeners:
            event = FallbackUsed(
                step=step.name,
                category=self._category(),
                correlation_id=current_correlation_id(),
            )
            self._handling.listeners.emit(event)
        return value

    def fail(self) -> NoReturn:
        """Raise the failure, for no step has answered.

        Raises:
            FallbackExhaustedError: If it is a value.
        """
        assert self._failure is not None  # noqa: S101 -- forgotten only afterwards
        error = self._failure.error
        if error is None:
            error = FallbackExhaustedError(
                f"on_result refused what {describe(self._call.fn)} returned, and no "
                f"step had a value"
            )
            remember_attempts(error, self._call.records)
        for note in self._notes:
            _add_note(error, note)
        try:
            if error is self._failure.error:
                raise_again(error)
            raise error
        finally:
            del error  # its traceback holds this frame

    def forget(self) -> None:
        """Let go of the failure: its traceback holds the frames that hold this."""
        self._failure = None

    def _is_for(self, step: Step, error: Exception | None) -> bool:
        if step.on is None:
            return True
        if error is not None and means(step.on, self._handling.classify, error):
            return True
        self._note(step, "is for other failures")
        return False

    def _category(self) -> Category | None:
        failure = self._failure
        if failure is None or failure.error is None:
            return None
        return classified(self._handling.classify, failure.error).category

    def _name_cause(self, error: Exception) -> None:
        """Show the primary above a bug, unless the step has named a cause itself."""
        assert self._failure is not None  # noqa: S101 -- forgotten only afterwards
        failure = self._failure.error
        if failure is None or error is failure or error.__cause__ is not None:
            return
        # Past a __setattr__ of its own: a frozen dataclass refuses any name.
        object.__setattr__(error, "__cause__", failure)

    def _note(self, step: Step, text: str) -> None:
        self._notes.append(f"fallback {step.name!r} {text}")


def _add_note(error: Exception, note: str) -> None:
    try:
        # Once: the same object may be raised, and answered for, more than once.
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
    except Exception:  # noqa: BLE001 -- a frozen exception is raised without the note
        return
