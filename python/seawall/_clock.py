"""What time it is, and how much of it is left.

The one place, with `_cancel` and `testing`, that knows asyncio, trio and `time`.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from typing import Final, final

import anyio

from ._types import Clock


@final
class SystemClock:
    """The machine's clocks; inside a virtual-time event loop, that loop's.

    A breaker whose break is an hour must half-open in a test that sleeps an hour of
    virtual time, without the test handing a clock to everything it builds.
    """

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        virtual = _virtual_time()
        return time.monotonic() if virtual is None else virtual

    def wall(self) -> float:
        """Seconds since 1970; steps when somebody sets the clock."""
        virtual = _virtual_time()
        return time.time() if virtual is None else virtual

    def sleep(self, duration: float) -> None:
        """Block the calling thread for *duration* seconds."""
        time.sleep(min(duration, threading.TIMEOUT_MAX))  # which is 292 years


SYSTEM_CLOCK: Final[Clock] = SystemClock()


def read_both(clock: Clock) -> tuple[float, float]:
    """Read the monotonic and the wall clock; cheaper than one after the other."""
    if clock is not SYSTEM_CLOCK:
        return clock.monotonic(), clock.wall()
    virtual = _virtual_time()
    if virtual is None:
        return time.monotonic(), time.time()
    return virtual, virtual


def time_left() -> float:
    """Seconds until the nearest deadline around the running task.

    Infinity without a deadline or an event loop; minus infinity once cancelled.
    """
    try:
        return anyio.current_effective_deadline() - anyio.current_time()
    except RuntimeError:  # no event loop, see `_cancel`
        return math.inf


def _virtual_time() -> float | None:
    # Loops and clocks say of themselves that they are virtual: no registry to fill
    # or to forget to empty. Disturbed calls only; an undisturbed one reads no clock.
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _virtual_trio_time()
    return loop.time() if getattr(loop, "seawall_virtual_time", False) else None


def _virtual_trio_time() -> float | None:
    # Another thread may be half through importing it.
    lowlevel = getattr(sys.modules.get("trio"), "lowlevel", None)
    if lowlevel is None or not lowlevel.in_trio_run():
        return None
    clock = lowlevel.current_clock()
    if not getattr(clock, "seawall_virtual_time", False):
        return None
    now: float = clock.current_time()
    return now
