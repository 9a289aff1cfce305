"""A function that fails as planned."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from typing import NamedTuple, Self, final

import anyio

Fault = type[Exception] | Exception


class _Step(NamedTuple):
    """What one call does: wait, then raise or return."""

    delay: float = 0.0
    error: Fault | None = None


@final
class FaultPlan:
    """A function to be guarded that fails, hangs and answers as you tell it.

    Example::

        plan = FaultPlan().fail(2, ConnectionError).slow(0.2).then_ok("value")

        assert await retry.call(plan) == "value"  # the third call, after 0.2 s
        assert plan.calls == 3

    Each step is for the next calls, one after another, and :meth:`then_ok` for all that
    come after. A call takes its step when it begins, so that calls which overlap do not
    share one. Call it as ``await plan(...)``, or without await as
    ``plan.call_sync(...)``; the arguments do not matter.

    Args:
        seed: Makes :meth:`rate` the same in every run. None: it differs.
    """

    def __init__(self, *, seed: int | None = None) -> None:
        self.calls: int = 0
        """How many calls began."""
        self._steps: list[_Step] = []
        self._value: object = None
        self._is_endless = False
        self._ratio = 0.0
        self._rate_error: Fault = ConnectionError
        self._random = random.Random(seed)  # noqa: S311 (reproducible on purpose)
        self._remaining: Iterator[_Step] = iter(self._steps)

    def fail(self, times: int, error: Fault, /) -> Self:
        """Let the next *times* calls raise *error*.

        Raises:
            ValueError: If *times* is less than 1.
            TypeError: If *error* is no exception.
        """
        if not times >= 1:
            raise ValueError(f"fail() needs 1 time at least, not {times!r}")
        return self._add([_Step(error=_checked(error))] * times)

    def hang(self) -> Self:
        """Let the next call wait until it is cancelled."""
        return self._add([_Step(delay=math.inf)])

    def slow(self, duration: float, /) -> Self:
        """Let the next call return the value of :meth:`then_ok` after *duration*.

        Raises:
            ValueError: If *duration* is negative or infinite.
        """
        if not 0 <= duration < math.inf:
            raise ValueError(
                f"slow() needs seconds from 0, not {duration!r}; hang() never ends"
            )
        return self._add([_Step(delay=duration)])

    def then_ok(self, value: object = None, /) -> Self:
        """Let all further calls return *value*."""
        self._add([])
        self._value = value
        self._is_endless = True
        return self

    def rate(
        self,
        ratio: float,
        /,
        *,
        error: Fault = ConnectionError,
        seed: int | None = None,
    ) -> Self:
        """Let *ratio* (0 to 1) of the calls that would return raise *error* instead.

        Raises:
            ValueError: If *ratio* is not from 0 to 1.
            TypeError: If *error* is no exception.
        """
        if not 0 <= ratio <= 1:
            raise ValueError(f"rate() needs a ratio from 0 to 1, not {ratio!r}")
        self._rate_error = _checked(error)
        self._ratio = ratio
        if seed is not None:
            self._random.seed(seed)
        return self

    async def __call__(self, *_args: object, **_options: object) -> object:
        """Do what the plan has for this call.

        Raises:
            Exception: As planned.
            AssertionError: If the plan has ended.
        """
        step = self._take()
        if step.delay:
            await anyio.sleep(step.delay)
        return self._finish(step)

    def call_sync(self, *_args: object, **_options: object) -> object:
        """Do the same without await; a slow call really blocks.

        Raises:
            Exception: As planned.
            AssertionError: If the plan has ended, or would hang: nobody could end that.
        """
        step = self._take()
        if step.delay == math.inf:
            raise AssertionError("hang() would block this thread for ever; use slow()")
        time.sleep(step.delay)
        return self._finish(step)

    def _add(self, steps: list[_Step]) -> Self:
        if self._is_endless:
            raise ValueError("then_ok() is for all further calls; say it last")
        self._steps += steps
        return self

    def _take(self) -> _Step:
        self.calls += 1
        step = next(self._remaining, None)
        if step is not None:
            return step
        if self._is_endless or self._ratio:
            return _Step()
        raise AssertionError(
            f"the plan has no step for call {self.calls}; end it with then_ok()"
        )

    def _finish(self, step: _Step) -> object:
        if step.error is not None:
            raise step.error
        if self._random.random() < self._ratio:
            raise self._rate_error
        return self._value


def _checked(error: Fault) -> Fault:
    # Users without a type checker are told here, not in the middle of a test.
    kind: object = error if isinstance(error, type) else type(error)
    if isinstance(kind, type) and issubclass(kind, Exception):
        return error
    raise TypeError(
        f"a planned fault is an Exception, such as ConnectionError, not {error!r}"
    )
