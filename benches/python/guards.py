"""Our own policies, each set up as the README shows."""

from __future__ import annotations

import functools
from typing import Any, Final

import peers
import seawall
from seawall import (
    CircuitBreaker,
    Consecutive,
    Constant,
    Fallback,
    Retry,
    RetryBudget,
    Step,
    Timeout,
)
from workloads import Fn, fresh


def breaker(failures: int = peers.FAILURES) -> CircuitBreaker:
    """Build a breaker like those of the peers."""
    trip = Consecutive(failures)
    return CircuitBreaker("bench", trip=trip, break_duration=peers.BREAK)


def answer(*args: Any, **kwargs: Any) -> int:  # noqa: ARG001 -- a step gets them all
    """Answer in place of the primary."""
    return 42


RETRY: Final = Retry(max_attempts=peers.ATTEMPTS, idempotent=True)
RETRY_AT_ONCE: Final = Retry(
    max_attempts=peers.ATTEMPTS, idempotent=True, backoff=Constant(0.0)
)
RETRY_ON_BUDGET: Final = Retry(
    max_attempts=peers.ATTEMPTS, idempotent=True, budget=RetryBudget(0.2)
)
FALLBACK: Final = Fallback(Step("default", answer))
TIMEOUT: Final = Timeout(10.0)


def with_breaker(function: Fn) -> Fn:
    """Guard with a breaker."""
    return breaker()(function)


def with_tireless_breaker(function: Fn) -> Fn:
    """Guard with a breaker that counts failures and never opens."""
    return breaker(peers.NEVER)(function)


def with_retry(function: Fn) -> Fn:
    """Guard with a retry."""
    return RETRY(function)


def with_retry_on_budget(function: Fn) -> Fn:
    """Guard with a retry whose budget is full."""
    return RETRY_ON_BUDGET(function)


def in_a_loop(function: Fn) -> Fn:
    """Guard with a block in a loop of attempts."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        async for attempt in RETRY:
            with attempt:
                return await function(*args, **kwargs)
        raise AssertionError

    return functools.update_wrapper(fresh(wrapper), function)


def with_retry_at_once(function: Fn) -> Fn:
    """Guard with a retry that does not wait."""
    return RETRY_AT_ONCE(function)


def with_fallback(function: Fn) -> Fn:
    """Guard with a fallback."""
    return FALLBACK(function)


def with_timeout(function: Fn) -> Fn:
    """Guard with a time-out."""
    return TIMEOUT(function)


def with_retry_and_breaker(function: Fn) -> Fn:
    """Guard with a breaker inside a retry."""
    return seawall.Pipeline(RETRY, breaker())(function)


def called_retry_and_breaker(function: Fn) -> Fn:
    """Guard with the same, by calling the pipeline."""
    return functools.partial(seawall.Pipeline(RETRY, breaker()).call, function)


def with_fallback_retry_and_breaker(function: Fn) -> Fn:
    """Guard with everything that needs no scope."""
    return seawall.Pipeline(FALLBACK, RETRY, breaker())(function)


def with_retry_breaker_and_timeout(function: Fn) -> Fn:
    """Guard with a retry, a breaker and a limit for each attempt."""
    return seawall.Pipeline(RETRY, breaker(), TIMEOUT)(function)


def with_everything(function: Fn) -> Fn:
    """Guard with the standard stack."""
    stack = seawall.Pipeline(
        Timeout(30.0), FALLBACK, RETRY, breaker(), Timeout(10.0), name="bench"
    )
    return stack(function)
