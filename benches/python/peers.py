"""Other people's libraries, each set up as its own README shows.

Thresholds and attempts are set to the same numbers everywhere, and nothing else is
touched. What a library does not do is said in a note beside its figure: a smaller cost
for less work is no smaller cost.
"""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta
from typing import Any, Final

import aiobreaker
import anyio
import circuitbreaker
import purgatory
import pybreaker
import pyresilience
import stamina
import tenacity

from workloads import Fn, fresh

DISTRIBUTIONS: Final = (
    "aiobreaker",
    "circuitbreaker",
    "purgatory",
    "pybreaker",
    "pyresilience",
    "stamina",
    "tenacity",
)

FAILURES: Final = 5
NEVER: Final = 10**9
"""So many failures in a row that a circuit stays closed for a whole bench."""
BREAK: Final = 3600.0
ATTEMPTS: Final = 3


class MinimalBreaker:
    """What one writes by hand in ten minutes: consecutive failures and a clock.

    No half-open limit, no cancellation rule, no threads.
    """

    def __init__(self, failures: int) -> None:
        self.limit = failures
        self.failures = 0
        self.open_until = 0.0

    def __call__(self, function: Fn) -> Fn:
        """Guard *function*."""

        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            if self.open_until and anyio.current_time() < self.open_until:
                raise CircuitIsOpenError
            try:
                result = await function(*args, **kwargs)
            except Exception:
                self.failures += 1
                if self.failures >= self.limit:
                    self.open_until = anyio.current_time() + BREAK
                raise
            self.failures = 0
            return result

        return functools.update_wrapper(fresh(wrapper), function)


class CircuitIsOpenError(Exception):
    """Raised by `MinimalBreaker`."""


def minimal(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard with the breaker written by hand."""
    return MinimalBreaker(failures)(function)


def with_circuitbreaker(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard with circuitbreaker, both sync and async."""
    breaker = circuitbreaker.circuit(
        failure_threshold=failures, recovery_timeout=int(BREAK), name="bench"
    )
    guarded: Fn = breaker(function)
    return guarded


def with_aiobreaker(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard with aiobreaker, both sync and async."""
    breaker = aiobreaker.CircuitBreaker(
        fail_max=failures, timeout_duration=timedelta(seconds=BREAK)
    )
    guarded: Fn = breaker(function)
    return guarded


def with_purgatory(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard with purgatory's asynchronous breaker."""
    factory = purgatory.AsyncCircuitBreakerFactory(failures, BREAK)
    guarded: Fn = factory("bench")(function)
    return guarded


def with_purgatory_sync(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard with purgatory's synchronous breaker."""
    factory = purgatory.SyncCircuitBreakerFactory(failures, BREAK)
    guarded: Fn = factory("bench")(function)
    return guarded


def with_pybreaker(function: Fn, *, failures: int = FAILURES) -> Fn:
    """Guard a plain function with pybreaker."""
    breaker = pybreaker.CircuitBreaker(fail_max=failures, reset_timeout=BREAK)
    guarded: Fn = breaker(function)
    return guarded


def with_tenacity(function: Fn, *, first_delay: float = 1.0) -> Fn:
    """Retry with tenacity."""
    wait = tenacity.wait_random_exponential(multiplier=first_delay, max=60)
    guarded: Fn = tenacity.retry(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=tenacity.retry_if_exception_type(ConnectionError),
    )(function)
    return guarded


def with_stamina(function: Fn, *, first_delay: float = 0.1) -> Fn:
    """Retry with stamina."""
    guarded: Fn = stamina.retry(
        on=ConnectionError,
        attempts=ATTEMPTS,
        wait_initial=first_delay,
        wait_jitter=first_delay,
    )(function)
    return guarded


RESILIENT_RETRY: Final = pyresilience.RetryConfig(max_attempts=ATTEMPTS, delay=1.0)
RESILIENT_RETRY_AT_ONCE: Final = pyresilience.RetryConfig(
    max_attempts=ATTEMPTS, delay=0.0
)
RESILIENT_TIMEOUT: Final = pyresilience.TimeoutConfig(seconds=10)


def resilient_breaker(failures: int = FAILURES) -> pyresilience.CircuitBreakerConfig:
    """Configure pyresilience's breaker."""
    return pyresilience.CircuitBreakerConfig(
        failure_threshold=failures, recovery_timeout=BREAK
    )


def resilient_fallback() -> pyresilience.FallbackConfig:
    """Configure pyresilience's fallback: a static answer."""
    return pyresilience.FallbackConfig(
        handler=lambda error: 42,  # noqa: ARG005 -- its signature
        fallback_on=[ConnectionError],
    )


def with_pyresilience(function: Fn, **policies: Any) -> Fn:
    """Guard with pyresilience's one decorator."""
    guarded: Fn = pyresilience.resilient(**policies)(function)
    return guarded


def asyncio_timeout(function: Fn) -> Fn:
    """Limit the call as the standard library does."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        async with asyncio.timeout(10):
            return await function(*args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def anyio_timeout(function: Fn) -> Fn:
    """Limit the call as anyio does."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with anyio.fail_after(10):
            return await function(*args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def usual_breaker_and_retry(function: Fn) -> Fn:
    """Combine two libraries: tenacity around circuitbreaker."""
    return with_tenacity(with_circuitbreaker(function))


def usual_stack(function: Fn) -> Fn:
    """Combine what is at hand: fallback and time-outs by hand, two libraries within."""
    inner = with_tenacity(with_circuitbreaker(anyio_timeout(function)))

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            with anyio.fail_after(10):
                return await inner(*args, **kwargs)
        except (ConnectionError, TimeoutError, circuitbreaker.CircuitBreakerError):
            return 42

    return functools.update_wrapper(fresh(wrapper), function)
