"""What is taken for a part of a probe, and for how long, whoever interrupts."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import seawall
from seawall import CircuitBreaker, CircuitOpenError, Consecutive, InfraConnectionError

LIBRARY = str(Path(seawall.__file__).parent)


def probing() -> CircuitBreaker:
    """Return a breaker whose next call is a probe, and the one after that too."""
    breaker = CircuitBreaker(
        "db", trip=Consecutive(1), break_duration=0, success_threshold=3
    )
    breaker.acquire().failure()
    return breaker


def fails() -> None:
    """Be down."""
    raise InfraConnectionError("down")


def guards_a_block(breaker: CircuitBreaker) -> None:
    """Use a permit in the way that marks what it guards."""
    with breaker.acquire():
        pass


def drives_a_coroutine(breaker: CircuitBreaker) -> None:
    """Run an asynchronous probe to its end, without an event loop."""

    async def answers() -> None: ...

    coroutine = breaker.call(answers)
    with pytest.raises(StopIteration):
        coroutine.send(None)


def interrupted_at(number: int, run: Callable[[], Any]) -> bool:
    """Press Ctrl-C where the library looks for signals; False if not so often."""
    left = number

    def interrupts(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        looks = event in {"call", "c_return"}
        if looks and frame.f_code.co_filename.startswith(LIBRARY):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt

    sys.setprofile(interrupts)
    try:
        run()
    except (KeyboardInterrupt, InfraConnectionError):
        pass
    finally:
        sys.setprofile(None)
    return left <= 0


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "run",
    [
        lambda breaker: breaker.call_sync(str),
        lambda breaker: breaker.call_sync(fails),
        lambda breaker: breaker.call_sync(breaker.call_sync, str),
        guards_a_block,
        drives_a_coroutine,
    ],
    ids=["works", "fails", "nested", "block", "coroutine"],
)
def test_an_interrupted_probe_leaves_no_mark(run: Callable[[Any], Any]) -> None:
    """Else all that this thread calls from then on would pass an open circuit."""

    def at(number: int) -> bool:
        breaker = probing()
        came = interrupted_at(number, lambda: run(breaker))
        assert breaker.stats().permits_out == 0, number
        rival = breaker.acquire()
        with pytest.raises(CircuitOpenError):
            breaker.call_sync(str)
        rival.release()
        return came

    number = 1
    while contextvars.copy_context().run(at, number):
        number += 1
    assert number > 20
