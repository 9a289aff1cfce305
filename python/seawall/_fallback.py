"""Answer with something, when the real answer is not to be had.

Rule 1: a fallback never runs on cancellation, nor on one that hides behind an ordinary
error.

Rule 2: where a value comes from is data (`Outcome.source`), never a guess from the
value.

Rule 3: when all steps fail, the caller gets the primary's own error, so that his
``except`` clauses keep working.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, final

import attrs

from ._call import (
    Call,
    Fragment,
    Inner,
    InnerSync,
    Stage,
    describe,
    refuse_asynchronous,
)
from ._cancel import is_cancellation
from ._classify import classify, matches
from ._correlation import current_correlation_id
from ._decorate import Reporting, is_asynchronous
from ._errors import FallbackSkip
from ._events import FallbackUsed, Listeners
from ._types import Category, On
from ._validate import check_on

# ONEX's two, and the third way in which a dependency is not there.
DEFAULT_ON: Final[On] = (Category.TIMEOUT, Category.UNAVAILABLE, Category.CONNECTION)


@final
@attrs.frozen
class Step:
    """One way to answer in place of the primary.

    A step with nothing to offer, such as a cache without an entry, raises
    `FallbackSkip`; an empty value would be taken for an answer.

    Args:
        name: What `Outcome.source` says when this step answered.
        fn: Called with the primary's own arguments; may be a coroutine function where
            the primary is one.
        on: Failures of the primary for which this step is tried. None: all that the
            `Fallback` handles.

    Raises:
        TypeError: If *fn* is no function, or *on* names what is no `Exception`.
        ValueError: If *name* is empty or "primary".
    """

    name: str
    fn: Callable[..., Any]
    on: On | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what could never answer."""
        if not isinstance(self.name, str):
            raise TypeError(
                f"name must be text, not {self.name!r}: write Step('cache', from_cache)"
            )
        if self.name in ("", "primary"):
            raise ValueError(
                f"name must tell the step from the primary, not {self.name!r}"
            )
        if not callable(self.fn):
            raise TypeError(
                f"fn of step {self.name!r} must be a function, not {self.fn!r}"
            )
        is_asynchronous(self.fn)  # refuses generators: their items would be the answer
        if self.on is not None:
            check_on("on", self.on)


@final
@attrs.frozen(init=False)
class Fallback(Reporting):
    """Answer from somewhere else when the function fails.

    ::

        fallback = Fallback(Step("cache", from_cache), Step("default", static_answer))
        user = await fallback.call(from_database, user_id)
        outcome = await fallback.outcome(from_database, user_id)  # .source == "cache"

    Steps run in order until one answers. If none does, the error of the function itself
    is raised, with one note per step.

    Args:
        steps: What to try, in order; at least one.
        on: Failures that steps may answer: exception types, categories, or a predicate.
            None: time-outs, outages (an open circuit too) and lost connections.

    Raises:
        TypeError: If a step is no `Step`, or *on* names what is no `Exception`.
        ValueError: If there is no step, or two have one name.
    """

    steps: tuple[Step, ...]
    on: On
    _listeners: Listeners[FallbackUsed] = attrs.field(
        factory=Listeners, init=False, eq=False, repr=False
    )

    def __init__(self, *steps: Step, on: On | None = None) -> None:
        for step in steps:
            if not isinstance(step, Step):
                raise TypeError(
                    f"a fallback is made of steps, not {step!r}: write "
                    f"Fallback(Step('cache', from_cache))"
                )
        _check_names([step.name for step in steps])
        if on is not None:
            check_on("on", on)
        # The class is frozen, and attrs' own constructor takes no *steps.
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "on", DEFAULT_ON if on is None else on)
        object.__setattr__(self, "_listeners", Listeners())

    def subscribe(
        self, callback: Callable[[FallbackUsed], object], /
    ) -> Callable[[], None]:
        """Call *callback* whenever a step answered; returns the way to stop it."""
        return self._listeners.subscribe(callback)

    def __fragment__(self) -> Fragment:
        """Let a call that succeeds pass by."""
        return Fragment()

    def __examine__(
        self, fn: Callable[..., Any], inner: Sequence[Stage], /, *, asynchronous: bool
    ) -> None:
        """Refuse steps that a plain function could not await."""
        for step in self.steps:
            if not asynchronous and is_asynchronous(step.fn):
                raise TypeError(
                    f"step {step.name!r} is a coroutine function, but {describe(fn)} "
                    f"is a plain function, which cannot await it: give the step a "
                    f"plain function"
                )

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner*, then the steps."""
        try:
            return await inner(call)
        except Exception as error:
            if not self._handles(call, error):
                raise
            failure, steps = error, self._steps_for(error)
        # Outside the except block: a step sees a clean sys.exc_info().
        try:
            for step in steps:
                value: Any = None
                with _Trying(self, step, failure) as trying:
                    value = step.fn(*call.args, **call.kwargs)
                    value = await value if inspect.isawaitable(value) else value
                if trying.answered:
                    self._answered(call, step, failure)
                    return value
            raise failure
        finally:
            del failure  # its traceback holds this frame

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner*, then the steps."""
        try:
            return inner(call)
        except Exception as error:
            if not self._handles(call, error):
                raise
            failure, steps = error, self._steps_for(error)
        try:
            for step in steps:
                value: Any = None
                with _Trying(self, step, failure) as trying:
                    value = step.fn(*call.args, **call.kwargs)
                    refuse_asynchronous(step.fn, value)
                if trying.answered:
                    self._answered(call, step, failure)
                    return value
            raise failure
        finally:
            del failure

    def _handles(self, call: Call, error: Exception) -> bool:
        if call.misused or is_cancellation(error):
            return False
        return matches(self.on, error, classify)

    def _steps_for(self, failure: Exception) -> list[Step]:
        return [
            step
            for step in self.steps
            if step.on is None or matches(step.on, failure, classify)
        ]

    def _answered(self, call: Call, step: Step, failure: Exception) -> None:
        call.source = step.name
        if self._listeners:
            event = FallbackUsed(
                step=step.name,
                category=classify(failure).category,
                correlation_id=current_correlation_id(),
            )
            self._listeners.emit(event)


@final
class _Trying:
    """Run one step; what it raises decides whether the next one is tried."""

    __slots__ = ("answered", "failure", "fallback", "step")

    def __init__(self, fallback: Fallback, step: Step, failure: Exception) -> None:
        self.fallback = fallback
        self.step = step
        self.failure = failure
        self.answered = True

    def __enter__(self) -> _Trying:
        return self

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> bool:
        failure = self.failure
        del self.failure  # its traceback holds the frame that holds this
        if error is None:
            return False
        self.answered = False
        if not isinstance(error, Exception) or is_cancellation(error):
            return False
        if isinstance(error, FallbackSkip):
            _note(failure, f"fallback {self.step.name!r} had nothing to offer")
            return True
        if not matches(self.fallback.on, error, classify):
            # A bug in the step. It ends the chain; the primary stays visible above it,
            # unless the step has named a cause of its own.
            if error is not failure and error.__cause__ is None:
                # Past a __setattr__ of its own: a frozen dataclass refuses any name.
                object.__setattr__(error, "__cause__", failure)
            return False
        _note(
            failure,
            f"fallback {self.step.name!r} failed too: {type(error).__qualname__}",
        )
        return True


def _check_names(names: list[str]) -> None:
    if not names:
        raise ValueError(
            "a fallback needs at least one step: write "
            "Fallback(Step('cache', from_cache))"
        )
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"two steps are named {name!r}: give each a name of its own, which "
                f"Outcome.source will say"
            )


def _note(error: Exception, note: str) -> None:
    try:
        error.add_note(note)
    except Exception:  # noqa: BLE001 -- a frozen exception is raised without the note
        return
