"""Answer with something, when the real answer is not to be had.

Rule 1: a fallback never runs on cancellation, nor on one that hides behind an ordinary
error.

Rule 2: where a value comes from is data (`Outcome.source`), never a guess from the
value.

Rule 3: when all steps fail, the caller gets the primary's own error, so that his
``except`` clauses keep working.

Rule 4: a deadline outside is split. What the steps reserve, the primary does not get.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, final

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
from ._classify import Classify
from ._clock import SYSTEM_CLOCK, time_left
from ._decorate import Reporting, is_asynchronous
from ._events import FallbackUsed, Listeners
from ._fallback_chain import Chain, Handling
from ._handled import DEFAULT_ON, handles
from ._limit import limited
from ._step import Failure, Step
from ._types import On
from ._validate import check_classify, check_function, check_on, seconds


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
        on_result: A predicate on what the function returned: True means that steps are
            to answer instead. If none does, `FallbackExhaustedError` is raised. None:
            every value is an answer.
        classify: A `Classifier`, or a function that gives an error its
            `Classification`. None: `seawall.classify`.

    Raises:
        TypeError: If a step is no `Step`, or *on* names what is no `Exception`.
        ValueError: If there is no step, or two have one name.
    """

    steps: tuple[Step, ...]
    on: On
    on_result: Callable[[Any], bool] | None
    classify: Classify | None
    _reserve: float = attrs.field(init=False, eq=False, repr=False)
    _handling: Handling = attrs.field(init=False, eq=False, repr=False)

    def __init__(
        self,
        *steps: Step,
        on: On | None = None,
        on_result: Callable[[Any], bool] | None = None,
        classify: Classify | None = None,
    ) -> None:
        _check_steps(steps)
        if on is not None:
            check_on("on", on)
        if on_result is not None:
            check_function("on_result", on_result, takes="result")
        if classify is not None:
            check_classify("classify", classify)
        handled = DEFAULT_ON if on is None else on
        options = {
            "steps": steps,
            "on": handled,
            "on_result": on_result,
            "classify": classify,
            "_reserve": sum(seconds("reserve", step.reserve) for step in steps),
            "_handling": Handling(handled, classify, Listeners()),
        }
        # The class is frozen, and attrs' own constructor takes no *steps.
        for name, value in options.items():
            object.__setattr__(self, name, value)

    @property
    def reserve(self) -> float:
        """Seconds that the steps keep for themselves, together."""
        return self._reserve

    def subscribe(
        self, callback: Callable[[FallbackUsed], object], /
    ) -> Callable[[], None]:
        """Call *callback* whenever a step answered; returns the way to stop it."""
        return self._handling.listeners.subscribe(callback)

    def __fragment__(self) -> Fragment | None:
        """Let a call that succeeds pass by; None to look at what it returned."""
        return Fragment() if self.on_result is None else None

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
            value = await self._primary(call, inner)
        except Exception as error:
            if not handles(self.on, self.classify, error, call):
                raise
            chain = self._chain(call, error, None)
        else:
            if not self._refuses(value):
                return value
            chain = self._chain(call, None, value)
        # Outside the except block: a step sees a clean sys.exc_info().
        try:
            for step in chain.steps:
                if chain.skips(step, time_left):
                    continue
                value = None
                with chain.trying(step):
                    value = step.fn(*chain.arguments(step), **call.kwargs)
                    value = await value if inspect.isawaitable(value) else value
                if chain.answered:
                    return chain.answer(step, value)
            chain.fail()
        finally:
            chain.forget()

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner*, then the steps."""
        try:
            value = self._primary_sync(call, inner)
        except Exception as error:
            if not handles(self.on, self.classify, error, call):
                raise
            chain = self._chain(call, error, None)
        else:
            if not self._refuses(value):
                return value
            chain = self._chain(call, None, value)

        def left() -> float:
            return call.deadline - SYSTEM_CLOCK.monotonic()

        try:
            for step in chain.steps:
                if chain.skips(step, left):
                    continue
                value = None
                with chain.trying(step):
                    value = step.fn(*chain.arguments(step), **call.kwargs)
                    refuse_asynchronous(step.fn, value)
                if chain.answered:
                    return chain.answer(step, value)
            chain.fail()
        finally:
            chain.forget()

    async def _primary(self, call: Call, inner: Inner) -> Any:
        # Only under a time-out of the same pipeline: a generated wrapper passes this
        # stage by, and must not be the one that decides whether a deadline is split.
        if not self._reserve or call.cut is None:
            return await inner(call)
        limit = max(0.0, time_left() - self._reserve)
        why = f", which leaves the fallback the {self._reserve:g} s that it reserves"
        return await limited(call, inner, limit, why)

    def _primary_sync(self, call: Call, inner: InnerSync) -> Any:
        if not self._reserve or call.deadline == math.inf:
            return inner(call)
        call.deadline -= self._reserve
        try:
            return inner(call)
        finally:
            call.deadline += self._reserve

    def _refuses(self, value: Any) -> bool:
        return self.on_result is not None and bool(self.on_result(value))

    def _chain(self, call: Call, error: Exception | None, refused: Any) -> Chain:
        failure = Failure(error, refused, call.attempts)
        try:
            return Chain(call, failure, self.steps, self._handling)
        finally:
            del failure, error  # the error's traceback holds the frames around this one


def _check_steps(steps: Sequence[object]) -> None:
    names: list[str] = []
    for step in steps:
        if not isinstance(step, Step):
            raise TypeError(
                f"a fallback is made of steps, not {step!r}: write "
                f"Fallback(Step('cache', from_cache))"
            )
        names.append(step.name)
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
