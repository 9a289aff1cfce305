"""One cache, many threads: with an event loop each, and without."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from seawall import (
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    Outcome,
    Pipeline,
    Retry,
    StaleCache,
    Timeout,
)
from seawall._flight import Flight

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module", autouse=True)
def _known() -> None:
    """Run it once, alone: coverage takes a lock when it first meets a file.

    Under many threads that lock is busy, and would be taken for one of the library's.
    """
    for backend in ("asyncio", "trio"):
        cache, source = made(), Source(InfraUnavailableError())

        async def ask(cache: StaleCache = cache, source: Source = source) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(cache.outcome, source.asked)
                group.start_soon(cache.outcome, source.asked)

        anyio.run(ask, backend=backend)


BACKENDS = ("asyncio", "trio", "asyncio", "trio")


def made(fresh_for: float = 60) -> StaleCache:
    """Build a cache of one key."""
    return StaleCache(key=lambda *_: "k", fresh_for=fresh_for, stale_if_error=60)


def together(*work: Callable[[], object]) -> None:
    """Run each of *work* in a thread of its own, all at once."""
    barrier = threading.Barrier(len(work))
    errors: list[BaseException] = []

    def run(each: Callable[[], object]) -> None:
        barrier.wait()
        try:
            each()
        except BaseException as error:  # noqa: BLE001 -- for the thread that joins
            errors.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "stuck"
    if errors:
        raise errors[0]


def loops(fn: Callable[[], Awaitable[object]]) -> list[Callable[[], object]]:
    """Make work of *fn*: in an event loop of each backend, twice."""
    return [lambda b=backend: anyio.run(fn, backend=b) for backend in BACKENDS]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    while not happened():  # noqa: ASYNC110 -- its events would have to be carried over
        await anyio.sleep(0.01)


class Source:
    """What is asked, by whomever, from wherever; it takes until *waiters* wait for it.

    With none, it takes a fifth of a second.
    """

    def __init__(
        self,
        error: Exception | None = None,
        *,
        cache: StaleCache | None = None,
        waiters: int = 0,
    ) -> None:
        self.calls = 0
        self.error = error
        self.cache = cache
        self.waiters = waiters

    async def asked(self) -> str:
        """Take a while, in an event loop."""
        self.calls += 1
        await anyio.sleep(0 if self.cache else 0.2)
        await until(self._are_all_there)
        return self._answer()

    def asked_sync(self) -> str:
        """Take a while, in a thread."""
        self.calls += 1
        time.sleep(0 if self.cache else 0.2)
        while not self._are_all_there():
            time.sleep(0.01)
        return self._answer()

    def _are_all_there(self) -> bool:
        if self.cache is None:
            return True
        (flight,) = self.cache._serving.store._flights.values()
        return len(flight._waiting) == self.waiters

    def _answer(self) -> str:
        if self.error is not None:
            raise self.error
        return "value"


def everybody(
    cache: StaleCache, source: Source, seen: list[Outcome[str]]
) -> list[Callable[[], object]]:
    """Want the key in four loops, ten tasks each, and in four plain threads."""

    async def one() -> None:
        seen.append(await cache.outcome(source.asked))

    async def ten() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(one)

    def plain() -> None:
        seen.append(cache.outcome_sync(source.asked_sync))

    return [*loops(ten), *([plain] * 4)]


@pytest.mark.parametrize("first", ["a loop", "a thread"])
def test_loops_and_threads_share_one_call(first: str) -> None:
    """Whoever makes it, the others are woken from there."""
    cache = made()
    source = Source(cache=cache, waiters=44)
    seen: list[Outcome[str]] = []

    def leads() -> None:
        if first == "a loop":
            anyio.run(cache.call, source.asked)
        else:
            cache.call_sync(source.asked_sync)

    def follows(work: Callable[[], object]) -> None:
        while not source.calls:
            time.sleep(0.01)
        work()

    work = everybody(cache, source, seen)
    together(leads, *[partial(follows, each) for each in work])

    assert [o.unwrap() for o in seen] == ["value"] * 44
    assert source.calls == 1


def test_a_failure_reaches_every_loop_and_thread() -> None:
    """With an error of its own for each."""
    error = InfraConnectionError("lost")
    cache = made()
    source = Source(error, cache=cache, waiters=43)
    seen: list[Outcome[str]] = []

    together(*everybody(cache, source, seen))

    errors = [outcome.error for outcome in seen]
    assert len({id(each) for each in errors}) == 44
    assert all(each is error or each.__cause__ is error for each in errors if each)
    assert source.calls == 1


def test_a_leader_that_is_cancelled_in_one_loop_is_replaced_in_another() -> None:
    """The loop that waits takes over."""
    cache, source = made(), Source()
    hangs = Source(cache=cache, waiters=-1)
    seen: list[str] = []

    async def leaves() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(cache.call, hangs.asked)
            await anyio.sleep(0.01)
            (flight,) = cache._serving.store._flights.values()
            await until(lambda: bool(flight._waiting))
            group.cancel_scope.cancel()

    async def waits() -> None:
        await until(lambda: bool(hangs.calls))
        seen.append(await cache.call(source.asked))

    together(
        lambda: anyio.run(leaves, backend="asyncio"),
        lambda: anyio.run(waits, backend="trio"),
    )

    assert seen == ["value"]
    assert (hangs.calls, source.calls) == (1, 1)


@pytest.mark.parametrize("who", ["a loop", "a thread"])
def test_a_call_that_died_with_its_loop_is_made_again(who: str) -> None:
    """An event loop that is closed with work under way tells nobody."""
    cache, source = made(), Source()
    loop = asyncio.new_event_loop()
    task = loop.create_task(cache.call(source.asked))
    for _ in range(3):
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    if who == "a loop":
        assert anyio.run(cache.call, source.asked) == "value"
    else:
        assert cache.call_sync(source.asked_sync) == "value"

    assert source.calls == 2
    task.get_coro().close()  # in another context than it began in
    task._log_destroy_pending = False  # asyncio would log it, and is right elsewhere
    assert cache.outcome_sync(source.asked_sync).source == "cache"


def waited_in_vain(cache: StaleCache) -> Outcome[str]:
    """Let a thread wait for a call that ends only after that."""
    began, done = threading.Event(), threading.Event()
    guard = Pipeline(Timeout(0.05), cache, Retry())
    seen: list[Outcome[str]] = []

    def slow() -> str:
        began.set()
        assert done.wait(10)
        return "new"

    def never() -> str:
        raise AssertionError

    def waits() -> None:
        assert began.wait(10)
        seen.append(guard.outcome_sync(never))
        done.set()

    together(lambda: cache.call_sync(slow), waits)
    return seen.pop()  # frames of the thread may hold the list


def test_a_thread_waits_no_longer_than_its_deadline() -> None:
    """A total time-out ends the waiting, though it could not end the call."""
    cache = made()

    outcome = waited_in_vain(cache)

    assert isinstance(outcome.error, InfraTimeoutError)
    assert "another call of waited_in_vain.<locals>.never" in str(outcome.error)
    assert outcome.error.__cause__ is None
    gc.collect()
    gc.disable()
    try:
        error = weakref.ref(outcome.error)
        del outcome
        assert error() is None  # though its traceback holds the frames
    finally:
        gc.enable()
    assert cache.outcome_sync(str).value == "new"


def test_a_thread_that_waited_too_long_gets_the_old_value() -> None:
    """It is a time-out like any other."""
    cache = made(fresh_for=0)
    cache.call_sync(lambda: "old")

    outcome = waited_in_vain(cache)

    assert (outcome.value, outcome.source) == ("old", "stale")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_worker_thread_of_a_loop_may_wait(backend: str) -> None:
    """It is not the thread that the loop runs in."""
    cache, source = made(), Source()

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(cache.call, source.asked)
            await anyio.sleep(0.05)
            waited = await anyio.to_thread.run_sync(cache.call_sync, source.asked_sync)
            assert waited == "value"

    anyio.run(main, backend=backend)
    assert source.calls == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_plain_call_that_goes_back_to_its_loop_does_not_wait_for_itself(
    backend: str,
) -> None:
    """From the thread into the loop, for the same key: one call inside another."""
    cache = made()

    async def inner() -> str:
        return "inner"

    def outer() -> str:
        return "outer " + anyio.from_thread.run(cache.call, inner)

    async def main() -> str:
        with anyio.fail_after(5):
            return await anyio.to_thread.run_sync(cache.call_sync, outer)

    assert anyio.run(main, backend=backend) == "outer inner"


def test_no_value_is_lost_or_mixed_up_under_threads() -> None:
    """Small cache, many keys, calls and invalidations at once."""
    cache = StaleCache(key=lambda n: n, fresh_for=60, stale_if_error=60, max_entries=8)
    counts: Counter[int] = Counter()

    def fetch(n: int) -> int:
        counts[n] += 1
        if n % 7 == 0:
            raise InfraUnavailableError
        return n

    def work(start: int) -> None:
        for i in range(300):
            n = (start * 31 + i * 7) % 40
            outcome = cache.outcome_sync(fetch, n)
            assert outcome.value == (None if n % 7 == 0 else n)
            if i % 20 == 0:
                cache.invalidate(n)
            assert len(cache) <= 8

    together(*[lambda s=s: work(s) for s in range(6)])
    assert not cache._serving.store._flights


def test_who_comes_after_the_end_of_a_flight_does_not_wait() -> None:
    """In a thread as in a loop."""
    flight: Flight[str] = Flight()
    flight.end("done")

    assert flight.outcome_sync(0.0) == "done"
    assert anyio.run(flight.outcome) == "done"


def test_a_thread_waits_under_a_deadline_in_centuries() -> None:
    """`Timeout` takes any number, and the lock of a thread does not."""
    flight: Flight[str] = Flight()
    timer = threading.Timer(0.05, flight.end, ["landed"])
    timer.start()

    assert flight.outcome_sync(1e300) == "landed"
    timer.join()
