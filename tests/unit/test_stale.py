"""The stale cache, on both backends, in virtual time."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Callable, Hashable
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import seawall
from seawall import (
    Category,
    CircuitBreaker,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    Constant,
    CredentialRefresh,
    Fallback,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    Issued,
    Outcome,
    Pipeline,
    Retry,
    SeawallWarning,
    Snapshot,
    StaleCache,
    StaleServed,
    Step,
    Timeout,
)
from seawall._provenance import Watch
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio


class Source:
    """A primary that counts, takes a second, and fails when told to."""

    def __init__(self, *, takes: float = 1.0) -> None:
        self.calls = 0
        self.at_once = self.most_at_once = 0
        self.takes = takes
        self.error: Exception | None = None

    async def __call__(self, key: object = "k") -> str:
        """Answer for *key* with the number of the call."""
        self.calls += 1
        number = self.calls
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await anyio.sleep(self.takes)
        finally:
            self.at_once -= 1
        if self.error is not None:
            raise self.error
        return f"{key}-{number}"


def made(**options: Any) -> StaleCache:
    """Build a cache by first argument, fresh for 30 s and usable for 60 s more."""
    defaults = {"key": lambda key="k": key, "fresh_for": 30, "stale_if_error": 60}
    return StaleCache(**{**defaults, **options})


def idle(cache: StaleCache) -> bool:
    """Say whether no call is under way."""
    return not cache._serving.store._flights


DOWN = InfraUnavailableError("down")

# ---------------------------------------------------------------- fresh and old values


async def test_a_fresh_hit_needs_no_call() -> None:
    """And says that it is one; it is no fallback."""
    source, cache = Source(), made()

    first = await cache.outcome(source)
    second = await cache.outcome(source)

    assert (first.value, first.source, first.attempts) == ("k-1", "primary", 1)
    assert (second.value, second.source, second.attempts) == ("k-1", "cache", 0)
    assert (second.used_fallback, second.stale_for) == (False, None)
    assert source.calls == 1


async def test_what_is_no_longer_fresh_is_asked_for_again() -> None:
    """Age counts from the question, not from the answer."""
    source, cache = Source(), made()
    await cache.call(source)

    await anyio.sleep(28.5)
    assert await cache.call(source) == "k-1"
    await anyio.sleep(1)
    assert await cache.call(source) == "k-2"


async def test_an_old_value_is_served_when_the_call_fails() -> None:
    """It says that it is old, and how old."""
    source, cache = Source(), made()
    await cache.call(source)
    await anyio.sleep(49)
    source.error = DOWN

    outcome = await cache.outcome(source)

    assert (outcome.value, outcome.source, outcome.attempts) == ("k-1", "stale", 1)
    assert outcome.stale_for == pytest.approx(51)
    assert (outcome.used_fallback, outcome.ok) == (True, True)


async def test_an_old_value_does_not_become_fresh_by_being_served() -> None:
    """The next call is made again, and its success is what counts."""
    source, cache = Source(), made()
    await cache.call(source)
    await anyio.sleep(40)
    source.error = DOWN
    await cache.call(source)
    source.error = None

    outcome = await cache.outcome(source)

    assert (outcome.value, outcome.source) == ("k-3", "primary")


async def test_no_value_is_served_beyond_the_limit() -> None:
    """Fresh for 30 s and usable for 60 s more: the 90th is too late."""
    source, cache = Source(takes=0.0), made()
    await cache.call(source)
    source.error = DOWN

    await anyio.sleep(89.9)
    assert await cache.call(source) == "k-1"
    await anyio.sleep(0.2)
    with pytest.raises(InfraUnavailableError):
        await cache.call(source)
    assert len(cache) == 0


async def test_the_limit_is_looked_at_when_the_call_has_failed() -> None:
    """A value that was young enough when a slow call began need not be at its end."""
    source, cache = Source(takes=0.0), made()
    await cache.call(source)
    source.error, source.takes = DOWN, 10.0
    await anyio.sleep(85)

    with pytest.raises(InfraUnavailableError):
        await cache.call(source)


async def test_without_an_old_value_the_error_is_the_callers() -> None:
    """The same object."""
    source, cache = Source(), made()
    source.error = DOWN

    outcome = await cache.outcome(source)

    assert outcome.error is DOWN
    assert (outcome.source, outcome.used_fallback) == ("primary", False)


async def test_none_is_a_value() -> None:
    """A user who does not exist does not have to be looked for every time."""
    calls = 0

    async def nobody() -> None:
        nonlocal calls
        calls += 1

    cache = made()
    assert await cache.call(nobody) is None
    assert await cache.call(nobody) is None
    assert calls == 1


async def test_nothing_is_kept_fresh_for_zero_seconds() -> None:
    """Every call is made; the last good value is there for the bad day."""
    source, cache = Source(), made(fresh_for=0)

    assert await cache.call(source) == "k-1"
    assert await cache.call(source) == "k-2"
    source.error = DOWN
    assert (await cache.outcome(source)).source == "stale"


async def test_a_cache_may_serve_fresh_values_only() -> None:
    """Zero seconds if there is an error: not even in the moment of its end."""
    source, cache = Source(takes=0.0), made(stale_if_error=0)
    await cache.call(source)
    source.error = DOWN
    await anyio.sleep(30)

    with pytest.raises(InfraUnavailableError):
        await cache.call(source)


class Hands:
    """Two clocks, set by hand."""

    def __init__(self) -> None:
        self.now = self.day = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.day

    def sleep(self, _duration: float, /) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("monotonic", "wall", "source"),
    [
        (10, 10, "cache"),
        (31, 31, "primary"),
        (1, 31, "primary"),
        (31, 1, "primary"),
        (10, -5000, "cache"),
        (31, -5000, "primary"),
    ],
    ids=[
        "young",
        "old",
        "the machine slept",
        "the wall clock fell behind",
        "the wall clock was set back",
        "set back, and old",
    ],
)
async def test_the_clock_that_says_older_is_believed(
    monotonic: float, wall: float, source: str
) -> None:
    """One stands still while the machine sleeps, the other one is set by people."""
    clock = Hands()
    cache = made(clock=clock)
    await cache.call(Source())

    clock.now += monotonic
    clock.day += wall

    assert (await cache.outcome(Source())).source == source


async def test_a_clock_that_fails_leaves_no_call_under_way() -> None:
    """Its error is the caller's, and the next call is made."""
    clock, source = Hands(), Source()
    cache = made(clock=clock)
    source.error = DOWN
    broken = vars(clock)["monotonic"] = lambda: 1 / 0

    with pytest.raises(ZeroDivisionError):
        await cache.call(source)
    del broken, vars(clock)["monotonic"]
    assert idle(cache)
    with pytest.raises(InfraUnavailableError):
        await cache.call(source)


# ---------------------------------------------------------------- which errors


@pytest.mark.parametrize(
    "error",
    [
        InfraTimeoutError("slow"),
        InfraUnavailableError("down"),
        InfraConnectionError("lost"),
        TimeoutError(),
        ConnectionRefusedError(),
        ExceptionGroup("both", [TimeoutError(), ConnectionResetError()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_is_answered(error: Exception) -> None:
    """As a fallback would answer it."""
    source, cache = Source(), made(fresh_for=0)
    await cache.call(source)
    source.error = error

    assert (await cache.outcome(source)).source == "stale"


class Invalid(Exception):
    """A request that does not hold what it should."""


@pytest.mark.parametrize(
    "error",
    [
        InfraAuthenticationError("who?"),
        PermissionError("no"),
        Invalid(),
        ExceptionGroup("both", [TimeoutError(), InfraAuthenticationError("who?")]),
        ExceptionGroup("both", [TimeoutError(), PermissionError()]),
    ],
    ids=["authentication", "permission", "validation", "in a group", "both"],
)
async def test_a_no_is_an_answer_whatever_on_says(error: Exception) -> None:
    """Whoever lost his rights must not go on reading what he had read."""
    rejected = Classifier().extend({Invalid: Classification(Category.REJECTED)})
    source = Source()
    cache = made(fresh_for=0, on=Exception, classify=rejected)
    await cache.call(source)
    source.error = error

    assert (await cache.outcome(source)).error is error


async def test_what_on_does_not_name_passes() -> None:
    """A bug is no outage."""
    source, cache = Source(), made(fresh_for=0)
    await cache.call(source)
    source.error = KeyError("bug")

    with pytest.raises(KeyError):
        await cache.call(source)


async def test_on_and_classify_say_what_an_outage_is() -> None:
    """As they do elsewhere."""
    source = Source()
    busy = Classifier().extend({KeyError: Classification(Category.UNAVAILABLE)})
    caches = [
        made(fresh_for=0, classify=busy),
        made(fresh_for=0, on=KeyError),
        made(fresh_for=0, on=lambda error: "busy" in str(error)),
    ]
    for cache in caches:
        source.error = None
        await cache.call(source)
        source.error = KeyError("busy")
        assert (await cache.outcome(source)).source == "stale"


async def test_a_predicate_that_raises_is_heard_and_blocks_nothing() -> None:
    """With what it was asked about above it."""

    def broken(_: Exception) -> bool:
        raise ValueError("predicate")

    source, cache = Source(), made(fresh_for=0, on=broken)
    source.error = DOWN

    with pytest.raises(ValueError, match="predicate") as caught:
        await cache.call(source)

    assert caught.value.__context__ is DOWN
    assert idle(cache)


async def test_wrong_arguments_have_no_substitute() -> None:
    """The caller's mistake would look like an outage, for as long as nobody looks."""

    async def takes_one(argument: int) -> int:
        return argument

    cache = made(key=lambda *_: "k", on=Exception, fresh_for=0)
    await cache.call(takes_one, 1)

    with pytest.raises(TypeError, match="takes_one"):
        await cache.call(takes_one)  # type: ignore[call-arg]


# ---------------------------------------------------------------- keys


async def test_the_key_tells_which_calls_are_for_the_same() -> None:
    """It gets the arguments of the call, named ones too."""
    source = Source()

    async def fetch(url: str, *, page: int = 1) -> str:
        return await source(f"{url}/{page}")

    cache = made(key=lambda url, *, page=1: (url, page))
    guarded = cache(fetch)

    assert await guarded("a") == await guarded("a", page=1)
    assert await guarded("a", page=2) != await guarded("b", page=2)
    assert source.calls == 3


async def test_an_error_of_the_key_function_is_the_callers() -> None:
    """There is no key to look anything up by; nothing is called and nothing stays."""
    source = Source()
    cache = made(key=lambda user: user["id"], on=Exception)

    with pytest.raises(KeyError, match="id"):
        await cache.call(source, {})

    assert source.calls == 0
    assert idle(cache)


async def coroutine_function(_: object) -> str:
    """Be what nobody awaits."""
    return "k"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (lambda key: [key], "a list is not: return text"),
        (lambda key: ([key],), "a tuple is not: return text"),
        (coroutine_function.__get__(None, object), "returned coroutine"),
        (lambda key: coroutine_function(key), "returned coroutine"),
    ],
    ids=["a list", "a tuple of lists", "bound", "a coroutine"],
)
async def test_a_key_that_could_not_be_found_again_is_refused(
    key: Callable[..., Hashable], message: str
) -> None:
    """A cache that never hits looks like one that works."""
    if key.__name__ != "<lambda>":
        key = lambda k, made=key: made(k)  # noqa: E731 -- hide what it is

    with pytest.raises(TypeError, match=message):
        await made(key=key).call(Source(), "k")


def test_an_awaitable_key_is_refused_whatever_it_is() -> None:
    """Not every awaitable is a coroutine."""

    class Later:
        def __await__(self) -> Any:
            raise AssertionError

    with pytest.raises(TypeError, match="returned Later, which is another one"):
        made(key=lambda: Later()).call_sync(lambda: 1)


# ---------------------------------------------------------------- the bound


async def test_ten_thousand_keys_stay_within_the_bound() -> None:
    """And the values that were pushed out are gone."""

    class Value:
        pass

    cache = StaleCache(key=lambda n: n, fresh_for=30, stale_if_error=60)
    alive: weakref.WeakSet[Value] = weakref.WeakSet()

    async def fetch(_: int) -> Value:
        value = Value()
        alive.add(value)
        return value

    for n in range(10_000):
        await cache.call(fetch, n)
        assert len(cache) <= 1024

    assert (len(cache), len(alive)) == (1024, 1024)


async def test_what_was_used_last_stays() -> None:
    """Reading counts as use."""
    source, cache = Source(), made(max_entries=2)
    await cache.call(source, "a")
    await cache.call(source, "b")
    await cache.call(source, "a")
    await cache.call(source, "c")

    assert (await cache.outcome(source, "a")).source == "cache"
    assert (await cache.outcome(source, "b")).source == "primary"


@pytest.mark.parametrize("how", ["evicted", "invalidated", "cleared", "expired"])
async def test_nothing_outlives_its_entry(how: str) -> None:
    """Without waiting for the collector."""

    class Value:
        pass

    async def fetch(_: str) -> Value:
        return Value()

    async def fails(_: str) -> Value:
        raise DOWN

    cache = made(max_entries=1)
    value = weakref.ref(await cache.call(fetch, "a"))
    gc.disable()
    try:
        assert value() is not None
        if how == "evicted":
            await cache.call(fetch, "b")
        elif how == "invalidated":
            cache.invalidate("a")
        elif how == "cleared":
            cache.clear()
        else:
            await anyio.sleep(100)
            assert not (await cache.outcome(fails, "a")).ok
        assert value() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("old", [True, False], ids=["old value", "no value"])
async def test_an_error_leaves_no_cycle(*, old: bool) -> None:
    """Its traceback holds the frames, and they must not hold it."""

    class Noted(InfraUnavailableError):
        pass

    async def fails() -> str:
        await anyio.lowlevel.checkpoint()
        raise Noted

    cache = made(fresh_for=0)
    if old:
        await cache.call(Source())
    errors: list[weakref.ref[Exception]] = []

    async def one() -> None:
        try:
            await cache.call(fails)
        except Noted as error:
            errors.append(weakref.ref(error))

    gc.collect()
    gc.disable()
    try:
        await one()
        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
        assert [error() for error in errors] == ([] if old else [None] * 3)
        assert not [each for each in gc.get_objects() if isinstance(each, Noted)]
    finally:
        gc.enable()


# ---------------------------------------------------------------- invalidate and clear


@pytest.mark.parametrize("how", ["invalidate", "clear"])
async def test_what_was_invalidated_is_asked_for_again(how: str) -> None:
    """Whoever changed the user knows that the old one is wrong."""
    source, cache = Source(), made()
    await cache.call(source)

    cache.invalidate("k") if how == "invalidate" else cache.clear()

    assert await cache.call(source) == "k-2"


@pytest.mark.parametrize("how", ["invalidate", "clear"])
async def test_what_was_under_way_then_is_not_kept(how: str) -> None:
    """It may have read what was there before the change."""
    source, cache = Source(), made()
    values: list[str] = []

    async def one() -> None:
        values.append(await cache.call(source))

    async with anyio.create_task_group() as group:
        group.start_soon(one)
        await anyio.sleep(0.5)
        cache.invalidate("k") if how == "invalidate" else cache.clear()
        group.start_soon(one)
        await anyio.sleep(0.1)
        group.start_soon(one)

    assert sorted(values) == ["k-1", "k-2", "k-2"]
    assert await cache.call(source) == "k-2"
    assert idle(cache)


async def test_a_value_that_came_meanwhile_is_served_as_fresh() -> None:
    """A call that fails late finds what a later one has brought."""
    cache = made()

    async def fails_late() -> str:
        await anyio.sleep(2)
        raise DOWN

    outcomes: list[Outcome[str]] = []

    async def late() -> None:
        outcomes.append(await cache.outcome(fails_late))

    async with anyio.create_task_group() as group:
        group.start_soon(late)
        await anyio.sleep(0.5)
        cache.clear()
        await cache.call(Source())

    (outcome,) = outcomes
    assert (outcome.value, outcome.source, outcome.stale_for) == ("k-1", "cache", None)


def test_only_a_key_can_be_invalidated() -> None:
    """Else it would seem to be."""
    with pytest.raises(TypeError, match="a list is not"):
        made().invalidate(["k"])  # type: ignore[arg-type]
    made().invalidate("unknown")


# ---------------------------------------------------------------- one call for all


class Callers:
    """Tasks that want one key, each in a scope of its own."""

    def __init__(self, cache: StaleCache, source: Source) -> None:
        self.cache = cache
        self.source = source
        self.scopes: list[anyio.CancelScope] = []
        self.outcomes: list[Outcome[str]] = []

    async def one(self, key: str = "k") -> None:
        """Ask."""
        with anyio.CancelScope() as scope:
            self.scopes.append(scope)
            self.outcomes.append(await self.cache.outcome(self.source, key))


async def test_concurrent_misses_of_one_key_make_one_call() -> None:
    """All get its value; whoever waited has called nothing."""
    callers = Callers(made(), Source())
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(callers.one)

    assert {o.value for o in callers.outcomes} == {"k-1"}
    assert {o.source for o in callers.outcomes} == {"primary"}
    assert sorted(o.attempts for o in callers.outcomes) == [0] * 9 + [1]
    assert idle(callers.cache)


async def test_misses_of_other_keys_do_not_wait_for_each_other() -> None:
    """They are other calls."""
    callers = Callers(made(), Source())
    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        for key in "abc":
            group.start_soon(callers.one, key)

    assert callers.source.most_at_once == 3
    assert anyio.current_time() - began == pytest.approx(1)


async def test_a_failure_reaches_everybody_as_an_error_of_his_own() -> None:
    """Of the same type, with the real one as cause, and no traceback that grows."""
    source = Source()
    source.error = InfraTimeoutError("slow", retry_after=7)
    source.error.add_note("a note")
    callers = Callers(made(), source)
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(callers.one)

    errors = [o.error for o in callers.outcomes]
    assert source.calls == 1
    assert len({id(error) for error in errors}) == 5
    (leaders,) = [error for error in errors if error is source.error]
    for error in errors:
        assert isinstance(error, InfraTimeoutError)
        assert (str(error), error.retry_after) == ("slow", 7)
        if error is not leaders:
            assert error.__cause__ is leaders
            error.add_note("mine")
            assert depth(error) < 6
    assert leaders.__notes__ == ["a note"]


def depth(error: BaseException) -> int:
    """Count the frames of a traceback."""
    count, tb = 0, error.__traceback__
    while tb is not None:
        count, tb = count + 1, tb.tb_next
    return count


async def test_everybody_who_waited_gets_the_old_value() -> None:
    """After one call that failed."""
    callers = Callers(made(), Source())
    await callers.one()
    await anyio.sleep(40)
    callers.source.error = DOWN
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(callers.one)

    assert {o.source for o in callers.outcomes[1:]} == {"stale"}
    assert callers.source.calls == 2


async def test_when_the_leader_is_cancelled_a_waiter_takes_over() -> None:
    """One begins again; the others wait for him."""
    callers = Callers(made(), Source())
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(callers.one)
        await anyio.sleep(0.5)
        callers.scopes[0].cancel()

    assert [o.value for o in callers.outcomes] == ["k-2"] * 5
    assert callers.source.most_at_once == 1
    assert idle(callers.cache)


async def test_when_all_are_cancelled_nothing_is_left() -> None:
    """No orphan, no flight that the next one would wait for, for ever."""
    callers = Callers(made(), Source())
    with anyio.move_on_after(0.5):
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(callers.one)

    assert (callers.source.at_once, callers.outcomes) == (0, [])
    assert idle(callers.cache)
    await callers.one()
    assert callers.outcomes[0].ok


async def test_waiters_that_leave_disturb_nobody() -> None:
    """Neither the leader nor each other."""
    callers = Callers(made(), Source())
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(callers.one)
        await anyio.sleep(0.5)
        for scope in callers.scopes[1:4]:
            scope.cancel()

    assert [o.value for o in callers.outcomes] == ["k-1"] * 3


async def test_a_time_out_of_the_leader_is_nobody_elses() -> None:
    """Those who still have time make the call again."""
    source, cache = Source(takes=3), made()
    ends: dict[float, object] = {}

    async def one(limit: float) -> None:
        outcome = await Pipeline(Timeout(limit), cache).outcome(source)
        ends[limit] = outcome.value or type(outcome.error)

    async with anyio.create_task_group() as group:
        group.start_soon(one, 1)
        await anyio.sleep(0.1)
        group.start_soon(one, 10)

    assert ends == {1: InfraTimeoutError, 10: "k-2"}


async def test_wrong_arguments_of_the_leader_are_nobody_elses() -> None:
    """Who was waiting makes the call, with his own."""
    results: list[object] = []

    async def login(_: Snapshot[str] | None) -> Issued[str]:
        await anyio.sleep(1)
        return Issued("t")

    async def takes_one(argument: int, *, token: str = "") -> str:
        return f"{argument}{token}"

    token = CredentialRefresh(login).into("token")
    guard = Pipeline(made(key=lambda *_: "k"), token)

    async def call(*args: int) -> None:
        outcome = await guard.outcome(takes_one, *args)  # type: ignore[arg-type]
        results.append(outcome.value or type(outcome.error))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.sleep(0.5)
        group.start_soon(call, 1)

    assert results == [TypeError, "1t"]


async def test_a_disguised_cancellation_of_the_leader_is_nobody_elses() -> None:
    """Nobody else was cancelled."""
    calls = 0

    async def disguises() -> str:
        nonlocal calls
        calls += 1
        try:
            await anyio.sleep(1)
        except anyio.get_cancelled_exc_class() as cancelled:
            raise InfraConnectionError("lost it") from cancelled
        return "value"

    cache = made()
    values: list[str] = []

    async def leader() -> None:
        with anyio.move_on_after(0.5), pytest.raises(InfraConnectionError):
            await cache.call(disguises)

    async def waiter() -> None:
        values.append(await cache.call(disguises))

    async with anyio.create_task_group() as group:
        group.start_soon(leader)
        await anyio.sleep(0.1)
        group.start_soon(waiter)
        group.start_soon(waiter)

    assert (values, calls) == (["value", "value"], 2)


async def test_a_call_for_the_same_key_inside_does_not_wait_for_itself() -> None:
    """It is made, and what it returns is not kept: the outer one's is."""
    cache = made(key=lambda *_: "k")

    async def inner(error: Exception | None = None) -> str:
        if error is not None:
            raise error
        return "inner"

    async def outer() -> str:
        async with anyio.create_task_group() as group:
            group.start_soon(cache.call, inner)
        with pytest.raises(InfraUnavailableError):
            await cache.call(inner, DOWN)
        return "outer, " + await cache.call(inner)

    with anyio.fail_after(1):
        assert await cache.call(outer) == "outer, inner"
    outcome = await cache.outcome(inner)
    assert (outcome.value, outcome.source) == ("outer, inner", "cache")


async def test_a_task_that_outlives_the_call_may_wait_again() -> None:
    """Its context remembers a call that has ended; that must not count."""
    source, cache = Source(), made(fresh_for=0)
    values: list[str] = []

    async def later() -> None:
        await anyio.sleep(2)
        values.append(await cache.call(source))

    async with anyio.create_task_group() as group:

        async def starts() -> str:
            group.start_soon(later)
            group.start_soon(later)
            return "started"

        await cache.call(starts)

    assert values == ["k-1", "k-1"]


async def test_a_task_from_a_call_that_ended_does_not_wait_for_one_around_it() -> None:
    """The outer call waits for the task, so the task must not wait for it."""
    cache = made(key=lambda key: key)

    async def outer(_: str) -> str:
        async with anyio.create_task_group() as group:

            async def again() -> None:
                await anyio.sleep(1)
                await cache.call(Source(), "outer")

            async def inner(_: str) -> str:
                group.start_soon(again)
                return "inner"

            return await cache.call(inner, "inner")

    with anyio.fail_after(10):
        assert await cache.call(outer, "outer") == "inner"


async def test_a_chain_of_tasks_holds_no_chain_of_calls() -> None:
    """A refresher that starts its successor would leak one with every round."""

    class Value:
        pass

    cache, fallback = made(fresh_for=0), Fallback(Step("x", lambda: Value()))
    seen: list[weakref.ref[Value]] = []
    watches: list[int] = []
    left = 20

    async def fails() -> Value:
        raise InfraUnavailableError

    async with anyio.create_task_group() as group:

        async def work() -> str:
            nonlocal left
            seen.append(weakref.ref(await fallback.call(fails)))
            gc.collect()
            watches.append(sum(isinstance(o, Watch) for o in gc.get_objects()))
            left -= 1
            if left:
                group.start_soon(turn)
            return "done"

        async def turn() -> None:
            await anyio.sleep(1)
            await cache.call(work)

        group.start_soon(turn)

    gc.collect()
    assert [ref() for ref in seen] == [None] * 20
    assert watches[-1] - watches[1] < 5


@pytest.mark.parametrize("old", [True, False], ids=["old value", "no value"])
async def test_it_is_left_at_every_await(*, old: bool) -> None:
    """By a leader and by waiters: nothing is stuck, and the next one is served."""
    cache = made(fresh_for=0)
    source = Source()

    async def scenario() -> None:
        cache.clear()
        source.error = None
        if old:
            await cache.call(source)
        source.error = DOWN

        async def one() -> None:
            outcome = await cache.outcome(source)
            assert outcome.source == "stale" if old else outcome.error

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(one)

    points = 0
    async for point in cancel_everywhere(scenario):
        points += 1
        assert (source.at_once, idle(cache)) == (0, True), point
        source.error = None
        with anyio.fail_after(5):
            assert (await cache.outcome(source)).source == "primary", point
    assert points >= 4


# ---------------------------------------------------------------- in a pipeline


async def test_program_3_a_stale_value_while_the_database_is_away() -> None:
    """Retry, breaker and both time-outs work inside as they do without it."""
    source, db = Source(), CircuitBreaker("db", trip=Consecutive(4), break_duration=20)
    cache = StaleCache(key=lambda key: key, fresh_for=30, stale_if_error=3600)
    retry = Retry(max_attempts=2, backoff=Constant(0.1))
    guard = Pipeline(Timeout(10.0), cache, retry, db, Timeout(1.5))
    assert await guard.call(source, "a") == "a-1"
    await anyio.sleep(40)
    source.error = DOWN

    outcomes = [await guard.outcome(source, "a") for _ in range(3)]

    assert [o.source for o in outcomes] == ["stale"] * 3
    assert [o.attempts for o in outcomes] == [2, 2, 0]
    assert db.state is CircuitState.OPEN
    source.error, source.takes = None, 3.0
    await anyio.sleep(20)
    hanging = await guard.outcome(source, "a")
    assert (hanging.source, hanging.value) == ("stale", "a-1")


async def test_what_it_serves_is_no_success_to_a_breaker_outside() -> None:
    """Nor a failure: a value from memory says nothing about the dependency."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), count_successes=True)
    source, cache = Source(), made()
    guard = Pipeline(breaker, cache)

    await guard.call(source)
    await guard.call(source)
    await anyio.sleep(40)
    source.error = DOWN
    assert (await guard.outcome(source)).source == "stale"

    stats = breaker.stats()
    assert (stats.state, stats.successes) == (CircuitState.CLOSED, 1)


async def test_inside_a_retry_it_is_warned_about() -> None:
    """What it answers is never retried."""
    with pytest.warns(SeawallWarning, match="a StaleCache inside a Retry"):
        Pipeline(Retry(), made())


async def test_a_fallback_outside_answers_when_there_is_no_old_value() -> None:
    """And its source is the step's, though the step is called as the cache is."""
    source = Source()
    source.error = DOWN
    guard = Pipeline(Fallback(Step("cache", lambda: "default")), made())

    outcome = await guard.outcome(source)

    assert (outcome.value, outcome.source, outcome.used_fallback) == (
        "default",
        "cache",
        True,
    )


async def test_a_second_attempt_from_the_primary_is_the_primarys() -> None:
    """What an earlier attempt got from elsewhere is forgotten."""
    source, cache = Source(), made(fresh_for=0)
    await cache.call(source)
    source.error = DOWN
    recovers = [True]

    def old(value: str) -> bool:
        source.error = None
        return bool(recovers and recovers.pop())

    outcome = await Pipeline(Fallback(STEP, on_result=old), cache).outcome(source)

    assert (outcome.value, outcome.source, outcome.stale_for) == ("x", "step", None)


STEP = Step("step", lambda: "x")

# ---------------------------------------------------------------- events


async def test_listeners_hear_what_was_served_and_why() -> None:
    """Not of fresh values."""
    source, cache = Source(takes=0.0), made()
    seen: list[StaleServed] = []
    unsubscribe = cache.subscribe(seen.append)
    await cache.call(source)
    await cache.call(source)
    await anyio.sleep(50)
    source.error = InfraTimeoutError("slow")

    await cache.call(source)
    unsubscribe()
    await cache.call(source)

    (event,) = seen
    assert (event.stale_for, event.category) == (
        pytest.approx(50),
        Category.TIMEOUT,
    )


# ---------------------------------------------------------------- plain functions


def test_plain_functions_are_cached_too() -> None:
    """The same rules."""
    clock, calls = Hands(), 0
    error: Exception | None = None

    def query(key: str) -> str:
        nonlocal calls
        calls += 1
        if error is not None:
            raise error
        return f"{key}-{calls}"

    cache = made(clock=clock)
    guarded = cache(query)

    assert (guarded("a"), guarded("a")) == ("a-1", "a-1")
    clock.now += 40
    error = DOWN
    outcome = cache.outcome_sync(query, "a")
    assert (outcome.value, outcome.source, outcome.stale_for) == ("a-1", "stale", 40)
    error = KeyError("bug")
    with pytest.raises(KeyError):
        guarded("a")
    assert idle(cache)


async def test_a_thread_with_an_event_loop_does_not_wait() -> None:
    """It would wait for a task that it keeps from running."""
    source, cache = Source(), made()
    seen: list[str] = []

    async with anyio.create_task_group() as group:
        group.start_soon(cache.call, source)
        await anyio.sleep(0.5)
        seen.append(cache.call_sync(lambda: "plain"))

    assert seen == ["plain"]
    assert await cache.call(source) == "k-1"


def test_a_plain_call_inside_does_not_wait_for_itself() -> None:
    """The thread is the same, and would never wake up."""
    cache = made()

    assert cache.call_sync(lambda: "outer " + cache.call_sync(lambda: "inner")) == (
        "outer inner"
    )


# ---------------------------------------------------------------- the object


def test_it_shows_its_settings_and_none_of_its_values() -> None:
    """A repr ends up in logs."""
    cache = made(fresh_for=timedelta(minutes=1), max_entries=8)
    cache.call_sync(lambda: "secret")

    assert repr(cache) == "<StaleCache with 1 of 8 entries>"
    assert (cache.config.fresh_for, cache.config.stale_if_error) == (60.0, 60.0)
    assert cache.config.on == (
        Category.TIMEOUT,
        Category.UNAVAILABLE,
        Category.CONNECTION,
    )


def test_an_empty_one_is_true() -> None:
    """`cache or default` is about whether there is a cache."""
    assert made()
    assert len(made()) == 0


def test_it_is_not_copied() -> None:
    """Its values belong to one process."""
    with pytest.raises(TypeError, match="build one in each"):
        pickle.dumps(made())
    with pytest.raises(TypeError, match="build one in each"):
        copy.copy(made())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("made(key='id')", "key must be a function"),
        ("made(key=coroutine_function)", "a coroutine function, which nobody"),
        ("made(fresh_for=-1)", "fresh_for must be at least 0 seconds"),
        ("made(fresh_for=math.inf)", "fresh_for must be a finite number"),
        ("made(stale_if_error=math.inf)", "stale_if_error must be a finite number"),
        ("made(stale_if_error=None)", "stale_if_error must be a number"),
        ("made(max_entries=0)", "max_entries must be at least 1"),
        ("made(on=BaseException)", "would also catch"),
        ("made(classify=3)", "classify must be a Classifier"),
        ("made(clock=3)", "clock must have monotonic"),
    ],
    ids=lambda text: text if text.startswith("made") else "",
)
def test_refuses_nonsense(code: str, message: str) -> None:
    """The message shows what was given and what to write."""
    assert math.inf > 0
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), **globals()})


async def test_a_classifier_that_says_nonsense_is_told_so() -> None:
    """Where it is asked, with what it was asked about above."""
    source = Source()
    source.error = DOWN

    with pytest.raises(TypeError, match="returned 3 for an error"):
        await made(classify=lambda _: 3).call(source)
