"""One breaker per key: as many as are in use, and no more than are worth keeping."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
import pytest

import seawall
from seawall import (
    Breakers,
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    InfraConnectionError,
    Pipeline,
    Retry,
    SeawallWarning,
    Timeout,
)

pytestmark = pytest.mark.anyio


def make(key: Hashable) -> CircuitBreaker:
    """Open after one failure, for a minute."""
    return CircuitBreaker(f"db {key}", trip=Consecutive(1), break_duration=60)


def opened(breakers: Breakers[int], *keys: int) -> None:
    """Open the circuits of *keys*."""
    for key in keys:
        breakers[key].acquire().failure()


def kept(breakers: Breakers[int], *keys: int) -> list[bool]:
    """Tell which of *keys* are kept, without asking for them."""
    gc.collect()
    return [key in breakers._alive for key in keys]


def test_one_breaker_per_key() -> None:
    """What one host does costs the others nothing."""
    breakers = Breakers(make)
    opened(breakers, 1)

    assert breakers[1] is breakers[1]
    assert breakers[1].state is CircuitState.OPEN
    assert breakers[2].state is CircuitState.CLOSED
    assert breakers[2].name == "db 2"
    assert len(breakers) == 2


def test_who_looks_makes_nothing() -> None:
    """A console lists what there is; a key that is looked for is not in use."""
    breakers = Breakers(make, max_size=2)
    first, second = breakers[1], breakers[2]

    assert list(breakers) == [1, 2]
    assert breakers.items() == ((1, first), (2, second))
    assert (1 in breakers, 3 in breakers) == (True, False)
    assert (breakers.get(1), breakers.get(3)) == (first, None)
    assert len(breakers) == 2

    assert breakers[3] is not first
    assert list(breakers) == [2, 3]
    assert (1 in breakers, breakers.get(1)) == (False, None)


def test_a_list_of_them_stands_still() -> None:
    """Other threads ask for new keys meanwhile, or the loop itself does."""
    breakers = Breakers(make)
    opened(breakers, 1, 2)

    for key in breakers:
        opened(breakers, key + 10)
    for key, breaker in breakers.items():
        assert breakers[key + 100] is not breaker

    assert len(breakers) == 8


def test_the_ones_used_last_are_kept() -> None:
    """Keys come from outside; memory does not."""
    breakers = Breakers(make, max_size=2)
    for key in (1, 2, 1, 3):
        breakers[key].acquire().success()

    assert kept(breakers, 1, 2, 3) == [True, False, True]
    assert len(breakers) == 2


def test_one_in_use_stays_findable() -> None:
    """Two breakers for one host would see half of its failures each."""
    breakers = Breakers(make, max_size=1)
    used = breakers[1]
    breakers[2].acquire().success()
    assert len(breakers) == 1

    assert breakers[1] is used


async def test_one_that_is_open_is_kept_until_its_break_is_over() -> None:
    """Dropped, it would greet a dead host with calls again."""
    breakers = Breakers(make, max_size=2)
    opened(breakers, 1, 2, 3)
    assert len(breakers) == 3
    breakers[4].acquire().success()
    assert kept(breakers, 1, 2, 3, 4) == [True, True, True, True]

    await anyio.sleep(60)
    breakers[5].acquire().success()
    assert len(breakers) == 2
    assert kept(breakers, 1, 2, 3, 4, 5) == [False, False, False, True, True]


@pytest.mark.parametrize("command", [CircuitBreaker.isolate, CircuitBreaker.disable])
def test_what_an_operator_said_is_kept(command: Any) -> None:
    """It ends when an operator says so."""
    breakers = Breakers(make, max_size=1)
    command(breakers[1])
    for key in range(2, 10):
        breakers[key].acquire().success()

    assert kept(breakers, 1, 8, 9) == [True, False, True]


def test_a_new_key_is_cheap_while_everything_is_down() -> None:
    """Looking at ten thousand open circuits for each new host is an outage too."""
    breakers = Breakers(make, max_size=1)
    opened(breakers, *range(100))
    looked = 0
    original = CircuitBreaker.stats

    def counted(breaker: CircuitBreaker) -> Any:
        nonlocal looked
        looked += 1
        return original(breaker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CircuitBreaker, "stats", counted)
        opened(breakers, 100)

    assert len(breakers) == 101
    assert looked <= 64  # asked for twice at most


async def test_one_that_nobody_asked_for_is_dropped() -> None:
    """Of a thousand tenants most are asleep."""
    breakers = Breakers(make, idle_ttl=10)
    breakers[1].acquire().success()
    breakers[2].acquire().success()
    await anyio.sleep(6)
    breakers[1].acquire().success()
    await anyio.sleep(6)
    breakers[3].acquire().success()

    assert kept(breakers, 1, 2, 3) == [True, False, True]

    await anyio.sleep(20)
    breakers[1].acquire().success()
    assert kept(breakers, 1, 3) == [True, False]


def test_threads_that_ask_for_a_new_key_at_once_get_the_same() -> None:
    """Each would count the failures of its own calls only."""
    threads_at_once = 8
    barrier = threading.Barrier(threads_at_once)

    def slowly(key: int) -> CircuitBreaker:
        barrier.wait()  # all of them have looked, and found nothing
        return make(key)

    breakers = Breakers(slowly)
    with ThreadPoolExecutor(threads_at_once) as threads:
        asked = [threads.submit(breakers.__getitem__, 1) for _ in range(8)]
        found = {id(future.result()) for future in asked}

    assert len(found) == 1
    assert len(breakers) == 1


def test_a_factory_may_ask_for_another_breaker() -> None:
    """It is called with no lock held; and so may a breaker's clock."""
    breakers: Breakers[int]

    def child(key: int) -> CircuitBreaker:
        if key > 0:
            breakers[key - 1].acquire().success()
        return make(key)

    breakers = Breakers(child)

    assert breakers[3].name == "db 3"
    assert len(breakers) == 4


def test_a_clock_may_ask_for_other_breakers_while_one_is_looked_for() -> None:
    """As a finalizer may; who was looked for is found, whatever they made room for."""
    breakers: Breakers[int]

    class Asking:
        keys: ClassVar[list[int]] = []

        def monotonic(self) -> float:
            while self.keys:
                assert breakers[self.keys.pop()].state is CircuitState.CLOSED
            return 100.0

        wall = monotonic

        def sleep(self, duration: float, /) -> None:
            raise AssertionError(duration)

    def make_asking(key: int) -> CircuitBreaker:
        return CircuitBreaker(f"db {key}", trip=Consecutive(1), clock=Asking())

    breakers = Breakers(make_asking, max_size=1)
    opened(breakers, 1)

    Asking.keys = [3]
    found = breakers[2]

    assert Asking.keys == []
    assert breakers[2] is found


@pytest.mark.parametrize("way", ["decorated", "called", "pipeline"])
async def test_a_call_is_guarded_by_the_breaker_of_its_key(way: str) -> None:
    """A dead host is not called, the others are."""
    breakers = Breakers(make)
    policy = breakers.by(key=lambda host, **_: host)
    if way == "pipeline":
        policy = Pipeline(Retry(max_attempts=1), policy, Timeout(1))

    async def fetch(host: int, *, fails: bool = False) -> int:
        await anyio.lowlevel.checkpoint()
        if fails:
            raise InfraConnectionError("down")
        return host

    async def ask(host: int, *, fails: bool = False) -> int:
        if way == "called":
            return await policy.call(fetch, host, fails=fails)
        return await policy(fetch)(host, fails=fails)

    assert await ask(1) == 1
    with pytest.raises(InfraConnectionError):
        await ask(1, fails=True)
    with pytest.raises(CircuitOpenError) as caught:
        await ask(1)
    assert caught.value.breaker == "db 1"
    assert await ask(2) == 2


def test_plain_functions_are_guarded_too() -> None:
    """The same without an event loop."""
    breakers = Breakers(make)

    @breakers.by(key=lambda host: host)
    def fetch(host: int) -> int:
        if host == 1:
            raise InfraConnectionError("down")
        return host

    with pytest.raises(InfraConnectionError):
        fetch(1)
    with pytest.raises(CircuitOpenError):
        fetch(1)
    assert fetch(2) == 2


def test_a_key_that_cannot_be_told_is_the_callers_to_see() -> None:
    """No breaker is to blame, and none is asked."""
    breakers = Breakers(make)

    with pytest.raises(ZeroDivisionError):
        breakers.by(key=lambda: 1 // 0).call_sync(str)

    assert len(breakers) == 0


def tenant() -> int:
    """Be everybody's."""
    return 1


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (tenant, "by tenant"),
        (lambda: 1, "by key"),
        (functools.partial(tenant), "by key"),
    ],
    ids=["function", "lambda", "object"],
)
async def test_a_pipeline_warns_of_a_time_out_outside_only(key: Any, name: str) -> None:
    """As with a breaker: what hangs, it would see as cancelled. Which, says the key."""
    policy = Breakers(make).by(key=key)

    async def fetch() -> None: ...

    with pytest.warns(SeawallWarning, match=f"outside the breaker '{name}'"):
        Pipeline(Timeout(1), policy)(fetch)
    with pytest.warns(SeawallWarning, match=f"<Breakers {name}> stands twice"):
        Pipeline(policy, policy)


def test_an_error_of_the_key_says_where_it_is_from() -> None:
    """The traceback ends in a lambda, and nothing there has the call's name."""
    breakers = Breakers(make)

    @breakers.by(key=lambda host: host)
    def fetch(host: int, retries: int = 3) -> int:
        return host + retries

    with pytest.raises(TypeError, match="unexpected keyword") as caught:
        fetch(1, retries=5)

    (note,) = caught.value.__notes__
    assert note.startswith("raised by the key= of test_an_error")
    assert note.endswith(
        ".fetch, which gets the arguments of each call: write "
        "key=lambda host, *_, **__: host"
    )
    assert fetch(1) == 4


def test_an_error_of_the_key_that_takes_no_note_passes_as_it_is() -> None:
    """What it says of itself is its own affair."""

    class StubbornError(Exception):
        __notes__ = None

    def key() -> int:
        raise StubbornError

    with pytest.raises(StubbornError):
        Breakers(make).by(key=key).call_sync(str)


def test_they_are_neither_copied_nor_pickled() -> None:
    """A copy would protect nothing."""
    breakers = Breakers(make)

    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="build them in each"):
            duplicate(breakers)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Breakers(5)", "factory must be a function of a key"),
        ("Breakers(make, max_size=0)", "max_size must be at least 1"),
        ("Breakers(make, idle_ttl=0)", "idle_ttl must be greater"),
        ("Breakers(make, idle_ttl=1e9)", "idle_ttl must be at most"),
        ("Breakers(make('x'))", "so all keys would share it: write Breakers.lambda"),
        ("Breakers(make).by(key='host')", "key must be a function of a call's"),
        ("Breakers(make).by()", r"write breakers.by\(key=lambda host, "),
        ("Breakers(make).by(make)", r"write breakers.by\(key=lambda host, "),
        ("Breakers(make).by(make, key=make)", r"write breakers.by\(key=lambda host, "),
        ("Breakers(make)(make)", r"write @breakers.by\(key=lambda host, "),
        ("Breakers(make)(host=1)", r"write @breakers.by\(key=lambda host, "),
        ("Pipeline(Breakers(make))", r"write breakers.by\(key=lambda host, "),
        ("Breakers(lambda key: None)[1]", "must return a CircuitBreaker, not None"),
    ],
)
def test_refuses_nonsense(code: str, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), **globals()})
