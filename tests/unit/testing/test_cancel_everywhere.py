"""Each await is cancelled once in each way, and whatever takes it badly is found."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
import trio

from seawall.testing import CancelledBy, CancelPoint, _steps, cancel_everywhere

pytestmark = pytest.mark.anyio

on_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
on_trio = pytest.mark.parametrize("anyio_backend", ["trio"], indirect=True)

Scenario = Callable[[], Coroutine[Any, Any, object]]


async def points_of(scenario: Scenario, **options: Any) -> list[CancelPoint]:
    """All points, whatever happened at them."""
    every = cancel_everywhere(scenario, strict=False, **options)
    return [point async for point in every]


async def two_awaits() -> None:
    """A subject without fault."""
    await anyio.sleep(1)
    await anyio.sleep(1)


async def children() -> None:
    """A subject without fault, in three tasks."""
    async with anyio.create_task_group() as group:
        group.start_soon(two_awaits)
        group.start_soon(two_awaits)
        await two_awaits()


def ways(backend: str) -> set[CancelledBy]:
    """What the backend of the test has."""
    return set(CancelledBy) if backend == "asyncio" else {CancelledBy.SCOPE}


async def test_each_await_is_cancelled_in_each_way(anyio_backend_name: str) -> None:
    """Twice two awaits would be a coincidence; count them."""
    points = await points_of(two_awaits)

    places = Counter((point.by, point.number) for point in points)
    assert set(places) == {
        (by, number) for by in ways(anyio_backend_name) for number in (1, 2)
    }
    assert set(places.values()) == {1}
    assert all(point.delivered for point in points)


async def test_awaits_of_child_tasks_count() -> None:
    """A child's await is where a sibling's clean-up goes wrong."""
    points = await points_of(children, by={CancelledBy.SCOPE})

    # Two in each of three tasks, at least.
    assert len(points) >= 6
    for point in points:
        point.check()


async def test_only_the_ways_asked_for(anyio_backend_name: str) -> None:
    """A slow scenario need not be run in all of them."""
    points = await points_of(two_awaits, by={CancelledBy.NATIVE})

    expected = 2 if anyio_backend_name == "asyncio" else 0
    assert len(points) == expected


async def test_a_leak_is_found_by_the_caller() -> None:
    """The purpose: after each point the caller looks at what is his."""
    permits: list[int] = []

    async def leaks() -> None:
        permits.append(1)
        try:
            await anyio.sleep(1)
        except Exception:  # the mistake: a cancellation is none
            permits.pop()
            raise
        await anyio.sleep(1)
        permits.pop()

    with pytest.raises(AssertionError, match="permits are out: cancelled at susp.*1"):
        async for point in cancel_everywhere(leaks):
            assert not permits, f"permits are out: {point}"


async def test_a_swallowed_cancellation_is_found(anyio_backend_name: str) -> None:
    """In each way, because each one is swallowed by another mistake."""

    async def swallows() -> int:
        try:
            await anyio.sleep(1)
        except BaseException:  # noqa: BLE001, S110 (the mistake)
            pass
        return 42

    points = await points_of(swallows)

    assert {point.by for point in points} == ways(anyio_backend_name)
    for point in points:
        assert point.swallowed
        assert not point.delivered
        with pytest.raises(AssertionError, match=f"1 by {point.by}, it swallowed"):
            point.check()
    with pytest.raises(AssertionError, match="re-raise what is no Exception"):
        await anext(cancel_everywhere(swallows))


async def test_a_cancellation_turned_into_an_error_is_found() -> None:
    """A driver that says ConnectionError when it is cancelled: a retry would go on."""

    async def converts() -> None:
        try:
            await anyio.sleep(1)
        except BaseException:  # noqa: BLE001 (the mistake)
            raise TimeoutError("mine") from None

    for point in await points_of(converts):
        assert isinstance(point.error, TimeoutError)
        assert not point.delivered
        with pytest.raises(AssertionError, match="raised TimeoutError") as caught:
            point.check()
        assert caught.value.__cause__ is point.error


async def test_a_task_left_behind_is_found() -> None:
    """Nobody would cancel it any more."""
    async with anyio.create_task_group() as outside:

        async def starts_outside() -> None:
            outside.start_soon(anyio.sleep, 3, name="forgotten")
            await anyio.sleep(10)

        with pytest.raises(AssertionError, match="left tasks behind: forgotten"):
            async for _ in cancel_everywhere(starts_outside):
                pass
        outside.cancel_scope.cancel()


async def test_a_task_that_ends_soon_may_be_given_time() -> None:
    """A refresh that must not be torn apart outlives its caller on purpose."""

    async def finishes() -> None:
        await anyio.sleep(3)
        await anyio.sleep(1)  # suspends once more after the scenario has ended

    async with anyio.create_task_group() as outside:

        async def starts_outside() -> None:
            outside.start_soon(finishes)
            await anyio.sleep(1)

        points = await points_of(starts_outside, settle=5)

    assert points
    assert not any(point.tasks_left for point in points)


def arriving(value: object) -> asyncio.Future[object]:
    """What has *value* in a second, unless it is cancelled."""
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def arrive() -> None:
        if not future.done():
            future.set_result(value)

    future.get_loop().call_later(1, arrive)
    return future


@on_asyncio
async def test_only_a_race_loses_a_result_that_has_arrived() -> None:
    """The token is there and the await raises all the same: it has to be given back."""
    lost: list[CancelledBy] = []

    async def takes() -> None:
        token = arriving("token")
        try:
            await token
        except asyncio.CancelledError:
            if not token.cancelled():
                lost.append(point_by[-1])
            raise

    point_by: list[CancelledBy] = []
    for by in CancelledBy:
        point_by.append(by)
        async for point in cancel_everywhere(takes, by={by}):
            assert point.delivered

    assert lost == [CancelledBy.RACE]


@on_asyncio
async def test_only_a_race_finds_who_prefers_the_result() -> None:
    """As asyncio.wait_for did before Python 3.12: the cancellation is gone."""

    async def prefers() -> object:
        answer = arriving(42)
        try:
            return await answer
        except asyncio.CancelledError:
            if not answer.cancelled():
                return answer.result()
            raise

    points = await points_of(prefers)

    assert [point.by for point in points if point.swallowed] == [CancelledBy.RACE]


@on_asyncio
async def test_a_race_with_a_bare_yield_is_one_too() -> None:
    """Sleep for zero seconds waits for no future."""

    async def yields() -> None:
        await asyncio.sleep(0)

    (point,) = await points_of(yields, by={CancelledBy.RACE})

    assert point.delivered


async def test_a_shielded_last_await_may_return() -> None:
    """Past its last chance to notice, a scenario owes nothing."""

    async def shielded() -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(1)

    (point,) = await points_of(shielded, by={CancelledBy.SCOPE})

    assert not point.delivered
    assert not point.swallowed
    point.check()


async def test_a_time_out_inside_a_shield_is_not_taken_for_ours() -> None:
    """It catches its own cancellation, as it should."""

    async def cleans_up() -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(1):
            await anyio.sleep(5)

    (point,) = await points_of(cleans_up, by={CancelledBy.SCOPE})

    point.check()


async def test_a_thread_cannot_be_interrupted_and_is_waited_for() -> None:
    """Its end is not a swallowed cancellation."""

    async def in_thread() -> None:
        await anyio.to_thread.run_sync(int)

    for point in await points_of(in_thread, by={CancelledBy.SCOPE}):
        point.check()


async def test_what_the_undisturbed_scenario_raises_comes_out() -> None:
    """A scenario that fails by itself proves nothing."""

    async def fails() -> None:
        await anyio.sleep(1)
        raise LookupError("by itself")

    with pytest.raises(LookupError, match="by itself"):
        await points_of(fails)


async def test_a_scenario_that_never_suspends_is_refused() -> None:
    """It would pass every test."""

    async def runs_through() -> None:
        pass

    with pytest.raises(ValueError, match="never suspends"):
        await points_of(runs_through)


async def test_a_suspension_that_does_not_happen_again_is_passed_over() -> None:
    """Tasks take turns in another order each time."""
    calls = 0

    async def gets_shorter() -> None:
        nonlocal calls
        calls += 1
        await anyio.sleep(1)
        if calls == 1:
            await anyio.sleep(1)

    points = await points_of(gets_shorter, by={CancelledBy.SCOPE})

    assert [point.number for point in points] == [1]


async def test_the_whole_can_be_cancelled() -> None:
    """A deadline around it takes the scenario with it."""
    ended = 0

    async def endless() -> None:
        nonlocal ended
        try:
            await anyio.sleep_forever()
        finally:
            ended += 1

    with anyio.move_on_after(5) as scope:
        await points_of(endless)

    await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert ended == 1


@on_asyncio
async def test_a_loop_keeps_its_task_factory() -> None:
    """It is put back, and used while it is ours."""
    loop = asyncio.get_running_loop()
    made: list[str] = []

    def factory(loop: Any, coro: Any, **options: Any) -> Any:
        made.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(factory)
    try:
        await points_of(children, by={CancelledBy.NATIVE})
        assert loop.get_task_factory() is factory
    finally:
        loop.set_task_factory(None)
    assert made


@on_asyncio
async def test_a_child_that_is_cancelled_before_it_starts_is_no_warning() -> None:
    """As without us: asyncio closes its coroutine."""

    async def starts() -> None:
        child = asyncio.ensure_future(two_awaits())
        child.cancel()
        await asyncio.wait({child})

    for point in await points_of(starts):
        point.check()


async def test_what_is_no_exception_goes_through() -> None:
    """An interrupt is nobody's finding."""

    class Interrupt(BaseException):
        pass

    async def interrupted() -> None:
        await anyio.sleep(1)
        raise Interrupt

    with pytest.raises(Interrupt):
        await points_of(interrupted)


@on_trio
async def test_several_cancellations_in_a_group_are_one() -> None:
    """A nursery lets them out together."""

    async def in_nursery() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 1)
            await trio.sleep(1)

    for point in await points_of(in_nursery):
        point.check()


@on_asyncio
async def test_an_undisturbed_time_out_lets_a_swallowed_one_be_seen() -> None:
    """It does not become a TimeoutError unless the cancellation comes out."""

    async def uncancels() -> None:
        try:
            await anyio.sleep(1)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()

    (point,) = await points_of(uncancels, by={CancelledBy.TIMEOUT})

    assert point.swallowed


async def test_a_coroutine_that_is_dropped_is_closed() -> None:
    """A loop that closes with tasks pending runs their clean-up."""
    ended: list[str] = []

    async def waits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("closed")

    coroutine = waits()
    steps = _steps.Steps(coroutine, lambda _: None).__await__()
    next(steps)
    steps.close()

    assert ended == ["closed"]
