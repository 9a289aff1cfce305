"""The field's edge cases of degradation, numbered as in the list we keep of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from seawall import (
    Fallback,
    FallbackSkip,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    Pipeline,
    Retry,
    StaleCache,
    Step,
    Timeout,
    attempts_of,
)
from seawall.testing import cancel_everywhere

pytestmark = pytest.mark.anyio

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
Stop = Callable[[Callable[[], Awaitable[Any]]], Awaitable[BaseException | None]]


async def by_scope(fn: Callable[[], Awaitable[Any]]) -> BaseException | None:
    """Cancel *fn* through a scope of anyio; return the error that came out instead."""
    caught: BaseException | None = None
    with anyio.CancelScope() as scope:

        async def later() -> None:
            await anyio.sleep(1)
            scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(later)
            try:
                await fn()
            except Exception as error:  # noqa: BLE001 -- looked at below
                caught = error
    return caught


async def natively(fn: Callable[[], Awaitable[Any]]) -> BaseException | None:
    """Cancel *fn* as asyncio does; return what came out."""
    task = asyncio.ensure_future(fn())
    await asyncio.sleep(1)
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, BaseException), f"{result!r} came out of a cancelled call"
    return None if isinstance(result, asyncio.CancelledError) else result


async def hangs(*_: object) -> str:
    """Wait for ever."""
    await anyio.sleep_forever()
    raise AssertionError


async def disguises(*_: object) -> str:
    """Turn a cancellation into an ordinary error, as some clients do."""
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class() as cancelled:
        raise InfraConnectionError("lost it") from cancelled
    raise AssertionError


async def down(*_: object) -> str:
    """Be down."""
    raise InfraUnavailableError("down")


class Counted:
    """A function that counts its calls."""

    def __init__(self, answer: str | Exception = "substitute") -> None:
        self.answer = answer
        self.calls = 0

    async def __call__(self, *_: object) -> str:
        """Answer, or fail."""
        self.calls += 1
        await anyio.lowlevel.checkpoint()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


# ---------------------------------------------------------------- 35


@pytest.mark.parametrize("fn", [hangs, disguises], ids=["plain", "in disguise"])
@pytest.mark.parametrize("where", ["primary", "step"])
async def test_35_never_on_cancellation_by_a_scope(
    fn: Callable[..., Awaitable[str]], where: str
) -> None:
    """Whoever stops a call wants no substitute for it."""
    await _is_never_answered(by_scope, fn, where)


@asyncio_only
@pytest.mark.parametrize("fn", [hangs, disguises], ids=["plain", "in disguise"])
@pytest.mark.parametrize("where", ["primary", "step"])
async def test_35_never_on_cancellation_natively(
    fn: Callable[..., Awaitable[str]], where: str
) -> None:
    """The same for `task.cancel()`, which anyio knows nothing of."""
    await _is_never_answered(natively, fn, where)


async def _is_never_answered(
    stop: Stop, fn: Callable[..., Awaitable[str]], where: str
) -> None:
    last = Counted()
    steps = [Step("last", last)]
    if where == "step":
        steps.insert(0, Step("first", fn))
    primary = fn if where == "primary" else down

    error = await stop(lambda: Fallback(*steps).call(primary))

    assert last.calls == 0
    assert error is None or isinstance(error, InfraConnectionError)


@pytest.mark.parametrize("fn", [hangs, disguises], ids=["plain", "in disguise"])
async def test_35_no_old_value_on_cancellation_by_a_scope(
    fn: Callable[..., Awaitable[str]],
) -> None:
    """A cache is a fallback too."""
    await _is_not_served(by_scope, fn)


@asyncio_only
@pytest.mark.parametrize("fn", [hangs, disguises], ids=["plain", "in disguise"])
async def test_35_no_old_value_on_cancellation_natively(
    fn: Callable[..., Awaitable[str]],
) -> None:
    """The same for `task.cancel()`."""
    await _is_not_served(natively, fn)


async def _is_not_served(stop: Stop, fn: Callable[..., Awaitable[str]]) -> None:
    cache = StaleCache(key=lambda: "k", fresh_for=0, stale_if_error=60)
    served: list[object] = []
    cache.subscribe(served.append)
    assert await cache.call(Counted("value")) == "value"

    async def stopped() -> None:
        served.append(await cache.call(fn))

    await stop(stopped)

    assert served == []
    assert (await cache.outcome(down)).source == "stale"


async def test_35_a_steps_own_bug_is_raised_with_the_primary_as_cause() -> None:
    """It ends the chain: the next step must not hide it."""
    never, error = Counted(), InfraUnavailableError("down")
    fallback = Fallback(Step("buggy", Counted(KeyError("bug"))), Step("next", never))

    with pytest.raises(KeyError, match="bug") as caught:
        await fallback.call(Counted(error))

    assert caught.value.__cause__ is error
    assert never.calls == 0


@pytest.mark.parametrize(
    "error",
    [
        FallbackSkip(),
        InfraUnavailableError("too"),
        InfraTimeoutError("too"),
        KeyError("bug"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_35_a_step_is_never_called_twice(error: Exception) -> None:
    """Not for its own error, and not by a retry inside the fallback."""
    step = Counted(error)
    guard = Pipeline(Fallback(Step("once", step)), Retry(max_attempts=3))

    with pytest.raises((InfraUnavailableError, KeyError)):
        await guard.call(down)

    assert step.calls == 1


async def test_35_the_primarys_error_survives_a_failing_step() -> None:
    """The same object, its history, and a note for each step."""
    error = InfraUnavailableError("the real one")
    guard = Pipeline(
        Fallback(
            Step("cache", Counted(FallbackSkip())),
            Step("replica", Counted(InfraTimeoutError("too"))),
        ),
        Retry(max_attempts=2),
    )

    with pytest.raises(InfraUnavailableError) as caught:
        await guard.call(Counted(error))

    assert caught.value is error
    assert len(attempts_of(error)) == 2
    assert error.__notes__[-2:] == [
        "fallback 'cache' had nothing to offer",
        "fallback 'replica' failed too: InfraTimeoutError",
    ]


async def test_35_the_primarys_error_survives_a_step_that_hangs() -> None:
    """The total deadline ends the call, and tells what it was about."""
    error = InfraUnavailableError("the real one")
    guard = Pipeline(Timeout(5), Fallback(Step("slow", hangs)), Timeout(1))

    with pytest.raises(InfraTimeoutError, match="no answer within 5 s") as caught:
        await guard.call(Counted(error))

    assert caught.value.__cause__ is error


async def test_35_a_chain_is_left_at_every_await() -> None:
    """In the primary, in each step; what is behind it is not called any more."""
    steps = [Counted(FallbackSkip()), Counted(InfraTimeoutError()), Counted("value")]

    async def scenario() -> None:
        for step in steps:
            step.calls = 0
        fallback = Fallback(*(Step(f"{i}", step) for i, step in enumerate(steps)))
        assert await fallback.call(Counted(InfraUnavailableError())) == "value"

    async for point in cancel_everywhere(scenario):
        seen = [step.calls for step in steps]
        await anyio.sleep(1)
        assert [step.calls for step in steps] == seen, point


# ---------------------------------------------------------------- 36


def cached(**options: Any) -> StaleCache:
    """Build a cache of one key, that calls whenever it is asked."""
    return StaleCache(key=lambda *_: "k", fresh_for=0, stale_if_error=60, **options)


async def test_36_a_fallbacks_value_never_enters_the_cache() -> None:
    """It would be served tomorrow as what the primary said."""
    cache = cached()
    guard = Pipeline(cache, Fallback(Step("default", Counted("substitute"))))

    outcome = await guard.outcome(down)

    assert (outcome.value, outcome.source) == ("substitute", "default")
    assert len(cache) == 0
    with pytest.raises(InfraUnavailableError):
        await cache.call(down)


async def test_36_nor_does_it_push_out_the_primarys() -> None:
    """What was good before the outage is good after the substitute."""
    cache = cached()
    guard = Pipeline(cache, Fallback(Step("default", Counted("substitute"))))
    await guard.call(Counted("real"))

    assert await guard.call(down) == "substitute"
    outcome = await cache.outcome(down)

    assert (outcome.value, outcome.source) == ("real", "stale")


@pytest.mark.parametrize("how", ["decorated", "called"])
async def test_36_nor_from_a_function_with_a_fallback_of_its_own(how: str) -> None:
    """To the cache that function is the primary; the value tells that it is not."""
    cache, fallback = cached(), Fallback(Step("default", Counted("substitute")))

    async def called() -> str:
        return await fallback.call(down)

    await cache.call(fallback(down) if how == "decorated" else called)

    assert len(cache) == 0


async def test_36_nor_a_value_that_another_cache_served() -> None:
    """Its age would begin anew, and an old value be fresh for ever."""
    inner, outer = cached(), cached()
    await inner.call(Counted("old"))

    assert (await Pipeline(outer, inner).outcome(down)).source == "stale"
    assert await outer.call(inner(down)) == "old"
    assert len(outer) == 0


async def test_36_nor_one_that_was_waited_for() -> None:
    """Those who waited for a call get its value, and its source."""
    cache = cached()

    async def slow() -> str:
        await anyio.sleep(1)
        raise InfraUnavailableError("down")

    guard = Pipeline(cache, Fallback(Step("default", Counted("substitute"))))
    outcomes: list[Any] = []

    async def one() -> None:
        outcomes.append(await guard.outcome(slow))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one)

    assert [(o.source, o.used_fallback) for o in outcomes] == [("default", True)] * 3
    assert len(cache) == 0


async def test_36_what_is_made_with_a_substitute_is_kept() -> None:
    """A page without its recommendations is a page of the primary's."""
    cache, fallback = cached(), Fallback(Step("none", Counted("none")))

    async def page() -> list[str]:
        return ["title", await fallback.call(down)]

    await cache.call(page)

    assert len(cache) == 1


async def test_36_in_every_order_of_cancellation() -> None:
    """Cancelled at each await, the cache holds the primary's value or none."""
    cache = cached()

    async def scenario() -> None:
        cache.clear()
        guard = Pipeline(cache, Fallback(Step("default", Counted("substitute"))))
        await guard.call(Counted(InfraUnavailableError("down")))
        await guard.call(Counted("real"))
        await guard.call(Counted(InfraUnavailableError("down")))

    async for point in cancel_everywhere(scenario):
        outcome = await cache.outcome(down)
        assert outcome.value in ("real", None), point
