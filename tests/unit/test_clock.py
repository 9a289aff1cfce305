"""What time it is, and how much of it is left."""

from __future__ import annotations

import contextvars
import math
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import anyio
import pytest

from seawall._clock import SYSTEM_CLOCK, time_left

pytestmark = pytest.mark.anyio


async def test_the_default_clock_follows_virtual_time() -> None:
    """A break of an hour ends in a test that sleeps an hour."""
    before = SYSTEM_CLOCK.monotonic(), SYSTEM_CLOCK.wall()
    await anyio.sleep(3600)
    after = SYSTEM_CLOCK.monotonic(), SYSTEM_CLOCK.wall()

    assert [b - a for a, b in zip(before, after, strict=True)] == [3600, 3600]


@pytest.mark.real_time
async def test_in_an_ordinary_loop_it_is_the_machines() -> None:
    """One breaker serves several loops, whose own clocks differ."""
    assert abs(SYSTEM_CLOCK.monotonic() - time.monotonic()) < 5
    assert abs(SYSTEM_CLOCK.wall() - time.time()) < 5


def test_without_a_loop_it_is_the_machines_too() -> None:
    """Synchronous programs have only that one."""
    assert abs(SYSTEM_CLOCK.monotonic() - time.monotonic()) < 5
    SYSTEM_CLOCK.sleep(0)


def test_no_delay_is_too_long_to_be_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without a limit may ask for more than the system's call takes."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)

    SYSTEM_CLOCK.sleep(1e300)

    assert slept == [threading.TIMEOUT_MAX]


def test_a_thread_that_imports_trio_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a moment there is a module with nothing in it."""
    monkeypatch.setitem(sys.modules, "trio", ModuleType("trio"))
    assert abs(SYSTEM_CLOCK.monotonic() - time.monotonic()) < 5


async def test_time_left_is_the_nearest_deadlines() -> None:
    """Whoever set it."""
    assert time_left() == math.inf
    with anyio.fail_after(10), anyio.fail_after(5):
        await anyio.sleep(1)
        assert time_left() == pytest.approx(4)
    with anyio.CancelScope() as scope:
        scope.cancel()
        assert time_left() == -math.inf


def test_without_a_loop_there_is_no_deadline() -> None:
    """None that we could know."""
    assert time_left() == math.inf


async def test_a_thread_with_a_tasks_context_has_no_deadline_either() -> None:
    """The context says which library runs the loop; in the thread there is none."""
    context = contextvars.copy_context()
    with anyio.fail_after(5), ThreadPoolExecutor(1) as pool:
        assert pool.submit(context.run, time_left).result() == math.inf
