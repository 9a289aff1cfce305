"""Timeout, on both backends, in virtual time."""

from __future__ import annotations

import gc
import math
import pickle
import weakref
from datetime import timedelta
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    Constant,
    InfraConnectionError,
    InfraTimeoutError,
    Pipeline,
    Retry,
    Timeout,
    attempts_of,
)

pytestmark = pytest.mark.anyio


async def test_a_call_that_hangs_is_over_in_time() -> None:
    """The total deadline interrupts the attempt, not only the sleep after it."""
    started = anyio.current_time()

    with pytest.raises(InfraTimeoutError, match="no answer within 0.5 s"):
        await Pipeline(Timeout(0.5), Retry())(anyio.sleep)(3)

    assert anyio.current_time() - started == pytest.approx(0.5)


async def test_it_is_a_builtin_time_out_too() -> None:
    """`except TimeoutError` keeps working."""
    with pytest.raises(TimeoutError):
        await Timeout(timedelta(seconds=1)).call(anyio.sleep_forever)


async def test_a_value_in_time_is_returned() -> None:
    """Nothing else happens."""

    @Timeout(2)
    async def answers() -> str:
        await anyio.sleep(1)
        return "ok"

    assert await answers() == "ok"


async def test_a_value_that_arrives_late_is_not_thrown_away() -> None:
    """The function finished its work in spite of the cancellation."""

    @Timeout(1)
    async def finishes() -> str:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(2)
        return "late"

    assert await finishes() == "late"


async def test_the_callers_cancellation_is_not_a_time_out() -> None:
    """It passes untouched."""
    with anyio.move_on_after(1) as scope:
        await Timeout(5).call(anyio.sleep_forever)

    assert scope.cancelled_caught


@pytest.mark.parametrize(("outer", "inner"), [(1, 5), (5, 1)])
async def test_of_two_nested_ones_the_nearer_fires(outer: float, inner: float) -> None:
    """And only that one."""
    started = anyio.current_time()

    with pytest.raises(InfraTimeoutError, match="within 1 s"):
        await Pipeline(Timeout(outer), Timeout(inner)).call(anyio.sleep_forever)

    assert anyio.current_time() - started == pytest.approx(1)


async def test_the_functions_own_errors_pass() -> None:
    """Its own TimeoutError above all: it says more than ours."""
    own = TimeoutError("statement timeout")

    async def raises() -> None:
        raise own

    with pytest.raises(TimeoutError) as caught:
        await Timeout(5).call(raises)

    assert caught.value is own


async def test_outside_a_retry_it_tells_what_went_wrong_before() -> None:
    """The last attempt's real error is the cause; the history is there."""
    calls = 0

    async def fails_then_hangs() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            await anyio.sleep_forever()
        raise InfraConnectionError("real")

    guarded = Pipeline(Timeout(5), Retry(backoff=Constant(1)))(fails_then_hangs)
    with pytest.raises(InfraTimeoutError) as caught:
        await guarded()

    assert isinstance(caught.value.__cause__, InfraConnectionError)
    assert [record.number for record in attempts_of(caught.value)] == [1]


@pytest.mark.parametrize("inner", [[Retry(), Timeout(3)], [Timeout(9), Retry()]])
async def test_a_second_time_out_does_not_hide_what_went_wrong_before(
    inner: list[Any],
) -> None:
    """The limit of an attempt forgets nothing that the total deadline has to tell."""
    calls = 0

    async def fails_then_hangs() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            await anyio.sleep_forever()
        raise InfraConnectionError("real")

    with pytest.raises(InfraTimeoutError, match="within 2 s") as caught:
        await Pipeline(Timeout(2), *inner).call(fails_then_hangs)

    assert isinstance(caught.value.__cause__, InfraConnectionError)
    assert [record.number for record in attempts_of(caught.value)] == [1]


async def test_attempts_that_are_cut_short_are_not_each_others_cause() -> None:
    """Each hung on its own; a chain of them would keep every attempt's frames."""
    retry = Retry(max_attempts=3, idempotent=True, backoff=Constant(0))
    with pytest.raises(InfraTimeoutError) as caught:
        await Pipeline(Timeout(9), retry, Timeout(1)).call(anyio.sleep_forever)

    assert caught.value.__cause__ is None
    assert len(attempts_of(caught.value)) == 3


async def test_the_error_does_not_keep_itself_alive() -> None:
    """Its traceback holds the frames of the call, and all that they hold."""
    gc.disable()
    try:
        await Timeout(1).call(anyio.sleep_forever)
    except InfraTimeoutError as error:
        seen = weakref.ref(error)
    finally:
        gc.enable()

    assert seen() is None


async def test_infinity_is_no_time_out() -> None:
    """And costs no scope."""
    assert await Timeout(math.inf).call(anyio.sleep, 1e4) is None


def test_a_plain_function_cannot_be_interrupted() -> None:
    """Said at decoration, with what to do instead."""
    with pytest.raises(TypeError, match="which Timeout\\(1.0\\) cannot interrupt"):
        Timeout(1.0)(len)
    with pytest.raises(TypeError, match="cannot interrupt"):
        Pipeline(Retry(), Timeout(1.0))(len)
    with pytest.raises(TypeError, match="cannot interrupt"):
        Timeout(1.0).call_sync(len, "x")
    with pytest.raises(TypeError, match="cannot interrupt"):
        Pipeline(Timeout(1.0), CircuitBreaker("db"))(len)
    assert Pipeline(Timeout(1.0), Retry())(len)("x") == 1


@pytest.mark.parametrize("value", [0, -1, math.nan, "1", True, timedelta(0)])
def test_refuses_what_no_call_could_meet(value: object) -> None:
    """The message shows the value."""
    with pytest.raises((TypeError, ValueError), match="duration must be"):
        Timeout(value)  # type: ignore[arg-type]


def test_a_bare_decorator_is_refused() -> None:
    """And the right one is in the message."""
    with pytest.raises(TypeError, match=r"write @Timeout\(5.0\) to decorate"):
        Timeout(anyio.sleep)  # type: ignore[arg-type]


def test_it_is_a_value() -> None:
    """It compares, hashes and pickles."""
    assert pickle.loads(pickle.dumps(Timeout(1.0))) == Timeout(1.0)
    assert len({Timeout(1.0), Timeout(1.0)}) == 1
