"""What is asked of libraries that break circuits."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Self
from unittest import mock

import anyio

from libraries import FAILURES, PAUSE, Breaking, Circuit
from rows import Fn, Rows, cancelled, error_of

BREAKER_ROWS: Final = Rows()
THREAD: Final = {"pybreaker": "a thread cannot be cancelled"}
CALLERS: Final = 20
HOUR: Final = 3600


async def run(step: Fn) -> Any:
    """Do what the row wants: the one guarded function of each circuit."""
    return await step()


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Be down."""
    raise ConnectionError("down")


async def hangs() -> None:
    """Be slow."""
    await anyio.sleep(1)


async def opened(circuit: Circuit) -> Fn:
    """Guard `run`, and open the circuit."""
    guarded = circuit.guard(run)
    for _ in range(FAILURES):
        await error_of(guarded, fails)
    assert await circuit.state() == "open"
    return guarded


async def half_opened(circuit: Circuit) -> Fn:
    """The same, and let the pause pass."""
    guarded = await opened(circuit)
    await anyio.sleep(PAUSE * 1.5)
    return guarded


async def is_admitted(guarded: Fn) -> bool:
    """Try whether a call comes through."""
    return await error_of(guarded, works) == "none"


@BREAKER_ROWS.row(
    "runs on trio",
    "tests/unit/test_breaker.py::test_recovers_by_itself",
)
async def runs(library: Breaking) -> str:
    """Open, reject, recover."""
    circuit = library.new()
    guarded = await opened(circuit)
    assert not await is_admitted(guarded)
    await anyio.sleep(PAUSE * 1.5)
    assert await is_admitted(guarded)
    assert await circuit.state() == "closed"
    return f"yes{library.how}"


@BREAKER_ROWS.row(
    f"{CALLERS} callers arrive when the pause is over, the dependency is still down: "
    "how many of them reach it",
    "tests/unit/test_breaker.py::test_surplus_calls_are_rejected_while_a_probe_is_out",
)
async def herd(library: Breaking) -> str:
    """Let them come while the first has not returned."""
    guarded = await half_opened(library.new())
    reached = 0

    async def fails_slowly() -> None:
        nonlocal reached
        reached += 1
        await anyio.sleep(0.05)
        raise ConnectionError("down")

    async with anyio.create_task_group() as group:
        for _ in range(CALLERS):
            group.start_soon(error_of, guarded, fails_slowly)
    return str(reached)


@BREAKER_ROWS.row(
    "the probe's caller is cancelled: the circuit after that",
    "tests/unit/test_breaker.py::test_a_cancelled_probe_gives_its_place_back",
    "tests/integration/test_cancellation.py::test_a_probe_is_left_at_every_await",
    unless=THREAD,
)
async def cancelled_probe(library: Breaking) -> str:
    """Cancel it, then count the successful calls that close the circuit."""
    circuit = library.new()
    guarded = await half_opened(circuit)
    await cancelled(lambda: guarded(hangs))
    state = await circuit.state()
    if state != "half-open":
        return state
    for calls in range(1, 4):
        await error_of(guarded, works)
        if await circuit.state() == "closed":
            return f"{state}, closed by {calls} success"
    return f"{state}, not closed by 3 successes"


@BREAKER_ROWS.row(
    f"{FAILURES} callers cancelled in a row, the dependency slow: the circuit",
    "tests/unit/test_breaker.py::test_the_callers_own_cancellation_counts_neither_way",
    "tests/integration/test_cancellation.py::"
    "test_a_closed_circuit_is_left_at_every_await",
    unless=THREAD,
)
async def impatient(library: Breaking) -> str:
    """Cancel as many as it takes failures to open."""
    circuit = library.new()
    guarded = circuit.guard(run)
    for _ in range(FAILURES):
        await cancelled(lambda: guarded(hangs))
    return await circuit.state()


@BREAKER_ROWS.row(
    "the same, and the driver turns the cancellation into ConnectionError: the circuit",
    "tests/unit/test_breaker.py::test_a_cancellation_in_disguise_counts_neither_way",
    "tests/unit/test_cancel.py::"
    "test_a_native_cancellation_is_found_behind_other_errors",
    unless=THREAD,
)
async def disguised(library: Breaking) -> str:
    """Cancel calls that hide it."""
    circuit = library.new()
    guarded = circuit.guard(run)

    async def driver() -> None:
        try:
            await anyio.sleep(1)
        except anyio.get_cancelled_exc_class() as error:
            raise ConnectionError("connection lost") from error

    for _ in range(FAILURES):
        await cancelled(lambda: guarded(driver))
    return await circuit.state()


@BREAKER_ROWS.row(
    "a call from before the outage returns while a probe is out: the circuit",
    "tests/unit/test_breaker.py::test_late_results_change_nothing",
    unless={"pybreaker": "one call at a time, its lock is held during the call"},
)
async def late(library: Breaking) -> str:
    """Begin it closed, open, wait, start a probe that hangs, and let it return."""
    circuit = library.new()
    guarded = circuit.guard(run)
    returns = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(guarded, returns.wait)
        await anyio.sleep(0.01)
        for _ in range(FAILURES):
            await error_of(guarded, fails)
        await anyio.sleep(PAUSE * 1.5)
        group.start_soon(guarded, hangs)
        await anyio.sleep(0.01)
        assert await circuit.state() == "half-open"
        returns.set()
        await anyio.sleep(0.01)
        state = await circuit.state()
        group.cancel_scope.cancel()
    return state


@BREAKER_ROWS.row(
    "the wall clock is set back by an hour while it is open: the pause of 0.2 s lasts",
    "tests/unit/test_breaker.py::test_the_wall_clock_has_no_say",
)
async def wall_clock(library: Breaking) -> str:
    """Set it back for the library alone; the framework's clock goes on."""
    guarded = await opened(library.new())
    with wall_clock_set_back(library.name):
        await anyio.sleep(PAUSE * 1.5)
        if await is_admitted(guarded):
            return "0.2 s"
    assert await is_admitted(guarded)
    return "an hour longer"


@contextlib.contextmanager
def wall_clock_set_back(package: str) -> Iterator[None]:
    """Give the modules of *package* the time of an hour ago."""
    real = time.time

    def earlier() -> float:
        return real() - HOUR

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Self:
            return super().now(tz) - timedelta(seconds=HOUR)

        @classmethod
        def utcnow(cls) -> Self:
            return super().utcnow() - timedelta(seconds=HOUR)

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("time.time", earlier))
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == package and hasattr(module, "datetime"):
                stack.enter_context(mock.patch.object(module, "datetime", Earlier))
        yield


@BREAKER_ROWS.row(
    f"{FAILURES} calls with an argument too few (TypeError), default exceptions: "
    "the circuit",
    "tests/unit/test_breaker.py::"
    "test_a_callers_mistake_says_nothing_about_the_dependency",
)
async def wrong_arguments(library: Breaking) -> str:
    """Forget the argument."""
    circuit = library.new()
    guarded = circuit.guard(run)
    for _ in range(FAILURES):
        assert await error_of(guarded) != "none"
    return await circuit.state()


@BREAKER_ROWS.row(
    "an async generator that fails 5 times: the circuit",
    "tests/unit/test_decorate.py::test_generators_are_refused",
    unless={"pybreaker": "plain functions only"},
)
async def generator(library: Breaking) -> str:
    """Iterate it as often as it takes failures to open."""
    circuit = library.new()

    async def items() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("down")

    try:
        guarded = circuit.guard(items)
    except TypeError as error:
        return f"refused when decorated ({type(error).__name__})"

    async def consume() -> None:
        async for _ in guarded():
            pass

    errors = {await error_of(consume) for _ in range(FAILURES)}
    if "TypeError" in errors:
        return "unusable: TypeError when iterated"
    return f"{await circuit.state()}"


@BREAKER_ROWS.row(
    "what the caller whose failure opens the circuit has to catch",
    "tests/unit/test_breaker.py::test_opens_after_failures_in_a_row",
)
async def opening_error(library: Breaking) -> str:
    """Fail until it opens."""
    error = await _last_error(library.new())
    if library.only_own is None:
        return error
    return f"{error} ({await _last_error(library.only_own())} as an option)"


async def _last_error(circuit: Circuit) -> str:
    guarded = circuit.guard(run)
    errors = [await error_of(guarded, fails) for _ in range(FAILURES)]
    assert await circuit.state() == "open"
    return errors[-1]
