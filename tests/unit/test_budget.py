"""The retry budget: what it holds, who pays, and what a wrapper knows of it."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import Any

import anyio
import pytest

import seawall
from seawall import (
    CircuitBreaker,
    Consecutive,
    Constant,
    InfraConnectionError,
    Pipeline,
    Retry,
    RetryBudget,
    RetryGaveUp,
    attempts_of,
)
from seawall._codegen import ENABLED
from seawall._native import Budget

pytestmark = pytest.mark.anyio

generated = pytest.mark.skipif(not ENABLED, reason="about generated wrappers")


async def fails() -> None:
    """Fail, always."""
    raise InfraConnectionError("down")


async def works() -> str:
    """Work, always."""
    return "ok"


def spent(*, left: float = 0.0, ratio: float = 0.2) -> RetryBudget:
    """Return a budget with *left* tokens."""
    budget = RetryBudget(ratio, capacity=max(1.0, left) + 1)
    for _ in range(2):
        budget._core.withdraw()
        if budget.level <= left:
            break
    return budget


async def give_up(retry: Retry, fn: Callable[..., Any] = fails) -> Exception:
    """Call in vain, and return the error."""
    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(fn)
    return caught.value


# What it holds


def test_it_begins_full() -> None:
    """A program that has just started may retry."""
    budget = RetryBudget()

    assert (budget.ratio, budget.capacity, budget.level) == (0.2, 10.0, 10.0)
    assert repr(budget) == "<RetryBudget(0.2, capacity=10.0) level=10>"


async def test_every_retry_takes_a_token() -> None:
    """Two retries of one call are two."""
    budget = RetryBudget(0.2, capacity=5)

    await give_up(Retry(max_attempts=3, budget=budget))

    assert budget.level == 3.0


async def test_every_call_brings_a_part_of_one() -> None:
    """The first attempt does, a retry does not."""
    budget = spent(left=0.0)

    for _ in range(4):
        await Retry(budget=budget).call(works)
    assert budget.level == pytest.approx(0.8)
    await give_up(Retry(budget=budget, max_attempts=2))
    assert budget.level == pytest.approx(0.0)


async def test_an_empty_budget_raises_the_real_error_at_once() -> None:
    """Not after a sleep that ends in nothing, and not an error of its own."""
    retry = Retry(budget=spent(), backoff=Constant(60))
    seen: list[object] = []
    retry.subscribe(seen.append)
    started = anyio.current_time()

    error = await give_up(retry)

    assert anyio.current_time() == started
    assert error.__notes__ == [
        "gave up after 1 attempt in 0 s: the retry budget is spent"
    ]
    assert [record.delay for record in attempts_of(error)] == [None]
    (event,) = seen
    assert isinstance(event, RetryGaveUp)
    assert event.reason == "budget"


async def test_what_is_forbidden_anyway_costs_nothing() -> None:
    """A token is the last thing asked for: limit, deadline and error come first."""
    budget = RetryBudget()

    await give_up(Retry(budget=budget, max_attempts=1))
    with anyio.move_on_after(5):
        await give_up(Retry(budget=budget, backoff=Constant(60)))
    with pytest.raises(KeyError):
        await Retry(budget=budget).call({}.__getitem__, "no")  # type: ignore[arg-type]

    assert budget.stats() == seawall.BudgetStats(level=10.0, withdrawn=0, refused=0)


async def test_it_tells_what_was_spent() -> None:
    """How many retries it paid for, and how many calls it ended."""
    budget = RetryBudget(0.0, capacity=2)

    for _ in range(3):
        await give_up(Retry(max_attempts=2, budget=budget))

    assert budget.stats() == seawall.BudgetStats(level=0.0, withdrawn=2, refused=1)


async def test_policies_share_it() -> None:
    """One object per dependency, whoever calls it."""
    budget = RetryBudget(0.0, capacity=3)

    await give_up(Retry(max_attempts=3, budget=budget))
    error = await give_up(Retry(max_attempts=10, budget=budget))

    assert len(attempts_of(error)) == 2


def test_plain_functions_pay_too() -> None:
    """The same budget, the same rules."""
    budget = RetryBudget(0.0, capacity=2)
    retry = Retry(backoff=Constant(0), budget=budget)
    calls: list[int] = []

    def fails_plainly() -> None:
        calls.append(1)
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        retry.call_sync(fails_plainly)
    assert len(calls) == 3


@pytest.mark.parametrize("decorated", [True, False], ids=["decorated", "called"])
async def test_a_hundred_callers_cost_at_most_thirty_retries(
    *, decorated: bool
) -> None:
    """10 + 0.2 x 100; without a budget it would be 300."""
    budget = RetryBudget(0.2)
    retry = Retry(max_attempts=4, budget=budget)
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        await anyio.sleep(0.01)
        raise InfraConnectionError("down")

    guarded = retry(counted) if decorated else lambda: retry.call(counted)

    async def caller() -> None:
        with pytest.raises(InfraConnectionError):
            await guarded()

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(caller)

    assert 110 <= calls <= 130


def test_threads_never_overspend_it() -> None:
    """Eight of them, and not by one: the level moves by compare-and-swap alone."""
    budget = RetryBudget(0.25, capacity=100)

    def work(_: int) -> int:
        paid = 0
        for _ in range(2000):
            budget._core.deposit()
            paid += sum(budget._core.withdraw() for _ in range(3))
        return paid

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            paid = sum(threads.map(work, range(8)))
    finally:
        sys.setswitchinterval(interval)

    stats = budget.stats()
    assert paid <= 100 + 0.25 * 16_000
    assert paid == stats.withdrawn
    assert stats.refused == 48_000 - paid
    assert stats.level < 1


# What a wrapper knows of it


def told(guarded: Any) -> object:
    """Read what the budget has published into a wrapper."""
    return guarded.__globals__["_full0"]


@generated
async def test_a_full_budget_is_passed_without_asking() -> None:
    """A deposit into a full bucket would change nothing, so nobody makes it."""
    budget = RetryBudget()
    guarded = Retry(budget=budget, max_attempts=2)(works)
    failing = Retry(budget=budget, max_attempts=2, backoff=Constant(0))(fails)

    assert told(guarded) is not None
    with pytest.raises(InfraConnectionError):
        await failing()
    assert told(guarded) is None
    assert told(failing) is None
    for _ in range(5):
        assert await guarded() == "ok"
    assert budget.level == 10.0
    assert told(guarded) is not None


@generated
def test_a_budget_that_never_grows_is_passed_too() -> None:
    """With a ratio of zero there is never anything to bring."""
    budget = RetryBudget(0.0, capacity=1)
    guarded = Retry(budget=budget)(works)

    assert budget._core.withdraw()
    assert told(guarded) is not None


@generated
async def test_breakers_and_budgets_stand_side_by_side() -> None:
    """Either sends the call to the plain path, and a replay brings nothing twice."""
    breaker = CircuitBreaker("db", trip=Consecutive(10))
    budget = RetryBudget(0.5, capacity=4)
    guard = Pipeline(Retry(budget=budget, max_attempts=2), breaker)
    guarded, failing = guard(works), guard(fails)

    with pytest.raises(InfraConnectionError):
        await failing()  # through the wrapper: full, so it brought nothing
    assert budget.level == 3.0
    with pytest.raises(InfraConnectionError):
        await failing()  # over the plain path: brought a half, took one
    assert budget.level == 2.5
    for _ in range(3):
        assert await guarded() == "ok"
    assert budget.level == 4.0
    assert breaker.state.value == "closed"


@generated
async def test_what_had_nothing_to_bring_brings_nothing_later() -> None:
    """The budget was full when the call began; others have spent from it since."""
    budget = RetryBudget(0.5, capacity=4)

    @Retry(budget=budget, max_attempts=2, backoff=Constant(0))
    async def fails_while_others_retry() -> None:
        budget._core.withdraw()
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        await fails_while_others_retry()

    assert budget.level == 1.0  # two of others, one of its own


@generated
def test_a_budget_keeps_no_wrapper_alive() -> None:
    """What goes out of scope is freed, and the budget lives on."""
    budget = RetryBudget()

    async def local() -> None: ...

    guarded = Retry(budget=budget)(local)
    gone = weakref.ref(guarded)
    del guarded
    gc.collect()

    assert gone() is None
    assert budget._core.withdraw()


def test_only_functions_can_be_told() -> None:
    """Anything else could run code where none may run."""
    with pytest.raises(TypeError, match="attach needs a function written in Python"):
        Budget(0.2, 10.0).attach(print, "tok")  # type: ignore[arg-type]


def test_the_last_word_of_any_thread_is_published() -> None:
    """A wrapper that believes in a full budget for ever would bring nothing again."""
    budget = Budget(0.5, 3.0)
    wrapper = FunctionType((lambda: None).__code__, {})
    budget.attach(wrapper, "tok")

    def work(_: int) -> None:
        for _ in range(2000):
            budget.withdraw()
            budget.deposit()
            budget.deposit()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(work, range(4)))
            full = budget.level == 3.0
            assert (wrapper.__globals__["tok"] is not None) == full
    finally:
        sys.setswitchinterval(interval)


# What is refused


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_copy_would_bound_nothing(make: Callable[[object], object]) -> None:
    """So there is none; and none of a retry that has one."""
    with pytest.raises(TypeError, match="build one in each"):
        make(RetryBudget())
    with pytest.raises(TypeError, match="build one in each"):
        pickle.dumps(Retry(budget=RetryBudget()))


def test_two_retries_are_equal_if_they_share_a_budget() -> None:
    """Two budgets of one size are not the same."""
    budget = RetryBudget()

    assert Retry(budget=budget) == Retry(budget=budget)
    assert hash(Retry(budget=budget)) == hash(Retry(budget=budget))
    assert Retry(budget=budget) != Retry(budget=RetryBudget())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RetryBudget(-0.1)", "ratio must be 0 to 1000"),
        ("RetryBudget(math.nan)", "ratio must be 0 to 1000"),
        ("RetryBudget('20 %')", "ratio must be a number, not '20 %'"),
        ("RetryBudget(True)", "ratio must be a number, not True"),
        ("RetryBudget(10**400)", "ratio must be a number below 1e308"),
        ("RetryBudget(capacity=0.5)", "capacity must be 1 to 1000000000"),
        ("RetryBudget(capacity=math.inf)", "capacity must be 1 to 1000000000"),
        ("Retry(budget=0.2)", "budget must be a RetryBudget, not 0.2"),
        ("Retry(budget=RetryBudget)", "one object for all that call the dependency"),
    ],
)
def test_refuses_what_could_never_work(code: str, message: str) -> None:
    """When it is built, with the option, the value and the right code."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), "math": math})
