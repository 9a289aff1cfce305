"""One piece of work for everybody who needs it: single flight.

A flight is something that is being done, and whose outcome many wait for, in any task,
thread and event loop. Who does it, and what comes of it, is not known here.

Rule 1: a flight ends exactly once. Whoever asks later gets the same outcome.

Rule 2: nothing blocks. Waking somebody in another event loop means posting to it; a
call that waits for the other loop deadlocks as soon as two of them do it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast, final

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import current_token

T = TypeVar("T")


class _AsyncioLoop(Protocol):
    def call_soon_threadsafe(self, callback: Callable[[], object], /) -> object: ...


class _TrioLoop(Protocol):
    def run_sync_soon(self, callback: Callable[[], object], /) -> object: ...


def running_loop() -> object:
    """Name the event loop that this task runs in, for `post`."""
    return current_token().native_token


def post(loop: object, callback: Callable[[], object]) -> bool:
    """Have *loop* call *callback* soon; False if the loop is closed."""
    try:
        if hasattr(loop, "call_soon_threadsafe"):
            cast("_AsyncioLoop", loop).call_soon_threadsafe(callback)
        else:
            cast("_TrioLoop", loop).run_sync_soon(callback)
    except RuntimeError:
        return False
    return True


@final
class Owner:
    """A block whose task group flies what was boarded while it is open."""

    __slots__ = ("_context", "_group", "_loop", "_open")

    def __init__(self) -> None:
        self._group: TaskGroup = anyio.create_task_group()
        self._loop = running_loop()
        self._context = copy_context()
        self._open = True

    def launch(
        self,
        fly: Callable[[], Coroutine[Any, Any, None]],
        give_up: Callable[[], object],
    ) -> bool:
        """Start *fly* in the group, from whatever loop; call *give_up* if it is late.

        Returns False if the owner's event loop is gone: no block was left, it died.
        """

        def start() -> None:
            if self._open:
                self._group.start_soon(fly)
            else:
                give_up()

        if running_loop() is self._loop:
            start()  # at once, and in the caller's context
            return True
        # In the block's context: the caller's says which library runs *his* loop.
        if post(self._loop, lambda: self._context.copy().run(start)):
            return True
        give_up()
        return False

    async def enter(self) -> None:
        """Open the block."""
        await self._group.__aenter__()

    async def leave(self) -> None:
        """Cancel what flies, and wait for its end.

        The shield hides a cancellation around the block from this wait only. Without
        it, it would take the place of the error that the block is being left with.
        """
        self._open = False
        self._group.cancel_scope.shield = True
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)


@final
class Flight(Generic[T]):
    """Work under way.

    Args:
        owner: Whose task group does it. None: the task that boarded first.

    Attributes:
        loop: The event loop that it is done in, once that is known. None: a thread
            does it.
    """

    __slots__ = ("_lock", "_outcome", "_waiting", "loop", "owner")

    def __init__(self, owner: Owner | None = None) -> None:
        self.owner = owner
        self.loop: object | None = None
        self._lock = threading.Lock()
        self._outcome: T | None = None
        # How to wake each of those who wait.
        self._waiting: dict[object, Callable[[], object]] = {}

    def is_dead(self) -> bool:
        """Tell whether its event loop was closed and took it along."""
        return self.loop is not None and not post(self.loop, bool)  # which does nothing

    def end(self, outcome: T) -> None:
        """Publish the outcome and wake everybody; the first one stays."""
        with self._lock:
            if self._outcome is not None:
                return
            self._outcome = outcome
            waiting, self._waiting = self._waiting, {}
        for wake in waiting.values():
            wake()

    async def outcome(self) -> T:
        """Wait for the end."""
        event, loop = anyio.Event(), running_loop()
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            self._waiting[event] = partial(post, loop, event.set)
        try:
            await event.wait()
        finally:
            with self._lock:
                self._waiting.pop(event, None)
        # Read without the lock: it was written before the event was set, once.
        return cast("T", self._outcome)

    def outcome_sync(self, limit: float) -> T | None:
        """Wait for the end in a thread without an event loop; None: not in *limit* s.

        Rule 2 is the caller's here: the thread that waits must be nobody's event loop.
        """
        event = threading.Event()
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            self._waiting[event] = event.set
        try:
            # None says more than the largest number that it takes, which is 292 years.
            event.wait(None if limit > threading.TIMEOUT_MAX else max(0.0, limit))
        finally:
            with self._lock:
                self._waiting.pop(event, None)
        return self._outcome
