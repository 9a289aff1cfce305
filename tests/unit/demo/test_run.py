"""A whole incident in virtual time: ten seconds of it in a fraction of one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import anyio
import pytest

from seawall import CircuitState
from seawall.demo._plan import QUICK
from seawall.demo._promises import judge
from seawall.demo._record import Lane, Record, Stopwatch
from seawall.demo._run import count_tasks, run, strange_threads

if TYPE_CHECKING:
    from .conftest import FakeClients, FakeWorld

    Connect = Callable[[Lane], AbstractAsyncContextManager[FakeClients]]

pytestmark = pytest.mark.anyio


async def _incident(world: FakeWorld, connect: Connect) -> Record:
    stopwatch = Stopwatch()
    record = Record(
        backend="either",
        seed=1,
        plan=QUICK,
        guarded=Lane(clock=stopwatch),
        bare=Lane(clock=stopwatch),
    )
    await run(record, stopwatch, world, connect)
    return record


async def test_every_promise_is_kept(world: FakeWorld, connect: Connect) -> None:
    """The script, the load and the policies, without a server."""
    record = await _incident(world, connect)

    broken = {v.name: v.broken for v in judge(record) if not v.kept}
    assert broken == {}
    assert sorted(record.marks) == ["back", "hang", "kill", "revoke"]
    for lane in (record.guarded, record.bare):
        assert len(lane.samples) == int(QUICK.end * 50)
        assert lane.waiting == 0
    assert record.guarded.answered_in_time() == 1
    assert record.bare.answered_in_time() < 0.6
    assert record.elapsed == pytest.approx(QUICK.end, abs=0.5)


async def test_the_same_seed_is_the_same_incident(
    world: FakeWorld, connect: Connect
) -> None:
    """With the clock virtual, nothing else is left to chance but the jitter."""
    first = await _incident(world, connect)
    second = await _incident(world, connect)

    lanes = (first.guarded, first.bare, second.guarded, second.bare)
    begun = [sorted(sample.begun for sample in lane.samples) for lane in lanes]
    for other in begun[1:]:
        assert other == pytest.approx(begun[0], abs=0.002)


async def test_busy_threads_and_tasks_are_leaks(
    world: FakeWorld, connect: Connect
) -> None:
    """What is not over after three seconds is left behind."""
    async with anyio.create_task_group() as others:

        async def leave_behind() -> None:
            await anyio.sleep(5)
            world.busy_threads = 2  # of each service
            # Somebody else's task, begun in the middle.
            for _ in range(2):
                others.start_soon(anyio.sleep_forever)

        others.start_soon(leave_behind)
        record = await _incident(world, connect)
        others.cancel_scope.cancel()

    assert record.leaks == ["4 busy threads", "1 task"]


async def test_permits_are_leaks(world: FakeWorld, connect: Connect) -> None:
    """A permit that is out would keep the circuit half-open."""
    record = await _incident(world, connect)
    assert record.guarded.state_at(99) is CircuitState.CLOSED
    assert "permit" not in " ".join(record.leaks)


async def test_a_token_that_is_never_renewed_is_revoked_all_the_same(
    world: FakeWorld, connect: Connect
) -> None:
    """The script goes on; the promise is judged by what was seen."""
    world.token_lifetime = 60.0
    record = await _incident(world, connect)

    assert record.marks["revoke"] == pytest.approx(QUICK.revoke + 3.0, abs=0.1)


async def test_tasks_are_counted(world: FakeWorld) -> None:
    """On both backends."""
    before = count_tasks()
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 1)
        assert count_tasks() == before + 1


def test_threads_that_are_no_idle_workers_are_named() -> None:
    """Whoever started them forgot them."""
    before = threading.enumerate()
    over = threading.Event()
    threads = [
        threading.Thread(target=over.wait, name=name)
        for name in ("forgotten", "AnyIO worker thread", "Trio thread 3")
    ]
    for thread in threads:
        thread.start()

    assert strange_threads(before) == ["thread 'forgotten'"]

    over.set()
    for thread in threads:
        thread.join()
