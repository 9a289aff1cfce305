"""An hour of sleeping in a millisecond, on asyncio.

Rule 1: time moves only when nothing else can happen. No task is ready, no socket has
anything to say and no worker thread is at work: then, and only then, the clock jumps
to the next timer.

Rule 2: everything the loop really waits for stays real. Sockets are polled, threads
run at their own speed, and while one of them is awaited the clock stands still. A
clock that jumps past a running thread reports time-outs that never happened.

Rule 3: public interfaces only. The selector is a parameter of
:class:`asyncio.SelectorEventLoop`, and :meth:`~asyncio.loop.time` is documented as
the one clock of a loop.

Three things this cannot do. uvloop reads its clock in C. A peer outside of the loop (a
server, a thread that feeds the loop by itself) is no socket event until it answers, so
the clock jumps past it unless a :meth:`VirtualLoop.hold` block says that it is awaited.
And a worker thread that waits for virtual time (``anyio.from_thread.run(sleep, 1)``)
waits for ever, because time stands still until the thread is done.

The same for trio is in ``_virtual_trio``.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import selectors
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, ClassVar, TypeVar, TypeVarTuple, final

import anyio.to_thread

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

# While a thread runs, look this often (in real seconds) whether it still does. A thread
# that is done wakes the loop at once; this is for holds that end without a wake-up.
HOLD_STEP = 0.002

# Seconds; the finest of any system's monotonic clock.
_RESOLUTION = 1e-9


class Holds:
    """What keeps time still: a count that any thread can change.

    A list of tokens, because ``append`` and ``pop`` are atomic where ``+= 1`` is not.
    """

    def __init__(self) -> None:
        self._tokens: list[None] = []

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def add(self) -> None:
        self._tokens.append(None)

    def drop(self) -> None:
        self._tokens.pop()

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        self.add()
        try:
            yield
        finally:
            self.drop()


class _VirtualSelector(selectors.DefaultSelector):
    """A selector that moves its loop's clock instead of waiting for it."""

    loop: VirtualLoop | None = None

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or self.loop is None or (timeout is not None and timeout <= 0):
            return events
        if self.loop.held:
            return super().select(min(HOLD_STEP, timeout or HOLD_STEP))
        if timeout is None:
            return super().select(None)
        self.loop.jump(timeout)
        return events


class _Endless(asyncio.TimerHandle):
    """A timer that never fires. It is kept until it is cancelled.

    By its identity: handles are equal to others and hashed by their instant, which all
    of these share, so that a set of thousands would compare each with all others.
    """

    __slots__ = ("_kept",)

    def __init__(self, kept: dict[int, _Endless], *timer: Any) -> None:
        super().__init__(*timer)
        self._kept = kept
        kept[id(self)] = self

    def cancel(self) -> None:
        super().cancel()
        self._kept.pop(id(self), None)


@final
class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs asyncio code in virtual time: sleeping and time-outs take no time at all.

    Example::

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(asyncio.sleep(3600))  # returns at once

    With anyio's pytest plugin: ``("asyncio", {"loop_factory": VirtualLoop})`` as a
    parameter of the ``anyio_backend`` fixture.

    While a worker thread is awaited (:meth:`run_in_executor`,
    :func:`asyncio.to_thread`, ``anyio.to_thread.run_sync`` with its default limiter)
    time stands still. For a
    thread or a server that the loop knows nothing of, say so with :meth:`hold`.

    Args:
        start: What :meth:`time` says at first, in seconds.
    """

    seawall_virtual_time: ClassVar[bool] = True

    def __init__(self, *, start: float = 0.0) -> None:
        selector = _VirtualSelector()
        super().__init__(selector)
        selector.loop = self
        self._now = start
        self._holds = Holds()
        self._endless: dict[int, _Endless] = {}
        self._limiter: anyio.CapacityLimiter | None = None

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._now

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Keep time still inside of the block; any thread may enter and leave it."""
        return self._holds.held()

    @property
    def held(self) -> bool:
        """Whether time stands still, because of a thread or a :meth:`hold` block."""
        limiter = self._limiter
        return bool(self._holds) or (
            limiter is not None and limiter.borrowed_tokens > 0
        )

    def jump(self, duration: float) -> None:
        """Move the clock forward. The loop does this itself whenever it is idle."""
        self._now += duration
        # A timer is due if it is less than now plus a nanosecond. After half a year
        # floats are further apart than that: none would be at its very instant.
        if self._now + _RESOLUTION == self._now:
            self._now = math.nextafter(self._now, math.inf)

    def run_forever(self) -> None:
        if self._limiter is None:
            # anyio tells its limiter only inside of a task. This one runs in the first
            # pass of the loop, before any thread can be asked for.
            watch = self.create_task(self._watch_threads())
            super().run_forever()
            watch.cancel()
        else:
            super().run_forever()

    async def _watch_threads(self) -> None:
        self._limiter = anyio.to_thread.current_default_thread_limiter()

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        if when < math.inf:
            return super().call_at(when, callback, *args, context=context)
        # The loop cuts every wait at a day, so that a timer which never ends would make
        # it run from day to day at full speed. It is kept, not scheduled: the handle
        # is all that refers to the sleeping task.
        return _Endless(self._endless, when, callback, args, self, context)

    def run_in_executor(
        self, executor: Any, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        future = super().run_in_executor(executor, func, *args)
        self._holds.add()
        # Runs before whoever awaits the future wakes up. A job that nobody awaits any
        # more (cancelled) no longer keeps time still, as on trio.
        future.add_done_callback(lambda _: self._holds.drop())
        return future

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        # Joins the threads under a time-out of five minutes, which must not be virtual.
        with self.hold():
            await super().shutdown_default_executor(*args, **kwargs)

    def close(self) -> None:
        self._endless.clear()
        super().close()
