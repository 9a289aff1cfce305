"""Pipelines, on both backends, in virtual time."""

from __future__ import annotations

import math
import pickle
import warnings

import anyio
import pytest

from seawall import (
    CircuitBreaker,
    CircuitState,
    Consecutive,
    Constant,
    CredentialRefresh,
    Fallback,
    InfraConnectionError,
    InfraUnavailableError,
    Issued,
    Pipeline,
    Retry,
    SeawallWarning,
    Snapshot,
    Step,
    Timeout,
)

pytestmark = pytest.mark.anyio


async def cached() -> str:
    """Answer from the cache."""
    return "cached"


async def fails() -> str:
    """Be down."""
    raise InfraUnavailableError("down")


async def test_the_standard_stack_holds_together() -> None:
    """The retry sees each attempt, the breaker too, the fallback what is left."""
    breaker = CircuitBreaker("db", trip=Consecutive(4))
    guard = Pipeline(
        Timeout(60),
        Fallback(Step("cache", cached)),
        Retry(max_attempts=2, backoff=Constant(1)),
        breaker,
        Timeout(1),
    )

    first = await guard.outcome(fails)
    second = await guard.outcome(fails)
    third = await guard.outcome(fails)

    assert [o.value for o in (first, second, third)] == ["cached"] * 3
    assert [o.attempts for o in (first, second, third)] == [2, 2, 0]
    assert first.elapsed == pytest.approx(1)
    assert breaker.state is CircuitState.OPEN


async def test_outcomes_are_reported_for_decorated_functions() -> None:
    """The original runs once per attempt, not once per decorator."""
    calls = 0
    guard = Pipeline(Retry(max_attempts=3, backoff=Constant(0)), name="users")

    @guard
    async def flaky() -> str:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    outcome = await guard.outcome(flaky)

    assert (calls, outcome.attempts, outcome.ok) == (3, 3, False)
    assert isinstance(outcome.error, InfraConnectionError)


async def test_a_shared_breaker_is_shared() -> None:
    """One dependency, one breaker, many pipelines."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    first, second = Pipeline(Retry(), breaker), Pipeline(breaker)

    with pytest.raises(InfraUnavailableError):
        await first(fails)()
    with pytest.raises(InfraUnavailableError, match="OPEN"):
        await second(fails)()


async def test_two_breakers_in_one_pipeline() -> None:
    """Each is admitted and told by itself."""
    outer, inner = CircuitBreaker("outer"), CircuitBreaker("i", trip=Consecutive(2))
    guarded = Pipeline(outer, inner)(fails)

    for _ in range(4):
        with pytest.raises(InfraUnavailableError):
            await guarded()

    assert inner.state is CircuitState.OPEN
    assert outer.state is CircuitState.CLOSED


async def test_a_pipeline_stands_in_a_pipeline() -> None:
    """Its stages are joined to the others."""
    inner = Pipeline(Retry(max_attempts=2, backoff=Constant(0)))

    assert (await Pipeline(Timeout(math.inf), inner).outcome(fails)).attempts == 2


async def test_cancellation_gets_through_all_of_it() -> None:
    """At once, and nothing answers in its place."""
    guard = Pipeline(
        Timeout(60),
        Fallback(Step("cache", cached)),
        Retry(),
        CircuitBreaker("db"),
        Timeout(30),
    )
    started = anyio.current_time()

    with anyio.move_on_after(1) as scope:
        await guard(anyio.sleep_forever)()

    assert scope.cancelled_caught
    assert anyio.current_time() - started == pytest.approx(1)


async def login(_: Snapshot[str] | None) -> Issued[str]:
    """Issue a token."""
    return Issued("t", expires_in=60)


BREAKER = CircuitBreaker("db")


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ((Retry(), Fallback(Step("c", cached))), "nothing is ever retried"),
        ((BREAKER, Retry(), BREAKER), "stands twice"),
        (
            (CredentialRefresh(login).into("token"), Retry()),
            "a credential outside a Retry",
        ),
    ],
    ids=["fallback in retry", "twice", "credential outside"],
)
def test_orders_that_defeat_a_policy_are_warned_about(
    policies: tuple[object, ...], message: str
) -> None:
    """None of them fails before the bad day."""
    with pytest.warns(SeawallWarning, match=message):
        Pipeline(*policies)  # type: ignore[arg-type]


async def test_a_breaker_that_hears_of_no_hanging_call_is_warned_about() -> None:
    """When a coroutine function meets it; for plain ones there is no better order."""
    guard = Pipeline(Timeout(5), Retry(), CircuitBreaker("users"))
    message = "the only Timeout stands outside the breaker 'users'"

    with pytest.warns(SeawallWarning, match=message):
        guarded = guard(cached)
    with pytest.warns(SeawallWarning, match=message):
        await guard.call(cached)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await guarded() == "cached"
        assert guard(len)("abc") == 3
        assert guard.call_sync(len, "abc") == 3


def test_the_standard_orders_are_not() -> None:
    """A warning that cries wolf is worse than none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pipeline(Timeout(5), Fallback(Step("c", cached)), Retry(), BREAKER, Timeout(1))
        Pipeline(BREAKER, Retry())
        Pipeline(Retry(), CredentialRefresh(login).into("token"))


def test_refuses_what_is_no_policy() -> None:
    """The message shows what was given."""
    with pytest.raises(TypeError, match="made of policies, not 3"):
        Pipeline(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"write credentials.into\('token'\)"):
        Pipeline(Retry(), CredentialRefresh(login))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"write Pipeline\(\*policies\)"):
        Pipeline([Retry(), BREAKER])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one policy"):
        Pipeline()
    with pytest.raises(TypeError, match="name must be text or None, not 3"):
        Pipeline(Retry(), name=3)  # type: ignore[arg-type]


def test_it_is_a_value() -> None:
    """It compares and hashes; with a breaker inside it does not pickle."""
    plain = Pipeline(Timeout(5), Retry(), name="x")

    assert pickle.loads(pickle.dumps(plain)) == plain
    assert hash(plain) == hash(Pipeline(Timeout(5), Retry(), name="x"))
    assert "Timeout" in repr(plain)
    with pytest.raises(TypeError, match="build one in each"):
        pickle.dumps(Pipeline(BREAKER))
