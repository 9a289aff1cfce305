"""A retry as a loop, for code that is no function.

::

    async for attempt in retry:
        with attempt:
            return await fetch(url)

Rule 1: every loop has a series of its own; the policy holds none.

Rule 2: a block that ended without an error ends the loop. What a block does with an
error is decided when it is left; the loop only waits.

Rule 3: no generator is involved, so a loop that is left with `break`, `return` or an
error leaves nothing to be closed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeAlias, final

import anyio

from ._attempt import Attempt
from ._call import Call
from ._clock import time_left
from ._give_up import Told
from ._retry_options import RetryOptions
from ._series import Series

_NEW: Final = "new"
_ENTERED: Final = "entered"
_LEFT: Final = "left"

BeforeSleep: TypeAlias = Callable[[Attempt], object] | None


@final
class AttemptBlock:
    """One attempt of a loop over a `Retry`: the code below ``with attempt:``.

    An error that is worth repeating does not leave the block; the loop goes on with the
    next attempt, later. Any other error does, and so does cancellation.

    Attributes:
        number: 1 for the first attempt.
    """

    __slots__ = ("_due", "_series", "_state", "number")

    def __init__(self, series: Series, number: int) -> None:
        # Not the loop: a frame that is left outside the block still holds this.
        self._series = series
        self._state = _NEW
        self._due: float | None = None
        self.number: int = number

    @property
    def delay(self) -> float:
        """Seconds that were waited before this attempt, 0.0 before the first.

        Once it has failed, those before the next.
        """
        return self._series.attempt().delay

    @property
    def elapsed(self) -> float:
        """Seconds since the loop began."""
        return self._series.attempt().elapsed

    @property
    def error(self) -> Exception | None:
        """What the newest failed attempt raised; None before and after all of them."""
        return self._series.attempt().error

    def __enter__(self) -> Self:
        """Begin the attempt.

        Raises:
            RuntimeError: If it has begun before.
        """
        if self._state is not _NEW:
            raise RuntimeError(
                f"attempt {self.number} has been used: enter each attempt of the loop "
                f"once, `async for attempt in retry:` and `with attempt: ...`"
            )
        self._state = _ENTERED
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool:
        """End the attempt; True if the loop goes on, and *error* stays inside."""
        self._state = _LEFT
        try:
            if isinstance(error, Exception):
                self._due = self._series.after(error)
                if self._due is None and not self._series.raises(error):
                    self._series.own()
        finally:
            if self._due is None:
                self._series.forget()
        return self._due is not None

    def due(self) -> float | None:
        """Return the seconds to wait for the next attempt; None: the loop is over.

        Raises:
            RuntimeError: If the block was not what decides that; with the right code.
        """
        if self._state is not _LEFT:
            what = "never entered" if self._state is _NEW else "not left"
            raise RuntimeError(
                f"attempt {self.number} was {what}: the code to repeat belongs into a "
                f"block, `async for attempt in retry:` and, inside, `with attempt: ...`"
            )
        return self._due


class _Loop:
    """What both kinds of loop share: the series, and whose turn it is."""

    __slots__ = ("_before_sleep", "block", "series")

    def __init__(self, series: Series, before_sleep: BeforeSleep) -> None:
        self.series: Series = series
        self.block: AttemptBlock | None = None
        self._before_sleep = before_sleep

    def __del__(self) -> None:
        """Let go of the error of a loop that is left between two blocks."""
        self.series.forget()

    def _begin(self) -> AttemptBlock:
        self.block = AttemptBlock(
            self.series, self.block.number + 1 if self.block else 1
        )
        return self.block


@final
class AsyncAttempts(_Loop):
    """``async for attempt in retry``."""

    __slots__ = ()

    def __aiter__(self) -> Self:
        """Return itself: one loop, one series."""
        return self

    async def __anext__(self) -> AttemptBlock:
        """Wait for the next attempt.

        Raises:
            RuntimeError: If the one before was never entered.
        """
        if self.block is not None:
            due = self.block.due()
            if due is None:
                raise StopAsyncIteration
            try:
                await wait(self.series, self._before_sleep, due)
            except BaseException:
                self.series.forget()
                raise
        return self._begin()


@final
class Attempts(_Loop):
    """``for attempt in retry``."""

    __slots__ = ()

    def __iter__(self) -> Self:
        """Return itself: one loop, one series."""
        return self

    def __next__(self) -> AttemptBlock:
        """Wait for the next attempt.

        Raises:
            RuntimeError: If the one before was never entered.
        """
        if self.block is not None:
            due = self.block.due()
            if due is None:
                raise StopIteration
            try:
                wait_sync(self.series, self._before_sleep, due)
            except BaseException:
                self.series.forget()
                raise
        return self._begin()


def series_of_blocks(options: RetryOptions, listeners: Told) -> Series:
    """Begin the series of a loop."""
    return Series(options, listeners, Call(_block, (), {}), time_left)


async def wait(series: Series, before_sleep: BeforeSleep, delay: float) -> None:
    """Tell *before_sleep*, and sleep."""
    if before_sleep is not None:
        with _Blamed(series):
            answer = before_sleep(series.attempt())
            if inspect.isawaitable(answer):
                await answer
    await anyio.sleep(delay)


def wait_sync(series: Series, before_sleep: BeforeSleep, delay: float) -> bool:
    """Do the same in synchronous code; False if there is no time left to sleep.

    What was in time before the callback may not be after it, and nobody interrupts it.
    """
    if before_sleep is not None:
        with _Blamed(series):
            answer = before_sleep(series.attempt())
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()  # it will never be awaited; spare that warning too
                raise TypeError(asynchronous_callback(before_sleep))
        if series.runs_late():
            return False
    series.clock.sleep(delay)
    return True


def asynchronous_callback(before_sleep: object) -> str:
    """Say what is wrong with a callback that synchronous code cannot await."""
    return (
        f"before_sleep={before_sleep!r} is asynchronous, and synchronous code awaits "
        f"nothing: write a plain function, or a Retry of its own for plain functions"
    )


@final
class _Blamed:
    """Gives what a callback raises the error that it was called for as its context.

    It is called when that error is no longer being handled, so Python does not.
    """

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: object, error: BaseException | None, traceback: object, /
    ) -> None:
        if isinstance(error, Exception) and error.__context__ is None:
            error.__context__ = self._series.last


def _block() -> None:
    """Stand for the function that a block is not."""
