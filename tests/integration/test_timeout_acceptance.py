"""What the field's time-outs got wrong: cases 33 and 34, each with its number."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from seawall import InfraTimeoutError, Pipeline, Retry, Timeout
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio

Fn = Callable[[], Awaitable[Any]]


async def called(limit: float, fn: Fn) -> Any:
    """Guard a direct call."""
    return await Timeout(limit).call(fn)


async def decorated(limit: float, fn: Fn) -> Any:
    """Guard by decorating."""

    @Timeout(limit)
    async def guarded() -> Any:
        return await fn()

    return await guarded()


async def staged(limit: float, fn: Fn) -> Any:
    """Guard as one stage of several, with another time-out outside."""
    return await Pipeline(
        Timeout(limit * 10), Retry(max_attempts=1), Timeout(limit)
    ).call(fn)


ways = pytest.mark.parametrize("way", [called, decorated, staged])
# What trio has none of: tasks that are cancelled natively, timers of a loop.
on_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
Way = Callable[[float, Fn], Awaitable[Any]]


async def hang() -> None:
    """Never come back by itself."""
    await anyio.sleep(3600)


# ---------------------------------------------------------------- 33


@ways
async def test_33_a_scope_of_the_callers_is_not_a_time_out(way: Way) -> None:
    """Whoever gave up knows it; `except TimeoutError` is not for him."""
    raised: BaseException | None = None
    with anyio.move_on_after(1) as scope:
        try:
            await way(5, hang)
        except BaseException as error:
            raised = error
            raise

    assert scope.cancelled_caught
    assert isinstance(raised, anyio.get_cancelled_exc_class())
    assert anyio.current_time() == pytest.approx(scope.deadline)


@ways
async def test_33_a_time_out_is_no_cancellation(way: Way) -> None:
    """The task goes on: nothing of the time-out is left to cancel what comes next."""
    with pytest.raises(InfraTimeoutError):
        await way(1, hang)

    await anyio.sleep(1)
    if (task := _native_task()) is not None:
        assert task.cancelling() == 0


@ways
async def test_33_within_a_wider_scope_the_time_out_is_its_own(way: Way) -> None:
    """Nested the one way round: the near deadline fires, the far one does not."""
    with anyio.move_on_after(5) as scope:
        with pytest.raises(InfraTimeoutError):
            await way(1, hang)
        await anyio.sleep(1)

    assert not scope.cancelled_caught


@ways
@on_asyncio
async def test_33_a_native_cancellation_is_not_a_time_out(way: Way) -> None:
    """Natively as well as by a scope; the task ends as cancelled."""
    task = asyncio.ensure_future(_native(way, 5))
    await anyio.sleep(1)
    task.cancel("by its owner")

    with pytest.raises(asyncio.CancelledError, match="by its owner"):
        await task
    assert task.cancelled()


@ways
@on_asyncio
@pytest.mark.parametrize(
    ("outside", "raised"),
    [(1, TimeoutError), (9, InfraTimeoutError)],
    ids=["asyncios-fires", "ours-fires"],
)
async def test_33_asyncios_own_time_out_and_ours_are_told_apart(
    way: Way, outside: float, raised: type[Exception]
) -> None:
    """Nested both ways: each raises its own error, and only that."""
    with pytest.raises(raised) as caught:
        async with asyncio.timeout(outside):
            await way(5, hang)

    assert type(caught.value) is raised


@ways
async def test_33_cancelled_at_every_await_it_is_never_a_time_out(way: Way) -> None:
    """Whatever the instant and whoever cancels, no error takes its place."""
    errors: list[BaseException] = []

    async def scenario() -> None:
        try:
            await way(50, _steps)
        except Exception as error:
            errors.append(error)
            raise

    points = 0
    async for _ in cancel_everywhere(scenario):
        assert errors == []
        points += 1
    assert points >= 3


@ways
@on_asyncio
@pytest.mark.parametrize("first", ["cancellation", "deadline"])
async def test_33_the_callers_cancellation_wins_at_the_same_instant(
    way: Way, first: str
) -> None:
    """A task that is asked to stop stops, though its time was over as well."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(_native(way, 1))
    if first == "deadline":
        await anyio.lowlevel.checkpoint()  # its timer is older than ours
    loop.call_later(1, task.cancel)

    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


# ---------------------------------------------------------------- 34


@ways
async def test_34_a_result_that_arrives_with_the_deadline_is_not_lost(way: Way) -> None:
    """The lock is taken: whoever throws the result away leaks it."""

    async def late() -> str:
        try:
            await anyio.sleep(3600)
        except anyio.get_cancelled_exc_class():
            return "connection"
        return "never"

    assert await way(1, late) == "connection"
    await anyio.lowlevel.checkpoint()


@ways
async def test_34_a_result_of_that_very_instant_is_not_lost(way: Way) -> None:
    """Work and deadline end together: a value, or a time-out, but no third thing."""
    finished: list[str] = []

    async def exact() -> str:
        await anyio.sleep(1)
        finished.append("done")
        return "value"

    try:
        value = await way(1, exact)
    except InfraTimeoutError:
        assert finished == []
    else:
        assert (value, finished) == ("value", ["done"])


@ways
@pytest.mark.parametrize("ending", ["value", "error", "time-out"])
async def test_34_nothing_is_left_of_a_call(way: Way, ending: str) -> None:
    """No timer holds the call's arguments until a deadline that nobody waits for."""

    class Body:
        """What a call holds."""

    def make() -> tuple[Fn, weakref.ref[Body]]:
        body = Body()

        async def fn(held: Body = body) -> None:
            await anyio.lowlevel.checkpoint()
            if ending == "error":
                raise ValueError("no")
            if ending == "time-out":
                await anyio.Event().wait()

        return fn, weakref.ref(body)

    fn, alive = make()
    try:
        await way(2, fn)
    except (ValueError, InfraTimeoutError):
        pass
    del fn
    await anyio.lowlevel.checkpoint()  # the loop lets go of what it resumed last
    gc.collect()

    assert alive() is None


@on_asyncio
async def test_34_no_timer_waits_for_a_call_that_is_over() -> None:
    """A thousand quick calls under a time-out of an hour leave no thousand timers."""
    loop = asyncio.get_running_loop()
    before = _timers(loop)

    for _ in range(1000):
        await Timeout(3600).call(anyio.lowlevel.checkpoint)

    assert _timers(loop) <= before


def _timers(loop: asyncio.AbstractEventLoop) -> int:
    scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled")  # noqa: B009
    return sum(not timer.cancelled() for timer in scheduled)


async def _native(way: Way, limit: float) -> None:
    await way(limit, hang)


async def _steps() -> None:
    for _ in range(3):
        await anyio.sleep(1)


def _native_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
