"""What the field's retries got wrong: cases 17 to 32, each with its number.

The rule that a case holds us to is in the docstring, and what was seen elsewhere. The
details are in the unit tests; here each case stands whole, as a user would meet it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from loopback import Loopback, status
from seawall import (
    CircuitBreaker,
    Constant,
    Exponential,
    Fallback,
    InfraConnectionError,
    InfraRateLimitedError,
    InfraTimeoutError,
    InfraUnavailableError,
    Linear,
    Outcome,
    Pipeline,
    Retry,
    RetryBudget,
    Step,
    Timeout,
    attempts_of,
)
from seawall._backoff import delays_of
from seawall.testing import CancelledBy, cancel_everywhere

pytestmark = pytest.mark.anyio


def down(*_: object) -> InfraConnectionError:
    """Make an error that is worth repeating."""
    return InfraConnectionError("down")


class Failing:
    """A function that takes a second and fails, always; it counts its calls."""

    def __init__(self, pause: float = 1.0) -> None:
        self.pause = pause
        self.calls = 0

    async def __call__(self) -> str:
        """Fail."""
        self.calls += 1
        await anyio.sleep(self.pause)
        raise down()


Way = Callable[[Retry, Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def called(retry: Retry, fn: Callable[[], Awaitable[Any]]) -> Any:
    """Guard a direct call."""
    return await retry.call(fn)


async def decorated(retry: Retry, fn: Callable[[], Awaitable[Any]]) -> Any:
    """Guard by decorating."""
    return await retry(fn)()  # type: ignore[arg-type]


async def looped(retry: Retry, fn: Callable[[], Awaitable[Any]]) -> Any:
    """Guard a block."""
    async for attempt in retry:
        with attempt:
            return await fn()
    raise AssertionError


in_every_way = pytest.mark.parametrize("way", [called, decorated, looped])


# 17


@in_every_way
@pytest.mark.parametrize(
    ("pause", "delay", "calls"),
    [(1000, 5, 1), (5, 1000, 1), (1, 1, 3)],
    ids=["in the first call", "in the sleep", "in a later call"],
)
async def test_17_a_scope_that_is_cancelled_ends_it_at_once(
    way: Way, pause: float, delay: float, calls: int
) -> None:
    """Wherever it is: never executed again (one peer finished the sleep)."""
    failing = Failing(pause)
    retry = Retry(on=Exception, max_attempts=None, backoff=Constant(delay))

    async with anyio.create_task_group() as group:
        group.start_soon(way, retry, failing)
        await anyio.sleep(5.5 if pause != 1000 else 500)
        before = anyio.current_time()
        group.cancel_scope.cancel()

    assert anyio.current_time() == before
    await anyio.sleep(10_000)
    assert failing.calls == calls


@in_every_way
@pytest.mark.parametrize("after", [0.5, 1.5, 6.5], ids=["call", "sleep", "second call"])
async def test_17_a_task_that_is_cancelled_natively_ends_at_once(
    way: Way, after: float, anyio_backend_name: str
) -> None:
    """`task.cancel()` of asyncio, which no scope of anyio knows about."""
    if anyio_backend_name == "trio":
        return  # which has nothing besides its scopes
    failing = Failing()
    retry = Retry(on=Exception, max_attempts=None, backoff=Constant(5))
    task = asyncio.ensure_future(way(retry, failing))
    await anyio.sleep(after)
    calls, before = failing.calls, anyio.current_time()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert anyio.current_time() == before
    await anyio.sleep(10_000)
    assert failing.calls == calls


@in_every_way
async def test_17_cancelled_at_every_await_nothing_is_executed_again(way: Way) -> None:
    """Before, during and after each call, and in each sleep, in five ways."""
    failing = Failing()

    async def scenario() -> None:
        nonlocal failing
        failing = Failing()
        with pytest.raises(InfraConnectionError):
            await way(Retry(max_attempts=3, backoff=Constant(5)), failing)

    seen: set[CancelledBy] = set()
    async for point in cancel_everywhere(scenario):
        calls = failing.calls
        await anyio.sleep(1000)
        assert failing.calls == calls, point
        seen.add(point.by)
    assert seen


@in_every_way
async def test_17_cancelled_before_it_begins_it_never_sleeps(way: Way) -> None:
    """A function that does not await is called once, for nobody could stop that."""
    calls = 0

    async def fails() -> None:
        nonlocal calls
        calls += 1
        raise down()

    before = anyio.current_time()
    with anyio.CancelScope() as scope, pytest.raises(InfraConnectionError):
        scope.cancel()
        await way(Retry(on=Exception, max_attempts=None, backoff=Constant(5)), fails)

    assert calls == 1
    assert anyio.current_time() == before


# 18


EDGES = [*range(1, 1026), 2**31, 2**53, 2**63 - 1, 2**63]
RULES = [
    Exponential(),
    Exponential(base=0.0),
    Exponential(base=1e-9, factor=1.0000001),
    Exponential(base=1e6, factor=1e6, max_delay=1e9),
    Exponential(jitter="equal"),
    Exponential(jitter="decorrelated"),
    Exponential(jitter=1.0),
    Linear(base=0, step=1e9, max_delay=7.0),
    Constant(1e300),
]


@pytest.mark.parametrize("backoff", RULES, ids=repr)
def test_18_no_attempt_overflows(backoff: Exponential | Linear | Constant) -> None:
    """From the first to number 2**63 (six libraries: OverflowError at 1024)."""
    delays = delays_of(backoff)
    cap = 9e9 if isinstance(backoff, Constant) else float(backoff.max_delay)  # type: ignore[arg-type]
    previous: float | None = None

    for retry in EDGES:
        delay = delays.delay(retry, previous)
        assert 0 <= delay <= cap * (1 + 1e-9), retry
        previous = delay


@given(
    st.integers(1, 2**63),
    st.floats(0, 1e9),
    st.floats(1, 1e300),
    st.floats(0, 1e9),
    st.sampled_from(["none", "full", "equal", "decorrelated", 0.3, 1.0]),
)
def test_18_whatever_the_settings_are(
    retry: int, base: float, factor: float, cap: float, jitter: Any
) -> None:
    """Never negative, never above the cap, never NaN."""
    base = min(base, cap)
    rule = Exponential(base=base, factor=factor, max_delay=cap, jitter=jitter)

    assert 0 <= delays_of(rule).delay(retry, None) <= cap * (1 + 1e-9) + 1e-9


# 19


@pytest.mark.parametrize("jitter", ["full", "equal", "decorrelated", 0.5])
def test_19_the_spread_survives_at_the_cap(jitter: Any) -> None:
    """Clients do not all sleep the cap (three peers: 99 to 100 % of them did)."""
    delays = delays_of(Exponential(base=1.0, max_delay=60.0, jitter=jitter))

    drawn = [delays.delay(1000, 60.0) for _ in range(1000)]

    assert sum(delay > 59.99 for delay in drawn) < 10
    assert max(drawn) - min(drawn) > 25


# 20


async def waited(retry: Retry) -> list[float | None]:
    """Give up, and list the delays."""
    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(Failing(0))
    return [record.delay for record in attempts_of(caught.value)]


async def test_20_two_runs_differ_and_a_seeded_one_repeats() -> None:
    """Whatever the interleaving: each call draws for itself."""
    free = Retry(max_attempts=4, backoff=Exponential())
    seeded = Retry(max_attempts=4, backoff=Exponential(seed=7))
    alone = await waited(seeded)
    together: list[list[float | None]] = []

    async def run() -> None:
        together.append(await waited(seeded))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(run)

    assert together == [alone] * 5
    assert await waited(free) != await waited(free)


FORK = """
import os
from seawall import Exponential
from seawall._backoff import delays_of

delay = delays_of(Exponential()).delay
delay(1, None)

def child():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, repr(delay(1, None)).encode())
        os._exit(0)
    os.wait()
    os.close(writer)
    return os.read(reader, 100).decode()

print(*(child() for _ in range(5)))
"""


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="forks are Unix")
@pytest.mark.real_time
def test_20_forked_children_differ() -> None:
    """Workers of one parent do not come back together."""
    done = subprocess.run(  # noqa: S603 -- our own interpreter and text
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=True
    )

    assert len(set(done.stdout.split())) == 5


# 21


async def test_21_fifty_tasks_share_one_policy_in_a_loop() -> None:
    """Each gets its own attempts (in two peers they share them)."""
    retry = Retry(max_attempts=3, backoff=Constant(1))
    made: list[int] = []

    async def work() -> None:
        attempts = 0
        async for attempt in retry:
            with attempt:
                attempts += 1
                await anyio.sleep(0.01)
                if attempts < 3:
                    raise down()
        made.append(attempts)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(work)

    assert made == [3] * 50


# 22


@pytest.mark.parametrize(
    "on",
    [
        BaseException,
        asyncio.CancelledError,
        KeyboardInterrupt,
        GeneratorExit,
        (ConnectionError, asyncio.CancelledError),
    ],
    ids=str,
)
def test_22_cancellation_cannot_be_named(on: Any) -> None:
    """Refused when the policy is built, not when it is too late."""
    with pytest.raises(TypeError, match=r"on=\w+"):
        Retry(on=on)


@in_every_way
async def test_22_not_this_type_never_means_cancellation(way: Way) -> None:
    """A predicate that says yes to all but one is not asked about it."""
    asked: list[Exception] = []

    def not_a_key_error(error: Exception) -> bool:
        asked.append(error)
        return not isinstance(error, KeyError)

    calls = 0

    async def hangs() -> None:
        nonlocal calls
        calls += 1
        await anyio.sleep(1000)

    with anyio.move_on_after(1) as scope:
        await way(Retry(on=not_a_key_error, max_attempts=None), hangs)

    assert scope.cancelled_caught
    assert (calls, asked) == (1, [])


# 23


@in_every_way
async def test_23_a_predicate_that_raises_is_heard(way: Way) -> None:
    """It neither hangs nor is swallowed, and the function's error is below it."""

    def raises(_: Exception) -> bool:
        raise ZeroDivisionError

    failing = Failing()
    with pytest.raises(ZeroDivisionError) as caught:
        await way(Retry(on=raises), failing)

    assert isinstance(caught.value.__context__, InfraConnectionError)
    assert failing.calls == 1


# 24


async def hangs() -> None:
    """Take three seconds."""
    await anyio.sleep(3)
    raise down()


async def test_24_a_total_time_of_half_a_second_is_over_then() -> None:
    """Although an attempt hangs for three (3 to 6 s in nine libraries)."""
    started = anyio.current_time()

    with pytest.raises(InfraTimeoutError):
        await Pipeline(Timeout(0.5), Retry()).call(hangs)

    assert anyio.current_time() - started == pytest.approx(0.5)


async def test_24_any_scope_of_the_users_is_a_total_time_as_well() -> None:
    """Without a word to the policy."""
    started = anyio.current_time()

    with pytest.raises(TimeoutError), anyio.fail_after(0.5):
        await Retry().call(hangs)

    assert anyio.current_time() - started == pytest.approx(0.5)


async def test_24_asyncios_own_time_outs_cancel_it(anyio_backend_name: str) -> None:
    """They are not visible to it, and still they end it."""
    if anyio_backend_name == "trio":
        return
    started = anyio.current_time()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await Retry().call(hangs)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Retry(backoff=Constant(9)).call(Failing(0)), 0.5)

    assert anyio.current_time() - started == pytest.approx(1.0)


# 25


@in_every_way
async def test_25_a_delay_past_the_deadline_is_not_slept(way: Way) -> None:
    """The real error, now: waiting for a deadline to pass helps nobody."""
    failing = Failing(1)
    started = anyio.current_time()

    with anyio.fail_after(10), pytest.raises(InfraConnectionError) as caught:
        await way(Retry(backoff=Constant(4)), failing)

    assert failing.calls == 2
    assert anyio.current_time() - started == pytest.approx(6)
    assert caught.value.__notes__[0].endswith(": deadline")


async def test_25_a_delay_that_ends_at_the_deadline_is_not_slept_either() -> None:
    """There would be no time left for the call."""
    with anyio.fail_after(5), pytest.raises(InfraConnectionError):
        await Retry(backoff=Constant(5)).call(Failing(0))


# 26


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        (1, 1.0, 1.1),
        (0.5, 0.5, 0.55),
        (-5, 0.0, 0.0),
        ("garbage", 0.0, 0.0),
        (math.nan, 0.0, 0.0),
        (True, 0.0, 0.0),
    ],
)
@pytest.mark.parametrize("kind", [InfraRateLimitedError, InfraUnavailableError])
async def test_26_a_servers_delay_is_honoured_and_garbage_ignored(
    kind: Callable[..., Exception], asked: Any, low: float, high: float
) -> None:
    """On "too many" and on "not now"; never earlier than it says."""
    errors = [kind("later", retry_after=asked)]
    started = anyio.current_time()

    async def asks() -> None:
        if errors:
            raise errors.pop()

    await Retry(backoff=Constant(0)).call(asks)

    assert low - 1e-6 <= anyio.current_time() - started <= high + 1e-6


async def test_26_nobody_waits_for_thirty_one_years() -> None:
    """1000000000 seconds: the real error, now."""
    started = anyio.current_time()

    async def asks() -> None:
        raise InfraRateLimitedError("later", retry_after=1_000_000_000)

    with pytest.raises(InfraRateLimitedError) as caught:
        await Retry().call(asks)

    assert anyio.current_time() == started
    assert caught.value.__notes__[0].endswith(": server delay")


class Watch:
    """A clock that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Seconds that were slept."""
        return self.now

    wall = monotonic

    def sleep(self, duration: float) -> None:
        """Do not wait for it."""
        self.now += duration


DATE = "Date: Tue, 24 Nov 2026 12:00:00 GMT"
LATER = "Retry-After: Tue, 24 Nov 2026 12:00:30 GMT"
EARLIER = "Retry-After: Tue, 24 Nov 2026 11:00:00 GMT"


@pytest.mark.parametrize("raises", [True, False], ids=["raised", "returned"])
@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        (["Retry-After: 1"], 1.0, 1.1),
        (["Retry-After: 0.5"], 0.5, 0.55),
        ([DATE, LATER], 30.0, 33.0),
        ([DATE, EARLIER], 0.0, 0.0),
        (["Retry-After: -5"], 0.0, 0.0),
        (["Retry-After: soon"], 0.0, 0.0),
        (["Retry-After: 1000000000"], None, None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_26_a_real_answers_retry_after_is_honoured(
    headers: list[str],
    low: float | None,
    high: float | None,
    code: int,
    *,
    raises: bool,
) -> None:
    """Seconds, parts of one, a date against the answer's own; garbage is ignored."""
    clock = Watch()
    made = 0
    options: dict[str, Any] = {"max_attempts": 2, "backoff": Constant(0)}
    if not raises:
        options["on_result"] = lambda answer: answer.status_code != 200
    retry = Retry(clock=clock, **options)

    def get() -> requests.Response:
        nonlocal made
        made += 1
        answer = requests.get(server.url, timeout=10)
        if raises:
            answer.raise_for_status()
        return answer

    with Loopback(status(code, *headers)) as server:
        if raises:
            with pytest.raises(requests.HTTPError):
                retry.call_sync(get)
        else:
            assert retry.call_sync(get).status_code == code

    if low is None or high is None:
        assert (made, clock.now) == (1, 0.0)
    else:
        assert made == 2
        assert low <= clock.now <= high


# 27


@asynccontextmanager
async def serving(
    handle: Callable[[anyio.abc.SocketStream], Awaitable[None]],
) -> AsyncIterator[int]:
    """Serve TCP on loopback; gives the port."""
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listener.serve, handle)
        yield listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 -- no SQL
        group.cancel_scope.cancel()


@asynccontextmanager
async def refusing_server() -> AsyncIterator[tuple[int, list[int]]]:
    """Serve TCP on loopback: count each request, and hang up on it."""
    served = [0]

    async def handle(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive(100)
            served[0] += 1

    async with serving(handle) as port:
        yield port, served


async def ask(port: int) -> bytes:
    """Send a request; the server hangs up instead of answering."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\n\r\n")
        return await stream.receive(100)


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("callers", "at_most"), [(100, 130), (200, 250)], ids=["100", "200"]
)
@in_every_way
async def test_27_a_budget_bounds_what_a_dead_server_has_to_bear(
    way: Way, callers: int, at_most: int
) -> None:
    """Four attempts each: 400 and 800 without it (peers: 800, 301, 230, 220)."""
    retry = Retry(
        on=anyio.EndOfStream,
        max_attempts=4,
        backoff=Exponential(base=0.01),
        budget=RetryBudget(0.2),
    )
    logging.getLogger("seawall").disabled = True
    try:
        async with refusing_server() as (port, served):

            async def ask_it() -> bytes:
                return await ask(port)

            async def caller() -> None:
                with pytest.raises(anyio.EndOfStream):
                    await way(retry, ask_it)

            async with anyio.create_task_group() as group:
                for _ in range(callers):
                    group.start_soon(caller)
    finally:
        logging.getLogger("seawall").disabled = False

    assert callers < served[0] <= at_most


# 28


@in_every_way
async def test_28_a_spent_budget_shows_the_real_error_at_once(way: Way) -> None:
    """Not after the sleep, and not as an error about budgets."""
    retry = Retry(budget=RetryBudget(0, capacity=1), backoff=Constant(60))
    with pytest.raises(InfraConnectionError):
        await way(retry, Failing(0))
    started = anyio.current_time()

    with pytest.raises(InfraConnectionError) as caught:
        await way(retry, Failing(0))

    assert anyio.current_time() == started
    assert caught.value.__notes__[0].endswith(": the retry budget is spent")


# 29


@in_every_way
async def test_29_the_last_real_error_is_raised_itself(way: Way) -> None:
    """The same object, its traceback down to the line that failed, and a history."""
    errors: list[InfraConnectionError] = []

    async def the_line_that_failed() -> None:
        errors.append(InfraConnectionError(f"number {len(errors) + 1}"))
        raise errors[-1]

    with pytest.raises(InfraConnectionError) as caught:
        await way(Retry(max_attempts=3, backoff=Constant(1)), the_line_that_failed)

    assert caught.value is errors[-1]
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert caught.traceback[-1].name == "the_line_that_failed"
    assert [(r.number, r.delay) for r in attempts_of(caught.value)] == [
        (1, 1.0),
        (2, 1.0),
        (3, None),
    ]


@in_every_way
async def test_29_no_frame_and_no_argument_stays_alive(way: Way) -> None:
    """Freed at once, without the collector, when the caller has handled the error."""

    class Argument:
        """Something large."""

    argument = Argument()
    alive = weakref.ref(argument)

    def bound(held: Argument) -> Callable[[], Awaitable[Any]]:
        async def use() -> None:
            assert held is not None
            raise down()

        return use

    gc.collect()
    gc.disable()
    try:
        try:
            await way(Retry(max_attempts=2, backoff=Constant(0)), bound(argument))
        except InfraConnectionError:
            pass
        del argument
        assert alive() is None
    finally:
        gc.enable()


# 30


def test_30_asynchronous_generators_are_refused() -> None:
    """When decorated (inert in five libraries; one replays items)."""

    async def items() -> AsyncIterator[int]:
        yield 1

    def plain_items() -> Iterator[int]:
        yield 1

    for policy in (Retry(), Pipeline(Retry(), CircuitBreaker("db"))):
        with pytest.raises(TypeError, match="is an async generator function"):
            policy(items)
        with pytest.raises(TypeError, match="is a generator function"):
            policy(plain_items)


# 31


@in_every_way
async def test_31_a_group_of_retryable_errors_is_retried(way: Way) -> None:
    """Task groups raise groups (0 of 29 libraries)."""
    calls = 0

    async def in_parallel() -> str:
        nonlocal calls
        calls += 1
        if calls == 3:
            return "ok"
        async with anyio.create_task_group() as group:
            group.start_soon(Failing(0))
            group.start_soon(Failing(0))
        raise AssertionError

    assert await way(Retry(), in_parallel) == "ok"


@in_every_way
async def test_31_a_mixed_group_is_not(way: Way) -> None:
    """One error that must not be repeated forbids it for all."""
    calls = 0

    async def bug() -> None:
        raise KeyError

    async def in_parallel() -> None:
        nonlocal calls
        calls += 1
        async with anyio.create_task_group() as group:
            group.start_soon(Failing(0))
            group.start_soon(bug)

    with pytest.raises(ExceptionGroup):
        await way(Retry(), in_parallel)
    assert calls == 1


# 32


@pytest.mark.real_time
async def test_32_a_body_that_can_be_read_once_is_sent_once() -> None:
    """Never 5, then 0, then 0 bytes, and a 200 for it."""
    bodies: list[int] = []

    async def handle(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            size = 0
            try:
                while True:
                    size += len(await stream.receive(100))
            except anyio.EndOfStream:
                bodies.append(size)
            if len(bodies) > 1:
                await stream.send(b"200")

    async def upload(port: int, body: AsyncIterator[bytes]) -> bytes:
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            async for part in body:
                await stream.send(part)
            await stream.send_eof()
            return await stream.receive(100)

    async def parts() -> AsyncIterator[bytes]:
        yield b"hello"

    retry = Retry(on=anyio.EndOfStream, backoff=Constant(0))
    async with serving(handle) as port:
        with pytest.raises(anyio.EndOfStream):
            await retry.call(upload, port, parts())
        assert bodies == [5]
        # The way to do it: a function that begins a new body for each attempt.
        assert await retry.call(lambda: upload(port, parts())) == b"200"
        assert bodies == [5, 5]


# Compositions that the cases mention


async def test_a_budget_is_exact_wherever_a_call_is_left() -> None:
    """What was taken is what was slept for; nothing is lost and nothing returned."""
    budget = RetryBudget(0, capacity=1_000_000)
    slept = 0

    async def scenario() -> None:
        nonlocal slept

        def count(_: object) -> None:
            nonlocal slept
            slept += 1

        retry = Retry(
            max_attempts=3, backoff=Constant(5), budget=budget, before_sleep=count
        )
        with pytest.raises(InfraConnectionError):
            await retry.call(Failing())

    async for point in cancel_everywhere(scenario):
        assert budget.stats().withdrawn == slept, point
        assert budget.level == 1_000_000 - slept, point


async def test_an_outcome_counts_every_call() -> None:
    """`attempts` are calls that were made, whichever retry made them."""

    async def cached() -> str:
        return "cached"

    guard = Pipeline(
        Fallback(Step("cache", cached)),
        Retry(max_attempts=2, backoff=Constant(1)),
        Retry(max_attempts=2, backoff=Constant(1)),
    )
    outcome: Outcome[str] = await guard.outcome(Failing(0))

    assert (outcome.value, outcome.source, outcome.attempts) == ("cached", "cache", 4)
