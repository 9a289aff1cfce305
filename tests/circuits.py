"""Circuits to test with: every way through them, calls that end as told, a clock."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import anyio
import attrs
import pytest
from anyio.abc import TaskStatus

from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitState,
    Consecutive,
    InfraConnectionError,
)

CLOSED, OPEN, HALF_OPEN, ISOLATED, DISABLED = CircuitState

Ending = Literal["success", "failure", "cancellation"]

ENDINGS: tuple[Ending, ...] = ("success", "failure", "cancellation")
WAYS = ("call", "decorated", "block")
SYNC_WAYS = ("call_sync", "decorated", "block")

# SEAWALL_ROUNDS=200 repeats what depends on chance.
ROUNDS = int(os.environ.get("SEAWALL_ROUNDS", "3"))

every_way = pytest.mark.parametrize("way", WAYS)
every_sync_way = pytest.mark.parametrize("way", SYNC_WAYS)
every_ending = pytest.mark.parametrize("ending", ENDINGS)


def guarded(
    breaker: CircuitBreaker, fn: Callable[[], Awaitable[Any]], way: str
) -> Callable[[], Awaitable[Any]]:
    """Return *fn* behind *breaker*, asked in one of the `WAYS`."""
    if way == "call":
        return functools.partial(breaker.call, fn)
    if way == "decorated":
        return breaker(fn)

    async def block() -> Any:
        with breaker.acquire():
            return await fn()

    return block


def guarded_sync(
    breaker: CircuitBreaker, fn: Callable[[], Any], way: str
) -> Callable[[], Any]:
    """Return the plain function *fn* behind *breaker*, in one of the `SYNC_WAYS`."""
    if way == "call_sync":
        return functools.partial(breaker.call_sync, fn)
    if way == "decorated":
        return breaker(fn)

    def block() -> Any:
        with breaker.acquire():
            return fn()

    return block


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure."""
    return CircuitBreaker("db", **{"trip": Consecutive(1)} | options)


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    """Let so many calls fail, each with an error of its own."""
    for _ in range(times):
        breaker.acquire().failure(InfraConnectionError("down"))


def succeed(breaker: CircuitBreaker, times: int = 1) -> None:
    """Let so many calls succeed."""
    for _ in range(times):
        breaker.acquire().success()


async def half_open(breaker: CircuitBreaker) -> CircuitBreaker:
    """Open it and let its break pass; no probe is out, none has counted."""
    while breaker.state is CLOSED:
        fail(breaker)
    await anyio.sleep(breaker.stats().half_open_in or 0)
    breaker.acquire().release()
    assert breaker.state is HALF_OPEN
    return breaker


def half_open_sync(breaker: CircuitBreaker, clock: HandClock) -> CircuitBreaker:
    """Do the same with a clock that goes by hand."""
    while breaker.state is CLOSED:
        fail(breaker)
    clock.now += breaker.stats().half_open_in or 0
    breaker.acquire().release()
    assert breaker.state is HALF_OPEN
    return breaker


def record(breaker: CircuitBreaker) -> list[CircuitEvent]:
    """Return the list that takes every event from now on."""
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)
    return seen


def standing(breaker: CircuitBreaker) -> dict[str, Any]:
    """Tell all that a late result must not change: everything but `late`."""
    stats = attrs.asdict(breaker.stats())
    del stats["late"]
    return stats


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Do not."""
    raise InfraConnectionError("down")


def works_sync() -> str:
    """Answer, without await."""
    return "ok"


def fails_sync() -> None:
    """Do not, without await."""
    raise InfraConnectionError("down")


async def hangs() -> None:
    """Never answer."""
    await anyio.sleep_forever()


async def disguises() -> None:
    """Do what a driver does that cleans up."""
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class() as cancelled:
        raise ConnectionError("lost it") from cancelled


async def in_a_group() -> None:
    """Do what a task group does whose child fails while it is cancelled."""
    async with anyio.create_task_group() as group:
        group.start_soon(disguises)
        await anyio.sleep_forever()


class HandClock:
    """Time that goes by hand; nobody may ask it for the wall clock, or sleep."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        raise AssertionError("asked for the wall clock")

    def sleep(self, duration: float, /) -> None:
        raise AssertionError(f"slept {duration} s")


class Held:
    """A call under way that ends when and how it is told."""

    def __init__(self, breaker: CircuitBreaker, way: str) -> None:
        self._call = guarded(breaker, self._work, way)
        self._scope = anyio.CancelScope()
        self._status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
        self._told = anyio.Event()
        self._done = anyio.Event()
        self._ending: Ending = "success"

    async def _work(self) -> None:
        self._status.started()
        await self._told.wait()
        if self._ending == "failure":
            raise InfraConnectionError("late")

    async def run(
        self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Make the call; for `TaskGroup.start`, which returns when it is under way."""
        self._status = task_status
        try:
            with self._scope:
                await self._call()
        except InfraConnectionError:
            assert self._ending == "failure"
        finally:
            self._done.set()

    async def end(self, ending: Ending) -> None:
        """End it, and wait until the breaker knows."""
        self._ending = ending
        if ending == "cancellation":
            self._scope.cancel()
        else:
            self._told.set()
        await self._done.wait()


class HeldInThread:
    """The same, of a plain function; its cancellation is a `KeyboardInterrupt`."""

    def __init__(self, breaker: CircuitBreaker, way: str) -> None:
        self._call = guarded_sync(breaker, self._work, way)
        self._entered = threading.Event()
        self._told = threading.Event()
        self._ending: Ending = "success"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._entered.wait(30), "not admitted"

    def _work(self) -> None:
        self._entered.set()
        assert self._told.wait(60), "nobody ended the call"
        if self._ending == "failure":
            raise InfraConnectionError("late")
        if self._ending == "cancellation":
            raise KeyboardInterrupt

    def _run(self) -> None:
        try:
            self._call()
        except (InfraConnectionError, KeyboardInterrupt):
            assert self._ending != "success"

    def end(self, ending: Ending) -> None:
        """End it, and wait until the breaker knows."""
        self._ending = ending
        self._told.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "stuck"
