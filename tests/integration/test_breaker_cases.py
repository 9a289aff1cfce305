"""Twelve cases, a to l, that every well-known breaker has got wrong somewhere.

Each part of a case is a test of its own; on both backends, in virtual time, and for
plain functions by a clock that goes by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
import valkey
from anyio.abc import TaskGroup

from circuits import (
    CLOSED,
    DISABLED,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    ROUNDS,
    Ending,
    HandClock,
    Held,
    HeldInThread,
    every_ending,
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
    Category,
    CircuitBreaker,
    CircuitClosed,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    FailureRatio,
    InfraConnectionError,
    Permit,
)
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio

HOUR = 3600.0


# ------------------------------------------------------- a: what comes late


@every_way
@every_ending
async def test_case_a_what_was_admitted_while_closed_changes_nothing_in_half_open(
    ending: Ending, way: str
) -> None:
    """It says how the dependency was, not how it is; and it never held a permit."""
    breaker = opens_at_once(max_probes=3)
    # More than the 31 that the count of permits could hold.
    old = [Held(breaker, way) for _ in range(40)]
    probe = Held(breaker, way)

    async with anyio.create_task_group() as group:
        for call in old:
            await group.start(call.run)
        await half_open(breaker)
        await group.start(probe.run)
        events, before = record(breaker), standing(breaker)
        assert (breaker.state, before["permits_out"]) == (HALF_OPEN, 1)

        for call in old:
            await call.end(ending)
            assert standing(breaker) == before
        await probe.end("success")

    assert events == []
    assert breaker.state is HALF_OPEN  # two successes close it; this was the first
    await breaker.call(works)
    assert breaker.state is CLOSED


@every_way
async def test_case_a_late_results_of_each_kind_leave_a_full_round_full(
    way: str,
) -> None:
    """With every permit out nobody else is admitted, whatever comes back late."""
    breaker = opens_at_once(max_probes=2, success_threshold=1)
    old = {ending: Held(breaker, way) for ending in ("success", "failure")}
    cancelled = Held(breaker, way)
    probes = [Held(breaker, way) for _ in range(2)]

    async with anyio.create_task_group() as group:
        for call in (*old.values(), cancelled):
            await group.start(call.run)
        await half_open(breaker)
        for call in probes:
            await group.start(call.run)

        await cancelled.end("cancellation")
        await old["success"].end("success")
        await old["failure"].end("failure")

        with pytest.raises(CircuitOpenError):
            await guarded(breaker, works, way)()
        assert breaker.stats().permits_out == 2
        for call in probes:
            await call.end("cancellation")
    assert breaker.stats().permits_out == 0


@every_sync_way
@every_ending
def test_case_a_late_results_of_plain_functions_change_nothing_in_half_open(
    ending: Ending, way: str
) -> None:
    """From the threads in which they were admitted."""
    clock = HandClock()
    breaker = opens_at_once(max_probes=2, clock=clock)
    old = [HeldInThread(breaker, way) for _ in range(3)]
    half_open_sync(breaker, clock)
    probe = HeldInThread(breaker, way)
    events, before = record(breaker), standing(breaker)
    assert before["permits_out"] == 1

    for call in old:
        call.end(ending)
        assert standing(breaker) == before

    probe.end("success")
    assert events == []
    assert breaker.state is HALF_OPEN
    breaker.call_sync(works_sync)
    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "verdict",
    [Permit.success, Permit.failure, Permit.release],
    ids=lambda f: f.__name__,
)
def test_case_a_permits_of_the_closed_era_change_nothing_in_half_open(
    verdict: Callable[[Permit], None],
) -> None:
    """Permits that were taken without a block remember their era, too."""
    clock = HandClock()
    breaker = opens_at_once(clock=clock)
    old = [breaker.acquire() for _ in range(40)]
    half_open_sync(breaker, clock)
    probe = breaker.acquire()
    before = standing(breaker)

    for permit in old:
        verdict(permit)

    assert standing(breaker) == before
    assert breaker.try_acquire() is None
    probe.success()
    assert breaker.state is HALF_OPEN


def test_case_a_dropped_permits_of_the_closed_era_give_nothing_back() -> None:
    """Being collected is a release as well, and as late as any."""
    clock = HandClock()
    breaker = opens_at_once(clock=clock)
    old = [breaker.acquire() for _ in range(40)]
    half_open_sync(breaker, clock)
    probe = breaker.acquire()

    old.clear()

    assert breaker.stats().permits_out == 1
    assert breaker.try_acquire() is None
    probe.release()


# ------------------------------------------------ b: a probe without a verdict


class Stop(BaseException):
    """Something that ends a call and is no error."""


@every_way
async def test_case_b_a_cancelled_probe_gives_its_permit_back(way: str) -> None:
    """By a scope, at once: the next call is a probe again."""
    breaker = await half_open(opens_at_once(success_threshold=1))

    for _ in range(40):
        with anyio.move_on_after(1) as scope:
            await guarded(breaker, anyio.sleep_forever, way)()
        assert scope.cancelled_caught
        assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)

    assert await guarded(breaker, works, way)() == "ok"
    assert breaker.state is CLOSED


@every_way
async def test_case_b_a_probe_cancelled_at_any_await_in_any_way_gives_it_back(
    way: str,
) -> None:
    """Natively, by scope, by a time-out, by two at once."""
    breaker = await half_open(opens_at_once(success_threshold=31))

    async def probe() -> None:
        await anyio.sleep(1)
        await anyio.sleep(1)

    call = guarded(breaker, probe, way)
    generation = breaker.stats().generation

    async def scenario() -> None:
        await call()

    async for point in cancel_everywhere(scenario):
        stats = breaker.stats()
        assert (stats.state, stats.permits_out) == (HALF_OPEN, 0), point
        assert stats.generation == generation, point


@every_way
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), Stop()], ids=repr
)
async def test_case_b_a_probe_ended_by_a_base_exception_gives_its_permit_back(
    error: BaseException, way: str
) -> None:
    """An exit is no verdict on the database, and holds up no recovery."""
    breaker = await half_open(opens_at_once(success_threshold=1))

    async def exits() -> None:
        raise error

    call = guarded(breaker, exits, way)
    with pytest.raises(type(error)) as kept:
        await call()

    assert kept.value is error  # nothing is collected: it holds every frame
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
    assert await guarded(breaker, works, way)() == "ok"
    assert breaker.state is CLOSED


@every_sync_way
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), Stop()], ids=repr
)
def test_case_b_a_plain_probe_ended_by_a_base_exception_gives_its_permit_back(
    error: BaseException, way: str
) -> None:
    """Ctrl-C in a plain function."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(success_threshold=1, clock=clock), clock)

    def exits() -> None:
        raise error

    call = guarded_sync(breaker, exits, way)
    with pytest.raises(type(error)) as kept:
        call()

    assert kept.value is error
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
    guarded_sync(breaker, works_sync, way)()
    assert breaker.state is CLOSED


@every_way
async def test_case_b_a_probe_ended_by_a_group_with_a_base_exception_gives_it_back(
    way: str,
) -> None:
    """One leaf that is no error makes the whole of it none."""
    breaker = await half_open(opens_at_once())
    group = BaseExceptionGroup("two", [InfraConnectionError("down"), Stop()])

    async def raises() -> None:
        raise group

    with pytest.raises(BaseExceptionGroup) as kept:
        await guarded(breaker, raises, way)()

    assert kept.value is group
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)


def raising(error: BaseException) -> Callable[[Any], bool]:
    """Return a predicate with a bug."""

    def predicate(_: Any) -> bool:
        raise error

    return predicate


@every_way
@pytest.mark.parametrize("bug", [RuntimeError("bug"), Stop()], ids=["error", "exit"])
async def test_case_b_a_probe_whose_predicate_raises_gives_its_permit_back(
    bug: BaseException, way: str
) -> None:
    """Its error reaches the caller, with the call's own error behind it."""
    breaker = opens_at_once(on=raising(bug))
    breaker.acquire().failure()
    await half_open(breaker)
    own = KeyError("own")

    async def confuses() -> None:
        raise own

    with pytest.raises(type(bug)) as kept:
        await guarded(breaker, confuses, way)()

    assert kept.value is bug
    assert bug.__context__ is own
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
    assert await guarded(breaker, works, way)() == "ok"


@every_sync_way
@pytest.mark.parametrize("bug", [RuntimeError("bug"), Stop()], ids=["error", "exit"])
def test_case_b_a_plain_probe_whose_predicate_raises_gives_its_permit_back(
    bug: BaseException, way: str
) -> None:
    """The same without an event loop."""
    clock = HandClock()
    breaker = half_open_sync(opens_at_once(on=raising(bug), clock=clock), clock)

    with pytest.raises(type(bug)) as kept:
        guarded_sync(breaker, fails_sync, way)()

    assert kept.value is bug
    assert isinstance(bug.__context__, InfraConnectionError)
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)


@pytest.mark.parametrize("way", ["call", "decorated"])
@pytest.mark.parametrize("bug", [RuntimeError("bug"), Stop()], ids=["error", "exit"])
async def test_case_b_a_probe_whose_result_predicate_raises_gives_its_permit_back(
    bug: BaseException, way: str
) -> None:
    """What looks at the returned value can have a bug as well."""
    breaker = await half_open(opens_at_once(on_result=raising(bug)))

    with pytest.raises(type(bug)) as kept:
        await guarded(breaker, works, way)()

    assert kept.value is bug
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
    assert breaker.try_acquire() is not None


@pytest.mark.parametrize("way", ["call_sync", "decorated"])
@pytest.mark.parametrize("bug", [RuntimeError("bug"), Stop()], ids=["error", "exit"])
def test_case_b_a_plain_probe_whose_result_predicate_raises_gives_its_permit_back(
    bug: BaseException, way: str
) -> None:
    """The same without an event loop."""
    clock = HandClock()
    breaker = opens_at_once(on_result=raising(bug), clock=clock)
    half_open_sync(breaker, clock)

    with pytest.raises(type(bug)) as kept:
        guarded_sync(breaker, works_sync, way)()

    assert kept.value is bug
    assert (breaker.state, breaker.stats().permits_out) == (HALF_OPEN, 0)
    assert breaker.try_acquire() is not None


# ------------------------------------------------- c: a probe that never returns


@every_way
@pytest.mark.parametrize("probes", [1, 3, 31])
async def test_case_c_probes_that_never_return_lose_their_lease(
    probes: int, way: str
) -> None:
    """Every permit is out and none comes back: half-open can never be stuck."""
    breaker = opens_at_once(
        max_probes=probes, probe_lease=10, success_threshold=1, break_duration=60
    )
    await half_open(breaker)
    lost = [Held(breaker, way) for _ in range(probes)]

    async with anyio.create_task_group() as group:
        for call in lost:
            await group.start(call.run)
        assert breaker.stats().permits_out == probes
        await anyio.sleep(9.5)
        with pytest.raises(CircuitOpenError):
            await guarded(breaker, works, way)()

        await anyio.sleep(0.5)
        assert await guarded(breaker, works, way)() == "ok"
        assert breaker.state is CLOSED
        closed = standing(breaker)
        for call in lost:
            await call.end("failure")
        assert standing(breaker) == closed


async def test_case_c_by_default_a_lease_is_half_a_minute_or_the_break() -> None:
    """Nobody has to know of leases to be safe from a probe that hangs."""
    for pause, lease in ((5.0, 30.0), (60.0, 60.0)):
        breaker = opens_at_once(break_duration=pause, success_threshold=1)
        await half_open(breaker)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(breaker.call, anyio.sleep_forever)
                await anyio.sleep(lease - 1)
                assert breaker.try_acquire() is None
                await anyio.sleep(1)
                assert await breaker.call(works) == "ok"
                assert breaker.state is CLOSED
                scope.cancel()


async def test_case_c_however_many_probes_hang_the_next_one_is_admitted() -> None:
    """Each in its turn; the leases grow, and all of them end."""
    breaker = opens_at_once(probe_lease=10, success_threshold=1)
    await half_open(breaker)
    began: list[float] = []

    async def hangs() -> None:
        began.append(anyio.current_time())
        await anyio.sleep_forever()

    async def asks() -> None:
        with contextlib.suppress(CircuitOpenError):
            await breaker.call(hangs)

    async with anyio.create_task_group() as group:
        while len(began) < 6:
            group.start_soon(asks)
            await anyio.sleep(1)
        group.cancel_scope.cancel()

    pauses = [later - one for one, later in itertools.pairwise(began)]
    assert pauses == [10, 20, 40, 80, 160]


async def test_case_c_a_slow_but_healthy_dependency_still_closes_it() -> None:
    """A lease that is too short for an honest call grows until it is not."""
    breaker = opens_at_once(probe_lease=30, success_threshold=2)
    await half_open(breaker)
    opened = anyio.current_time()

    async def client() -> None:
        with contextlib.suppress(CircuitOpenError):
            await breaker.call(anyio.sleep, 45)

    async with anyio.create_task_group() as group:
        while breaker.state is HALF_OPEN:
            assert anyio.current_time() - opened < HOUR, "never closed"
            group.start_soon(client)
            await anyio.sleep(1)
        group.cancel_scope.cancel()


def test_case_c_a_lost_permit_and_its_late_verdict_harm_nobody() -> None:
    """What the reclaimed probe says at last is late, whatever it says."""
    clock = HandClock()
    for verdict in (Permit.success, Permit.failure, Permit.release):
        breaker = opens_at_once(probe_lease=10, clock=clock)
        half_open_sync(breaker, clock)
        lost = breaker.acquire()
        clock.now += 10
        probe = breaker.acquire()
        before = standing(breaker)

        verdict(lost)

        assert standing(breaker) == before
        assert breaker.try_acquire() is None
        probe.success()
        assert breaker.state is HALF_OPEN


# ---------------------------------------------------------- d: calls that hang


def hanging_counts(**options: Any) -> CircuitBreaker:
    """Open when half of the calls are slower than 4 s or fail."""
    trip = FailureRatio(0.5, calls=32, min_calls=10)
    return CircuitBreaker("db", **{"trip": trip, "slow_after": 4.0} | options)


@every_way
async def test_case_d_a_thousand_hanging_calls_open_the_circuit(way: str) -> None:
    """Although nothing ever returns: the next call looks at those in flight."""
    breaker = hanging_counts()
    events = record(breaker)
    hanging = guarded(breaker, anyio.sleep_forever, way)

    async with anyio.create_task_group() as group:
        for _ in range(1000):
            group.start_soon(hanging)
        await anyio.sleep(4)
        assert await guarded(breaker, works, way)() == "ok"

        await anyio.sleep(2)
        with pytest.raises(CircuitOpenError) as caught:
            await guarded(breaker, works, way)()
        assert (caught.value.state, caught.value.retry_after) == (OPEN, 60)
        assert caught.value.opened_by == "hanging calls"  # no error did
        group.cancel_scope.cancel()

    assert [type(event) for event in events] == [CircuitOpened]
    assert breaker.state is OPEN


@every_way
async def test_case_d_of_a_thousand_that_come_one_by_one_most_never_hang(
    way: str,
) -> None:
    """The circuit opens while they come, soon after the first are too old."""
    breaker = hanging_counts(trip=FailureRatio(0.5, duration=60, min_calls=10))
    started = rejected = 0

    async def hangs() -> None:
        nonlocal started
        started += 1
        await anyio.sleep_forever()

    hanging = guarded(breaker, hangs, way)

    async def client() -> None:
        nonlocal rejected
        try:
            await hanging()
        except CircuitOpenError:
            rejected += 1

    async with anyio.create_task_group() as group:
        for _ in range(1000):
            group.start_soon(client)
            await anyio.sleep(0.05)
        assert breaker.state is OPEN
        # 80 in the first 4 s; the tenth of them is older than that before 6 s are over.
        assert 80 < started < 130
        assert started + rejected == 1000
        group.cancel_scope.cancel()


async def test_case_d_calls_that_hang_no_more_do_not_open_it() -> None:
    """Cancelled, returned or failed: what is over is not in flight."""
    breaker = hanging_counts(trip=FailureRatio(1.0, calls=200, min_calls=10))
    held = [Held(breaker, "call") for _ in range(90)]
    endings: tuple[Ending, ...] = ("success", "failure", "cancellation")

    async with anyio.create_task_group() as group:
        for call in held:
            await group.start(call.run)
        await anyio.sleep(3)
        for number, call in enumerate(held):
            await call.end(endings[number % 3])
        await anyio.sleep(100)
        assert await breaker.call(works) == "ok"
    assert breaker.state is CLOSED


async def test_case_d_five_long_streams_do_not_open_it() -> None:
    """They are fewer than `min_calls`, however old they are and however often asked."""
    breaker = hanging_counts()

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(breaker.call, anyio.sleep_forever)
        for _ in range(100):
            await anyio.sleep(HOUR)
            breaker.acquire().release()
        group.cancel_scope.cancel()
    assert breaker.state is CLOSED


@pytest.mark.parametrize(("healthy", "state"), [(6, CLOSED), (5, OPEN)])
def test_case_d_hanging_calls_are_part_of_the_rate(
    healthy: int, state: CircuitState
) -> None:
    """Five of eleven are less than half; five of ten are half, and `min_calls`."""
    clock = HandClock()
    breaker = hanging_counts(clock=clock)
    streams = [breaker.acquire() for _ in range(5)]
    succeed(breaker, healthy)
    clock.now += 6

    admitted = breaker.try_acquire()

    assert breaker.state is state
    assert (admitted is not None) == (state is CLOSED)
    assert len(streams) == 5


async def test_case_d_five_long_streams_among_a_hundred_calls_do_not_open_it() -> None:
    """They are a share like any other."""
    breaker = hanging_counts()
    for _ in range(100):
        await breaker.call(works)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(breaker.call, anyio.sleep_forever)
        for _ in range(100):
            await anyio.sleep(10)
            assert await breaker.call(works) == "ok"
        group.cancel_scope.cancel()
    assert breaker.state is CLOSED


@every_way
async def test_case_d_what_hangs_from_before_a_reset_does_not_open_it_again(
    way: str,
) -> None:
    """Only calls of the current generation count."""
    breaker = hanging_counts()
    hanging = guarded(breaker, anyio.sleep_forever, way)

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(hanging)
        await anyio.sleep(3)
        breaker.reset()
        for _ in range(20):
            await anyio.sleep(1)
            assert await guarded(breaker, works, way)() == "ok"
        group.cancel_scope.cancel()
    assert breaker.state is CLOSED


def test_case_d_permits_that_hang_open_it_too() -> None:
    """Two-step code shows no call to look at, and is counted all the same."""
    clock = HandClock()
    breaker = hanging_counts(clock=clock)
    events = record(breaker)
    permits = [breaker.acquire() for _ in range(1000)]
    clock.now += 4
    permits.append(breaker.acquire())
    clock.now += 2

    assert breaker.try_acquire() is None

    assert breaker.state is OPEN
    opened = standing(breaker)
    for permit in permits:
        permit.success()
    assert standing(breaker) == opened
    assert [type(event) for event in events] == [CircuitOpened]


def test_case_d_plain_functions_that_hang_in_threads_open_it_too() -> None:
    """The thread that asks next finds out."""
    clock = HandClock()
    trip = FailureRatio(0.5, calls=32, min_calls=4)
    breaker = hanging_counts(trip=trip, clock=clock)
    hanging = [HeldInThread(breaker, "call_sync") for _ in range(4)]
    clock.now += 6

    with pytest.raises(CircuitOpenError):
        breaker.call_sync(works_sync)
    assert breaker.state is OPEN
    for call in hanging:
        call.end("success")


# ---------------------------------------------------------- e: the wall clock


class WallClock:
    """The machine's wall clock, set by somebody else."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.step = 0.0
        wall, wall_ns, gettime = time.time, time.time_ns, time.clock_gettime
        gettime_ns = time.clock_gettime_ns

        def seconds(clock: int) -> float:
            return self.step if clock == time.CLOCK_REALTIME else 0.0

        patch.setattr(time, "time", lambda: wall() + self.step)
        patch.setattr(time, "time_ns", lambda: wall_ns() + int(self.step * 1e9))
        patch.setattr(time, "clock_gettime", lambda c: gettime(c) + seconds(c))
        patch.setattr(
            time, "clock_gettime_ns", lambda c: gettime_ns(c) + int(seconds(c) * 1e9)
        )

    @contextlib.contextmanager
    def set_by(self, step: float) -> Iterator[None]:
        """Have it wrong for a while."""
        self.step = step
        before = time.time() - step
        try:
            assert abs(time.time() - step - before) < HOUR / 2
            yield
        finally:
            self.step = 0.0


@pytest.fixture
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Return what sets the wall clock, for everything that reads it in Python."""
    return WallClock(monkeypatch)


steps = pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forth"])


@steps
async def test_case_e_the_wall_clock_does_not_end_a_break(
    step: float, wall_clock: WallClock
) -> None:
    """Nor does it make it longer: one minute is one minute."""
    breaker = opens_at_once(success_threshold=1)
    fail(breaker)

    with wall_clock.set_by(step):
        await anyio.sleep(59)
        assert breaker.stats().half_open_in == 1
        with pytest.raises(CircuitOpenError) as caught:
            await breaker.call(works)
        assert caught.value.retry_after == 1
        await anyio.sleep(1)
        assert await breaker.call(works) == "ok"
    assert breaker.state is CLOSED


@steps
def test_case_e_the_machines_clock_is_the_one_that_nobody_sets(
    step: float, wall_clock: WallClock
) -> None:
    """Without a loop in virtual time: half an hour goes on, no time at all is over."""
    long = opens_at_once(break_duration=HOUR / 2)
    none = opens_at_once(break_duration=0, success_threshold=1)
    fail(long)
    fail(none)

    with wall_clock.set_by(step):
        assert long.try_acquire() is None
        assert 0 < (long.stats().half_open_in or 0) <= HOUR / 2
        none.acquire().success()

    assert (long.state, none.state) == (OPEN, CLOSED)


@steps
async def test_case_e_the_wall_clock_does_not_empty_a_window(
    step: float, wall_clock: WallClock
) -> None:
    """Nine failures of a minute ago are nine failures of a minute ago."""
    trip = FailureRatio(1.0, duration=600, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip)
    fail(breaker, 9)

    with wall_clock.set_by(step):
        await anyio.sleep(60)
        fail(breaker)
    assert breaker.state is OPEN


@steps
async def test_case_e_the_wall_clock_does_not_end_a_lease(
    step: float, wall_clock: WallClock
) -> None:
    """The probe keeps its place for as long as was said, and no longer."""
    breaker = await half_open(opens_at_once(probe_lease=600))
    lost = breaker.acquire()

    with wall_clock.set_by(step):
        await anyio.sleep(599)
        assert breaker.try_acquire() is None
        await anyio.sleep(1)
        assert breaker.try_acquire() is not None
    lost.release()


@steps
async def test_case_e_the_wall_clock_makes_no_call_slow(
    step: float, wall_clock: WallClock
) -> None:
    """Nor a slow one fast."""
    breaker = opens_at_once(slow_after=60)
    fast, slow = breaker.acquire(), breaker.acquire()

    with wall_clock.set_by(step):
        await anyio.sleep(30)
        fast.success()
        assert breaker.state is CLOSED
        await anyio.sleep(31)
        slow.success()
    assert breaker.state is OPEN


def test_case_e_a_clock_is_never_asked_for_the_time_of_day() -> None:
    """Through a whole life: `HandClock` raises where it is."""
    clock = HandClock()
    trip = FailureRatio(0.5, duration=60, min_calls=1)
    breaker = CircuitBreaker(
        "db", trip=trip, slow_after=10, cancelled_after=5, clock=clock
    )
    half_open_sync(breaker, clock)
    with pytest.raises(KeyboardInterrupt), breaker.acquire():
        raise KeyboardInterrupt
    succeed(breaker, 2)
    assert breaker.stats().state is CLOSED


# ------------------------------------------------------------- f: callbacks


@every_way
async def test_case_f_a_callback_may_make_calls_and_look_at_everything(
    way: str,
) -> None:
    """In every transition, with no deadlock: it meets the state that began."""
    breaker = opens_at_once(success_threshold=1)
    heard: list[tuple[type[CircuitEvent], CircuitState, CircuitState]] = []

    def calls_back(event: CircuitEvent) -> None:
        heard.append((type(event), breaker.state, breaker.stats().state))
        if breaker.state is not CLOSED:
            with pytest.raises(CircuitOpenError):
                breaker.call_sync(works_sync)
        else:
            breaker.call_sync(works_sync)
        breaker.subscribe(lambda _: None)()
        assert breaker.name in repr(breaker)

    breaker.subscribe(calls_back)
    with pytest.raises(InfraConnectionError):
        await guarded(breaker, fails, way)()
    await anyio.sleep(60)
    assert await guarded(breaker, works, way)() == "ok"

    assert heard == [
        (CircuitOpened, OPEN, OPEN),
        (CircuitHalfOpened, HALF_OPEN, HALF_OPEN),
        (CircuitClosed, CLOSED, CLOSED),
    ]


COMMANDS: dict[str, tuple[Callable[[CircuitBreaker], object], CircuitState]] = {
    "reset": (CircuitBreaker.reset, CLOSED),
    "isolate": (CircuitBreaker.isolate, ISOLATED),
    "disable": (CircuitBreaker.disable, DISABLED),
    "reconfigure": (lambda breaker: breaker.reconfigure(max_probes=2), OPEN),
}


@every_sync_way
@pytest.mark.parametrize("command", COMMANDS)
def test_case_f_a_callback_may_give_commands(command: str, way: str) -> None:
    """Every other listener hears of the opening first, and then of what it did."""
    breaker = opens_at_once(clock=HandClock())
    order, state = COMMANDS[command]
    before, after = record(breaker), []

    def commands(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            order(breaker)

    breaker.subscribe(commands)
    breaker.subscribe(after.append)
    with pytest.raises(InfraConnectionError):
        guarded_sync(breaker, fails_sync, way)()

    assert breaker.state is state
    assert before == after
    assert len(before) == (1 if command == "reconfigure" else 2)
    assert isinstance(before[0], CircuitOpened)


async def test_case_f_a_callback_that_fails_a_call_itself_does_not_loop() -> None:
    """It is told of each change once; what it does not change is not told again."""
    breaker = opens_at_once()
    events = record(breaker)

    def closes_and_fails(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened) and len(events) < 9:
            breaker.reset()
            with pytest.raises(InfraConnectionError):
                breaker.call_sync(fails_sync)

    breaker.subscribe(closes_and_fails)
    fail(breaker)

    assert breaker.state is OPEN
    assert [type(event) for event in events] == [CircuitOpened, CircuitClosed] * 4 + [
        CircuitOpened
    ]
    generations = [event.generation for event in events]
    assert generations == sorted(set(generations))


def test_case_f_another_thread_gets_its_answer_while_a_callback_runs() -> None:
    """No lock is held: the callback waits for a thread that uses the same breaker."""
    clock = HandClock()
    breaker = opens_at_once(success_threshold=1, clock=clock)
    answers: list[CircuitState] = []

    def asks_elsewhere(_: CircuitEvent) -> None:
        def asks() -> None:
            breaker.try_acquire()
            breaker.subscribe(lambda _: None)()
            answers.append(breaker.stats().state)

        thread = threading.Thread(target=asks, daemon=True)
        thread.start()
        thread.join(30)
        assert not thread.is_alive(), "deadlock"

    breaker.subscribe(asks_elsewhere)
    fail(breaker)
    clock.now += 60
    succeed(breaker)

    assert answers == [OPEN, HALF_OPEN, CLOSED]


@every_way
async def test_case_f_a_raising_callback_corrupts_nothing(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller sees the call's own end, the others hear it, the log has it."""
    breaker = opens_at_once(success_threshold=1)

    def raises(_: CircuitEvent) -> None:
        raise RuntimeError("in the listener")

    breaker.subscribe(raises)
    events = record(breaker)
    with pytest.raises(InfraConnectionError):
        await guarded(breaker, fails, way)()
    assert breaker.state is OPEN
    await anyio.sleep(60)
    assert await guarded(breaker, works, way)() == "ok"

    assert breaker.state is CLOSED
    assert breaker.stats().permits_out == 0
    assert [type(event) for event in events] == [
        CircuitOpened,
        CircuitHalfOpened,
        CircuitClosed,
    ]
    assert caplog.text.count("a listener failed on Circuit") == 3


@every_sync_way
@pytest.mark.parametrize("at", [CircuitOpened, CircuitHalfOpened, CircuitClosed])
def test_case_f_an_interrupted_callback_corrupts_nothing(
    at: type[CircuitEvent], way: str
) -> None:
    """Ctrl-C comes through, and the circuit is what the transition made of it."""
    clock = HandClock()
    breaker = opens_at_once(success_threshold=1, clock=clock)

    def interrupted(event: CircuitEvent) -> None:
        if isinstance(event, at):
            raise KeyboardInterrupt

    unsubscribe = breaker.subscribe(interrupted)

    def through(call: Callable[[], Any]) -> list[BaseException]:
        """Make a call; return the Ctrl-C, held as a debugger would hold it."""
        try:
            call()
        except InfraConnectionError:
            return []
        except KeyboardInterrupt as error:
            return [error]
        return []

    kept = through(guarded_sync(breaker, fails_sync, way))
    assert breaker.state is OPEN
    clock.now += 60
    kept += through(guarded_sync(breaker, works_sync, way))
    assert breaker.state is (HALF_OPEN if at is CircuitHalfOpened else CLOSED)
    assert breaker.stats().permits_out == 0
    assert len(kept) == 1

    unsubscribe()
    guarded_sync(breaker, works_sync, way)()
    assert breaker.state is CLOSED


# ------------------------------------------- g: calls that outlast the window


@every_way
async def test_case_g_two_hundred_calls_longer_than_the_window_open_it(
    way: str,
) -> None:
    """A failure counts from when it is known, not from when the call began."""
    trip = FailureRatio(0.5, duration=10, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip)
    opened_at: list[float] = []
    breaker.subscribe(lambda _: opened_at.append(anyio.current_time()))

    async def long() -> None:
        await anyio.sleep(15)
        raise InfraConnectionError("down")

    call = guarded(breaker, long, way)

    async def client() -> None:
        with contextlib.suppress(InfraConnectionError, CircuitOpenError):
            await call()

    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        for _ in range(200):
            group.start_soon(client)
            await anyio.sleep(0.5)

    # The first began at 0 and ended at 15, the tenth half a second each later.
    assert [at - began for at in opened_at[:1]] == [19.5]


@every_way
async def test_case_g_two_hundred_long_calls_at_once_open_it_once(way: str) -> None:
    """The tenth of those that end together."""
    trip = FailureRatio(0.5, duration=10, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip)
    events = record(breaker)

    async def long() -> None:
        await anyio.sleep(25)
        raise InfraConnectionError("down")

    call = guarded(breaker, long, way)

    async def client() -> None:
        with pytest.raises(InfraConnectionError):
            await call()

    async with anyio.create_task_group() as group:
        for _ in range(200):
            group.start_soon(client)

    assert [type(event) for event in events] == [CircuitOpened]
    assert breaker.stats().late == 190
    assert breaker.state is OPEN


@pytest.mark.parametrize("calls", [10, 32, 200, 1000])
async def test_case_g_one_after_another_they_fill_a_window_of_calls(
    calls: int,
) -> None:
    """However long each takes: such a window knows no time."""
    breaker = CircuitBreaker("db", trip=FailureRatio(0.5, calls=calls, min_calls=10))

    async def long() -> None:
        await anyio.sleep(10 * HOUR)
        raise InfraConnectionError("down")

    for _ in range(10):
        assert breaker.state is CLOSED
        with pytest.raises(InfraConnectionError):
            await breaker.call(long)
    assert breaker.state is OPEN


def test_case_g_long_plain_calls_open_it_too() -> None:
    """By permits that are held for longer than the window."""
    clock = HandClock()
    trip = FailureRatio(0.5, duration=10, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, clock=clock)
    permits = [breaker.acquire() for _ in range(200)]
    clock.now += 100

    for number, permit in enumerate(permits, 1):
        permit.failure()
        assert breaker.state is (OPEN if number >= 10 else CLOSED), number


# ------------------------------------------------------ h: just below the ratio


WINDOWS = {
    "calls": FailureRatio(0.5, calls=200, min_calls=200),
    "duration": FailureRatio(0.5, duration=HOUR, min_calls=200),
}
windows = pytest.mark.parametrize("window", WINDOWS)


@windows
@every_way
async def test_case_h_99_failures_of_200_leave_it_closed(window: str, way: str) -> None:
    """0.495 is not 0.5, rounded as it may be; and 100 of 200 are."""
    breaker = CircuitBreaker("db", trip=WINDOWS[window])
    for _ in range(101):
        await guarded(breaker, works, way)()
    failing = guarded(breaker, fails, way)
    for _ in range(99):
        with pytest.raises(InfraConnectionError):
            await failing()

    stats = breaker.stats()
    assert (stats.window_failures, stats.window_calls) == (99, 200)
    assert breaker.state is CLOSED

    # A window of calls forgets a success for it; one of time has 100 of 201, then 101
    # of 202.
    for _ in range(1 if window == "calls" else 2):
        assert breaker.state is CLOSED
        with pytest.raises(InfraConnectionError):
            await failing()
    assert breaker.state is OPEN


@windows
@every_sync_way
def test_case_h_99_failures_of_200_plain_calls_leave_it_closed(
    window: str, way: str
) -> None:
    """The same without an event loop."""
    breaker = CircuitBreaker("db", trip=WINDOWS[window], clock=HandClock())
    working, failing = (
        guarded_sync(breaker, fn, way) for fn in (works_sync, fails_sync)
    )
    for _ in range(101):
        working()
    for _ in range(99):
        with pytest.raises(InfraConnectionError):
            failing()

    assert breaker.state is CLOSED


@windows
@pytest.mark.parametrize("seed", range(5))
def test_case_h_in_any_order_99_of_200_leave_it_closed(window: str, seed: int) -> None:
    """Asked at every failure, once there are 200."""
    breaker = CircuitBreaker("db", trip=WINDOWS[window], clock=HandClock())
    results = [fail] * 99 + [succeed] * 101
    random.Random(seed).shuffle(results)

    for result in results:
        result(breaker)

    assert breaker.state is CLOSED
    assert breaker.stats().window_failures == 99


@pytest.mark.parametrize("calls", [199, 200, 201, 400])
def test_case_h_alternating_it_stays_below_the_ratio_at_every_instant(
    calls: int,
) -> None:
    """One success ahead, for 99 failures: 99 of 199 is the highest that is asked."""
    trip = FailureRatio(0.5, calls=calls, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, clock=HandClock())
    succeed(breaker)
    for _ in range(99):
        succeed(breaker)
        fail(breaker)
        assert breaker.state is CLOSED

    assert breaker.stats().window_failures == 99


@pytest.mark.parametrize(
    ("ratio", "failures", "total"),
    [(0.495, 99, 200), (0.1, 10, 100), (0.29, 29, 100), (0.57, 114, 200)],
)
def test_case_h_a_rate_of_exactly_the_ratio_opens_it(
    ratio: float, failures: int, total: int
) -> None:
    """One failure less does not, whatever a float makes of the number."""
    trip = FailureRatio(ratio, calls=total, min_calls=total)
    for fewer, state in ((1, CLOSED), (0, OPEN)):
        breaker = CircuitBreaker("db", trip=trip, clock=HandClock())
        succeed(breaker, total - failures + fewer)
        fail(breaker, failures - fewer)
        assert breaker.state is state


# -------------------------------------------------- i: a cancellation from outside


@every_way
async def test_case_i_one_cancellation_changes_nothing_by_default(way: str) -> None:
    """The four failures before it stay four: it neither adds nor starts anew."""
    breaker = CircuitBreaker("db")
    fail(breaker, 4)
    before = standing(breaker)

    with anyio.move_on_after(1) as scope:
        await guarded(breaker, anyio.sleep_forever, way)()

    assert scope.cancelled_caught
    assert standing(breaker) | {"ignored": 0} == before | {"ignored": 0}
    fail(breaker)
    assert breaker.state is OPEN


@every_way
async def test_case_i_in_whatever_way_and_at_whatever_await(way: str) -> None:
    """An impatient user is none of the dependency's faults."""
    breaker = opens_at_once()

    async def slow() -> None:
        await anyio.sleep(1)
        await anyio.sleep(1)

    call = guarded(breaker, slow, way)

    async def scenario() -> None:
        await call()

    async for point in cancel_everywhere(scenario):
        stats = breaker.stats()
        assert (stats.state, stats.generation) == (CLOSED, 0), point
        assert stats.failures == 0, point


@every_way
async def test_case_i_hidden_behind_an_error_it_is_still_a_cancellation(
    way: str,
) -> None:
    """A driver that says "lost connection" to whoever hangs up says nothing."""
    breaker = opens_at_once()

    async def disguises() -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as cancelled:
            raise InfraConnectionError("lost it") from cancelled

    with anyio.move_on_after(1), pytest.raises(InfraConnectionError):
        await guarded(breaker, disguises, way)()

    assert breaker.state is CLOSED


@every_way
@pytest.mark.parametrize(
    "trip",
    [
        Consecutive(1),
        FailureRatio(0.01, calls=10, min_calls=1),
        FailureRatio(0.01, duration=60, min_calls=1),
    ],
    ids=["consecutive", "calls", "duration"],
)
async def test_case_i_a_thousand_cancellations_open_nothing_either(
    trip: Any, way: str
) -> None:
    """However impatient users are, and however little it takes to open."""
    breaker = CircuitBreaker("db", trip=trip)
    call = guarded(breaker, anyio.sleep_forever, way)

    with anyio.move_on_after(100):
        async with anyio.create_task_group() as group:
            for _ in range(1000):
                group.start_soon(call)

    stats = breaker.stats()
    assert (stats.state, stats.window_calls, stats.failures) == (CLOSED, 0, 0)
    assert await guarded(breaker, works, way)() == "ok"


@every_sync_way
def test_case_i_ctrl_c_in_a_plain_function_counts_neither_way(way: str) -> None:
    """Whoever stops the program has not seen the database fail."""
    breaker = CircuitBreaker("db", clock=HandClock())
    fail(breaker, 4)
    before = standing(breaker)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded_sync(breaker, interrupted, way)()

    assert standing(breaker) | {"ignored": 0} == before | {"ignored": 0}
    fail(breaker)
    assert breaker.state is OPEN


# ------------------------------------------------------- j: our own saturation


def saturations() -> dict[str, Exception]:
    """List how our own side says that it is full."""
    return {
        "a full queue": asyncio.QueueFull(),
        "a full stream": anyio.WouldBlock(),
        "no file descriptor": OSError(errno.EMFILE, "Too many open files"),
        "no port": OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"),
        "a full pool": valkey.exceptions.MaxConnectionsError("Too many connections"),
        "a group of them": ExceptionGroup("two", [asyncio.QueueFull()] * 2),
    }


SATURATIONS = saturations()
every_saturation = pytest.mark.parametrize("error", SATURATIONS)
TRIPS = {
    "consecutive": Consecutive(1),
    "calls": FailureRatio(0.01, calls=10, min_calls=1),
    "duration": FailureRatio(0.01, duration=60, min_calls=1),
}


@every_saturation
@every_way
@pytest.mark.parametrize("trip", TRIPS)
async def test_case_j_our_own_saturation_never_opens_it(
    trip: str, way: str, error: str
) -> None:
    """The dependency was never asked, so it cannot have failed."""
    breaker = CircuitBreaker("db", trip=TRIPS[trip])

    async def saturated() -> None:
        raise SATURATIONS[error]

    call = guarded(breaker, saturated, way)
    for _ in range(100):
        with pytest.raises(type(SATURATIONS[error])):
            await call()

    stats = breaker.stats()
    assert (stats.state, stats.window_calls, stats.failures) == (CLOSED, 0, 0)


@every_saturation
@every_sync_way
def test_case_j_nor_does_that_of_plain_functions(way: str, error: str) -> None:
    """Threads have pools, too."""
    breaker = opens_at_once(clock=HandClock())

    def saturated() -> None:
        raise SATURATIONS[error]

    call = guarded_sync(breaker, saturated, way)
    for _ in range(100):
        with pytest.raises(type(SATURATIONS[error])):
            call()

    assert breaker.state is CLOSED


@every_saturation
@every_way
async def test_case_j_a_saturated_probe_says_nothing(way: str, error: str) -> None:
    """It gives its permit back, and neither closes nor opens."""
    breaker = await half_open(opens_at_once(success_threshold=1))
    before = standing(breaker)

    async def saturated() -> None:
        raise SATURATIONS[error]

    for _ in range(40):
        with pytest.raises(type(SATURATIONS[error])):
            await guarded(breaker, saturated, way)()
        assert standing(breaker) | {"ignored": 0} == before | {"ignored": 0}

    assert await guarded(breaker, works, way)() == "ok"
    assert breaker.state is CLOSED


async def test_case_j_it_does_not_start_failures_in_a_row_anew() -> None:
    """It is nothing, so it is no success either."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))

    async def saturated() -> None:
        raise asyncio.QueueFull

    fail(breaker)
    with pytest.raises(asyncio.QueueFull):
        await breaker.call(saturated)
    fail(breaker)

    assert breaker.state is OPEN


async def test_case_j_an_error_of_ones_own_can_be_saturation() -> None:
    """A pool of the user's own is told apart by `classify`."""

    class PoolFull(Exception):
        """No connection is left."""

    classify = Classifier().extend(
        {PoolFull: Classification(Category.LOCAL_SATURATION)}
    )
    breaker = opens_at_once(classify=classify)

    async def saturated() -> None:
        raise PoolFull

    for _ in range(10):
        with pytest.raises(PoolFull):
            await breaker.call(saturated)
    assert breaker.state is CLOSED


# ------------------------------------------------------------- k: reconfigure


def in_state(state: CircuitState, clock: HandClock) -> CircuitBreaker:
    """Return a breaker in any state, halfway to the next one."""
    breaker = CircuitBreaker(
        "db", trip=Consecutive(3), success_threshold=3, max_probes=3, clock=clock
    )
    if state in (OPEN, HALF_OPEN):
        fail(breaker, 3)
        clock.now += 20
    if state is HALF_OPEN:
        clock.now += 40
        succeed(breaker)
    if state is ISOLATED:
        breaker.isolate()
    if state is DISABLED:
        breaker.disable()
    if state is CLOSED:
        fail(breaker, 2)
    assert breaker.state is state
    return breaker


@pytest.mark.parametrize("state", CircuitState)
@pytest.mark.parametrize(
    "change",
    [
        {"trip": Consecutive(7)},
        {"break_duration": 5.0},
        {"success_threshold": 9},
        {"max_probes": 9},
        {"probe_lease": 99.0},
        {"cancelled_after": 1.0},
        {"max_server_delay": 1.0},
        {"enforce": False},
        {},
    ],
    ids=lambda change: next(iter(change), "nothing"),
)
def test_case_k_reconfigure_keeps_the_state(
    change: dict[str, Any], state: CircuitState
) -> None:
    """Each option in each state: no event, no generation, no count is lost."""
    breaker = in_state(state, HandClock())
    events, before = record(breaker), breaker.stats()

    breaker.reconfigure(**change)

    assert breaker.stats() == before
    assert events == []
    for option, value in change.items():
        assert getattr(breaker.config, option) == value


def test_case_k_failures_in_a_row_go_on_under_the_new_threshold() -> None:
    """Both ways: the third opens it where three are enough, the fifth of five."""
    for threshold in (3, 5):
        breaker = in_state(CLOSED, HandClock())
        breaker.reconfigure(trip=Consecutive(threshold))
        fail(breaker, threshold - 3)
        assert breaker.state is CLOSED
        fail(breaker)
        assert breaker.state is OPEN


def test_case_k_a_threshold_below_the_count_waits_for_the_next_failure() -> None:
    """To change a number is no failure; what is over it opens when one comes."""
    breaker = in_state(CLOSED, HandClock())

    breaker.reconfigure(trip=Consecutive(1))

    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN


def test_case_k_a_break_under_way_goes_on_and_the_next_is_the_new_one() -> None:
    """Its end was promised to those who were rejected."""
    clock = HandClock()
    breaker = in_state(OPEN, clock)
    assert breaker.stats().half_open_in == 40

    breaker.reconfigure(break_duration=5.0)

    assert breaker.stats().half_open_in == 40
    clock.now += 39
    assert breaker.try_acquire() is None
    clock.now += 1
    fail(breaker)
    assert (breaker.state, breaker.stats().half_open_in) == (OPEN, 5)


def test_case_k_successes_and_permits_of_half_open_stay() -> None:
    """One success of three has been; two are needed of two, then."""
    breaker = in_state(HALF_OPEN, HandClock())
    probes = [breaker.acquire() for _ in range(3)]

    breaker.reconfigure(success_threshold=2, max_probes=2)

    assert breaker.stats().permits_out == 3
    probes.pop().release()
    assert breaker.try_acquire() is None
    probes.pop().release()
    extra = breaker.try_acquire()
    assert extra is not None
    assert breaker.try_acquire() is None
    extra.success()
    assert breaker.state is CLOSED
    probes.pop().failure()
    assert breaker.state is CLOSED


def test_case_k_holds_stay() -> None:
    """An operator's word is not undone by another number."""
    breaker = CircuitBreaker("db")
    first, second = breaker.isolate(), breaker.isolate()

    breaker.reconfigure(break_duration=1.0)

    first.release()
    assert breaker.state is ISOLATED
    second.release()
    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "shape",
    [{"calls": 20}, {"calls": 100}, {"duration": 60.0}],
    ids=["one word", "ring", "time"],
)
def test_case_k_the_window_stays_under_a_new_ratio(shape: dict[str, Any]) -> None:
    """Nine failures of eighteen stay nine of eighteen."""
    trip = FailureRatio(0.9, **shape, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, clock=HandClock())
    succeed(breaker, 9)
    fail(breaker, 9)
    before = breaker.stats()
    assert (before.window_failures, before.window_calls) == (9, 18)

    breaker.reconfigure(trip=FailureRatio(0.5, **shape, min_calls=10))

    assert breaker.stats() == before
    fail(breaker)
    assert breaker.state is OPEN


SHAPES = {
    "consecutive": Consecutive(5),
    "calls": FailureRatio(0.5, calls=20, min_calls=10),
    "more calls": FailureRatio(0.5, calls=21, min_calls=10),
    "duration": FailureRatio(0.5, duration=20, min_calls=10),
    "longer": FailureRatio(0.5, duration=21, min_calls=10),
}


@pytest.mark.parametrize("new", SHAPES)
@pytest.mark.parametrize("old", SHAPES)
def test_case_k_a_window_of_another_shape_is_refused(old: str, new: str) -> None:
    """And nothing has changed then, not even the other options."""
    breaker = CircuitBreaker("db", trip=SHAPES[old], clock=HandClock())
    fail(breaker, 3)
    before, config = breaker.stats(), breaker.config
    if old == new:
        breaker.reconfigure(trip=SHAPES[new])
        assert breaker.stats() == before
        return

    with pytest.raises(ValueError, match="counts something else"):
        breaker.reconfigure(trip=SHAPES[new], max_probes=7)

    assert breaker.stats() == before
    assert breaker.config == config


async def test_case_k_calls_under_way_give_their_verdict_as_before() -> None:
    """They belong to the state that goes on, whatever its numbers are."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))
    held = [Held(breaker, way) for way in ("call", "decorated", "block")]

    async with anyio.create_task_group() as group:
        for call in held:
            await group.start(call.run)
        breaker.reconfigure(trip=Consecutive(3), break_duration=1.0)
        for call in held:
            assert breaker.state is CLOSED
            await call.end("failure")
    assert breaker.state is OPEN
    assert breaker.stats().late == 0


# ------------------------------------------- l: any interleaving, against a model


class Turns:
    """Lets one task go on at a time, and draws which: the same ones on any backend."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._waiting: list[anyio.Event] = []
        self._back = anyio.Event()

    async def checkpoint(self) -> None:
        """Wait for the next turn."""
        turn = anyio.Event()
        self._waiting.append(turn)
        self._back.set()
        try:
            await turn.wait()
        finally:
            if turn in self._waiting:  # cancelled
                self._waiting.remove(turn)

    def over(self) -> None:
        """Say that the running task has ended."""
        self._back.set()

    async def after(self, act: Callable[[], object]) -> None:
        """Do what makes one task go on, and wait until it waits again or has ended."""
        self._back = anyio.Event()
        act()
        await self._back.wait()

    async def go_on(self) -> None:
        """Give somebody a turn."""
        chosen = self._waiting.pop(self.random.randrange(len(self._waiting)))
        await self.after(chosen.set)


class Ledger:
    """The reference: which probes have begun and not ended, by generation."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self.probes = 0
        self.most = 0
        self.rejected = 0
        self._breaker = breaker
        self._out: dict[int, int] = {}

    def begin(self) -> int | None:
        """Note that the running call was admitted; None unless as a probe."""
        stats = self._breaker.stats()
        if stats.state is not HALF_OPEN:
            return None
        self.probes += 1
        self._out[stats.generation] = self._out.get(stats.generation, 0) + 1
        return stats.generation

    def end(self, generation: int | None) -> None:
        """Note that it has ended, and is about to say how."""
        if generation is not None:
            self._out[generation] -= 1

    def reject(self, error: CircuitOpenError) -> None:
        """Compare: who is turned away in half-open finds no permit."""
        if error.state is HALF_OPEN:
            self.rejected += 1
            assert self._breaker.stats().permits_out == self._limit
            self.check()

    def check(self) -> None:
        """Compare."""
        stats = self._breaker.stats()
        running = self._out.get(stats.generation, 0)
        assert 0 <= stats.permits_out <= self._limit, stats
        assert stats.permits_out == (running if stats.state is HALF_OPEN else 0), stats
        self.most = max(self.most, running)

    @property
    def _limit(self) -> int:
        return self._breaker.config.max_probes


class Crowd:
    """Clients of one breaker who take turns, fail, exit, and are cancelled."""

    def __init__(self, turns: Turns, breaker: CircuitBreaker, way: str) -> None:
        self.ledger = Ledger(breaker)
        self._turns = turns
        self._draw = turns.random
        self._call = guarded(breaker, self._work, way)
        self._scopes: list[anyio.CancelScope] = []

    async def _work(self) -> None:
        generation = self.ledger.begin()
        self.ledger.check()
        try:
            for _ in range(self._draw.randrange(4)):
                await self._turns.checkpoint()
            self._end(self._draw.random())
        finally:
            self.ledger.end(generation)

    @staticmethod
    def _end(share: float) -> None:
        if share < 0.1:
            raise InfraConnectionError("down")
        if share < 0.2:
            raise Stop
        if share < 0.3:
            raise asyncio.QueueFull

    async def _client(self) -> None:
        scope = anyio.CancelScope()
        self._scopes.append(scope)
        try:
            with scope:
                while True:
                    await self._turns.checkpoint()
                    await self._ask()
        finally:
            self._turns.over()

    async def _ask(self) -> None:
        try:
            await self._call()
        except CircuitOpenError as error:
            self.ledger.reject(error)
        except (InfraConnectionError, Stop, asyncio.QueueFull):
            pass
        self.ledger.check()

    async def join(self, group: TaskGroup) -> None:
        """One more client comes."""
        await self._turns.after(lambda: group.start_soon(self._client))

    async def leave(self) -> None:
        """Cancel one of them, wherever he is."""
        scope = self._scopes.pop(self._draw.randrange(len(self._scopes)))
        await self._turns.after(scope.cancel)


def command(breaker: CircuitBreaker, draw: random.Random) -> None:
    """Say something that an operator would say."""
    what = draw.choice(["reset", "isolate", "disable", "enable"])
    hold = getattr(breaker, what)()
    if hold is not None:
        hold.release()


async def interleave(
    seed: int, max_probes: int, way: str, *, operators: bool
) -> Ledger:
    """Let 40 clients take 600 turns, in an order that *seed* draws."""
    turns = Turns(seed)
    draw = turns.random
    breaker = opens_at_once(max_probes=max_probes, break_duration=5, probe_lease=20)
    crowd = Crowd(turns, breaker, way)

    async with anyio.create_task_group() as group:
        for _ in range(40):
            await crowd.join(group)
        for _ in range(600):
            await turns.go_on()
            if draw.random() < 0.1:
                await anyio.sleep(draw.choice([0.5, 1, 5, 25]))
            if draw.random() < 0.05:
                await crowd.leave()
                await crowd.join(group)
            if operators and draw.random() < 0.02:
                command(breaker, draw)
            crowd.ledger.check()
        group.cancel_scope.cancel()
    crowd.ledger.check()
    return crowd.ledger


@pytest.mark.timeout(60 * ROUNDS)
@every_way
@pytest.mark.parametrize("operators", [False, True], ids=["alone", "operators"])
@pytest.mark.parametrize("max_probes", [1, 3, 31])
async def test_case_l_in_any_interleaving_the_permits_out_are_the_probes_out(
    max_probes: int, way: str, *, operators: bool
) -> None:
    """Never below zero, never above `max_probes`, and always those that really run."""
    seeds = random.Random(f"{max_probes} {way} {operators}")
    ledgers = [
        await interleave(seeds.getrandbits(32), max_probes, way, operators=operators)
        for _ in range(max(ROUNDS, 3))
    ]

    # It would prove nothing if nobody had come to probe, or none been turned away.
    assert sum(ledger.probes for ledger in ledgers) > 20
    assert max(ledger.most for ledger in ledgers) >= min(max_probes, 3)
    assert max_probes == 31 or any(ledger.rejected for ledger in ledgers)
