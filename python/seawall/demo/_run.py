"""One incident on one backend: the script, the load on both services, the clean-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

import anyio
import anyio.to_thread
import trio

from ._load import drive
from ._plan import pages
from ._record import Lane, MarkName, Record, Stopwatch
from ._service import Clients, Service, bare, guarded
from ._world import World

Connect: TypeAlias = Callable[[Lane], AbstractAsyncContextManager[Clients]]
"""Makes the clients of one service."""

_BEAT: Final = 0.02
# Into the life of a token: long after a renewal, long before the next.
_AFTER_RENEWAL: Final = 0.3
_SETTLING: Final = 3.0
# Idle workers, which anyio and trio keep for the next job.
_POOL_THREADS: Final = ("AnyIO worker thread", "Trio thread")


async def run(
    record: Record, stopwatch: Stopwatch, world: World, connect: Connect
) -> None:
    """Let the incident of *record* happen, and fill it."""
    tasks_before = count_tasks()
    async with (
        connect(record.guarded) as guarded_clients,
        connect(record.bare) as bare_clients,
        guarded(guarded_clients, record.guarded) as service,
        bare(bare_clients) as bare_service,
    ):
        stopwatch.start()
        await _happen(record, world, service, bare_service)

        def busy_threads() -> int:
            return guarded_clients.busy_threads + bare_clients.busy_threads

        await _settle(lambda: busy_threads() == 0)
        _note_leaks(record, "busy thread", busy_threads())
        _note_leaks(record, "permit", service.permits_out())
    await _settle(lambda: count_tasks() <= tasks_before)
    _note_leaks(record, "task", count_tasks() - tasks_before)


async def _happen(
    record: Record, world: World, service: Service, bare_service: Service
) -> None:
    async with anyio.create_task_group() as around:
        around.start_soon(_beat, record)
        async with anyio.create_task_group() as inside:
            inside.start_soon(_direct, record, world)
            for running, lane in (
                (service, record.guarded),
                (bare_service, record.bare),
            ):
                arrivals = pages(record.plan, record.seed)
                inside.start_soon(drive, running.answer, lane, arrivals)
        around.cancel_scope.cancel()


async def _beat(record: Record) -> None:
    """Tell the time, and how late the event loop is with it."""
    while True:
        due = anyio.current_time() + _BEAT
        await anyio.sleep(_BEAT)
        record.worst_lag = max(record.worst_lag, anyio.current_time() - due)
        record.elapsed = record.guarded.clock()


async def _direct(record: Record, world: World) -> None:
    """Do to the servers what the plan says."""
    plan, clock = record.plan, record.guarded.clock

    async def until(when: float) -> None:
        await anyio.sleep(max(0.0, when - clock()))

    async def begin(name: MarkName, deed: Callable[[], None]) -> None:
        # Noted before: its effects are there sooner than the deed is done.
        record.marks[name] = clock()
        await anyio.to_thread.run_sync(deed)

    await until(plan.hang)
    await begin("hang", world.hang)
    await until(plan.kill)
    await begin("kill", world.kill)
    await until(plan.revoke)
    await _renewal(record.guarded)
    await begin("revoke", world.revoke)
    await until(plan.back)
    await anyio.to_thread.run_sync(world.back)
    record.marks["back"] = clock()


async def _renewal(lane: Lane) -> None:
    """Wait until a token was renewed just now.

    Only then is every login of the next second the revocation's doing.
    """
    logins = len(lane.logins)
    with anyio.move_on_after(_SETTLING):
        while len(lane.logins) == logins:  # noqa: ASYNC110 (nobody to tell us)
            await anyio.sleep(_BEAT)
        await anyio.sleep(_AFTER_RENEWAL)


async def _settle(settled: Callable[[], bool]) -> None:
    """Give what is about to end a moment to do so."""
    with anyio.move_on_after(_SETTLING):
        while not settled():  # noqa: ASYNC110 (what ends by itself tells nobody)
            await anyio.sleep(_BEAT)


def _note_leaks(record: Record, what: str, count: int) -> None:
    if count > 0:
        record.leaks.append(f"{count} {what}{'s' if count > 1 else ''}")


def count_tasks() -> int:
    """How many tasks there are on the running event loop."""
    if trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_statistics().tasks_living
    return len(asyncio.all_tasks())


def strange_threads(before: Collection[threading.Thread]) -> list[str]:
    """Name the threads that are neither of *before* nor idle workers of a pool."""
    return [
        f"thread {thread.name!r}"
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(_POOL_THREADS)
    ]
