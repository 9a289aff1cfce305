"""One object, many threads, each with an event loop of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Awaitable, Callable

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from logins import IdpDown, Login, Unauthorized
from seawall import CredentialRefresh, CredentialRefreshError, Issued, Snapshot
from seawall._credential_ledger import Boarding
from seawall._credential_life import Moment
from seawall._flight import Flight, Owner, post, running_loop

pytestmark = pytest.mark.real_time

BACKENDS = ("asyncio", "trio", "asyncio", "trio")


def in_threads(fn: Callable[[], Awaitable[object]]) -> None:
    """Run *fn* in four threads at once, in an event loop of each backend."""
    barrier = threading.Barrier(len(BACKENDS))
    errors: list[BaseException] = []

    def run(backend: str) -> None:
        barrier.wait()
        try:
            anyio.run(fn, backend=backend)
        except BaseException as error:  # noqa: BLE001 -- for the thread that joins
            errors.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in BACKENDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "stuck"
    if errors:
        raise errors[0]


def test_four_loops_share_one_login() -> None:
    """Those of the other loops are woken from the one that flew."""
    login = Login(delay=0.2)
    credentials = CredentialRefresh(login)
    seen: list[int] = []

    async def one() -> None:
        seen.append((await credentials.get()).generation)

    async def ten() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(one)

    in_threads(ten)
    assert seen == [1] * 40
    assert login.started == 1


def test_concurrent_401s_in_four_loops_cause_one_login() -> None:
    """Each of them learns of it at another moment."""
    login = Login(delay=0.05)
    credentials = CredentialRefresh(login, rejected=Unauthorized)
    barrier = threading.Barrier(len(BACKENDS))
    answers: list[str] = []

    async def read(token: str) -> str:
        await anyio.sleep(0.01)
        if token == "token-1":  # noqa: S105 -- none
            raise Unauthorized
        return token

    async def use() -> None:
        await credentials.get()
        await anyio.to_thread.run_sync(barrier.wait)
        answers.append(await credentials.call(read))

    in_threads(use)
    assert answers == ["token-2"] * 4
    assert (login.started, login.most_at_once) == (2, 1)


def test_a_failure_reaches_every_loop() -> None:
    """With an error of its own for each."""
    login = Login(delay=0.2)
    login.error = IdpDown()
    credentials = CredentialRefresh(login)
    errors: list[CredentialRefreshError] = []

    async def one() -> None:
        with pytest.raises(CredentialRefreshError) as caught:
            await credentials.get()
        errors.append(caught.value)

    in_threads(one)
    assert len({id(error) for error in errors}) == 4
    assert login.started == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("other", ["asyncio", "trio"])
def test_the_owner_flies_for_other_loops_too(backend: str, other: str) -> None:
    """And when he has left, they fly by themselves."""
    login = Login(delay=0.05)
    credentials = CredentialRefresh(login)
    loops: list[object] = []

    async def user() -> int:
        return (await credentials.get()).generation

    async def source(current: Snapshot[str] | None) -> Issued[str]:
        loops.append(running_loop())
        return await login(current)

    credentials = CredentialRefresh(source)

    async def owner() -> object:
        async with credentials:
            generation = await anyio.to_thread.run_sync(
                lambda: anyio.run(user, backend=other)
            )
            assert generation == 1
            credentials.reject(await credentials.get())
        return running_loop()

    assert loops == [anyio.run(owner, backend=backend)]
    assert anyio.run(user, backend=other) == 2
    assert login.started == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_waiters_in_other_loops_survive_the_owner(backend: str) -> None:
    """He leaves while his refresh is under way, for whomever."""
    login = Login(delay=0.2)
    credentials = CredentialRefresh(login)
    waiting = threading.Event()
    seen: list[int] = []

    async def user() -> None:
        waiting.set()
        seen.append((await credentials.get()).generation)

    async def owner() -> None:
        async with credentials:
            thread.start()
            await anyio.to_thread.run_sync(waiting.wait)
            await anyio.sleep(0.1)

    thread = threading.Thread(target=lambda: anyio.run(user))
    anyio.run(owner, backend=backend)
    thread.join(10)
    assert seen == [1]
    assert (login.started, login.finished) == (2, 1)


def test_a_thread_comes_in_through_its_event_loop() -> None:
    """There is no blocking `get`; `anyio.from_thread` is the way."""
    credentials = CredentialRefresh(Login(delay=0.0))

    async def main() -> str:
        async with credentials:
            return await anyio.to_thread.run_sync(
                lambda: anyio.from_thread.run(credentials.get).value
            )

    assert anyio.run(main) == "token-1"


def test_rare_races_leave_nothing_stuck() -> None:
    """Two logins at once, or a forgotten waiter: cancelled and refused at random."""
    login = Login(delay=0.002, life=None)
    credentials = CredentialRefresh(login)

    async def use(draw: random.Random) -> None:
        with anyio.move_on_after(draw.choice((0.0005, 0.002, 0.004, 5.0))):
            snapshot = await credentials.get()
            credentials._ledger.prove(snapshot.generation)
            if draw.random() < 0.3:
                credentials.reject(snapshot)

    async def several(draw: random.Random) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(use, draw)
                await anyio.sleep(draw.random() * 0.002)

    async def main() -> None:
        draw = random.Random(threading.get_ident())
        for _ in range(4):
            try:
                async with credentials:
                    await several(draw)
            except RuntimeError as error:
                assert "entered already" in str(error)  # three of four
                await several(draw)

    in_threads(main)
    assert login.most_at_once == 1
    assert login.at_once == 0
    assert credentials._ledger._flight is None
    assert anyio.run(credentials.get).generation == login.finished


# ---------------------------------------------------------------- loops that are gone


async def loop() -> object:
    """Name the loop, which is closed by the time the caller has it."""
    return running_loop()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_posting_to_a_closed_loop_says_so(backend: str) -> None:
    """Whoever waited there is gone too."""
    gone = anyio.run(loop, backend=backend)
    assert post(gone, lambda: None) is False


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_owner_whose_loop_died_is_forgotten(backend: str) -> None:
    """A program that is torn down need not leave its blocks in order."""
    login = Login(delay=0.0)
    credentials = CredentialRefresh(login)

    async def adopt() -> None:
        # Entered, and the event loop closed without leaving.
        assert credentials._ledger.adopt(Owner())

    anyio.run(adopt, backend=backend)
    assert anyio.run(credentials.get).generation == 1
    assert anyio.run(credentials.get).generation == 1


def test_what_is_posted_to_an_owner_who_has_left_is_given_up() -> None:
    """It was boarded a moment before, in another thread."""
    given_up: list[str] = []

    async def fly() -> None:
        raise AssertionError

    async def main() -> None:
        owner = Owner()
        await owner.enter()
        await owner.leave()
        assert owner.launch(fly, lambda: given_up.append("here"))
        launched = await anyio.to_thread.run_sync(
            lambda: anyio.run(launch_from_elsewhere, owner)
        )
        assert launched
        await anyio.sleep(0.01)

    async def launch_from_elsewhere(owner: Owner) -> bool:
        return owner.launch(fly, lambda: given_up.append("there"))

    anyio.run(main)
    assert given_up == ["here", "there"]


def test_what_an_owner_could_not_begin_is_abandoned_when_he_leaves() -> None:
    """His loop may have had its last round: a post to it would be lost for ever."""
    credentials = CredentialRefresh(Login(delay=0.0))
    ledger, now = credentials._ledger, Moment(0.0, 0.0)

    async def main() -> None:
        async with credentials:
            boarding = ledger.board(now)  # and never launched
            assert isinstance(boarding, Boarding)
            assert boarding.flight.owner is not None
        assert ledger._flight is None
        with anyio.fail_after(1):
            assert (await credentials.get()).generation == 1

    anyio.run(main)


def test_a_flight_ends_once() -> None:
    """The first outcome is everybody's."""
    flight: Flight[str] = Flight(None)
    flight.end("first")
    flight.end("second")
    assert anyio.run(flight.outcome) == "first"


def test_an_owner_is_disowned_by_nobody_else() -> None:
    """Two threads may find the same loop dead, and the second one too late."""

    async def main() -> None:
        ledger = CredentialRefresh(Login())._ledger
        old, new = Owner(), Owner()
        assert ledger.adopt(old)
        ledger.disown(old)
        assert ledger.adopt(new)
        ledger.disown(old)
        assert not ledger.adopt(old)

    anyio.run(main)


def test_a_flight_forgets_who_left() -> None:
    """It may be long, and many may come and go."""
    flight: Flight[str] = Flight(None)

    async def main() -> None:
        with anyio.move_on_after(0.001):
            await flight.outcome()

    anyio.run(main)
    assert flight._waiting == {}
