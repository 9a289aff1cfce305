"""`seawall.patterns`: functions that are handed an operation at each call."""

from __future__ import annotations

from functools import partial
from typing import Any

import guards
from race import Case, Lane, race
from seawall import patterns
from workloads import RETURNS, Fn


class Lasting:
    """A credential that is never expired."""

    is_expired = False

    async def refresh(self) -> None:
        """Have nothing to do."""


async def other() -> int:
    """Answer in place of the primary."""
    return 42


def circuit() -> patterns.CircuitBreaker:
    """Build a breaker of the patterns."""
    return patterns.CircuitBreaker(patterns.CircuitBreakerConfig())


def retry(function: Fn) -> Fn:
    """Retry with the pattern."""
    return partial(patterns.retry_with_exponential_backoff, function)


def breaker(function: Fn) -> Fn:
    """Guard with the breaker of the patterns."""
    return partial(circuit().call, function)


def fallback(function: Fn) -> Fn:
    """Fall back with the pattern."""
    return partial(patterns.with_fallback, function, other)


def credential(function: Fn) -> Fn:
    """Refresh with the pattern."""
    return partial(patterns.with_credential_refresh, function, Lasting())


def resilient(function: Fn) -> Fn:
    """Combine retry and breaker with the pattern."""
    return partial(patterns.resilient_operation, function, circuit())


@race(
    "patterns, called with an operation that succeeds",
    RETURNS,
    Case("retry_with_exponential_backoff", retry),
    Case("CircuitBreaker.call", breaker),
    Case("with_fallback", fallback),
    Case("with_credential_refresh", credential),
    Case("resilient_operation", resilient),
)
def bench_patterns(run: Any, lane: Lane) -> None:
    """Measure the functions that decorate nothing."""
    run(lane)


@race(
    "policies called directly, policy.call(fn)",
    RETURNS,
    Case("CircuitBreaker", lambda fn: partial(guards.breaker().call, fn)),
    Case("Retry", lambda fn: partial(guards.RETRY.call, fn)),
    Case("Fallback", lambda fn: partial(guards.FALLBACK.call, fn)),
    Case("Timeout", lambda fn: partial(guards.TIMEOUT.call, fn)),
    Case("Pipeline(Retry, CircuitBreaker)", guards.called_retry_and_breaker),
)
def bench_direct(run: Any, lane: Lane) -> None:
    """Measure what a decorator saves: here each call is examined and composed anew."""
    run(lane)
