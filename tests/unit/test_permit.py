"""Permits: admission without a function, on both backends and in plain threads."""

from __future__ import annotations

import gc
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    InfraAuthenticationError,
    InfraConnectionError,
    Permit,
    Pipeline,
    Retry,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)

VERDICTS: list[Callable[[Permit], None]] = [
    Permit.success,
    Permit.failure,
    Permit.release,
]


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure."""
    return CircuitBreaker("db", trip=Consecutive(1), **options)


def probing(**options: Any) -> CircuitBreaker:
    """Return a breaker whose next call is a probe, whatever the time."""
    breaker = opens_at_once(break_duration=0, **{"success_threshold": 1} | options)
    breaker.acquire().failure()
    return breaker


async def works() -> str:
    """Answer."""
    return "ok"


async def test_the_end_of_the_block_is_the_verdict() -> None:
    """Nothing raised is a success, a dead dependency is a failure."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))

    async def ask(error: Exception | None = None) -> None:
        with breaker.acquire():
            await anyio.sleep(1)
            if error is not None:
                raise error

    for error in (InfraConnectionError(), None, InfraConnectionError()):
        if error is None:
            await ask()
        else:
            with pytest.raises(InfraConnectionError):
                await ask(error)
    assert breaker.state is CLOSED

    with pytest.raises(InfraConnectionError):
        await ask(InfraConnectionError())
    assert breaker.state is OPEN


async def test_errors_that_leave_the_block_mean_what_they_mean_of_a_call() -> None:
    """A "no" is a success, what `on` leaves open is nothing."""
    breaker = probing(on=KeyError)

    with pytest.raises(ValueError, match="mine"), breaker.acquire():
        raise ValueError("mine")
    assert breaker.state is HALF_OPEN

    with pytest.raises(InfraAuthenticationError), breaker.acquire():
        raise InfraAuthenticationError("wrong password")
    assert breaker.state is CLOSED

    with pytest.raises(KeyError), breaker.acquire():
        raise KeyError
    assert breaker.state is OPEN


async def test_a_cancelled_block_gives_its_place_back() -> None:
    """Whoever loses patience says nothing about the dependency."""
    breaker = probing()

    with anyio.move_on_after(1), breaker.acquire():
        await anyio.sleep_forever()

    assert breaker.state is HALF_OPEN
    assert breaker.stats().permits_out == 0


async def test_a_cancellation_in_disguise_is_no_failure_of_the_block() -> None:
    """A driver may turn it into an error of its own."""
    breaker = opens_at_once()

    with (
        anyio.move_on_after(1),
        pytest.raises(ConnectionError),
        breaker.acquire(),
    ):
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as cancelled:
            raise ConnectionError("lost it") from cancelled

    assert breaker.state is CLOSED


async def test_a_block_in_an_abandoned_generator_gives_its_place_back() -> None:
    """The consumer went away; the server did nothing wrong."""
    breaker = probing()

    async def items() -> AsyncIterator[int]:
        with breaker.acquire():
            yield 1
            yield 2

    stream: Any = items()
    assert await anext(stream) == 1
    assert breaker.stats().permits_out == 1
    await stream.aclose()

    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_exit_from_the_block_gives_its_place_back(
    error: type[BaseException],
) -> None:
    """The program stops, and the dependency has no part in it."""
    breaker = probing()

    with pytest.raises(error), breaker.acquire():
        raise error

    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)


def test_an_early_verdict_stands_whatever_the_block_does() -> None:
    """A reply may say "overloaded" without an exception, and the rest may fail."""
    breaker = opens_at_once(break_duration=0, success_threshold=1)
    with breaker.acquire() as permit:
        permit.failure()
        assert breaker.state is OPEN
    assert breaker.state is OPEN

    with pytest.raises(InfraConnectionError), breaker.acquire() as permit:
        permit.success()
        raise InfraConnectionError("of something else")
    assert breaker.state is CLOSED

    with pytest.raises(InfraConnectionError), breaker.acquire() as permit:
        permit.release()
        raise InfraConnectionError("of something else")
    assert breaker.state is CLOSED


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("half_open", [False, True])
@pytest.mark.parametrize("second", VERDICTS)
@pytest.mark.parametrize("first", VERDICTS)
def test_a_second_verdict_is_an_error(
    first: Callable[[Permit], None],
    second: Callable[[Permit], None],
    *,
    half_open: bool,
    nested: bool,
) -> None:
    """In every state: it is a bug of the caller, told where it happens."""
    breaker = probing() if half_open else opens_at_once()

    def guarded() -> None:
        permit = breaker.acquire()
        first(permit)
        before = breaker.stats()
        with pytest.raises(RuntimeError, match="already has its verdict") as caught:
            second(permit)
        assert caught.value.__context__ is None
        after = breaker.stats()
        assert (after.generation, after.failures) == (
            before.generation,
            before.failures,
        )
        assert after.permits_out == before.permits_out

    if nested:
        breaker.call_sync(guarded)
    else:
        guarded()


def test_a_permit_guards_one_block() -> None:
    """A second block under it would run unguarded."""
    breaker = opens_at_once()
    permit = breaker.acquire()
    with (
        permit,
        pytest.raises(RuntimeError, match="generation 0 was used before; acquire"),
        permit,
    ):
        raise AssertionError("entered twice")

    spent = breaker.acquire()
    spent.release()
    with pytest.raises(RuntimeError, match="acquire a new one for each block"), spent:
        raise AssertionError("entered after its verdict")


def test_a_rejection_is_raised_or_told() -> None:
    """Code that can do without asks; code that cannot is interrupted."""
    breaker = opens_at_once(break_duration=60)
    permit = breaker.try_acquire()
    assert permit is not None
    permit.failure(InfraConnectionError("down"))

    with pytest.raises(CircuitOpenError) as caught:
        breaker.acquire()
    assert caught.value.opened_by == "InfraConnectionError"
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert breaker.try_acquire() is None


async def test_the_first_permit_after_the_break_is_a_probe() -> None:
    """And the surplus is rejected at once, as with calls."""
    breaker = opens_at_once(break_duration=60, success_threshold=1)
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)
    breaker.acquire().failure()
    await anyio.sleep(60)

    permit = breaker.acquire()
    assert isinstance(seen[-1], CircuitHalfOpened)
    assert breaker.try_acquire() is None
    with pytest.raises(CircuitOpenError):
        await breaker.call(works)

    permit.success()
    assert breaker.state is CLOSED


def test_a_verdict_of_an_older_state_changes_nothing() -> None:
    """It says nothing about the state that is."""
    breaker = opens_at_once(break_duration=0)
    late = [breaker.acquire() for _ in range(3)]
    breaker.acquire().failure()
    probe = breaker.acquire()
    assert breaker.state is HALF_OPEN

    for permit, verdict in zip(late, VERDICTS, strict=True):
        verdict(permit)

    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 1)
    probe.release()


def test_a_dropped_permit_is_released() -> None:
    """Whoever forgets it must not block every later probe."""
    breaker = probing()
    permit = breaker.acquire()
    assert breaker.try_acquire() is None

    del permit

    assert breaker.try_acquire() is not None


def test_a_permit_in_a_cycle_is_released_by_the_collector() -> None:
    """A traceback that holds its own frame is such a cycle."""
    breaker = probing()
    cycle: list[Any] = [breaker.acquire()]
    cycle.append(cycle)
    del cycle
    gc.collect()

    assert breaker.stats().permits_out == 0


def test_a_permit_dropped_by_another_thread_is_released() -> None:
    """The last reference may be anywhere."""
    breaker = probing()
    permits = [breaker.acquire()]

    thread = threading.Thread(target=permits.clear)
    thread.start()
    thread.join()

    assert breaker.stats().permits_out == 0


def test_one_thread_acquires_and_another_decides() -> None:
    """Work that is handed over takes its permit along."""
    breaker = probing()
    permit = breaker.acquire()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(permit.success).result()

    assert breaker.state is CLOSED


def test_of_many_threads_exactly_one_gives_the_verdict() -> None:
    """In the closed state too, where nothing could be given back."""
    breaker = CircuitBreaker("db", trip=Consecutive(2**31))
    threads_at_once, rounds = 4, 100
    barrier = threading.Barrier(threads_at_once)

    def decide(permit: Permit) -> bool:
        barrier.wait()
        try:
            permit.failure()
        except RuntimeError:
            return False
        return True

    with ThreadPoolExecutor(threads_at_once) as threads:
        for _ in range(rounds):
            permit = breaker.acquire()
            given = [threads.submit(decide, permit) for _ in range(threads_at_once)]
            assert sum(future.result() for future in given) == 1

    assert breaker.stats().failures == rounds


def test_many_threads_get_exactly_as_many_permits_as_there_are_probes() -> None:
    """64 threads must not be the first 64 calls after an outage."""
    breaker = probing(max_probes=3)
    barrier = threading.Barrier(64)

    def ask() -> Permit | None:
        barrier.wait()
        return breaker.try_acquire()

    with ThreadPoolExecutor(64) as threads:
        answers = [threads.submit(ask) for _ in range(64)]
        permits = [future.result() for future in answers]

    assert sum(permit is not None for permit in permits) == 3
    assert breaker.stats().rejected == 61


@pytest.mark.parametrize("generated", [True, False])
async def test_a_call_inside_a_probing_block_belongs_to_it(*, generated: bool) -> None:
    """Two helpers guarded by one breaker must not reject each other."""
    breaker = probing(success_threshold=2)

    with breaker.acquire():
        assert await (breaker(works)() if generated else breaker.call(works)) == "ok"
        with breaker.acquire() as inner:
            inner.failure()
        assert breaker.state is HALF_OPEN
        assert breaker.stats().permits_out == 1

    assert breaker.state is HALF_OPEN
    assert breaker.stats().permits_out == 0


async def test_a_permit_inside_a_probing_call_belongs_to_it() -> None:
    """Whichever of the two stands outside."""
    breaker = probing()

    async def helper() -> None:
        breaker.acquire().failure()
        assert breaker.try_acquire() is not None
        assert breaker.stats().permits_out == 1

    await breaker.call(helper)

    assert breaker.state is CLOSED


def test_a_nested_permit_is_admitted_while_the_circuit_is_open_again() -> None:
    """Another probe failed; the helpers of this one go on as they began."""
    breaker = probing(max_probes=2)
    first, second = breaker.acquire(), breaker.acquire()

    with first:
        second.failure()
        assert breaker.state is OPEN
        breaker.acquire().success()

    assert breaker.state is OPEN


async def test_an_early_verdict_ends_the_probe() -> None:
    """What the rest of the block calls is an ordinary call, and may be rejected."""
    breaker = probing(success_threshold=2)

    with breaker.acquire() as permit:
        permit.success()
        rival = breaker.acquire()
        assert breaker.stats().permits_out == 1
        with pytest.raises(CircuitOpenError):
            await breaker.call(works)
        rival.release()


async def test_a_child_that_outlives_the_block_is_an_ordinary_call() -> None:
    """It holds a copy of the context; the verdict is given for it, too."""
    breaker = probing(success_threshold=2)
    outcomes: list[str] = []

    async def child() -> None:
        await anyio.sleep(5)
        try:
            outcomes.append(await breaker.call(works))
        except CircuitOpenError:
            outcomes.append("rejected")

    async with anyio.create_task_group() as group:
        with breaker.acquire():
            group.start_soon(child)
        permit = breaker.acquire()
        await anyio.sleep(10)
        permit.release()

    assert outcomes == ["rejected"]


@pytest.mark.parametrize("first", [0, 1], ids=["oldest", "newest"])
def test_blocks_may_end_in_any_order(first: int) -> None:
    """Generators do; what the other one calls still belongs to its own probe."""
    breakers = [probing(), probing()]

    def rows(breaker: CircuitBreaker) -> Iterator[str]:
        with breaker.acquire():
            yield breaker.call_sync(str)
            yield breaker.call_sync(str)

    streams = [rows(breaker) for breaker in breakers]
    for stream in streams:
        next(stream)
    list(streams[first])
    list(streams[1 - first])

    assert [breaker.state for breaker in breakers] == [CLOSED, CLOSED]
    assert [breaker.stats().rejected for breaker in breakers] == [0, 0]


def test_a_permit_without_a_block_marks_nothing() -> None:
    """Nobody could say where its call ends."""
    breaker = probing()
    permit = breaker.acquire()

    with pytest.raises(CircuitOpenError):
        breaker.call_sync(str)

    permit.release()


def test_a_predicate_that_raises_gives_the_place_back() -> None:
    """Its error leaves the block, above the one that it was asked about."""

    def predicate(_: Exception) -> bool:
        raise RuntimeError("in the predicate")

    breaker = probing(on=predicate)

    with (
        pytest.raises(RuntimeError, match="in the predicate") as caught,
        breaker.acquire(),
    ):
        raise KeyError("own")

    assert isinstance(caught.value.__context__, KeyError)
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)


@pytest.mark.parametrize("ask", ["acquire", "try_acquire"])
def test_a_listener_that_is_interrupted_gives_the_place_back(ask: str) -> None:
    """Ctrl-C comes when it wants to, also before anybody holds the permit."""
    breaker = probing()

    def interrupted(_: CircuitEvent) -> None:
        raise KeyboardInterrupt

    breaker.subscribe(interrupted)
    with pytest.raises(KeyboardInterrupt) as kept:
        getattr(breaker, ask)()

    assert breaker.stats().permits_out == 0
    assert kept.value


def test_a_clock_that_raises_gives_the_place_back() -> None:
    """The verdict could not be given, and nobody is left who would give it."""

    class Breaking:
        broken = False

        def monotonic(self) -> float:
            if self.broken:
                raise OSError("no time")
            return 0.0

        def wall(self) -> float:
            raise AssertionError("asked for the wall clock")

        def sleep(self, duration: float, /) -> None:
            raise AssertionError("slept")

    clock = Breaking()
    breaker = probing(clock=clock)
    permit = breaker.acquire()
    clock.broken = True

    with pytest.raises(OSError, match="no time"):
        permit.failure()

    assert breaker.stats().permits_out == 0


def test_a_failure_names_an_exception_or_nothing() -> None:
    """What ends a program is no failure of the dependency."""
    breaker = opens_at_once()
    permit = breaker.acquire()

    for wrong in (KeyboardInterrupt(), "down", KeyError):
        with pytest.raises(TypeError, match="error must be the exception"):
            permit.failure(wrong)  # type: ignore[arg-type]

    assert breaker.state is CLOSED
    permit.failure()
    with pytest.raises(CircuitOpenError) as caught:
        breaker.acquire()
    assert caught.value.opened_by is None


def test_neither_the_breaker_nor_a_permit_is_taken_for_something_else() -> None:
    """A shared breaker has no place for one entry; a permit is not for a pickle."""
    breaker: Any = opens_at_once()

    with pytest.raises(TypeError, match="context manager"), breaker:
        raise AssertionError("entered")
    with pytest.raises(TypeError):
        pickle.dumps(breaker.acquire())


async def test_a_retry_inside_a_probing_block_makes_a_single_attempt() -> None:
    """What just came back should not be hit five times at once."""
    breaker = probing()
    attempts = 0

    async def counted() -> None:
        nonlocal attempts
        attempts += 1
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError), breaker.acquire():
        await Pipeline(breaker, Retry()).call(counted)

    assert attempts == 1
    assert breaker.state is OPEN
