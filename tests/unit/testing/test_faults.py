"""A plan is kept call by call."""

from __future__ import annotations

import math
import time

import anyio
import pytest

from seawall.testing import FaultPlan

pytestmark = pytest.mark.anyio


async def test_steps_come_in_their_order() -> None:
    """It reads as it runs."""
    plan = FaultPlan().fail(2, ConnectionError).fail(1, ValueError("x")).then_ok(42)

    for _ in range(2):
        with pytest.raises(ConnectionError):
            await plan("any", argument="at all")
    with pytest.raises(ValueError, match="x"):
        await plan()
    assert [await plan(), await plan()] == [42, 42]
    assert plan.calls == 5


async def test_a_hanging_call_hangs_until_it_is_cancelled() -> None:
    """And the next one does what comes next."""
    plan = FaultPlan().hang().then_ok("value")

    with anyio.move_on_after(1e6) as scope:
        await plan()

    assert scope.cancelled_caught
    assert await plan() == "value"


async def test_a_slow_call_answers_after_its_time() -> None:
    """With the value that all the others get."""
    plan = FaultPlan().slow(20).then_ok("value")
    start = anyio.current_time()

    assert await plan() == "value"

    assert anyio.current_time() - start == pytest.approx(20)


async def test_calls_that_overlap_take_a_step_each() -> None:
    """A step is taken when a call begins, not when it ends."""
    plan = FaultPlan().slow(2).slow(1).then_ok()
    ended: list[int] = []

    async def call(number: int, at: float) -> None:
        await anyio.sleep(at)
        await plan()
        ended.append(number)

    async with anyio.create_task_group() as group:
        group.start_soon(call, 1, 0.0)
        group.start_soon(call, 2, 0.1)

    assert ended == [2, 1]


async def test_a_rate_is_the_same_for_the_same_seed() -> None:
    """A failure that was seen once can be seen again."""

    async def failures(plan: FaultPlan) -> list[bool]:
        seen: list[bool] = []
        for _ in range(200):
            try:
                await plan()
            except OSError:
                seen.append(True)
            else:
                seen.append(False)
        return seen

    first = await failures(FaultPlan().rate(0.5, error=OSError, seed=7))
    again = await failures(FaultPlan(seed=7).rate(0.5).then_ok())
    other = await failures(FaultPlan().rate(0.5, seed=8))

    assert first == again != other
    assert 80 <= sum(first) <= 120


async def test_a_plan_that_has_ended_says_so() -> None:
    """A call too many is a finding, not a None."""
    plan = FaultPlan().fail(1, OSError)
    with pytest.raises(OSError):  # noqa: PT011 (the plan's own)
        await plan()

    with pytest.raises(AssertionError, match=r"no step for call 2; end.*then_ok\(\)"):
        await plan()


def test_it_fails_and_answers_without_await() -> None:
    """The synchronous half of a policy is tested with the same plan."""
    plan = FaultPlan().fail(1, OSError).slow(0.01).hang().then_ok(42)
    start = time.monotonic()

    with pytest.raises(OSError):  # noqa: PT011 (the plan's own)
        plan.call_sync()
    assert plan.call_sync() == 42
    assert time.monotonic() - start >= 0.01
    with pytest.raises(AssertionError, match=r"would block.*use slow\(\)"):
        plan.call_sync()
    assert plan.call_sync() == 42


@pytest.mark.parametrize("times", [0, -1, math.nan])
def test_failing_less_than_once_is_refused(times: float) -> None:
    """A plan without faults would pass every test."""
    with pytest.raises(ValueError, match=rf"1 time at least, not {times}"):
        FaultPlan().fail(times, OSError)  # type: ignore[arg-type]


@pytest.mark.parametrize("duration", [-1, math.nan, math.inf])
def test_a_duration_that_is_none_is_refused(duration: float) -> None:
    """For ever has a name of its own."""
    with pytest.raises(ValueError, match=rf"not {duration}; hang\(\) never ends"):
        FaultPlan().slow(duration)


@pytest.mark.parametrize("ratio", [-0.1, 1.1, math.nan])
def test_a_ratio_that_is_none_is_refused(ratio: float) -> None:
    """10 is not ten per cent."""
    with pytest.raises(ValueError, match=rf"from 0 to 1, not {ratio}"):
        FaultPlan().rate(ratio)


@pytest.mark.parametrize("error", ["OSError", KeyboardInterrupt, int])
def test_a_fault_that_is_no_exception_is_refused(error: object) -> None:
    """A cancellation or an interrupt is not a fault."""
    with pytest.raises(TypeError, match="a planned fault is an Exception"):
        FaultPlan().fail(1, error)  # type: ignore[arg-type]


def test_nothing_comes_after_all_further_calls() -> None:
    """It would never happen."""
    with pytest.raises(ValueError, match="say it last"):
        FaultPlan().then_ok().fail(1, OSError)
