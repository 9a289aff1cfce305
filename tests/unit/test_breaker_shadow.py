"""Shadow mode: the whole machine runs, and no failure makes it reject anything."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitClosed,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    InfraConnectionError,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


def shadow(**options: Any) -> CircuitBreaker:
    """Reject nothing; open after one failure."""
    settings: dict[str, Any] = {"break_duration": 60, "success_threshold": 1}
    return CircuitBreaker(
        "db", trip=Consecutive(1), enforce=False, **settings | options
    )


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Do not."""
    raise InfraConnectionError("down")


@pytest.mark.parametrize("decorated", [True, False])
async def test_what_would_be_rejected_is_made_and_counted(*, decorated: bool) -> None:
    """Somebody wants to know what a breaker would do before it does it."""
    breaker = shadow()
    guarded = breaker(works) if decorated else functools.partial(breaker.call, works)
    breaker.acquire().failure()
    assert breaker.state is OPEN

    assert [await guarded() for _ in range(3)] == ["ok"] * 3
    with breaker.acquire():
        pass
    permit = breaker.try_acquire()
    assert permit is not None
    permit.success()

    assert breaker.stats().rejected == 5
    assert breaker.state is OPEN


async def test_what_would_not_have_been_made_says_nothing() -> None:
    """Neither for the circuit nor for the counters: it would not have happened."""
    breaker = shadow()
    breaker.acquire().failure()

    for _ in range(3):
        with suppress(InfraConnectionError):
            await breaker.call(fails)

    stats = breaker.stats()
    assert (stats.failures, stats.late, stats.rejected) == (1, 0, 3)


async def test_probes_decide_as_ever() -> None:
    """Events and states are those of the breaker that will be switched on."""
    breaker = shadow()
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)
    with suppress(InfraConnectionError):
        await breaker.call(fails)
    await anyio.sleep(60)

    async with anyio.create_task_group() as group:
        group.start_soon(breaker.call, anyio.sleep, 1)
        await anyio.sleep(0.5)
        assert breaker.state is HALF_OPEN
        assert await breaker.call(works) == "ok"  # surplus: not the probe's verdict
        assert breaker.state is HALF_OPEN

    assert breaker.state is CLOSED
    assert [type(event) for event in seen] == [
        CircuitOpened,
        CircuitHalfOpened,
        CircuitClosed,
    ]
    assert breaker.stats().rejected == 1


@pytest.mark.parametrize("decorated", [True, False])
async def test_an_operators_hold_rejects_all_the_same(*, decorated: bool) -> None:
    """Shadow mode tries thresholds out; a hold is a command, and no trial."""
    breaker = shadow()
    guarded = breaker(works) if decorated else functools.partial(breaker.call, works)

    with breaker.isolate():
        with pytest.raises(CircuitOpenError) as caught:
            await guarded()
        assert breaker.try_acquire() is None

    assert caught.value.state is CircuitState.ISOLATED
    assert breaker.stats().rejected == 2
    assert await guarded() == "ok"


def test_who_looks_at_it_sees_that_it_only_watches() -> None:
    """An open circuit whose calls pass looks like a bug otherwise."""
    breaker = shadow()
    breaker.acquire().failure()
    assert repr(breaker) == "<CircuitBreaker 'db' open, not enforced>"

    breaker.reconfigure(enforce=True)

    assert repr(breaker) == "<CircuitBreaker 'db' open>"


@pytest.mark.parametrize("value", [None, 1, "no"], ids=repr)
@pytest.mark.parametrize("option", ["enforce", "count_successes"])
def test_a_switch_is_on_or_off(option: str, value: Any) -> None:
    """A word that is true would switch on what was to be off."""
    options: Any = {option: value}
    with pytest.raises(TypeError, match=f"{option} must be True or False, not"):
        CircuitBreaker("db", **options)
