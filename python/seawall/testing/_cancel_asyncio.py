"""Cancelling a scenario on asyncio: by scope, natively, by time-out, both, in a race.

Child tasks are counted by the loop's task factory, in place while the scenario runs.
"""

from __future__ import annotations

import asyncio
import enum
import functools
from collections.abc import Coroutine
from typing import Any, cast, final

import anyio

from seawall.testing._steps import REASON, Run, Scenario, Steps


class CancelledBy(enum.StrEnum):
    """The ways in which a task can be cancelled; trio has the first one."""

    SCOPE = "scope"
    """The cancel scope around it is cancelled: level-triggered, again at each await."""
    NATIVE = "native"
    """``task.cancel()``: edge-triggered, once."""
    TIMEOUT = "timeout"
    """The :func:`asyncio.timeout` around it expires."""
    BOTH = "both"
    """A scope and ``task.cancel()`` at the same time."""
    RACE = "race"
    """``task.cancel()`` just when the awaited result arrives, which is then lost."""


def _task(loop: asyncio.AbstractEventLoop, coro: Any, /, **options: Any) -> Any:
    """What a loop without a factory does."""
    return asyncio.Task(coro, loop=loop, **options)


def _close(coroutine: Coroutine[Any, Any, Any], _: object) -> None:
    coroutine.close()


@final
class AsyncioRun(Run):
    """A run in a task of its own, so that no count of cancellations leaks out."""

    def __init__(
        self, scenario: Scenario, number: int, settle: float, by: CancelledBy
    ) -> None:
        super().__init__(scenario, number, settle)
        self._by = by
        self._loop = asyncio.get_running_loop()
        self._host = self._loop.create_task(self._around())
        self._scope = anyio.CancelScope()
        self._timeout = asyncio.timeout(None)
        self._make_task: Any = self._loop.get_task_factory() or _task
        self._children: list[asyncio.Future[Any]] = []

    async def _run(self) -> bool:
        factory = self._loop.get_task_factory()
        self._loop.set_task_factory(self._make_child)
        try:
            await asyncio.wait({self._host})
        finally:
            self._loop.set_task_factory(factory)
            # Only if whoever runs all this is cancelled.
            self._host.cancel()
        if self._host.cancelled():
            return True
        error = self._host.exception()
        if isinstance(error, Exception):
            self.error = error
        elif error is not None:
            raise error
        return self.error is None and self._host.result()

    async def _around(self) -> bool:
        """The body, in what cancels it."""
        if self._by in {CancelledBy.SCOPE, CancelledBy.BOTH}:
            with self._scope:
                await self._body()
            return self._scope.cancelled_caught
        if self._by is not CancelledBy.TIMEOUT:
            await self._body()
            return False
        try:
            async with self._timeout:
                await self._body()
        except TimeoutError:
            # The scenario may have raised one of its own.
            if not self._came_out:
                raise
        return self._came_out

    def _cancel(self, yielded: object) -> None:
        if self._by is CancelledBy.RACE:
            self._cancel_when_done(yielded)
            return
        if self._by in {CancelledBy.SCOPE, CancelledBy.BOTH}:
            self._scope.cancel(REASON)
        if self._by in {CancelledBy.NATIVE, CancelledBy.BOTH}:
            self._host.cancel()
        if self._by is CancelledBy.TIMEOUT:
            self._timeout.reschedule(self._loop.time())
        self.was_cancelled = True

    def _cancel_when_done(self, yielded: object) -> None:
        # Registered before the task's own wake-up: so this comes just before it.
        if isinstance(yielded, asyncio.Future):
            future = cast("asyncio.Future[object]", yielded)
            future.add_done_callback(self._cancel_late)
        else:
            self._loop.call_soon(self._cancel_late)

    def _cancel_late(self, _: object = None) -> None:
        if not self._ended:
            self.was_cancelled = self._host.cancel()

    def _is_ours(self, error: BaseException) -> bool:
        # A scope's can be held off by a shield, and others may come before it. The
        # other ways arrive at once.
        return self._by is not CancelledBy.SCOPE or REASON in str(error)

    def _make_child(self, loop: Any, coroutine: Any, /, **options: Any) -> Any:
        child: Any = self._make_task(loop, self._count(coroutine), **options)
        # One that is cancelled before it starts would be reported as never awaited.
        child.add_done_callback(functools.partial(_close, coroutine))
        self._children.append(child)
        return child

    async def _count(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await Steps(coroutine, self._step)

    def tasks_left(self) -> tuple[str, ...]:
        return tuple(
            child.get_name() if isinstance(child, asyncio.Task) else repr(child)
            for child in self._children
            if not child.done()
        )
