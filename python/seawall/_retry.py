"""Call again, later, and not forever.

Rule 1: what the caller gets in the end is the function's own last error, the same
object, with a note that says why nobody tried once more.

Rule 2: cancellation is not a failure, in whatever disguise; it ends the call and the
sleep at once.

Rule 3: a sleep that would outlast the deadline is not begun.

What is decided after each attempt is in `_series`, what can be chosen in
`_retry_options`, the loop ``for attempt in retry`` in `_attempts`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Self, final

import attrs

from ._attempts import (
    AsyncAttempts,
    AttemptBlock,
    Attempts,
    asynchronous_callback,
    series_of_blocks,
    wait,
    wait_sync,
)
from ._budget import core_of
from ._call import Call, Fragment, Inner, InnerSync, Stage
from ._clock import SYSTEM_CLOCK, time_left
from ._decorate import Guarded
from ._events import Listeners, RetryGaveUp, RetryScheduled
from ._retry_options import RetryOptions
from ._series import Series
from ._validate import is_coroutine_function


@final
@attrs.frozen(kw_only=True)
class Retry(RetryOptions, Guarded):
    """Call a function again when it fails in a way worth repeating.

    An instance is configuration only; any number of tasks can share it, as a decorator,
    directly, or around a block::

        retry = Retry(max_attempts=3)


        @retry
        async def fetch(url: str) -> bytes: ...


        body = await retry.call(download, url)

        async for attempt in retry:  # in synchronous code: for attempt in retry
            with attempt:
                body = await download(url)

    Cancellation is not a failure: it is never retried and never delayed. Neither is a
    call one of whose arguments is a generator that the attempt has begun to read.

    Args:
        on: Failures to retry: exception types, categories, a tuple of both, or a
            predicate. None: what the classification calls transient. An open circuit
            is never one of them.
        max_attempts: Calls in total, the first one included. None removes the limit.
        backoff: How long to wait in between: `Exponential`, `Linear` or `Constant`; a
            list of delays, the last of which repeats; or a function of the `Attempt`
            that returns seconds.
        idempotent: Whether a request that may have been executed may be sent again.
            Says nothing where *on* is given.
        budget: A `RetryBudget` shared with whoever calls the same dependency. None: no
            common limit.
        max_server_delay: Seconds; a server that asks for more ends the retrying. A
            shorter "not before" is always honoured. Infinity: no limit.
        wait_for_circuit: Whether to wait until an open circuit may admit a call again.
            Each wait uses one attempt.
        stop_early: Whether to give up at once where the delay would end past the
            deadline. False: sleep, and let the deadline interrupt that.
        on_result: Asked for each result; True asks for another attempt. If there is
            none, the last result is returned. None: every result is welcome.
        before_sleep: Called with the `Attempt` before each delay, and awaited if it is
            asynchronous. What it raises ends the call. None: nobody.
        classify: What says what an error means, such as a `Classifier` that was taught
            yours. None: the library's.
        clock: Where to read the time and, in synchronous code, wait. None: the
            machine's.

    Raises:
        ValueError: If *max_attempts* is less than 1, or a delay out of range.
        TypeError: If *on* names what is no `Exception`, or another option has the wrong
            type.
    """

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

    @property
    def heeds_deadline(self) -> bool:
        """Whether no sleep and no attempt goes past a time-out outside."""
        return self.stop_early

    def subscribe(
        self, callback: Callable[[RetryScheduled | RetryGaveUp], object], /
    ) -> Callable[[], None]:
        """Call *callback* on every retry and surrender; returns the way to stop it."""
        return self._listeners.subscribe(callback)

    def __aiter__(self) -> AsyncIterator[AttemptBlock]:
        """Begin a loop over attempts, ``async for attempt in retry``.

        Raises:
            TypeError: If there is an *on_result*: a block has no result.
        """
        self._refuse_on_result()
        return AsyncAttempts(series_of_blocks(self, self._listeners), self.before_sleep)

    def __iter__(self) -> Iterator[AttemptBlock]:
        """Begin a loop in synchronous code, ``for attempt in retry``.

        Raises:
            TypeError: If there is an *on_result*, or *before_sleep* is asynchronous.
        """
        self._refuse_on_result()
        self._refuse_asynchronous_callback()
        return Attempts(series_of_blocks(self, self._listeners), self.before_sleep)

    def __fragment__(self) -> Fragment | None:
        """Let a call that succeeds pass by, unless its result has to be looked at."""
        if self.on_result is not None:
            return None
        return Fragment(budget=None if self.budget is None else core_of(self.budget))

    def __examine__(
        self, fn: Callable[..., Any], inner: Sequence[Stage], /, *, asynchronous: bool
    ) -> None:
        """Refuse a callback that the call of a plain function could not await."""
        if not asynchronous:
            self._refuse_asynchronous_callback()

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* until it succeeds or is not worth repeating."""
        series = Series(self, self._listeners, call, time_left)
        try:
            while True:
                try:
                    result = await inner(call)
                except Exception as error:
                    delay = series.after(error)
                    if delay is None and series.raises(error):
                        raise
                else:
                    delay = series.after_result(result)
                    if delay is None:
                        return result
                # Outside the except block: nothing is being handled while we wait.
                if delay is None:
                    return series.own()
                await wait(series, self.before_sleep, delay)
        finally:
            series.forget()

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner* until it succeeds or is not worth repeating."""

        def left() -> float:
            return call.deadline - SYSTEM_CLOCK.monotonic()

        series = Series(self, self._listeners, call, left)
        try:
            while True:
                try:
                    result = inner(call)
                except Exception as error:
                    delay = series.after(error)
                    if delay is None and series.raises(error):
                        raise
                else:
                    delay = series.after_result(result)
                    if delay is None:
                        return result
                if delay is None or not wait_sync(series, self.before_sleep, delay):
                    return series.own()
        finally:
            series.forget()

    def _refuse_on_result(self) -> None:
        if self.on_result is not None:
            raise TypeError(
                "a block has no result that on_result could look at: raise in the "
                "block what should be repeated, or use `await retry.call(fn)`"
            )

    def _refuse_asynchronous_callback(self) -> None:
        if self.before_sleep is not None and is_coroutine_function(self.before_sleep):
            raise TypeError(asynchronous_callback(self.before_sleep))
