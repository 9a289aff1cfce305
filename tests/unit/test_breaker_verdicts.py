"""What the end of a call means to a breaker, on both backends, in virtual time."""

from __future__ import annotations

import functools
from typing import Any

import anyio
import pytest

import seawall
from seawall import (
    Category,
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    InfraAuthenticationError,
    InfraConnectionError,
    Pipeline,
    Retry,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


def opens_at_once(**options: Any) -> CircuitBreaker:
    """Open after one failure."""
    return CircuitBreaker("db", trip=Consecutive(1), **options)


def probing(**options: Any) -> CircuitBreaker:
    """Return a breaker whose next call is a probe, whatever the time."""
    breaker = opens_at_once(break_duration=0, **{"success_threshold": 1} | options)
    breaker.acquire().failure()
    return breaker


async def raises(error: Exception) -> None:
    """Fail as asked."""
    raise error


async def returns(value: object) -> object:
    """Answer as asked."""
    return value


class OutOfStockError(Exception):
    """What a shop's own code raises."""


# ---------------------------------------------------------------- classify


async def test_a_classifier_of_ones_own_says_what_counts() -> None:
    """The built-in one calls every unknown error a failure."""
    mine = Classifier().extend({OutOfStockError: Classification(Category.REJECTED)})
    breaker = probing(classify=mine)

    with pytest.raises(OutOfStockError):
        await breaker.call(raises, OutOfStockError())

    assert breaker.state is CLOSED


async def test_a_function_may_classify_too() -> None:
    """Whoever has one place that knows need not write a table."""
    breaker = opens_at_once(
        classify=lambda error: Classification(
            Category.MISUSE if isinstance(error, KeyError) else Category.TIMEOUT
        )
    )

    with pytest.raises(KeyError):
        await breaker.call(raises, KeyError())
    assert breaker.state is CLOSED
    with pytest.raises(ValueError, match="mine"):
        await breaker.call(raises, ValueError("mine"))
    assert breaker.state is OPEN


async def test_categories_in_on_are_those_of_the_own_classifier() -> None:
    """One breaker, one opinion."""
    mine = Classifier().extend({OutOfStockError: Classification(Category.CONFLICT)})
    breaker = opens_at_once(classify=mine, on=Category.CONFLICT)

    with pytest.raises(OutOfStockError):
        await breaker.call(raises, OutOfStockError())

    assert breaker.state is OPEN


async def test_answered_by_the_own_classifier_is_a_success_under_on() -> None:
    """What `on` leaves open, the classifier says."""
    mine = Classifier().extend({OutOfStockError: Classification(Category.REJECTED)})
    breaker = probing(classify=mine, on=KeyError)

    with pytest.raises(OutOfStockError):
        await breaker.call(raises, OutOfStockError())

    assert breaker.state is CLOSED


@pytest.mark.parametrize("answer", [None, "failure"], ids=["nothing", "a word"])
async def test_a_classifier_that_classifies_nothing_gives_the_place_back(
    answer: Any,
) -> None:
    """It is named, the error it was asked about is its context, no probe is lost."""
    breaker = probing(classify=lambda _: answer)

    with pytest.raises(TypeError, match="return a Classification") as caught:
        await breaker.call(raises, KeyError())

    assert isinstance(caught.value.__context__, KeyError)
    assert breaker.state is HALF_OPEN
    assert breaker.stats().permits_out == 0


async def test_a_classifier_that_raises_gives_the_place_back() -> None:
    """Its error propagates, as a predicate's does."""

    def confused(_: Exception) -> Classification:
        raise RuntimeError("in the classifier")

    breaker = probing(classify=confused)

    with pytest.raises(RuntimeError, match="in the classifier"):
        await breaker.call(raises, KeyError())

    assert breaker.stats().permits_out == 0


# ---------------------------------------------------------------- on_result


@pytest.mark.parametrize("decorated", [True, False])
async def test_a_bad_result_is_a_failure_and_is_returned(*, decorated: bool) -> None:
    """A reply of 503 that nobody raised is an outage all the same."""
    breaker = CircuitBreaker(
        "api", trip=Consecutive(2), on_result=lambda status: status >= 500
    )
    call = breaker(returns) if decorated else functools.partial(breaker.call, returns)
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)

    assert [await call(status) for status in (503, 200, 503, 503)] == [
        503,
        200,
        503,
        503,
    ]

    with pytest.raises(CircuitOpenError, match="opened by a bad result"):
        await call(200)
    assert isinstance(seen[0], CircuitOpened)
    assert seen[0].opened_by == "a bad result"


@pytest.mark.parametrize("decorated", [True, False])
def test_results_of_plain_functions_are_looked_at_too(*, decorated: bool) -> None:
    """The same breaker, the same rules."""
    breaker = opens_at_once(on_result=lambda found: found == 3)
    call = breaker(len) if decorated else functools.partial(breaker.call_sync, len)

    assert call("ab") == 2
    assert call("abc") == 3
    assert breaker.state is OPEN


async def test_a_bad_result_of_a_probe_opens_it_again() -> None:
    """Back, but not well."""
    breaker = probing(on_result=lambda found: found is None)

    assert await breaker.call(returns, None) is None
    assert breaker.state is OPEN
    assert await breaker.call(returns, 1) == 1
    assert breaker.state is CLOSED


@pytest.mark.parametrize("decorated", [True, False])
async def test_a_predicate_on_results_that_raises_gives_the_place_back(
    *, decorated: bool
) -> None:
    """And its error is not swallowed."""

    def confused(_: object) -> bool:
        raise RuntimeError("in the predicate")

    breaker = probing(on_result=confused)
    call = breaker(returns) if decorated else functools.partial(breaker.call, returns)

    # Bound to a name, as by a debugger: nothing is collected.
    with pytest.raises(RuntimeError, match="in the predicate") as kept:
        await call(1)

    assert breaker.state is HALF_OPEN
    assert breaker.stats().permits_out == 0
    assert kept.value


async def test_what_takes_the_truth_of_an_answer_may_raise_too() -> None:
    """An array is neither true nor false."""

    class Undecided:
        def __bool__(self) -> bool:
            raise ValueError("ambiguous")

    answer: Any = Undecided()
    breaker = probing(on_result=lambda _: answer)

    with pytest.raises(ValueError, match="ambiguous"):
        await breaker.call(returns, 1)

    assert breaker.stats().permits_out == 0


async def test_results_inside_a_probe_belong_to_it() -> None:
    """The probe's own result is the one that counts."""
    breaker = probing(on_result=lambda found: found is None)

    async def outer() -> str:
        await breaker.call(returns, None)
        return "ok"

    assert await breaker.call(outer) == "ok"
    assert breaker.state is CLOSED


async def test_a_breaker_that_looks_at_results_stands_in_a_pipeline() -> None:
    """Every call takes the plain path there, and nothing else changes."""
    breaker = opens_at_once(on_result=lambda found: found is None)
    guarded = Pipeline(Retry(), breaker)(returns)

    assert await guarded("ok") == "ok"
    assert await guarded(None) is None
    with pytest.raises(CircuitOpenError):
        await guarded("ok")


async def test_errors_are_judged_as_ever_where_results_are_too() -> None:
    """`on_result` is asked about values only."""
    breaker = CircuitBreaker("db", trip=Consecutive(2), on_result=lambda _: False)

    for error in (InfraConnectionError(), InfraAuthenticationError()):
        with pytest.raises(type(error)):
            await breaker.call(raises, error)

    assert breaker.stats().window_failures == 0


# ---------------------------------------------------------------- bad inputs


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("on=BaseException", "on=BaseException would also catch cancellation"),
        ("on='timeout'", "write on=Category.TIMEOUT"),
        ("on=()", r"on=\(\) matches nothing"),
        ("on=[KeyError]", "on got a list: write a tuple"),
        ("on=lambda: True", "on got .* which does not take one argument, the error"),
        ("on_result=503", "on_result must be a function, not 503: write on_re"),
        ("on_result=bool", "on_result must be a function, not <class 'bool'>"),
        ("on_result=lambda: True", "does not take one argument, the result: write on_"),
        ("on_result=anyio.sleep", "on_result got a coroutine function"),
        ("classify={}", r"write classify=Classifier\(\).extend\({...}\)"),
        ("classify=Classifier", "classify must be a Classifier or a function"),
        ("classify=lambda: None", "classify got .* which does not take one argument"),
        ("classify=anyio.sleep", "classify got a coroutine function"),
    ],
)
def test_refuses_what_could_not_judge(code: str, message: str) -> None:
    """Said when the breaker is built, not when the dependency fails."""
    names = {**vars(seawall), "anyio": anyio}
    with pytest.raises((TypeError, ValueError), match=message):
        eval(f"CircuitBreaker('x', {code})", names)
