"""``async for attempt in retry`` and ``for attempt in retry``."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from seawall import (
    Attempt,
    CircuitOpenError,
    CircuitState,
    Constant,
    InfraConnectionError,
    Retry,
    RetryBudget,
    RetryGaveUp,
    RetryScheduled,
    attempts_of,
)
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio

DOWN = InfraConnectionError("down")
REJECTED = CircuitOpenError(breaker="db", state=CircuitState.OPEN, retry_after=1.0)


def fresh(*errors: Exception | None) -> Iterator[Exception | None]:
    """Yield what the next attempts do; then nothing but success."""
    yield from errors
    while True:
        yield None


def do(steps: Iterator[Exception | None]) -> str:
    """Do the next step."""
    error = next(steps)
    if error is not None:
        raise error
    return "ok"


async def test_a_block_is_repeated_until_it_succeeds() -> None:
    """The whole point."""
    steps = fresh(DOWN, DOWN)
    numbers: list[int] = []
    started = anyio.current_time()

    async for attempt in Retry(backoff=Constant(10)):
        with attempt:
            numbers.append(attempt.number)
            do(steps)

    assert numbers == [1, 2, 3]
    assert anyio.current_time() - started == pytest.approx(20)


def test_a_plain_block_is_repeated_too() -> None:
    """The same rules, sleeping through the clock."""

    class FakeClock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        wall = monotonic

        def sleep(self, duration: float) -> None:
            self.now += duration

    clock = FakeClock()
    steps = fresh(DOWN, DOWN)
    for attempt in Retry(backoff=Constant(600), clock=clock):
        with attempt:
            result = do(steps)

    assert result == "ok"
    assert clock.now == 1200


async def test_a_value_can_be_returned_from_inside() -> None:
    """The usual way to leave it."""

    async def fetch() -> str:
        steps = fresh(DOWN)
        async for attempt in Retry():
            with attempt:
                return do(steps)
        raise AssertionError

    assert await fetch() == "ok"


def test_a_value_can_be_returned_from_inside_a_plain_loop() -> None:
    """The same."""

    def fetch() -> str:
        steps = fresh(DOWN)
        for attempt in Retry(backoff=Constant(0)):
            with attempt:
                return do(steps)
        raise AssertionError

    assert fetch() == "ok"


async def test_the_last_error_leaves_the_block() -> None:
    """The same object, with the note and the history that a call would give it."""
    error = InfraConnectionError("at last")
    steps = fresh(DOWN, error)
    seen: list[Any] = []
    retry = Retry(max_attempts=2, backoff=Constant(5))
    retry.subscribe(seen.append)

    with pytest.raises(InfraConnectionError) as caught:
        async for attempt in retry:
            with attempt:
                do(steps)

    assert caught.value is error
    assert error.__notes__ == ["gave up after 2 attempts in 5 s: attempts exhausted"]
    assert [record.delay for record in attempts_of(error)] == [5, None]
    assert [type(event) for event in seen] == [RetryScheduled, RetryGaveUp]


async def test_what_is_not_worth_it_leaves_the_block_at_once() -> None:
    """A bug is no less a bug in a block."""
    attempts = 0

    with pytest.raises(KeyError):
        async for attempt in Retry():
            with attempt:
                attempts += 1
                raise KeyError

    assert attempts == 1


async def test_an_attempt_tells_where_the_loop_is() -> None:
    """Number, the delay before it, the time since the first, and the newest error."""
    steps = fresh(DOWN)
    seen: list[tuple[Any, ...]] = []

    async for attempt in Retry(backoff=Constant(3)):
        with attempt as entered:
            assert entered is attempt
            seen.append((attempt.number, attempt.delay, attempt.elapsed, attempt.error))
            do(steps)

    assert seen == [(1, 0.0, 0.0, None), (2, 3.0, pytest.approx(3), DOWN)]


async def test_a_callback_is_told_in_a_loop_too() -> None:
    """It may be asynchronous there, as it may around a call."""
    seen: list[Exception | None] = []

    async def tell(attempt: Attempt) -> None:
        await anyio.sleep(1)
        seen.append(attempt.error)

    steps = fresh(DOWN)
    async for attempt in Retry(before_sleep=tell):
        with attempt:
            do(steps)

    assert seen == [DOWN]


def test_a_callback_is_told_in_a_plain_loop() -> None:
    """If it is a plain function."""
    seen: list[Exception | None] = []
    steps = fresh(DOWN)

    for attempt in Retry(before_sleep=lambda a: seen.append(a.error), backoff=[0]):
        with attempt:
            do(steps)

    assert seen == [DOWN]


async def test_what_a_callback_raises_leaves_the_loop() -> None:
    """With the block's own error below it."""

    def refuse(_: Attempt) -> None:
        raise RuntimeError("do not go on")

    steps = fresh(DOWN, DOWN)
    with pytest.raises(RuntimeError, match="do not go on") as caught:
        async for attempt in Retry(before_sleep=refuse):
            with attempt:
                do(steps)
    assert caught.value.__context__ is DOWN
    with pytest.raises(RuntimeError, match="do not go on"):
        for attempt in Retry(before_sleep=refuse):
            with attempt:
                do(steps)


async def test_a_budget_is_spent_by_loops_as_well() -> None:
    """Each loop brings its part, each further attempt takes a token."""
    budget = RetryBudget(0.5, capacity=2)
    retry = Retry(budget=budget)
    steps = fresh(DOWN)

    async for attempt in retry:
        with attempt:
            do(steps)
    assert budget.level == 1.0
    async for attempt in retry:
        with attempt:
            do(steps)
    assert budget.level == 1.5


async def test_a_rejection_does_not_hide_the_blocks_own_error() -> None:
    """What the caller gets is what is wrong with the server, untouched."""
    for own in (InfraConnectionError("own"), InfraConnectionError("own")):
        own.__context__ = before = KeyError("what the driver met")
        steps = fresh(own, REJECTED)
        with pytest.raises(InfraConnectionError) as caught:
            async for attempt in Retry():
                with attempt:
                    do(steps)
        assert caught.value is own
        assert own.__context__ is before
        assert "circuit open" in own.__notes__[0]


async def test_a_rejection_from_the_start_is_raised_itself() -> None:
    """There is no other error."""
    with pytest.raises(CircuitOpenError):
        async for attempt in Retry():
            with attempt:
                raise REJECTED


# Leaving it


async def test_break_and_continue_leave_the_block_as_success() -> None:
    """They say that what was wanted is there."""
    rounds = 0
    async for attempt in Retry():
        with attempt:
            rounds += 1
            break
    async for attempt in Retry():
        with attempt:
            rounds += 1
            continue
    assert rounds == 2


async def test_a_generator_that_is_closed_inside_is_closed() -> None:
    """A stream of items may be fetched in a loop of attempts."""
    closed: list[str] = []

    async def items() -> AsyncIterator[int]:
        async for attempt in Retry():
            with attempt:
                try:
                    yield 1
                    yield 2
                finally:
                    closed.append("inside")

    stream = items()
    assert await anext(stream) == 1
    await stream.aclose()  # type: ignore[attr-defined]
    assert closed == ["inside"]


async def test_cancellation_inside_ends_it_at_once() -> None:
    """It is no failure of the block's."""
    attempts = 0

    with anyio.move_on_after(1) as scope:
        async for attempt in Retry(on=Exception, max_attempts=None):
            with attempt:
                attempts += 1
                await anyio.sleep(1000)

    assert scope.cancelled_caught
    assert attempts == 1


async def test_cancellation_in_disguise_ends_it_too() -> None:
    """A driver that turns it into an error does not start a new attempt."""
    attempts = 0

    with anyio.move_on_after(1), pytest.raises(ConnectionError) as caught:
        async for attempt in Retry(on=Exception, max_attempts=None):
            with attempt:
                attempts += 1
                try:
                    await anyio.sleep(1000)
                except anyio.get_cancelled_exc_class() as cancelled:
                    raise ConnectionError("lost it") from cancelled

    assert attempts == 1
    assert not hasattr(caught.value, "__notes__")


async def test_a_loop_is_left_at_every_await() -> None:
    """In each attempt and in each sleep; nothing runs after that."""
    attempts = 0

    async def scenario() -> None:
        nonlocal attempts
        attempts = 0
        steps = fresh(InfraConnectionError("a"), InfraConnectionError("b"))
        async for attempt in Retry(backoff=Constant(5)):
            with attempt:
                attempts += 1
                await anyio.sleep(1)
                do(steps)
        assert attempts == 3

    points = 0
    async for point in cancel_everywhere(scenario):
        made = attempts
        await anyio.sleep(60)
        assert attempts == made, point
        points += 1
    assert points >= 5


async def test_a_sleep_that_would_outlast_the_deadline_is_not_begun() -> None:
    """The real error now, instead of a time-out later."""
    started = anyio.current_time()

    with anyio.fail_after(10), pytest.raises(InfraConnectionError) as caught:
        async for attempt in Retry(backoff=Constant(60)):
            with attempt:
                raise InfraConnectionError("down")

    assert anyio.current_time() == started
    assert caught.value.__notes__[0].endswith(": deadline")


async def test_exit_passes() -> None:
    """Ctrl-C in a block is no failure of it."""
    with pytest.raises(KeyboardInterrupt):
        async for attempt in Retry(max_attempts=None):
            with attempt:
                raise KeyboardInterrupt


class Local:
    """What a frame holds."""


async def holds(local: Local, *errors: type[Exception]) -> None:
    """Have *local* in a frame whose block raises these, one after the other."""
    assert local is not None
    async for attempt in Retry(max_attempts=2, backoff=Constant(0)):
        with attempt:
            if attempt.number <= len(errors):
                raise errors[attempt.number - 1]


class Rejected(CircuitOpenError):
    """A rejection that needs no arguments."""

    def __init__(self) -> None:
        super().__init__(breaker="db", state=CircuitState.OPEN)


@pytest.mark.parametrize(
    "errors",
    [
        (),
        (InfraConnectionError,),
        (InfraConnectionError, InfraConnectionError),
        (InfraConnectionError, Rejected),
        (InfraConnectionError, KeyError),
        (KeyError,),
    ],
    ids=["success", "one failure", "given up", "rejected", "then a bug", "a bug"],
)
async def test_nothing_stays_alive_after_the_loop(
    errors: tuple[type[Exception], ...],
) -> None:
    """However it ended: freed at once, without the collector."""
    gc.collect()
    gc.disable()
    try:
        local = Local()
        alive = weakref.ref(local)
        with contextlib.suppress(InfraConnectionError, KeyError):
            await holds(local, *errors)
        del local
        assert alive() is None
    finally:
        gc.enable()


async def left_between(local: Local, how: str) -> None:
    """Have *local* in a frame that leaves its loop after a block that failed."""
    assert local is not None
    async for attempt in Retry(max_attempts=3, backoff=Constant(0)):
        if attempt.number == 2 and how == "before the next":
            break
        with attempt:
            raise InfraConnectionError("down")
        if how == "break":
            break
        if how == "return":
            return
        if how == "error":
            raise KeyError("of the loop's own")


def left_plainly(local: Local, how: str) -> None:
    """Do the same in synchronous code."""
    assert local is not None
    for attempt in Retry(max_attempts=3, backoff=Constant(0)):
        if attempt.number == 2 and how == "before the next":
            break
        with attempt:
            raise InfraConnectionError("down")
        if how == "break":
            break
        if how == "return":
            return
        if how == "error":
            raise KeyError("of the loop's own")


left = pytest.mark.parametrize("how", ["break", "return", "error", "before the next"])


@left
async def test_nothing_stays_alive_after_a_loop_that_is_left_between_blocks(
    how: str,
) -> None:
    """The error's traceback holds the frame, the frame the block, and that is all."""
    gc.collect()
    gc.disable()
    try:
        local = Local()
        alive = weakref.ref(local)
        with contextlib.suppress(KeyError):
            await left_between(local, how)
        del local
        assert alive() is None
    finally:
        gc.enable()


@left
def test_nothing_stays_alive_after_a_plain_loop_that_is_left(how: str) -> None:
    """It has an iterator of its own."""
    gc.collect()
    gc.disable()
    try:
        local = Local()
        alive = weakref.ref(local)
        with contextlib.suppress(KeyError):
            left_plainly(local, how)
        del local
        assert alive() is None
    finally:
        gc.enable()


async def test_nothing_stays_alive_after_a_predicate_that_raises() -> None:
    """It ends the loop from within the block."""

    def raises(error: Exception) -> bool:
        raise KeyError(str(error))

    async def run(local: Local) -> None:
        assert local is not None
        async for attempt in Retry(on=raises):
            with attempt:
                raise InfraConnectionError("down")

    gc.collect()
    gc.disable()
    try:
        local = Local()
        alive = weakref.ref(local)
        with contextlib.suppress(KeyError):
            await run(local)
        del local
        assert alive() is None
    finally:
        gc.enable()


async def test_nothing_is_being_handled_in_the_next_attempt() -> None:
    """Otherwise every error would show its predecessors as its context."""
    handled: list[object] = []

    with pytest.raises(InfraConnectionError):
        async for attempt in Retry(max_attempts=3):
            with attempt:
                handled.append(sys.exc_info()[1])
                raise InfraConnectionError("down")

    assert handled == [None, None, None]


# One policy, many loops


async def test_fifty_tasks_share_a_policy_and_no_state() -> None:
    """Each iterates for itself."""
    retry = Retry(max_attempts=3, backoff=Constant(1))
    done: list[list[int]] = []

    async def work() -> None:
        steps = fresh(InfraConnectionError("a"), InfraConnectionError("b"))
        numbers: list[int] = []
        async for attempt in retry:
            with attempt:
                numbers.append(attempt.number)
                await anyio.sleep(0.1)
                do(steps)
        done.append(numbers)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(work)

    assert done == [[1, 2, 3]] * 50


async def test_a_loop_in_a_loop_has_its_own_attempts() -> None:
    """Even of the same policy."""
    retry = Retry(max_attempts=2, backoff=Constant(1))
    seen: list[tuple[int, int]] = []

    with pytest.raises(InfraConnectionError):
        async for outer in retry:
            with outer:
                async for inner in retry:
                    with inner:
                        seen.append((outer.number, inner.number))
                        raise InfraConnectionError("down")

    assert seen == [(1, 1), (1, 2), (2, 1), (2, 2)]


async def test_iterators_are_their_own() -> None:
    """As iterators are; only the policy begins a new loop each time."""
    retry = Retry()
    loop, plain = aiter(retry), iter(retry)

    assert aiter(loop) is loop
    assert iter(plain) is plain
    assert aiter(retry) is not loop
    assert iter(retry) is not plain


# Mistakes


async def test_an_attempt_that_is_never_entered_is_a_mistake() -> None:
    """The error would leave the loop at the first attempt, or the work go unwatched."""
    with pytest.raises(RuntimeError, match="attempt 1 was never entered") as caught:
        async for _ in Retry():
            do(fresh())
    assert "`with attempt: ...`" in str(caught.value)
    with pytest.raises(RuntimeError, match="attempt 1 was never entered"):
        for _ in Retry():
            do(fresh())


async def test_a_loop_that_goes_on_inside_a_block_is_a_mistake() -> None:
    """The block decides what comes next, so it has to be left."""
    loop = aiter(Retry())
    attempt = await anext(loop)

    with pytest.raises(RuntimeError, match="attempt 1 was not left"), attempt:
        await anext(loop)


async def test_an_attempt_is_entered_once() -> None:
    """And only while it is its turn."""
    steps = fresh(DOWN)
    loop = aiter(Retry())
    first = await anext(loop)
    with first:
        do(steps)
    with pytest.raises(RuntimeError, match="attempt 1 has been used"), first:
        pass
    await anext(loop)
    with pytest.raises(RuntimeError, match="attempt 1 has been used"), first:
        pass


async def test_a_loop_that_is_over_stays_over() -> None:
    """As iterators do."""
    loop, plain = aiter(Retry()), iter(Retry())
    with await anext(loop), next(plain):
        pass

    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(loop)
        with pytest.raises(StopIteration):
            next(plain)


async def test_results_cannot_be_looked_at_in_a_block() -> None:
    """It has none; and an option that does nothing is a trap."""
    retry = Retry(on_result=lambda _: True)

    with pytest.raises(TypeError, match="a block has no result"):
        aiter(retry)
    with pytest.raises(TypeError, match="a block has no result"):
        iter(retry)


def test_a_plain_loop_refuses_an_asynchronous_callback() -> None:
    """Nobody would await it."""

    async def later(_: Attempt) -> None: ...

    with pytest.raises(TypeError, match="asynchronous, and synchronous code"):
        iter(Retry(before_sleep=later))


async def test_native_cancellation_in_the_sleep_ends_the_loop(
    anyio_backend_name: str,
) -> None:
    """After `task.cancel()`, asyncio's own way."""
    if anyio_backend_name == "trio":
        return  # which has nothing besides its scopes
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        async for attempt in Retry(backoff=Constant(math.pow(10, 6))):
            with attempt:
                attempts += 1
                raise InfraConnectionError("down")

    task = asyncio.ensure_future(work())
    await anyio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempts == 1
