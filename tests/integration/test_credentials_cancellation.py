"""Who finishes a refresh when somebody is cancelled, by a scope and natively."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import anyio
import pytest

from logins import IdpDown, Login, Unauthorized
from seawall import CredentialRefresh, Issued, Pipeline, Retry, Snapshot
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)


def made(login: Login, **options: Any) -> CredentialRefresh[str]:
    """Build what is refused with `Unauthorized`."""
    return CredentialRefresh(login, rejected=Unauthorized, **options)


class Callers:
    """Tasks that want a credential, each in a scope of its own."""

    def __init__(self, credentials: CredentialRefresh[str]) -> None:
        self.credentials = credentials
        self.scopes: list[anyio.CancelScope] = []
        self.served: list[int] = []

    async def one(self) -> None:
        with anyio.CancelScope() as scope:
            self.scopes.append(scope)
            self.served.append((await self.credentials.get()).generation)


def idle(credentials: CredentialRefresh[str]) -> bool:
    """Say whether no flight is under way."""
    return credentials._ledger._flight is None


# ---------------------------------------------------------------- without an owner


async def test_when_the_leader_is_cancelled_a_waiter_takes_over() -> None:
    """One begins again; the others wait for him."""
    login = Login()
    callers = Callers(made(login))
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(callers.one)
        await anyio.sleep(0.5)
        callers.scopes[0].cancel()
    assert callers.served == [1] * 5
    assert (login.started, login.finished, login.most_at_once) == (2, 1, 1)


async def test_when_all_are_cancelled_nothing_is_left() -> None:
    """No orphan, no flight that the next one would wait for, for ever."""
    login = Login()
    credentials = made(login)
    callers = Callers(credentials)
    with anyio.move_on_after(0.5):
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(callers.one)
    assert (login.at_once, callers.served) == (0, [])
    assert idle(credentials)
    assert (await credentials.get()).generation == 1


async def test_waiters_that_leave_disturb_nobody() -> None:
    """Neither the leader nor each other."""
    login = Login()
    callers = Callers(made(login))
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(callers.one)
        await anyio.sleep(0.5)
        for scope in callers.scopes[1:4]:
            scope.cancel()
    assert callers.served == [1, 1, 1]
    assert login.started == 1


@asyncio_only
async def test_a_leader_that_is_cancelled_natively_is_taken_over_too() -> None:
    """Most asyncio programs know no scopes."""
    login = Login()
    credentials = made(login)
    leader = asyncio.ensure_future(credentials.get())
    await asyncio.sleep(0.2)
    others = [asyncio.ensure_future(credentials.get()) for _ in range(5)]
    await asyncio.sleep(0.2)
    leader.cancel()
    snapshots = await asyncio.gather(*others)
    assert {snapshot.generation for snapshot in snapshots} == {1}
    assert leader.cancelled()
    assert (login.started, login.finished) == (2, 1)


async def test_a_login_that_disguises_a_cancellation_has_not_failed() -> None:
    """Nobody must wait a pause because somebody was cancelled."""
    started: list[int] = []

    async def login(_: Snapshot[str] | None) -> Issued[str]:
        started.append(1)
        try:
            await anyio.sleep(1)
        except BaseException as error:
            raise IdpDown from error
        return Issued("token")

    credentials = CredentialRefresh(login)
    callers = Callers(credentials)

    async def leader() -> None:
        with anyio.move_on_after(0.5), pytest.raises(IdpDown):
            await credentials.get()

    async with anyio.create_task_group() as group:
        group.start_soon(leader)
        await anyio.sleep(0.1)
        for _ in range(3):
            group.start_soon(callers.one)
    assert callers.served == [1, 1, 1]
    assert len(started) == 2


# ---------------------------------------------------------------- atomic


async def test_an_atomic_refresh_is_finished_though_its_caller_is_cancelled() -> None:
    """The new refresh token exists once only."""
    login = Login()
    credentials = made(login, atomic=True)
    with anyio.move_on_after(0.5) as scope:
        await credentials.get()
    assert scope.cancelled_caught
    assert (login.started, login.finished) == (1, 1)
    assert (await credentials.get()).generation == 1
    assert login.started == 1


@asyncio_only
async def test_an_atomic_refresh_outlives_native_cancellation() -> None:
    """An anyio shield around an await does not stop that; a shielded child does."""
    login = Login()
    credentials = made(login, atomic=True)
    task = asyncio.ensure_future(credentials.get())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (login.started, login.finished) == (1, 1)
    assert (await credentials.get()).generation == 1


@asyncio_only
async def test_an_atomic_refresh_that_was_not_begun_is_left_to_the_next() -> None:
    """Cancelled before the child took its first step: nothing is lost."""
    login = Login()
    credentials = made(login, atomic=True)
    task = asyncio.ensure_future(credentials.get())
    await asyncio.sleep(0)  # the flight has its child, which has not begun
    assert (login.started, idle(credentials)) == (0, False)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert idle(credentials)
    assert (await credentials.get()).generation == 1
    assert login.started == login.finished


@asyncio_only
@pytest.mark.filterwarnings(
    # What anyio leaves of a child that was cancelled before its first step.
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)
async def test_a_loop_that_is_shut_down_leaves_no_flight_behind() -> None:
    """`asyncio.run` cancels every task, also one that has not begun."""
    login = Login()
    credentials = made(login, atomic=True)
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(credentials.get())
    await asyncio.sleep(0)
    started = asyncio.all_tasks() - before
    assert len(started) == 2
    for each in started:
        each.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert login.started == 0
    assert idle(credentials)
    del started, each
    gc.collect()


async def test_an_atomic_refresh_still_has_its_own_limit() -> None:
    """The shield hides the caller's deadline only."""
    login = Login(delay=3600.0)
    began = anyio.current_time()
    with anyio.move_on_after(1):
        await made(login, atomic=True, refresh_timeout=5.0).get()
    assert anyio.current_time() - began == pytest.approx(5.0)


# ---------------------------------------------------------------- with an owner


async def test_with_an_owner_a_leaders_cancellation_is_his_own() -> None:
    """The refresh goes on, and he does not wait for it."""
    login = Login()
    async with made(login) as credentials:
        callers = Callers(credentials)
        began = anyio.current_time()
        with anyio.move_on_after(0.5):
            await credentials.get()
        assert anyio.current_time() - began == pytest.approx(0.5)
        await callers.one()
        assert anyio.current_time() - began == pytest.approx(1.0)
    assert login.started == 1


async def test_deadlines_shorter_than_the_refresh_are_served_in_the_end() -> None:
    """Without an owner each caller begins again and none ever finishes."""
    login = Login(delay=2.0)
    served = 0

    async def impatient(credentials: CredentialRefresh[str], delay: float) -> None:
        nonlocal served
        await anyio.sleep(delay)
        with anyio.move_on_after(1.0):
            await credentials.get()
            served += 1

    async with made(login) as credentials, anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(impatient, credentials, number * 0.5)
    assert login.started == 1
    assert served >= 16


@pytest.mark.parametrize("atomic", [False, True])
async def test_waiters_cancelled_while_the_owner_flies_leave_no_trace(
    *, atomic: bool
) -> None:
    """The credential is there for the next one."""
    login = Login()
    async with made(login, atomic=atomic) as credentials:
        callers = Callers(credentials)
        with anyio.move_on_after(0.5):
            async with anyio.create_task_group() as group:
                for _ in range(6):
                    group.start_soon(callers.one)
        await anyio.sleep(1)
        assert (await credentials.get()).generation == 1
    assert (login.started, login.finished) == (1, 1)


@asyncio_only
async def test_a_block_that_is_cancelled_natively_while_it_is_left() -> None:
    """The cancellation comes out, and nothing stays behind."""
    login = Login()

    async def block() -> None:
        async with made(login, atomic=True) as credentials:
            waiter = asyncio.ensure_future(credentials.get())
            await asyncio.sleep(0.2)
            waiter.cancel()

    task = asyncio.ensure_future(block())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (login.started, login.finished, login.at_once) == (1, 1, 0)


# ---------------------------------------------------------------- at every await


class World:
    """What the scenarios below use, new for each run, and what must hold after it."""

    def __init__(self, **options: Any) -> None:
        self.login = Login()
        self.credentials = made(self.login, **options)
        self.revoked = "token-1"

    async def read(self, *, token: str = "") -> str:
        await anyio.sleep(0.1)
        if token == self.revoked:
            raise Unauthorized
        return token

    async def first(self, token: str) -> str:
        return await self.read(token=token)

    async def several(self) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(self.patient)

    async def patient(self) -> None:
        # A refusal that is on its way when its scope is cancelled passes as it is.
        with suppress(Unauthorized):
            await self.credentials.call(self.first)

    async def check(self) -> None:
        """No flight is stuck, no token lost, and the next one is served."""
        login = self.login
        assert login.at_once == 0
        assert login.most_at_once <= 1
        assert idle(self.credentials)
        assert self.credentials._ledger.generation == login.finished
        assert self.credentials._ledger._failure is None
        with anyio.fail_after(10):
            assert await self.credentials.call(self.first) == "token-2"


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("kind", ["call", "several", "into", "owned", "entered"])
async def test_cancelled_at_every_await(kind: str, *, atomic: bool) -> None:
    """By scope, natively, by a time-out and by both: see `cancel_everywhere`."""
    world = World(atomic=atomic)

    async def scenario() -> None:
        nonlocal world
        world = World(atomic=atomic)
        credentials = world.credentials
        if kind == "call":
            await credentials.call(world.first)
        elif kind == "several":
            await world.several()
        elif kind == "into":
            guard = Pipeline(Retry(on=OSError), credentials.into("token"))
            await guard.call(world.read)
        elif kind == "owned":
            async with credentials:
                await world.several()
        else:
            async with credentials, anyio.create_task_group() as group:
                group.start_soon(credentials.get)
                await anyio.sleep(0.5)
                group.cancel_scope.cancel()

    points = 0
    async for _ in cancel_everywhere(scenario):
        points += 1
        await world.check()
    assert points >= 3
