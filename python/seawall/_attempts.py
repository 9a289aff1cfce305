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
from typing import Final, Never, Self, final

import anyio

from ._attempt import Attempt
from ._call import Call
from ._clock import time_left
from ._errors import raise_again
from ._give_up import Told
from ._retry_options import RetryOptions
from ._series import Series

_NEW: Final = "new"
_ENTERED: Final = "entered"
_LEFT: Final = "left"


@final
class AttemptBlock:
    """One attempt of a loop over a `Retry`: the code below ``with attempt:``.

    An error that is worth repeating does not leave the block; the loop goes on with the
    next attempt, later. Any other error does, and so does cancellation.

    Attributes:
        number: 1 for the first attempt.
    """

    __slots__ = ("_loop", "_state", "number")

    def __init__(self, loop: _Loop, number: int) -> None:
        self._loop = loop
        self._state = _NEW
        self.number: int = number

    @property
    def delay(self) -> float:
        """Seconds that were waited before this attempt, 0.0 before the first.

        Once it has failed, those before the next.
        """
        return self._loop.series.attempt().delay

    @property
    def elapsed(self) -> float:
        """Seconds since the loop began."""
        return self._loop.series.attempt().elapsed

    @property
    def error(self) -> Exception | None:
        """What the newest failed attempt raised; None before and after all of them."""
        return self._loop.series.attempt().error

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
        return self._loop.goes_on_after(error)

    def check_used(self) -> None:
        """Refuse to go on from a block that was not what decides it.

        Raises:
            RuntimeError: With the right code.
        """
        if self._state is not _LEFT:
            what = "never entered" if self._state is _NEW else "not left"
            raise RuntimeError(
                f"attempt {self.number} was {what}: the code to repeat belongs into a "
                f"block, `async for attempt in retry:` and, inside, `with attempt: ...`"
            )


class _Loop:
    """What both kinds of loop share: the series, and whose turn it is."""

    __slots__ = ("_due", "_options", "block", "series")

    def __init__(self, options: RetryOptions, listeners: Told) -> None:
        self.series: Series = Series(
            options, listeners, Call(_block, (), {}), time_left
        )
        self.block: AttemptBlock | None = None
        self._options = options
        self._due: float | None = None  # seconds to wait; None: it is over

    def goes_on_after(self, error: BaseException | None) -> bool:
        """Decide what becomes of a block that *error* ended."""
        self._due = None
        if isinstance(error, Exception):
            self._due = self.series.after(error)
            if self._due is not None:
                return True
            if not self.series.raises(error):
                self._raise_own()
        self.series.forget()
        return False

    def _raise_own(self) -> Never:
        own = self.series.last
        assert own is not None  # noqa: S101 -- it hides the rejection
        try:
            # It was raised before the rejection, which is not its context.
            raise_again(own)
        finally:
            self.series.forget()
            del own

    def _previous(self) -> AttemptBlock | None:
        if self.block is not None:
            self.block.check_used()
        return self.block

    def _begin(self) -> AttemptBlock:
        self.block = AttemptBlock(self, self.block.number + 1 if self.block else 1)
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
        if self._previous() is not None:
            if self._due is None:
                raise StopAsyncIteration
            try:
                await wait(self.series, self._options.before_sleep, self._due)
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
        if self._previous() is not None:
            if self._due is None:
                raise StopIteration
            try:
                wait_sync(self.series, self._options.before_sleep, self._due)
            except BaseException:
                self.series.forget()
                raise
        return self._begin()


BeforeSleep = Callable[[Attempt], object] | None


async def wait(series: Series, before_sleep: BeforeSleep, delay: float) -> None:
    """Tell *before_sleep*, and sleep."""
    if before_sleep is not None:
        with _Blamed(series):
            answer = before_sleep(series.attempt())
            if inspect.isawaitable(answer):
                await answer
    await anyio.sleep(delay)


def wait_sync(series: Series, before_sleep: BeforeSleep, delay: float) -> None:
    """Do the same in synchronous code."""
    if before_sleep is not None:
        with _Blamed(series):
            answer = before_sleep(series.attempt())
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()  # it will never be awaited; spare that warning too
                raise TypeError(asynchronous_callback(before_sleep))
    series.clock.sleep(delay)


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
