"""An hour of sleeping in a millisecond, on trio: the rules of ``_virtual_time``.

trio's own ``MockClock(autojump_threshold=0)`` jumps while a worker thread runs, and so
reports time-outs that never happened. This clock is an instrument at the same time:
it sees whether any task has stepped since it was last asked how long to sleep.
"""

from __future__ import annotations

import contextlib
import inspect
import math
from typing import ClassVar, Final, final

import trio
import trio.testing

from seawall.testing._virtual_time import HOLD_STEP, Holds

_WAIT_ALL_TASKS_BLOCKED: Final = inspect.unwrap(
    trio.testing.wait_all_tasks_blocked
).__code__


@final
class VirtualClock(trio.abc.Clock, trio.abc.Instrument):
    """Runs trio code in virtual time: sleeping and time-outs take no time at all.

    Pass the same object twice, and a new one to each run::

        clock = VirtualClock()
        trio.run(trio.sleep, 3600, clock=clock, instruments=[clock])

    With anyio's pytest plugin: ``("trio", {"clock": c, "instruments": [c]})`` as a
    parameter of the ``anyio_backend`` fixture.

    While a worker thread is awaited time stands still. For a thread or a server that
    trio knows nothing of, say so with :meth:`hold`.

    Args:
        start: What :func:`trio.current_time` says at first, in seconds.
    """

    seawall_virtual_time: ClassVar[bool] = True

    def __init__(self, *, start: float = 0.0) -> None:
        self._now = start
        self._holds = Holds()
        self._polled = False
        self._stepped: set[trio.lowlevel.Task] = set()

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Keep time still inside of the block; any thread may enter and leave it."""
        return self._holds.held()

    @property
    def held(self) -> bool:
        """Whether time stands still, because of a thread or a :meth:`hold` block."""
        return bool(self._holds) or trio.testing.active_thread_count() > 0

    def start_clock(self) -> None:
        """Nothing to start: time moves when nothing else does."""

    def current_time(self) -> float:
        return self._now

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._polled = False
        self._stepped.add(task)

    def deadline_to_sleep_time(self, deadline: float) -> float:
        if deadline <= self._now:
            return 0
        if self.held:
            self._polled = False
            return HOLD_STEP
        if self._waits_for_idle():
            # Longer than any cushion: trio wakes these tasks before time moves.
            return math.inf
        if not self._polled:
            # trio now polls its sockets once, without waiting.
            self._polled = True
            return 0
        self._polled = False
        if deadline == math.inf:
            return math.inf
        self._now = deadline
        return 0

    def _waits_for_idle(self) -> bool:
        """Whether a task is inside of ``wait_all_tasks_blocked``.

        Only tasks that stepped since the last jump can have come to be there, so this
        looks at those and remembers the ones it found.
        """
        self._stepped = {task for task in self._stepped if _is_waiting_for_idle(task)}
        return bool(self._stepped)


def _is_waiting_for_idle(task: trio.lowlevel.Task) -> bool:
    return any(
        frame.f_code is _WAIT_ALL_TASKS_BLOCKED for frame, _ in task.iter_await_frames()
    )
