"""Crowds at a circuit breaker: 64 threads and 1000 tasks, and no failure lost.

Cases 11 and 12 of the edge cases of the field. Nothing here measures time: threads and
tasks meet at barriers and latches, and the question is who was inside.

What depends on chance is repeated; ``SEAWALL_ROUNDS=200`` repeats it more often.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

import anyio
import pytest

from circuits import (
    CLOSED,
    DISABLED,
    HALF_OPEN,
    OPEN,
    ROUNDS,
    HandClock,
    every_sync_way,
    every_way,
    fails_sync,
    guarded,
    guarded_sync,
    half_open_sync,
    opens_at_once,
    record,
    works_sync,
)
from seawall import (
    CircuitBreaker,
    CircuitHalfOpened,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    FailureRatio,
    InfraConnectionError,
)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600 + 10 * ROUNDS)]

THREADS = 64
TASKS = 1000
PATIENCE = 120

every_max = pytest.mark.parametrize("max_probes", [1, 3, 31])
every_arrival = pytest.mark.parametrize("arrival", ["break over", "half-open"])


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads interrupt each other as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@final
class Latch:
    """Opens when all have been answered: whoever is inside stays there until then.

    So a permit that came back cannot admit a second one: who was inside was inside at
    the same time as all the others.
    """

    def __init__(self, expected: int) -> None:
        self.admitted = 0
        self.rejected = 0
        self.opened = threading.Event()
        self._expected = expected
        self._counting = threading.Lock()

    def admit(self) -> None:
        """Count one who is inside."""
        with self._counting:
            self.admitted += 1
            self._open()

    def reject(self) -> None:
        """Count one who was turned away."""
        with self._counting:
            self.rejected += 1
            self._open()

    def _open(self) -> None:
        if self.admitted + self.rejected == self._expected:
            self.opened.set()

    def work(self) -> None:
        """Be inside, in a thread."""
        self.admit()
        assert self.opened.wait(PATIENCE), "somebody got no answer"

    async def work_async(self) -> None:
        """Be inside, in a task."""
        self.admit()
        with anyio.fail_after(PATIENCE):
            # The last answer may come from a thread, or from another loop.
            while not self.opened.is_set():  # noqa: ASYNC110
                await anyio.sleep(0.001)


def arriving(max_probes: int, arrival: str) -> tuple[CircuitBreaker, HandClock]:
    """Return a breaker at which everybody is about to arrive."""
    clock = HandClock()
    breaker = opens_at_once(max_probes=max_probes, success_threshold=1, clock=clock)
    half_open_sync(breaker, clock)
    if arrival == "break over":
        breaker.acquire().failure()
        clock.now += 60
        assert breaker.state is OPEN
    return breaker, clock


@contextmanager
def untraced() -> Iterator[None]:
    """Start threads that no tracer follows: it would make them ten times as slow."""
    tracer = threading.gettrace()
    threading.settrace(None)  # type: ignore[arg-type]  # that is how it is taken off
    try:
        yield
    finally:
        threading.settrace(tracer)  # type: ignore[arg-type]


def threads_of(count: int, fn: Callable[[], None]) -> Callable[[], None]:
    """Start so many threads that run *fn* at once; return what waits for them."""
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            barrier.wait(PATIENCE)
            fn()
        except BaseException as error:  # noqa: BLE001 -- for the thread that joins
            errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    with untraced():
        for thread in threads:
            thread.start()

    def join() -> None:
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "stuck"
        if errors:
            raise errors[0]

    return join


def thread_client(breaker: CircuitBreaker, latch: Latch, way: str) -> None:
    """Come once, in a thread."""
    try:
        guarded_sync(breaker, latch.work, way)()
    except CircuitOpenError:
        latch.reject()


async def task_clients(breaker: CircuitBreaker, latch: Latch, way: str) -> None:
    """Come a thousand times, in tasks."""
    call = guarded(breaker, latch.work_async, way)

    async def client() -> None:
        try:
            await call()
        except CircuitOpenError:
            latch.reject()

    async with anyio.create_task_group() as group:
        for _ in range(TASKS):
            group.start_soon(client)


def check(breaker: CircuitBreaker, latch: Latch, max_probes: int, all_: int) -> None:
    """Exactly so many were inside at once, all others were told no, nothing is out."""
    assert (latch.admitted, latch.rejected) == (max_probes, all_ - max_probes)
    stats = breaker.stats()
    assert (stats.state, stats.permits_out) == (CLOSED, 0)
    assert stats.rejected == all_ - max_probes


# ------------------------------------------------------------ 11: in half-open


@pytest.mark.usefixtures("hasty_threads")
@every_sync_way
@every_arrival
@every_max
def test_11_of_64_threads_exactly_max_probes_run(
    max_probes: int, arrival: str, way: str
) -> None:
    """They stand behind a barrier, and come at once."""
    for _ in range(ROUNDS):
        breaker, _clock = arriving(max_probes, arrival)
        events, latch = record(breaker), Latch(THREADS)

        threads_of(THREADS, lambda: thread_client(breaker, latch, way))()  # noqa: B023

        check(breaker, latch, max_probes, THREADS)
        half_opened = [e for e in events if isinstance(e, CircuitHalfOpened)]
        assert len(half_opened) == (arrival == "break over")


@pytest.mark.real_time
@every_way
@every_arrival
@every_max
async def test_11_of_1000_tasks_exactly_max_probes_run(
    max_probes: int, arrival: str, way: str
) -> None:
    """All of them hold out until the last has its answer."""
    for _ in range(ROUNDS):
        breaker, _clock = arriving(max_probes, arrival)
        latch = Latch(TASKS)

        await task_clients(breaker, latch, way)

        check(breaker, latch, max_probes, TASKS)


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("way", ["decorated", "block"])
@every_arrival
@every_max
def test_11_of_64_threads_and_1000_tasks_of_each_backend_exactly_max_probes_run(
    max_probes: int, arrival: str, way: str
) -> None:
    """One breaker, two event loops, and threads without any, at the same time."""
    everybody = THREADS + 2 * TASKS
    for _ in range(ROUNDS):
        breaker, _clock = arriving(max_probes, arrival)
        latch = Latch(everybody)
        # The loops are ready before the threads come.
        ready = threading.Barrier(3)
        backends = iter(("asyncio", "trio"))

        async def clients(
            breaker: CircuitBreaker, latch: Latch, ready: threading.Barrier
        ) -> None:
            ready.wait(PATIENCE)
            await task_clients(breaker, latch, way)

        loops = threads_of(
            2,
            lambda: anyio.run(
                clients,
                breaker,  # noqa: B023
                latch,  # noqa: B023
                ready,  # noqa: B023
                backend=next(backends),  # noqa: B023
            ),
        )
        ready.wait(PATIENCE)
        threads = threads_of(
            THREADS,
            lambda: thread_client(breaker, latch, way),  # noqa: B023
        )
        threads()
        loops()

        check(breaker, latch, max_probes, everybody)


@pytest.mark.usefixtures("hasty_threads")
@every_max
def test_11_of_64_threads_that_come_again_and_again_never_more_are_inside(
    max_probes: int,
) -> None:
    """Permits go round: released, dropped, interrupted; counted in the function."""
    clock = HandClock()
    breaker = opens_at_once(max_probes=max_probes, clock=clock)
    half_open_sync(breaker, clock)
    inside: list[None] = []
    most: list[int] = []

    def probe() -> None:
        inside.append(None)
        most.append(len(inside))
        inside.pop()
        raise KeyboardInterrupt  # neutral: the round goes on

    def client() -> None:
        for _ in range(20 * ROUNDS):
            try:
                breaker.call_sync(probe)
            except (CircuitOpenError, KeyboardInterrupt):
                pass

    threads_of(THREADS, client)()

    assert 1 <= max(most) <= max_probes
    stats = breaker.stats()
    assert (stats.state, stats.permits_out) == (HALF_OPEN, 0)


# ----------------------------------------------------- 12: none lost, no lock held


@pytest.mark.usefixtures("hasty_threads")
@every_sync_way
def test_12_of_8_times_20_000_failures_in_a_row_none_is_lost(way: str) -> None:
    """Counted to the last one, which opens it."""
    total = 8 * 20_000
    breaker = CircuitBreaker("db", trip=Consecutive(total + 1), clock=HandClock())

    failing_8_times(20_000, breaker, way)

    stats = breaker.stats()
    assert (stats.failures, stats.window_failures) == (total, total)
    assert stats.state is CLOSED
    breaker.acquire().failure()
    assert breaker.state is OPEN


def failing_8_times(times: int, breaker: CircuitBreaker, way: str) -> None:
    """Let eight threads fail so often each, or be rejected."""
    call = guarded_sync(breaker, fails_sync, way)

    def client() -> None:
        for _ in range(times):
            try:
                call()
            except (InfraConnectionError, CircuitOpenError):
                pass

    threads_of(8, client)()


@pytest.mark.usefixtures("hasty_threads")
@every_sync_way
def test_12_nor_one_of_those_in_a_window_of_time(way: str) -> None:
    """Twenty thousand in each of eight of its ten buckets."""
    clock = HandClock()
    trip = FailureRatio(1.0, duration=3600, min_calls=10)
    breaker = CircuitBreaker("db", trip=trip, clock=clock)
    breaker.acquire().success()  # so that it stays closed

    for bucket in range(8):
        failing_8_times(2500, breaker, way)
        clock.now += 361  # the next bucket
        stats = breaker.stats()
        assert stats.window_failures == stats.window_calls - 1 == 20_000 * (bucket + 1)

    assert breaker.state is CLOSED


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("calls", [43, 1000], ids=["one word", "ring"])
@every_sync_way
def test_12_nor_one_of_those_in_a_window_of_calls(calls: int, way: str) -> None:
    """The total is exact, and the last so many are all failures."""
    trip = FailureRatio(1.0, calls=calls, min_calls=calls)
    breaker = CircuitBreaker("db", trip=trip, clock=HandClock())
    breaker.disable()
    failing_8_times(100, breaker, way)
    assert breaker.stats().window_calls == 0
    breaker.enable()
    events = record(breaker)

    failing_8_times(2500, breaker, way)

    assert [type(event) for event in events] == [CircuitOpened]
    stats = breaker.stats()
    # Once it is open they are rejected, or late if they were under way.
    assert stats.failures == calls
    assert stats.failures + stats.rejected + stats.late == 20_000


@pytest.mark.usefixtures("hasty_threads")
@every_sync_way
def test_12_the_last_of_a_hundred_thousand_opens_it_and_no_other(way: str) -> None:
    """Not one too early, not one too late, and once."""
    breaker = CircuitBreaker("db", trip=Consecutive(100_000), clock=HandClock())
    events = record(breaker)

    failing_8_times(20_000, breaker, way)

    stats = breaker.stats()
    assert [type(event) for event in events] == [CircuitOpened]
    assert stats.failures == 100_000
    assert stats.rejected + stats.late == 60_000


def in_state(state: CircuitState, **options: Any) -> CircuitBreaker:
    """Return a breaker that admits eight calls at once."""
    clock = HandClock()
    breaker = opens_at_once(max_probes=8, success_threshold=31, clock=clock, **options)
    if state is HALF_OPEN:
        half_open_sync(breaker, clock)
    if state is DISABLED:
        breaker.disable()
    return breaker


OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "ratio": {"trip": FailureRatio(0.5, calls=100, min_calls=1)},
    "time": {"trip": FailureRatio(0.5, duration=60, min_calls=1)},
    "timed": {"slow_after": 60, "cancelled_after": 30, "count_successes": True},
}


@every_sync_way
@pytest.mark.parametrize("state", [CLOSED, HALF_OPEN, DISABLED])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("failing", [False, True], ids=["works", "fails"])
def test_12_no_lock_is_held_during_the_call(
    options: str, state: CircuitState, way: str, *, failing: bool
) -> None:
    """Eight calls meet inside: none could, if one kept the others out."""
    breaker = in_state(state, **OPTIONS[options])
    meeting = threading.Barrier(8)
    met: list[int] = []

    def work() -> None:
        met.append(meeting.wait(PATIENCE))
        if failing:
            raise InfraConnectionError("down")

    call = guarded_sync(breaker, work, way)

    def client() -> None:
        try:
            call()
        except InfraConnectionError:
            assert failing

    threads_of(8, client)()

    assert sorted(met) == list(range(8))


@pytest.mark.parametrize(
    ("moment", "way"),
    [
        ("on", "call_sync"),
        ("on", "decorated"),
        ("on", "block"),
        ("on_result", "call_sync"),
        ("on_result", "decorated"),
    ],
)
def test_12_no_lock_is_held_while_a_predicate_decides(moment: str, way: str) -> None:
    """Eight verdicts are being thought about at the same time."""
    meeting = threading.Barrier(8)
    met: list[int] = []

    def decides(_: object) -> bool:
        met.append(meeting.wait(PATIENCE))
        return True

    breaker = in_state(CLOSED, **{moment: decides})
    work = fails_sync if moment == "on" else works_sync

    def client() -> None:
        try:
            guarded_sync(breaker, work, way)()
        except InfraConnectionError:
            assert moment == "on"

    threads_of(8, client)()

    assert sorted(met) == list(range(8))
    assert breaker.state is OPEN


def test_12_no_lock_is_held_while_a_listener_hears() -> None:
    """Two openings are being told at the same time, by the threads that made them."""
    breaker = opens_at_once(clock=HandClock())
    told, meeting = threading.Event(), threading.Barrier(2)
    met: list[int] = []

    def hears(event: object) -> None:
        if isinstance(event, CircuitOpened):
            told.set()
            met.append(meeting.wait(PATIENCE))

    breaker.subscribe(hears)
    opens = threads_of(1, lambda: breaker.acquire().failure())
    assert told.wait(PATIENCE)
    breaker.reset()
    breaker.acquire().failure()
    opens()

    assert sorted(met) == [0, 1]
