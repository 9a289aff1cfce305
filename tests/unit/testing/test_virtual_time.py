"""Virtual time: an hour takes nothing, and nothing real is jumped past."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
import trio
import trio.testing

from seawall.testing import VirtualClock, VirtualLoop

pytestmark = pytest.mark.anyio

on_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
on_trio = pytest.mark.parametrize("anyio_backend", ["trio"], indirect=True)


def running_clock() -> VirtualLoop | VirtualClock:
    """Whatever keeps the time of the running test."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, VirtualClock)
        return clock
    assert isinstance(loop, VirtualLoop)
    return loop


async def test_an_hour_of_sleeping_costs_no_time() -> None:
    """What the module is for."""
    real_start, start = time.monotonic(), anyio.current_time()

    for _ in range(100):
        await anyio.sleep(36)

    assert anyio.current_time() - start == pytest.approx(3600)
    assert time.monotonic() - real_start < 5


async def test_years_pass_too() -> None:
    """A break may be a year, and whole seconds are exact for much longer than that."""
    start = anyio.current_time()

    for years in range(1, 4):
        await anyio.sleep(365 * 86_400)
        assert anyio.current_time() - start == pytest.approx(years * 365 * 86_400)


async def test_timers_fire_in_the_order_of_their_deadlines() -> None:
    """Jumping past one timer to another would reorder the world."""
    woken: list[float] = []

    async def wake_after(duration: float) -> None:
        await anyio.sleep(duration)
        woken.append(duration)

    async with anyio.create_task_group() as group:
        for duration in (30, 10, 20, 10.5):
            group.start_soon(wake_after, duration)

    assert woken == [10, 10.5, 20, 30]


async def test_a_time_out_beats_the_longer_sleep() -> None:
    """Deadlines and sleeps share one clock."""
    start = anyio.current_time()

    with anyio.move_on_after(5) as scope:
        await anyio.sleep(600)

    assert scope.cancelled_caught
    assert anyio.current_time() - start == pytest.approx(5)


async def test_an_endless_sleep_ends_at_the_deadline_around_it() -> None:
    """A wait of asyncio ends after a day at most: these days must not be spun."""
    real_start = time.monotonic()

    with anyio.move_on_after(1e6) as scope:
        await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert time.monotonic() - real_start < 1


async def test_thousands_may_sleep_for_ever() -> None:
    """A thousand calls that hang are a scenario, and must not hang the test."""
    with anyio.move_on_after(1) as scope:
        async with anyio.create_task_group() as group:
            for _ in range(2000):
                group.start_soon(anyio.sleep_forever)

    assert scope.cancelled_caught


async def test_a_worker_thread_holds_time() -> None:
    """A jump past a running thread is a time-out that never happened."""
    start = anyio.current_time()

    for _ in range(5):
        with anyio.fail_after(0.001) as scope:
            assert await anyio.to_thread.run_sync(slow_answer) == 42
        # A thread cannot be interrupted: the time-out would not have been raised.
        assert not scope.cancel_called

    assert anyio.current_time() == start


def slow_answer() -> int:
    """Twenty times what the caller would wait."""
    time.sleep(0.02)
    return 42


async def test_threads_that_finish_at_once_do_not_leave_time_held() -> None:
    """Every hold ends, also after many threads."""
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(anyio.to_thread.run_sync, int)
    await anyio.sleep(100)

    assert not running_clock().held


async def test_an_abandoned_thread_no_longer_holds_time() -> None:
    """Nobody waits for it, so nothing is jumped past."""
    release, started = threading.Event(), anyio.Event()

    def block() -> None:
        anyio.from_thread.run_sync(started.set)
        release.wait()

    async def run_in_thread() -> None:
        await anyio.to_thread.run_sync(block, abandon_on_cancel=True)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(run_in_thread)
            await started.wait()
            group.cancel_scope.cancel()
        await anyio.sleep(100)
    finally:
        release.set()


async def test_hold_keeps_time_still_for_what_the_loop_cannot_see() -> None:
    """A thread that feeds the loop by itself is no worker thread."""
    clock = running_clock()
    answered = anyio.Event()
    portal_token = anyio.lowlevel.current_token()
    hold = clock.hold()
    hold.__enter__()

    def answer() -> None:
        time.sleep(0.02)
        anyio.from_thread.run_sync(answered.set, token=portal_token)
        hold.__exit__(None, None, None)

    thread = threading.Thread(target=answer)
    thread.start()
    with anyio.fail_after(0.001):
        await answered.wait()
    await anyio.sleep(10)
    thread.join()


async def test_a_loopback_round_trip_makes_no_false_time_out() -> None:
    """Real sockets work: what the kernel has already is seen before time moves."""
    start = anyio.current_time()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610

        async def echo(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                async for chunk in stream:
                    await stream.send(chunk)

        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, echo)
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                for _ in range(50):
                    with anyio.fail_after(0.5):
                        await stream.send(b"ping")
                        assert await stream.receive(4) == b"ping"
                assert anyio.current_time() == start
            group.cancel_scope.cancel()


async def test_what_the_kernel_has_already_comes_before_a_jump() -> None:
    """Even if nobody has looked at the socket yet."""
    start = anyio.current_time()
    sender, receiver = socket.socketpair()
    with sender, receiver:
        sender.send(b"x")
        with anyio.move_on_after(5):
            await anyio.wait_readable(receiver)
        assert receiver.recv(1) == b"x"

    assert anyio.current_time() == start


async def test_waiting_for_blocked_tasks_does_not_move_time_far() -> None:
    """It is how a test lets others settle: their time-outs must not fire meanwhile."""
    start = anyio.current_time()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(anyio.sleep, 60)
        await anyio.wait_all_tasks_blocked()
        # anyio on asyncio sleeps a tenth of a second when it has to look twice.
        assert anyio.current_time() - start <= 0.1


async def test_what_is_due_already_needs_no_jump() -> None:
    """A deadline in the past is over at the first await."""
    with anyio.CancelScope() as scope:
        scope.deadline = anyio.current_time() - 1
        await anyio.sleep_forever()

    assert scope.cancelled_caught


async def test_without_a_timer_it_waits_for_real() -> None:
    """Time cannot jump to nowhere: somebody outside has to say something."""
    answered = anyio.Event()
    token = anyio.lowlevel.current_token()
    start = anyio.current_time()

    def answer() -> None:
        time.sleep(0.02)
        anyio.from_thread.run_sync(answered.set, token=token)

    thread = threading.Thread(target=answer)
    thread.start()
    async with anyio.create_task_group() as group:
        # A timer that never fires is none.
        group.start_soon(anyio.sleep_forever)
        await answered.wait()
        group.cancel_scope.cancel()
    thread.join()

    assert anyio.current_time() == start


@on_asyncio
async def test_jobs_of_an_executor_hold_time() -> None:
    """The thread pool of asyncio itself, too."""
    async with asyncio.timeout(0.001):
        assert await asyncio.to_thread(slow_answer) == 42


def test_the_thread_pool_is_joined_in_real_time() -> None:
    """Closing a loop waits for its threads with a time-out of its own."""
    ended = threading.Event()

    async def abandons() -> None:
        def block() -> None:
            time.sleep(0.2)
            ended.set()

        asyncio.get_running_loop().run_in_executor(None, block).cancel()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(abandons())

    assert ended.is_set()


def test_a_clock_starts_where_it_is_told() -> None:
    """Code that takes zero for nothing shows."""

    async def now() -> float:
        return anyio.current_time()

    clock = VirtualClock(start=1000)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start=1000)) as runner:
        assert runner.run(now()) == 1000
    assert trio.run(now, clock=clock, instruments=[clock]) == 1000


def test_a_loop_can_run_more_than_once() -> None:
    """Time goes on where it stood."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(asyncio.sleep(10))
        runner.run(asyncio.sleep(10))
        assert runner.get_loop().time() == pytest.approx(20)


@on_trio
async def test_idle_tasks_wake_before_time_moves() -> None:
    """To settle is to be blocked now, not after the next time-out."""
    start = trio.current_time()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 60)
        for cushion in (0.0, 0.01):
            await trio.testing.wait_all_tasks_blocked(cushion)
            assert trio.current_time() == start
