"""The edge cases of the field, 1 to 16, that a circuit breaker has to hold.

Number 11 and 12, the crowds, have a file of their own. Where a case is one of the
twelve of `test_breaker_cases`, it is asked in another way here.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import anyio
import pytest

from circuits import (
    CLOSED,
    DISABLED,
    ENDINGS,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    ROUNDS,
    Ending,
    HandClock,
    Held,
    HeldInThread,
    every_sync_way,
    every_way,
    fail,
    fails,
    fails_sync,
    guarded,
    guarded_sync,
    half_open,
    half_open_sync,
    opens_at_once,
    record,
    standing,
    succeed,
    works,
    works_sync,
)
from seawall import (
    CircuitBreaker,
    CircuitClosed,
    CircuitDisabled,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitIsolated,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    Constant,
    Exponential,
    FailureRatio,
    InfraConnectionError,
    InfraRateLimitedError,
    Linear,
    Permit,
    Pipeline,
    Retry,
)

pytestmark = pytest.mark.anyio

YEAR = 365 * 86_400.0


# --------------------------------------------------------------- 1: rejections


def stack(error: BaseException) -> list[TracebackType]:
    """List the steps of an error's traceback."""
    steps: list[TracebackType] = []
    traceback = error.__traceback__
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    return steps


def check_rejections(errors: list[CircuitOpenError]) -> None:
    """Each is an object of its own, with a stack of its own, all as deep as the first.

    They are checked when all have been raised: one that grows another's shows.
    """
    steps = [step for error in errors for step in stack(error)]
    assert len({id(error) for error in errors}) == len(errors) == 100
    assert len({id(step) for step in steps}) == len(steps)
    assert {len(stack(error)) for error in errors} == {len(stack(errors[0]))}
    for error in errors:
        assert (error.__cause__, error.__context__) == (None, None)


@every_way
@pytest.mark.parametrize("together", [False, True], ids=["in turn", "together"])
async def test_01_a_hundred_rejections_have_one_stack_each(
    way: str, *, together: bool
) -> None:
    """Of one task, and of a hundred."""
    breaker = opens_at_once()
    fail(breaker)
    call = guarded(breaker, works, way)
    errors: list[CircuitOpenError] = []

    async def is_rejected() -> None:
        try:
            await call()
        except CircuitOpenError as error:
            errors.append(error)

    if together:
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(is_rejected)
    else:
        for _ in range(100):
            await is_rejected()

    check_rejections(errors)
    assert {error.retry_after for error in errors} == {60.0}


@every_sync_way
def test_01_a_hundred_rejections_of_plain_calls_have_one_stack_each(way: str) -> None:
    """The same without an event loop."""
    breaker = opens_at_once(clock=HandClock())
    fail(breaker)
    call = guarded_sync(breaker, works_sync, way)
    errors: list[CircuitOpenError] = []
    for _ in range(100):
        try:
            call()
        except CircuitOpenError as error:
            errors.append(error)

    check_rejections(errors)
    assert {error.retry_after for error in errors} == {60.0}


async def test_01_raised_again_a_rejection_grows_only_its_own_stack() -> None:
    """Callers let it pass through layers of their own."""
    breaker = opens_at_once()
    fail(breaker)

    async def deep(levels: int) -> None:
        if levels:
            await deep(levels - 1)
        await breaker.call(works)

    async def rejected(levels: int) -> CircuitOpenError:
        with pytest.raises(CircuitOpenError) as caught:
            await deep(levels)
        return caught.value

    shallow = await rejected(0)
    depth = len(stack(shallow))
    far = await rejected(50)

    assert len(stack(shallow)) == depth
    assert len(stack(far)) == depth + 50


def rejection(breaker: CircuitBreaker) -> CircuitOpenError:
    """Ask, and be rejected."""
    with pytest.raises(CircuitOpenError) as caught:
        breaker.acquire()
    return caught.value


def test_01_the_error_that_opened_it_is_named() -> None:
    """As text: its class and nothing of what it said."""
    breaker = opens_at_once()
    with pytest.raises(InfraConnectionError):
        breaker.call_sync(fails_sync)

    error = rejection(breaker)
    assert error.opened_by == "InfraConnectionError"
    assert "InfraConnectionError" in str(error)


def test_01_where_no_error_opened_it_none_is_named() -> None:
    """A verdict without an error, an operator, a call that was too slow."""
    clock = HandClock()
    told, held = opens_at_once(clock=clock), opens_at_once(clock=clock)
    slow = opens_at_once(slow_after=1, clock=clock)
    told.acquire().failure()
    fail(held)
    held.isolate()
    permit = slow.acquire()
    clock.now += 2
    permit.success()

    errors = [rejection(breaker) for breaker in (told, held, slow)]
    assert [error.opened_by for error in errors] == [None, None, "slow calls"]
    for error in errors:
        assert "InfraConnectionError" not in str(error)


def test_01_an_opening_without_an_error_does_not_name_the_one_before() -> None:
    """What opened it an hour ago did not open it now."""
    clock = HandClock()
    breaker = opens_at_once(clock=clock)
    fail(breaker)
    assert rejection(breaker).opened_by == "InfraConnectionError"
    half_open_sync(breaker, clock)
    breaker.acquire().failure()

    assert rejection(breaker).opened_by is None


async def test_01_a_rejection_keeps_nothing_of_the_error_that_opened_it() -> None:
    """A traceback holds frames, and frames hold whatever a call had in its hands."""

    class Down(InfraConnectionError):
        """To be told from others."""

    breaker = opens_at_once()
    errors: list[weakref.ref[BaseException]] = []

    async def opens() -> None:
        error = Down("down")
        errors.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    with contextlib.suppress(Down):
        await breaker.call(opens)
    kept = rejection(breaker)
    gc.collect()

    assert kept.opened_by is not None
    assert kept.opened_by.endswith("Down")
    assert errors[0]() is None


# -------------------------------------------------------------- 2: late results


@every_way
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("state", [OPEN, ISOLATED])
async def test_02_a_late_result_neither_signals_nor_extends(
    state: CircuitState, ending: Ending, way: str
) -> None:
    """The break ends when it was to end, and nobody hears anything."""
    breaker = opens_at_once(break_duration=60)
    late = [Held(breaker, way) for _ in range(3)]

    async with anyio.create_task_group() as group:
        for call in late:
            await group.start(call.run)
        fail(breaker)
        if state is ISOLATED:
            breaker.isolate()
        await anyio.sleep(30)
        events, before = record(breaker), standing(breaker)

        for call in late:
            await call.end(ending)

        assert standing(breaker) == before
        assert events == []
    if state is OPEN:
        await anyio.sleep(29)
        assert breaker.try_acquire() is None
        await anyio.sleep(1)
        assert breaker.try_acquire() is not None


@every_sync_way
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("state", [OPEN, ISOLATED])
def test_02_a_late_result_of_a_plain_call_neither_signals_nor_extends(
    state: CircuitState, ending: Ending, way: str
) -> None:
    """From another thread."""
    clock = HandClock()
    breaker = opens_at_once(break_duration=60, clock=clock)
    late = HeldInThread(breaker, way)
    fail(breaker)
    if state is ISOLATED:
        breaker.isolate()
    clock.now += 30
    events, before = record(breaker), standing(breaker)

    late.end(ending)

    assert standing(breaker) == before
    assert events == []


@every_way
async def test_02_a_late_success_in_half_open_does_not_close_it(way: str) -> None:
    """Even if one success is enough: it must be a probe's."""
    breaker = opens_at_once(success_threshold=1)
    late = [Held(breaker, way) for _ in range(3)]

    async with anyio.create_task_group() as group:
        for call in late:
            await group.start(call.run)
        await half_open(breaker)
        for call in late:
            await call.end("success")
            assert breaker.state is HALF_OPEN

    assert await guarded(breaker, works, way)() == "ok"
    assert breaker.state is CLOSED


@every_way
async def test_02_a_late_failure_of_one_closed_era_does_not_count_in_the_next(
    way: str,
) -> None:
    """Closed again, it starts with a clean sheet."""
    breaker = CircuitBreaker("db", trip=Consecutive(2), success_threshold=1)
    late = [Held(breaker, way) for _ in range(5)]

    async with anyio.create_task_group() as group:
        for call in late:
            await group.start(call.run)
        await half_open(breaker)
        await guarded(breaker, works, way)()
        for call in late:
            await call.end("failure")

    assert breaker.state is CLOSED
    assert breaker.stats().window_failures == 0
    assert breaker.stats().late == 5


# ---------------------------------------------------------- 3: breaks that grow


def breaks(breaker: CircuitBreaker) -> list[float]:
    """Return the list that takes the break of every opening from now on."""
    seen: list[float] = []

    def opened(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            seen.append(event.break_duration)

    breaker.subscribe(opened)
    return seen


GROWING = {
    "exponential": (
        Exponential(base=10, factor=2, max_delay=100),
        [10, 20, 40, 80, 100],
    ),
    "linear": (Linear(base=10, step=5, max_delay=27), [10, 15, 20, 25, 27]),
    "constant": (Constant(10), [10, 10, 10, 10, 10]),
    "seconds": (10.0, [10, 10, 10, 10, 10]),
}


@pytest.mark.parametrize("growth", GROWING)
async def test_03_the_break_grows_with_every_reopening(growth: str) -> None:
    """For 0, 1, 2, 3, 4 of them: nobody passes before its end, somebody at it."""
    duration, expected = GROWING[growth]
    breaker = opens_at_once(break_duration=duration)
    told = breaks(breaker)

    for length in expected:
        fail(breaker)
        assert breaker.stats().half_open_in == length
        await anyio.sleep(length - 1)
        assert rejection(breaker).retry_after == 1
        await anyio.sleep(1)

    assert told == expected


@pytest.mark.parametrize("closed_by", ["probes", "reset", "isolate", "disable"])
async def test_03_the_break_starts_anew_after_a_close(closed_by: str) -> None:
    """Whoever closed it: that trouble is over, and the next one is another."""
    breaker = opens_at_once(break_duration=Exponential(base=10, max_delay=1000))
    told = breaks(breaker)
    for _ in range(4):
        fail(breaker)
        await anyio.sleep(breaker.stats().half_open_in or 0)

    if closed_by == "probes":
        succeed(breaker, 2)
    elif closed_by == "reset":
        breaker.reset()
    elif closed_by == "isolate":
        breaker.isolate().release()
    else:
        breaker.disable()
        breaker.enable()
    assert breaker.state is CLOSED
    fail(breaker)

    assert told == [10, 20, 40, 80, 10]
    assert breaker.stats().half_open_in == 10


async def test_03_a_probe_that_gives_no_verdict_does_not_lengthen_the_break() -> None:
    """Only an opening does."""
    breaker = opens_at_once(break_duration=Exponential(base=10, max_delay=1000))
    told = breaks(breaker)
    for _ in range(2):
        fail(breaker)
        await anyio.sleep(breaker.stats().half_open_in or 0)
        for _ in range(5):
            breaker.acquire().release()

    assert told == [10, 20]


async def test_03_a_break_of_centuries_does_not_overflow() -> None:
    """Half a year, then half a billion years: that is cut to a year, seventy times."""
    growth = Exponential(base=YEAR / 2, factor=1e9, max_delay=YEAR)
    breaker = opens_at_once(break_duration=growth)
    told = breaks(breaker)

    for _ in range(70):
        fail(breaker)
        pause = breaker.stats().half_open_in
        assert pause is not None
        assert 0 < pause <= YEAR
        await anyio.sleep(pause - 1)
        assert breaker.try_acquire() is None
        await anyio.sleep(1)
        assert breaker.state is OPEN
    assert told[0] == YEAR / 2
    assert told[1:] == [YEAR] * 69
    succeed(breaker, 2)
    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "duration",
    [300 * YEAR, Constant(300 * YEAR), Exponential(max_delay=300 * YEAR)],
    ids=["seconds", "constant", "exponential"],
)
def test_03_centuries_that_are_meant_are_refused(duration: Any) -> None:
    """When it is built, with the option's name."""
    with pytest.raises(ValueError, match="break_duration"):
        CircuitBreaker("db", break_duration=duration)


async def test_03_a_thousand_reopenings_keep_the_longest_break() -> None:
    """The count of them stays where it is full: the break does not start anew."""
    growth = Exponential(base=1, factor=1.1, max_delay=1000)
    breaker = opens_at_once(break_duration=growth)
    told = breaks(breaker)
    for _ in range(1000):
        fail(breaker)
        await anyio.sleep(breaker.stats().half_open_in or 0)

    assert told == sorted(told)
    assert len(told) == 1000


# --------------------------------------------------------------- 4: retry_after


@every_way
async def test_04_retry_after_shrinks_as_time_passes(way: str) -> None:
    """Second by second; it is true at each, and at its end a call passes."""
    breaker = opens_at_once(break_duration=60)
    fail(breaker)
    call = guarded(breaker, works, way)
    seen: list[float | None] = []

    for _ in range(60):
        with pytest.raises(CircuitOpenError) as caught:
            await call()
        seen.append(caught.value.retry_after)
        assert breaker.stats().half_open_in == caught.value.retry_after
        await anyio.sleep(1)

    assert seen == [60.0 - second for second in range(60)]
    assert await call() == "ok"


@every_sync_way
def test_04_retry_after_of_a_plain_call_shrinks_as_time_passes(way: str) -> None:
    """By a clock that goes by hand, in halves."""
    clock = HandClock()
    breaker = opens_at_once(break_duration=10, clock=clock)
    fail(breaker)
    call = guarded_sync(breaker, works_sync, way)
    seen: list[float | None] = []
    for _ in range(20):
        with pytest.raises(CircuitOpenError) as caught:
            call()
        seen.append(caught.value.retry_after)
        clock.now += 0.5

    assert seen == [10 - half / 2 for half in range(20)]
    assert call() == "ok"


async def test_04_whoever_waits_as_long_as_he_was_told_is_admitted() -> None:
    """At any instant of the break: never a little too early."""
    for offset in range(1, 40):
        breaker = opens_at_once(break_duration=7.77)
        fail(breaker)
        await anyio.sleep(offset * 0.1937)
        wait = rejection(breaker).retry_after
        assert wait is not None
        await anyio.sleep(wait)
        assert breaker.try_acquire() is not None


def test_04_nobody_knows_how_long_an_operator_or_a_probe_takes() -> None:
    """None, rather than a number that is made up."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(clock=clock), clock)
    probe = breaker.acquire()
    assert (rejection(breaker).state, rejection(breaker).retry_after) == (
        HALF_OPEN,
        None,
    )
    probe.release()
    breaker.isolate()
    assert (rejection(breaker).state, rejection(breaker).retry_after) == (
        ISOLATED,
        None,
    )


# --------------------------------------------------------------------- 5: events


async def test_05_each_change_is_told_once_to_each_listener() -> None:
    """Through two rounds of opening and closing; generations say the order."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))
    first, second = record(breaker), record(breaker)

    for _ in range(2):
        fail(breaker, 2)
        await anyio.sleep(60)
        fail(breaker)
        await anyio.sleep(60)
        succeed(breaker, 2)

    assert first == second
    assert [type(event) for event in first] == [
        CircuitOpened,
        CircuitHalfOpened,
        CircuitOpened,
        CircuitHalfOpened,
        CircuitClosed,
    ] * 2
    assert [event.generation for event in first] == list(range(1, 11))


COMMANDED: dict[str, tuple[CircuitState, Callable[[CircuitBreaker], object]]] = {
    "reset of closed": (CLOSED, CircuitBreaker.reset),
    "enable of closed": (CLOSED, CircuitBreaker.enable),
    "enable of open": (OPEN, CircuitBreaker.enable),
    "a second hold": (ISOLATED, CircuitBreaker.isolate),
    "a hold given back of two": (ISOLATED, lambda b: b.isolate().release()),
    "disable of disabled": (DISABLED, CircuitBreaker.disable),
    "reconfigure": (OPEN, lambda b: b.reconfigure(break_duration=5)),
    "a release in half-open": (HALF_OPEN, lambda b: b.acquire().release()),
    "a first success in half-open": (HALF_OPEN, succeed),
    "a rejection": (OPEN, CircuitBreaker.try_acquire),
    "a failure that is not enough": (CLOSED, fail),
    "a call while disabled": (DISABLED, fail),
}


def in_state(state: CircuitState) -> CircuitBreaker:
    """Return a breaker in any state."""
    clock = HandClock()
    breaker = CircuitBreaker("db", trip=Consecutive(2), clock=clock)
    if state is OPEN:
        fail(breaker, 2)
    elif state is HALF_OPEN:
        half_open_sync(breaker, clock)
    elif state is ISOLATED:
        breaker.isolate()
    elif state is DISABLED:
        breaker.disable()
    assert breaker.state is state
    return breaker


@pytest.mark.parametrize("command", COMMANDED)
def test_05_what_leaves_the_state_as_it_was_is_no_event(command: str) -> None:
    """Nobody wants to be woken because nothing happened."""
    state, act = COMMANDED[command]
    breaker = in_state(state)
    events = record(breaker)

    act(breaker)

    assert breaker.state is state
    assert events == []


def test_05_a_reclaimed_lease_is_no_event() -> None:
    """The round begins anew, and half-open it was and is."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(probe_lease=10, clock=clock), clock)
    lost, events = breaker.acquire(), record(breaker)
    clock.now += 10

    assert breaker.try_acquire() is not None

    assert events == []
    assert lost is not None


def test_05_an_event_is_told_when_the_state_has_changed() -> None:
    """Whoever looks sees what he was told, and its number."""
    clock = HandClock()
    breaker = opens_at_once(clock=clock)
    seen: list[tuple[type[CircuitEvent], CircuitState, bool]] = []

    def looks(event: CircuitEvent) -> None:
        stats = breaker.stats()
        seen.append((type(event), stats.state, stats.generation == event.generation))

    breaker.subscribe(looks)
    half_open_sync(breaker, clock)
    succeed(breaker, 2)
    breaker.isolate()
    breaker.disable()
    breaker.enable()

    assert seen == [
        (CircuitOpened, OPEN, True),
        (CircuitHalfOpened, HALF_OPEN, True),
        (CircuitClosed, CLOSED, True),
        (CircuitIsolated, ISOLATED, True),
        (CircuitDisabled, DISABLED, True),
        (CircuitClosed, CLOSED, True),
    ]


def test_05_a_change_made_in_a_callback_is_told_after_the_one_it_is_made_in() -> None:
    """To everybody in one order, whoever subscribed first, and no stack grows."""
    breaker = opens_at_once(clock=HandClock())
    depth = deepest = 0

    def reacts(event: CircuitEvent) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        if isinstance(event, CircuitOpened) and event.generation < 1000:
            breaker.reset()
        if isinstance(event, CircuitClosed):
            fail(breaker)
        depth -= 1

    before = record(breaker)
    breaker.subscribe(reacts)
    after = record(breaker)
    fail(breaker)

    assert before == after
    assert [event.generation for event in before] == list(range(1, 1002))
    assert deepest == 1


def test_05_a_callback_that_calls_back_meets_the_new_state_and_does_not_loop() -> None:
    """A rejection inside is no transition, so it is no event."""
    breaker = opens_at_once(clock=HandClock())
    heard: list[CircuitEvent] = []

    def calls_back(event: CircuitEvent) -> None:
        heard.append(event)
        for _ in range(3):
            with pytest.raises(CircuitOpenError):
                breaker.call_sync(works_sync)

    breaker.subscribe(calls_back)
    fail(breaker)

    assert len(heard) == 1
    assert breaker.stats().rejected == 3


def test_05_failures_of_many_threads_at_once_are_told_once() -> None:
    """By the thread that made the transition, and by no other."""
    for _ in range(20):
        breaker = CircuitBreaker("db", trip=Consecutive(8))
        events = record(breaker)
        barrier = threading.Barrier(16)

        def fails_together(breaker: CircuitBreaker, barrier: threading.Barrier) -> None:
            permit = breaker.acquire()
            barrier.wait(30)
            permit.failure()

        together(16, fails_together, breaker, barrier)
        assert [type(event) for event in events] == [CircuitOpened]
        assert breaker.stats().late == 8


def together(count: int, fn: Callable[..., None], *args: Any) -> None:
    """Run *fn* in so many threads; raise what any of them raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            fn(*args)
        except BaseException as error:  # noqa: BLE001 -- for the thread that joins
            errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
        assert not thread.is_alive(), "stuck"
    if errors:
        raise errors[0]


# --------------------------------------------------------- 6: the failure ratio


@pytest.mark.parametrize(
    "shape",
    [{"calls": 20}, {"calls": 100}, {"duration": 60.0}],
    ids=["one word", "ring", "time"],
)
def test_06_below_min_calls_it_never_opens(shape: dict[str, Any]) -> None:
    """Nine failures of nine are too few to say anything; the tenth says all."""
    breaker = ratio_of(0.1, **shape, min_calls=10)

    fail(breaker, 9)
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN


def ratio_of(
    ratio: float, clock: HandClock | None = None, **shape: Any
) -> CircuitBreaker:
    """Return a breaker that opens at *ratio*."""
    return CircuitBreaker(
        "db", trip=FailureRatio(ratio, **shape), clock=clock or HandClock()
    )


@pytest.mark.parametrize(
    "shape",
    [{"calls": 20}, {"calls": 100}, {"duration": 60.0}],
    ids=["one word", "ring", "time"],
)
def test_06_a_success_that_makes_min_calls_full_is_not_asked(
    shape: dict[str, Any],
) -> None:
    """The question is put at a failure; a success opens nothing."""
    breaker = ratio_of(0.5, **shape, min_calls=10)
    fail(breaker, 9)
    succeed(breaker)
    assert breaker.state is CLOSED

    fail(breaker)
    assert breaker.state is OPEN


@pytest.mark.parametrize(
    ("ratio", "failures", "total"),
    [(0.5, 10, 20), (0.3, 6, 20), (0.1, 2, 20), (1.0, 20, 20), (0.7, 14, 20)],
)
@pytest.mark.parametrize(
    "shape",
    [{"calls": 20}, {"calls": 100}, {"duration": 60.0}],
    ids=["one word", "ring", "time"],
)
def test_06_a_rate_exactly_at_the_threshold_opens_it(
    shape: dict[str, Any], ratio: float, failures: int, total: int
) -> None:
    """As said: at, not above. One failure less does not."""
    for fewer, state in ((1, CLOSED), (0, OPEN)):
        breaker = ratio_of(ratio, **shape, min_calls=total)
        succeed(breaker, total - failures + fewer)
        fail(breaker, failures - fewer)
        assert breaker.state is state


@pytest.mark.parametrize("start", [1000.0, 1003.7, 1009.999])
def test_06_a_sample_exactly_at_the_edge_of_the_window_is_out(start: float) -> None:
    """Ten seconds are ten seconds: what is as old as that is not younger."""
    clock = HandClock(start)
    breaker = ratio_of(1.0, clock, duration=10, min_calls=2)
    fail(breaker)

    clock.now += 10
    fail(breaker)

    assert breaker.state is CLOSED
    assert breaker.stats().window_calls == 1


@pytest.mark.parametrize("start", [1000.0, 1003.7, 1009.999])
def test_06_a_sample_of_nine_tenths_of_the_window_is_in(start: float) -> None:
    """Buckets may forget a tenth of it too early, and no more than that."""
    clock = HandClock(start)
    breaker = ratio_of(1.0, clock, duration=10, min_calls=2)
    fail(breaker)

    clock.now += 8.999
    fail(breaker)

    assert breaker.state is OPEN


@pytest.mark.parametrize(
    "idle", [10.0, 10.5, 19.0, 20.0, 100.0, 163_820.0, 163_840.0, 1e7]
)
def test_06_idle_for_longer_than_the_window_it_is_empty(idle: float) -> None:
    """However long nobody called: no old bucket comes to life again."""
    clock = HandClock()
    breaker = ratio_of(0.5, clock, duration=10, min_calls=10)
    fail(breaker, 9)
    clock.now += idle

    fail(breaker, 9)

    assert breaker.state is CLOSED
    assert breaker.stats().window_failures == 9


def test_06_the_window_moves_on_with_every_sample() -> None:
    """Of samples a second apart there are never more than its ten seconds hold."""
    clock = HandClock()
    breaker = ratio_of(1.0, clock, duration=10, min_calls=11)
    for _ in range(100):
        fail(breaker)
        assert breaker.stats().window_failures <= 10
        clock.now += 1
    assert breaker.state is CLOSED


@pytest.mark.parametrize("calls", [10, 43, 44, 200])
def test_06_of_a_window_of_calls_the_oldest_goes_first(calls: int) -> None:
    """Nobody is remembered longer than the last so many calls."""
    breaker = ratio_of(1.0, calls=calls, min_calls=calls)
    succeed(breaker)
    fail(breaker, calls - 1)
    assert breaker.state is CLOSED
    fail(breaker)

    assert breaker.state is OPEN


# --------------------------------------------------------------- 7: the probes


@every_way
async def test_07_a_released_permit_is_usable_again(way: str) -> None:
    """A hundred times over, and every one of them."""
    breaker = await half_open(opens_at_once(max_probes=3))

    for _ in range(100):
        permits = [breaker.acquire() for _ in range(3)]
        assert breaker.try_acquire() is None
        for permit in permits:
            permit.release()

    assert breaker.stats().permits_out == 0
    await guarded(breaker, works, way)()
    await guarded(breaker, works, way)()
    assert breaker.state is CLOSED


@pytest.mark.parametrize("dropped", [False, True], ids=["released", "dropped"])
async def test_07_exactly_the_released_one_is_usable_again(*, dropped: bool) -> None:
    """One of three comes back, and one more is admitted."""
    breaker = await half_open(opens_at_once(max_probes=3))
    permits = [breaker.acquire() for _ in range(3)]

    permit = permits.pop()
    if not dropped:
        permit.release()
    del permit

    permits.append(breaker.acquire())
    assert breaker.try_acquire() is None
    assert breaker.stats().permits_out == 3


@every_way
async def test_07_the_count_of_probes_starts_anew_at_each_half_open(way: str) -> None:
    """Two of three successes were in another round."""
    breaker = await half_open(opens_at_once(success_threshold=3))
    working = guarded(breaker, works, way)
    for _ in range(3):
        await working()
        await working()
        with pytest.raises(InfraConnectionError):
            await guarded(breaker, fails, way)()
        await anyio.sleep(60)

    for _ in range(3):
        assert breaker.state is not CLOSED
        await working()
    assert breaker.state is CLOSED


def test_07_permits_of_one_round_do_not_fill_the_next() -> None:
    """All of them were out when one failed; the next round has as many again."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(max_probes=3, clock=clock), clock)
    old = [breaker.acquire() for _ in range(3)]
    old.pop().failure()
    clock.now += 60

    new = [breaker.acquire() for _ in range(3)]

    assert breaker.try_acquire() is None
    for permit in old:
        permit.success()
    assert breaker.try_acquire() is None
    assert breaker.state is HALF_OPEN
    assert breaker.stats().permits_out == len(new)


def test_07_a_round_that_a_lease_ended_starts_anew_too() -> None:
    """Its successes are forgotten with its permits."""
    clock = HandClock()
    breaker = opens_at_once(success_threshold=2, probe_lease=10, clock=clock)
    half_open_sync(breaker, clock)
    succeed(breaker)
    lost = breaker.acquire()
    clock.now += 10

    succeed(breaker)

    assert breaker.state is HALF_OPEN
    lost.success()
    assert breaker.state is HALF_OPEN
    succeed(breaker)
    assert breaker.state is CLOSED


@every_way
async def test_07_ignored_probes_do_not_eat_the_sample(way: str) -> None:
    """A hundred that say nothing, before and between those that say something."""
    breaker = await half_open(opens_at_once(success_threshold=2, max_probes=2))

    async def limited() -> None:
        raise InfraRateLimitedError("slow down")

    async def ignored() -> None:
        for _ in range(100):
            with pytest.raises(InfraRateLimitedError):
                await guarded(breaker, limited, way)()
        assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)

    await ignored()
    await guarded(breaker, works, way)()
    await ignored()
    await guarded(breaker, works, way)()
    assert breaker.state is CLOSED


@every_sync_way
def test_07_ignored_plain_probes_do_not_eat_the_sample(way: str) -> None:
    """The same without an event loop."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(clock=clock), clock)

    def limited() -> None:
        raise InfraRateLimitedError("slow down")

    for _ in range(2):
        for _ in range(100):
            with pytest.raises(InfraRateLimitedError):
                guarded_sync(breaker, limited, way)()
        assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
        guarded_sync(breaker, works_sync, way)()
    assert breaker.state is CLOSED


# ---------------------------------------------------- 8: two breakers, two errors


@every_way
@pytest.mark.parametrize("outside", ["keys", "values"])
async def test_08_only_the_breaker_that_handles_the_error_opens(
    outside: str, way: str
) -> None:
    """Whichever is outside; the other one is not even disturbed."""
    keys, values = opens_at_once(on=KeyError), opens_at_once(on=ValueError)
    outer, inner = (keys, values) if outside == "keys" else (values, keys)

    async def raises() -> None:
        raise KeyError

    call = guarded(outer, guarded(inner, raises, "decorated"), way)
    with pytest.raises(KeyError):
        await call()
    assert (keys.state, values.state) == (OPEN, CLOSED)

    for _ in range(3):
        with pytest.raises(CircuitOpenError):
            await call()
    assert (keys.state, values.state) == (OPEN, CLOSED)
    assert values.stats().window_failures == 0


@every_sync_way
@pytest.mark.parametrize("outside", ["keys", "values"])
def test_08_the_same_goes_for_plain_functions(outside: str, way: str) -> None:
    """In both orders."""
    keys, values = opens_at_once(on=KeyError), opens_at_once(on=ValueError)
    outer, inner = (keys, values) if outside == "keys" else (values, keys)

    def raises() -> None:
        raise KeyError

    call = guarded_sync(outer, guarded_sync(inner, raises, "decorated"), way)
    with pytest.raises(KeyError):
        call()
    with pytest.raises(CircuitOpenError):
        call()
    assert (keys.state, values.state) == (OPEN, CLOSED)


@pytest.mark.parametrize("decorated", [False, True], ids=["call", "decorated"])
@pytest.mark.parametrize("outside", ["keys", "values"])
async def test_08_and_for_a_pipeline_of_both(outside: str, *, decorated: bool) -> None:
    """Generated or not."""
    keys, values = opens_at_once(on=KeyError), opens_at_once(on=ValueError)
    both = Pipeline(*((keys, values) if outside == "keys" else (values, keys)))

    async def raises() -> None:
        raise KeyError

    call = both(raises) if decorated else functools.partial(both.call, raises)
    with pytest.raises(KeyError):
        await call()
    with pytest.raises(CircuitOpenError):
        await call()
    assert (keys.state, values.state) == (OPEN, CLOSED)


# --------------------------------------------------- 9: two probes that disagree


@every_way
@pytest.mark.parametrize("first", ["success", "failure"])
async def test_09_a_failing_probe_and_a_succeeding_one_make_one_transition(
    first: Ending, way: str
) -> None:
    """Whoever comes first decides, the other is late."""
    breaker = opens_at_once(max_probes=2, success_threshold=1)
    await half_open(breaker)
    succeeding, failing = Held(breaker, way), Held(breaker, way)
    events = record(breaker)

    async with anyio.create_task_group() as group:
        await group.start(succeeding.run)
        await group.start(failing.run)
        if first == "success":
            await succeeding.end("success")
            await failing.end("failure")
        else:
            await failing.end("failure")
            await succeeding.end("success")

    expected = CircuitClosed if first == "success" else CircuitOpened
    assert [type(event) for event in events] == [expected]
    assert breaker.state is (CLOSED if first == "success" else OPEN)


@every_sync_way
def test_09_racing_in_two_threads_they_make_one_transition(way: str) -> None:
    """Both meet inside and go at once; the state is what the event said."""
    clock = HandClock()
    breaker = opens_at_once(max_probes=2, success_threshold=1, clock=clock)
    for _ in range(10 * ROUNDS):
        half_open_sync(breaker, clock)
        events = record(breaker)
        meeting = threading.Barrier(2)

        def probes(breaker: CircuitBreaker, meeting: threading.Barrier) -> None:
            def inside() -> None:
                if meeting.wait(30):
                    raise InfraConnectionError("down")

            with contextlib.suppress(InfraConnectionError):
                guarded_sync(breaker, inside, way)()

        together(2, probes, breaker, meeting)
        assert len(events) == 1
        state = CLOSED if isinstance(events[0], CircuitClosed) else OPEN
        assert breaker.state is state
        assert breaker.stats().generation == events[0].generation
        breaker.reset()


# ------------------------------------------------------------ 10: a retry outside


@pytest.mark.parametrize("decorated", [False, True], ids=["call", "decorated"])
async def test_10_a_retry_outside_makes_three_calls_and_is_rejected_once(
    *, decorated: bool
) -> None:
    """Seven attempts were allowed; the fourth is rejected and ends them."""
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError(f"down {calls}")

    breaker = CircuitBreaker("db", trip=Consecutive(3))
    guard = Pipeline(Retry(max_attempts=7, backoff=Constant(1)), breaker)
    call = guard(counted) if decorated else functools.partial(guard.call, counted)
    began = anyio.current_time()

    with pytest.raises(InfraConnectionError, match="down 3") as caught:
        await call()

    assert calls == 3
    assert breaker.stats().rejected == 1
    assert anyio.current_time() - began == 3  # not a second longer
    assert "circuit open" in caught.value.__notes__[0]


@pytest.mark.parametrize("decorated", [False, True], ids=["call_sync", "decorated"])
def test_10_a_retry_of_a_plain_function_does_the_same(*, decorated: bool) -> None:
    """By a clock that does not really sleep."""

    class Sleeping(HandClock):
        def sleep(self, duration: float, /) -> None:
            self.now += duration

    calls, clock = 0, Sleeping()

    def counted() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    breaker = CircuitBreaker("db", trip=Consecutive(3), clock=clock)
    retry = Retry(max_attempts=7, backoff=Constant(1), clock=clock)
    guard = Pipeline(retry, breaker)
    call = guard(counted) if decorated else functools.partial(guard.call_sync, counted)

    with pytest.raises(InfraConnectionError):
        call()

    assert (calls, breaker.stats().rejected, clock.now) == (3, 1, 1003)


async def test_10_a_second_series_is_rejected_at_its_first_attempt() -> None:
    """While the circuit is open nobody repeats anything."""
    breaker = CircuitBreaker("db", trip=Consecutive(3))
    guard = Pipeline(Retry(max_attempts=7, backoff=Constant(1)), breaker)
    with pytest.raises(InfraConnectionError):
        await guard.call(fails)
    began = anyio.current_time()

    with pytest.raises(CircuitOpenError):
        await guard.call(fails)

    assert anyio.current_time() == began
    assert breaker.stats().rejected == 2


# ---------------------------------------- 13: what is no failure stays what it is


STATES = (CLOSED, HALF_OPEN, DISABLED)


class Stop(BaseException):
    """Something that ends a call and is no error."""


@every_way
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, Stop])
async def test_13_an_exit_propagates_as_itself(
    kind: type[BaseException], state: CircuitState, way: str
) -> None:
    """The very object, with nothing chained to it, and no verdict."""
    breaker = in_state(state)
    before = breaker.stats()
    error = kind("out")

    async def exits() -> None:
        raise error

    with pytest.raises(kind) as caught:
        await guarded(breaker, exits, way)()

    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    after = breaker.stats()
    assert (after.state, after.generation) == (before.state, before.generation)
    assert (after.window_failures, after.permits_out) == (0, 0)


@every_sync_way
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, Stop])
def test_13_an_exit_of_a_plain_function_propagates_as_itself(
    kind: type[BaseException], state: CircuitState, way: str
) -> None:
    """Ctrl-C is Ctrl-C."""
    breaker = in_state(state)
    error = kind("out")

    def exits() -> None:
        raise error

    with pytest.raises(kind) as caught:
        guarded_sync(breaker, exits, way)()

    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    assert breaker.state is state


class Witness:
    """A call that hangs, and keeps the cancellation that ended it."""

    def __init__(self) -> None:
        self.seen: BaseException | None = None

    async def __call__(self) -> None:
        """Hang."""
        try:
            await anyio.sleep_forever()
        except BaseException as error:
            self.seen = error
            raise


@every_way
@pytest.mark.parametrize("state", STATES)
async def test_13_a_scopes_cancellation_propagates_as_itself(
    state: CircuitState, way: str
) -> None:
    """The same object that the function saw leaves the breaker, and ends the scope."""
    breaker, witness = in_state(state), Witness()
    outside: BaseException | None = None

    with anyio.move_on_after(1) as scope:
        try:
            await guarded(breaker, witness, way)()
        except anyio.get_cancelled_exc_class() as error:
            outside = error
            raise

    assert scope.cancelled_caught
    assert outside is witness.seen is not None
    assert (breaker.state, breaker.stats().permits_out) == (state, 0)


@every_way
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_13_a_native_cancellation_propagates_as_itself(
    state: CircuitState, way: str
) -> None:
    """With its message; and the task counts as cancelled."""
    breaker, witness = in_state(state), Witness()
    outside: BaseException | None = None

    async def runs() -> None:
        nonlocal outside
        try:
            await guarded(breaker, witness, way)()
        except BaseException as error:
            outside = error
            raise

    task = asyncio.ensure_future(runs())
    await asyncio.sleep(1)
    task.cancel("by hand")
    with pytest.raises(asyncio.CancelledError):
        await task

    assert task.cancelled()
    assert outside is witness.seen is not None
    assert outside.args == ("by hand",)
    assert (breaker.state, breaker.stats().permits_out) == (state, 0)


@every_way
@pytest.mark.parametrize("state", STATES)
async def test_13_time_outs_around_it_go_on_working(
    state: CircuitState, way: str
) -> None:
    """A peer replaces the cancellation, and then no deadline can end a call."""
    breaker, witness = in_state(state), Witness()
    began = anyio.current_time()

    with pytest.raises(TimeoutError), anyio.fail_after(5):
        await guarded(breaker, witness, way)()

    assert anyio.current_time() - began == 5
    assert (breaker.state, breaker.stats().permits_out) == (state, 0)


@every_way
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_13_native_time_outs_around_it_go_on_working(
    state: CircuitState, way: str
) -> None:
    """Both of asyncio's, and both leave the task uncancelled."""
    breaker, witness = in_state(state), Witness()
    call = guarded(breaker, witness, way)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await call()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(), 5)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert (breaker.state, breaker.stats().permits_out) == (state, 0)


@every_way
async def test_13_a_task_group_around_it_is_cancelled_as_ever(way: str) -> None:
    """One child fails, the other one's guarded call is ended, one error comes out."""
    breaker, witness = in_state(CLOSED), Witness()

    async def fails_later() -> None:
        await anyio.sleep(1)
        raise ValueError("mine")

    with pytest.raises(ExceptionGroup) as caught:
        async with anyio.create_task_group() as group:
            group.start_soon(guarded(breaker, witness, way))
            group.start_soon(fails_later)

    assert [type(error) for error in caught.value.exceptions] == [ValueError]
    assert isinstance(witness.seen, anyio.get_cancelled_exc_class())
    assert breaker.stats().window_failures == 0


# ----------------------------------------------- 14: longer than the window, 99 of 200


@every_sync_way
def test_14_a_failing_call_longer_than_the_window_is_in_it_when_it_ends(
    way: str,
) -> None:
    """In turn, 15 s in a window of 10: each is alone there, and one is enough."""
    clock = HandClock()
    breaker = ratio_of(0.5, clock, duration=10, min_calls=1)

    def long() -> None:
        clock.now += 15
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        guarded_sync(breaker, long, way)()

    assert breaker.state is OPEN


@every_sync_way
def test_14_two_hundred_in_turn_are_one_call_each_to_their_window(way: str) -> None:
    """Where two are asked for, a client that makes one call in 15 s opens nothing."""
    clock = HandClock()
    breaker = ratio_of(0.5, clock, duration=10, min_calls=2)

    def long() -> None:
        clock.now += 15
        raise InfraConnectionError("down")

    call = guarded_sync(breaker, long, way)
    for _ in range(200):
        with pytest.raises(InfraConnectionError):
            call()
        assert breaker.stats().window_calls == 1

    assert breaker.state is CLOSED


@every_way
async def test_14_two_hundred_that_overlap_open_it_at_the_tenth(way: str) -> None:
    """Each begins 0.9 s after the one before, and lasts three windows."""
    trip = FailureRatio(0.5, duration=10, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip)
    ended = opened_at = rejected = 0

    async def long() -> None:
        nonlocal ended
        await anyio.sleep(30)
        ended += 1
        raise InfraConnectionError("down")

    call = guarded(breaker, long, way)

    def opened(_: CircuitEvent) -> None:
        nonlocal opened_at
        opened_at = ended

    async def client() -> None:
        nonlocal rejected
        try:
            await call()
        except InfraConnectionError:
            pass
        except CircuitOpenError:
            rejected += 1

    unsubscribe = breaker.subscribe(opened)
    async with anyio.create_task_group() as group:
        for _ in range(200):
            group.start_soon(client)
            await anyio.sleep(0.9)
            if opened_at:
                unsubscribe()

    assert opened_at == 10
    assert ended + rejected == 200
    assert rejected > 50


@pytest.mark.parametrize("ratio", [0.5, 0.496, 0.4951])
def test_14_99_of_200_leave_it_closed_however_close_the_ratio(ratio: float) -> None:
    """Rounded to two decimals all of these would be 0.5."""
    for shape in ({"calls": 200}, {"duration": 60.0}):
        breaker = ratio_of(ratio, **shape, min_calls=200)
        succeed(breaker, 101)
        fail(breaker, 99)
        assert breaker.state is CLOSED
        assert breaker.stats().window_calls == 200


# ------------------------------------------------- 15: what does not count at all


def full() -> Exception:
    """Say that our own queue is."""
    return asyncio.QueueFull()


SHAPES: dict[str, dict[str, Any]] = {
    "one word": {"calls": 20},
    "ring": {"calls": 100},
    "time": {"duration": 60.0},
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


@every_way
@every_shape
async def test_15_our_own_rejections_neither_raise_nor_lower_a_rate(
    shape: str, way: str
) -> None:
    """A thousand of them among four failures and six successes: no trace."""
    trip = FailureRatio(0.5, **SHAPES[shape], min_calls=10)
    breaker = CircuitBreaker("db", trip=trip)

    async def saturated() -> None:
        raise full()

    async def many() -> None:
        call = guarded(breaker, saturated, way)
        for _ in range(500):
            with pytest.raises(asyncio.QueueFull):
                await call()

    await many()
    succeed(breaker, 5)
    fail(breaker, 4)
    await many()
    stats = breaker.stats()
    assert (stats.window_failures, stats.window_calls) == (4, 9)
    assert breaker.state is CLOSED

    fail(breaker)  # five of ten
    assert breaker.state is OPEN


@every_sync_way
@every_shape
def test_15_those_of_plain_functions_do_not_either(shape: str, way: str) -> None:
    """The same without an event loop."""
    breaker = ratio_of(0.5, **SHAPES[shape], min_calls=10)

    def saturated() -> None:
        raise full()

    succeed(breaker, 5)
    fail(breaker, 4)
    for _ in range(500):
        with pytest.raises(asyncio.QueueFull):
            guarded_sync(breaker, saturated, way)()
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN


@every_way
@every_shape
@pytest.mark.parametrize("slow_after", [None, 60.0], ids=["", "timed"])
async def test_15_calls_in_flight_do_not_dilute_a_rate(
    slow_after: float | None, shape: str, way: str
) -> None:
    """A hundred that are not done yet say nothing: ten of ten failed."""
    trip = FailureRatio(1.0, **SHAPES[shape], min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, slow_after=slow_after)
    hanging = guarded(breaker, anyio.sleep_forever, way)

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(hanging)
        await anyio.sleep(1)
        fail(breaker, 9)
        assert breaker.state is CLOSED
        assert breaker.stats().window_calls == 9
        fail(breaker)
        assert breaker.state is OPEN
        group.cancel_scope.cancel()


@every_shape
def test_15_permits_in_flight_do_not_dilute_a_rate(shape: str) -> None:
    """Nor do those that nobody has finished by hand."""
    breaker = ratio_of(1.0, **SHAPES[shape], min_calls=10)
    permits = [breaker.acquire() for _ in range(1000)]
    fail(breaker, 10)

    assert breaker.state is OPEN
    assert len(permits) == 1000


# --------------------------------------- 16: reconfigured it stays; isolation nests


@every_shape
async def test_16_reconfigured_the_state_and_the_window_stay(shape: str) -> None:
    """Through a whole life, changed at each step."""
    trip = FailureRatio(0.9, **SHAPES[shape], min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, success_threshold=3)
    succeed(breaker, 5)
    fail(breaker, 4)
    breaker.reconfigure(trip=FailureRatio(0.5, **SHAPES[shape], min_calls=5))
    assert breaker.state is CLOSED
    assert breaker.stats().window_calls == 9
    fail(breaker)
    assert breaker.state is OPEN

    await anyio.sleep(30)
    breaker.reconfigure(break_duration=1.0, max_probes=2)
    assert breaker.stats().half_open_in == 30
    await anyio.sleep(30)
    succeed(breaker)
    breaker.reconfigure(success_threshold=2)
    assert breaker.state is HALF_OPEN
    succeed(breaker)
    assert breaker.state is CLOSED


@every_way
async def test_16_isolation_nests(way: str) -> None:
    """Three in three blocks: it is held until the outermost ends."""
    breaker = CircuitBreaker("db")
    events = record(breaker)

    async def rejected() -> None:
        with pytest.raises(CircuitOpenError):
            await guarded(breaker, works, way)()

    with breaker.isolate():
        await rejected()
        with breaker.isolate(), breaker.isolate():
            await rejected()
        await rejected()

    assert await guarded(breaker, works, way)() == "ok"
    assert [type(event) for event in events] == [CircuitIsolated, CircuitClosed]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)], ids=str)
def test_16_holds_may_be_released_in_any_order(order: tuple[int, ...]) -> None:
    """Each once, however often it is said: the last one closes it."""
    breaker = CircuitBreaker("db")
    holds = [breaker.isolate() for _ in range(3)]

    for number in order:
        assert breaker.state is ISOLATED
        for _ in range(3):
            holds[number].release()

    assert breaker.state is CLOSED


def test_16_holds_of_many_threads_nest() -> None:
    """Whoever comes and goes, while one holds it nobody passes."""
    breaker = CircuitBreaker("db")
    outer = breaker.isolate()

    def holds() -> None:
        for _ in range(200):
            with breaker.isolate():
                assert breaker.state is ISOLATED
            assert breaker.try_acquire() is None

    together(8, holds)
    assert breaker.state is ISOLATED
    outer.release()
    assert breaker.state is CLOSED


@contextlib.contextmanager
def interrupted() -> Iterator[None]:
    """Take the Ctrl-C that comes out of the block."""
    with pytest.raises(KeyboardInterrupt):
        yield


def test_16_a_hold_ends_with_its_block_however_that_ends() -> None:
    """Also by Ctrl-C, inside another one."""
    breaker = CircuitBreaker("db")

    with breaker.isolate():
        with interrupted(), breaker.isolate():
            raise KeyboardInterrupt
        assert breaker.state is ISOLATED
    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "verdict",
    [Permit.success, Permit.failure, Permit.release],
    ids=lambda f: f.__name__,
)
def test_16_what_was_under_way_does_not_end_an_isolation(
    verdict: Callable[[Permit], None],
) -> None:
    """Neither a probe nor an ordinary call of before."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(success_threshold=1, clock=clock), clock)
    probe = breaker.acquire()
    with breaker.isolate(), breaker.isolate():
        verdict(probe)
        assert breaker.state is ISOLATED
    assert breaker.state is CLOSED
