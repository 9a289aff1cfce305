"""What is asked of libraries that retry."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio

from libraries import Retrying
from rows import Rows, cancelled, error_of

RETRY_ROWS: Final = Rows()
CLIENTS: Final = 100
CAP: Final = 60.0


class Calls:
    """A dependency that is down, and how often it was called, and when."""

    def __init__(self, error: Exception | None = None, *, failing: float = 1e9) -> None:
        self.error = error or ConnectionError("down")
        self.failing = failing
        self.at: list[float] = []

    async def call(self) -> str:
        """Fail as often as told."""
        self.at.append(anyio.current_time())
        if len(self.at) <= self.failing:
            raise self.error
        return "ok"


@RETRY_ROWS.row(
    "runs on trio",
    "tests/unit/test_retry.py::test_calls_again_until_it_succeeds",
)
async def runs(library: Retrying) -> str:
    """Fail once, sleep, succeed."""
    await library.guard(Calls(failing=1).call, 3, 0.01, CAP)()
    return "yes"


@RETRY_ROWS.row(
    "cancelled during the sleep: calls after that, seconds until the task is over",
    "tests/unit/test_retry.py::test_cancellation_ends_the_sleep_at_once",
    "tests/integration/test_cancellation.py::test_a_retry_is_left_at_every_await",
)
async def cancelled_in_the_sleep(library: Retrying) -> str:
    """Cancel while it waits for minutes."""
    calls = Calls()
    took = await cancelled(library.guard(calls.call, 3, 600, 600))
    return f"{len(calls.at) - 1}, {took:.1f} s"


@RETRY_ROWS.row(
    "cancelled, and the driver turns the cancellation into ConnectionError: "
    "calls after that, of 2 left",
    "tests/unit/test_retry.py::test_a_native_cancellation_in_disguise_is_not_retried",
    "tests/unit/test_retry.py::test_a_cancellation_in_disguise_is_not_retried",
)
async def cancelled_in_disguise(library: Retrying) -> str:
    """Cancel inside of an attempt that hides it."""
    calls = 0

    async def driver() -> None:
        nonlocal calls
        calls += 1
        try:
            await anyio.sleep(0.2)
        except anyio.get_cancelled_exc_class() as error:
            raise ConnectionError("connection lost") from error
        raise ConnectionError("down")

    await cancelled(library.guard(driver, 3, 0.01, CAP))
    return str(calls - 1)


@RETRY_ROWS.row(
    "a limit of 0.5 s in all, an attempt that hangs for 3 s: "
    "seconds until the caller knows",
    "tests/unit/test_timeout.py::test_a_call_that_hangs_is_over_in_time",
)
async def limited(library: Retrying) -> str:
    """Hang, then fail."""

    async def hangs() -> None:
        await anyio.sleep(3)
        raise ConnectionError("down")

    begun = anyio.current_time()
    await error_of(library.limited(hangs, 0.5))
    return f"{anyio.current_time() - begun:.1f} s"


@RETRY_ROWS.row(
    "2000 attempts, delays capped at 60 s: attempts made",
    "tests/unit/test_backoff.py::test_no_delay_is_negative_or_above_the_cap",
    virtual=True,
)
async def many_attempts(library: Retrying) -> str:
    """Double the delay further than a float can."""
    calls = Calls()
    error = await error_of(library.guard(calls.call, 2000, 1, CAP))
    overflown = ", then OverflowError" if error == "OverflowError" else ""
    return f"{len(calls.at)}{overflown}"


@RETRY_ROWS.row(
    "100 clients whose delay has reached the cap: how many sleep exactly the cap",
    "tests/unit/test_backoff.py::test_the_spread_survives_at_the_cap",
    virtual=True,
)
async def at_the_cap(library: Retrying) -> str:
    """Look at the tenth delay: 1 s doubled nine times is beyond a cap of 60 s."""
    clients = [Calls() for _ in range(CLIENTS)]
    async with anyio.create_task_group() as group:
        for client in clients:
            guarded = library.guard(client.call, 11, 1, CAP)
            group.start_soon(error_of, guarded)
    slept = [client.at[10] - client.at[9] for client in clients]
    return str(sum(abs(delay - CAP) < 0.001 for delay in slept))


@RETRY_ROWS.row(
    "retry on ConnectionError, an ExceptionGroup of nothing else is raised: retried",
    "tests/unit/test_retry.py::test_a_group_is_retried_only_if_all_of_it_is",
)
async def group(library: Retrying) -> str:
    """Raise what a task group raises."""
    leaves = [ConnectionError("a"), ConnectionError("b")]
    calls = Calls(ExceptionGroup("two calls side by side", leaves))
    await error_of(library.guard(calls.call, 3, 0.01, CAP))
    return "yes" if len(calls.at) > 1 else "no"


@RETRY_ROWS.row(
    "an async generator that breaks off after its first item, once: what is received",
    "tests/unit/test_decorate.py::test_generators_are_refused",
)
async def generator(library: Retrying) -> str:
    """Yield 1, fail; if there is another time, yield 1 and 2."""
    passes = 0

    async def items() -> AsyncIterator[int]:
        nonlocal passes
        passes += 1
        yield 1
        if passes == 1:
            raise ConnectionError("down")
        yield 2

    received: list[Any] = []
    try:
        guarded = library.guard(items, 3, 0.01, CAP)
    except TypeError as error:
        return f"refused when decorated ({type(error).__name__})"
    with contextlib.suppress(ConnectionError):
        async for item in guarded():
            received.append(item)  # noqa: PERF401 -- kept when it breaks off
    end = "" if received[-1] == 2 else ", ConnectionError"
    return ", ".join(map(str, received)) + end


@RETRY_ROWS.row(
    "attempts exhausted: what the caller has to catch",
    "tests/unit/test_retry.py::test_the_caller_gets_the_functions_own_last_error",
)
async def final_error(library: Retrying) -> str:
    """Fail three times."""
    error = await error_of(library.guard(Calls().call, 3, 0.01, CAP))
    if library.only_own is None:
        return error
    return f"{error} ({await error_of(library.only_own(Calls().call))} as an option)"
