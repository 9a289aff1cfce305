"""The libraries that are compared, each set up for the purpose as its own docs show.

Attempts, thresholds and pauses are the same everywhere; where a library has an option
for what a row asks, it is set. Nobody's defaults are held against him, except where a
row says so.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiobreaker
import anyio
import anyio.from_thread
import anyio.to_thread
import circuitbreaker
import purgatory
import pybreaker
import pyresilience
import stamina
import tenacity

import seawall
from rows import Fn

FAILURES: Final = 5
PAUSE: Final = 0.2
"""How long a circuit stays open: one successful probe closes it after that."""


@dataclass(frozen=True)
class Retrying:
    """A library that retries on ConnectionError, with its jitter on.

    Attributes:
        name: As the package index knows it.
        guard: Wraps a function: attempts, first delay, longest delay.
        limited: The same with a limit for the whole, in seconds.
        only_own: Wraps so that the function's own error is raised, where that is
            an option and not the default.
    """

    name: str
    guard: Callable[[Fn, int, float, float], Fn]
    limited: Callable[[Fn, float], Fn]
    only_own: Callable[[Fn], Fn] | None = None


@dataclass(frozen=True)
class Circuit:
    """One circuit of a breaking library: how to guard with it, and its state."""

    guard: Callable[[Fn], Fn]
    read: Callable[[], Awaitable[Any]]

    async def state(self) -> str:
        """Say `closed`, `open` or `half-open`, whatever the library calls it."""
        state = await self.read()
        return (
            str(getattr(state, "name", state))
            .lower()
            .replace("_", "-")
            .replace("opened", "open")
        )


@dataclass(frozen=True)
class Breaking:
    """A library that breaks circuits.

    Attributes:
        name: As the package index knows it.
        new: A closed circuit that opens after 5 failures in a row, for 0.2 s.
        only_own: One that raises the function's own error even when it opens, where
            that is an option and not the default.
        how: What the reader has to know of the way in which it is asked.
    """

    name: str
    new: Callable[[], Circuit]
    only_own: Callable[[], Circuit] | None = None
    how: str = ""


def _seawall_retry(function: Fn, attempts: int, first: float, cap: float) -> Fn:
    backoff = seawall.Exponential(base=first, max_delay=cap)
    retry = seawall.Retry(on=ConnectionError, max_attempts=attempts, backoff=backoff)
    return retry(function)


def _seawall_limited(function: Fn, seconds: float) -> Fn:
    retry = seawall.Retry(on=ConnectionError)
    return seawall.Pipeline(seawall.Timeout(seconds), retry)(function)


def _tenacity(
    function: Fn, attempts: int, first: float, cap: float, **options: Any
) -> Fn:
    options.setdefault("stop", tenacity.stop_after_attempt(attempts))
    return tenacity.retry(
        wait=tenacity.wait_random_exponential(multiplier=first, max=cap),
        retry=tenacity.retry_if_exception_type(ConnectionError),
        **options,
    )(function)


def _tenacity_limited(function: Fn, seconds: float) -> Fn:
    return _tenacity(function, 5, 1, 60, stop=tenacity.stop_after_delay(seconds))


def _tenacity_own(function: Fn) -> Fn:
    return _tenacity(function, 3, 0.01, 60, reraise=True)


def _stamina(function: Fn, attempts: int, first: float, cap: float) -> Fn:
    return stamina.retry(
        on=ConnectionError,
        attempts=attempts,
        timeout=None,
        wait_initial=first,
        wait_max=cap,
        wait_jitter=first,
    )(function)


def _stamina_limited(function: Fn, seconds: float) -> Fn:
    return stamina.retry(on=ConnectionError, timeout=seconds)(function)


def _pyresilience(function: Fn, attempts: int, first: float, cap: float) -> Fn:
    return pyresilience.resilient(
        retry=pyresilience.RetryConfig(
            max_attempts=attempts,
            delay=first,
            max_delay=cap,
            retry_on=(ConnectionError,),
        )
    )(function)


def _pyresilience_limited(function: Fn, seconds: float) -> Fn:
    return pyresilience.resilient(
        retry=pyresilience.RetryConfig(retry_on=(ConnectionError,)),
        timeout=pyresilience.TimeoutConfig(seconds=seconds, per_attempt=False),
    )(function)


def _seawall_circuit() -> Circuit:
    breaker = seawall.CircuitBreaker(
        "compared",
        trip=seawall.Consecutive(FAILURES),
        break_duration=PAUSE,
        success_threshold=1,
    )
    return Circuit(breaker, _reader(lambda: breaker.state))


def _circuitbreaker() -> Circuit:
    breaker = circuitbreaker.CircuitBreaker(FAILURES, PAUSE)
    return Circuit(breaker, _reader(lambda: breaker.state))


def _aiobreaker() -> Circuit:
    breaker = aiobreaker.CircuitBreaker(FAILURES, timedelta(seconds=PAUSE))
    return Circuit(breaker, _reader(lambda: breaker.current_state))


def _purgatory() -> Circuit:
    factory = purgatory.AsyncCircuitBreakerFactory(FAILURES, PAUSE)

    async def read() -> str:
        return (await factory.get_breaker("compared")).context.state

    return Circuit(factory("compared"), read)


def _pyresilience_circuit() -> Circuit:
    executors: list[Any] = []

    def guard(function: Fn) -> Fn:
        config = pyresilience.CircuitBreakerConfig(
            failure_threshold=FAILURES, recovery_timeout=PAUSE, success_threshold=1
        )
        guarded = pyresilience.resilient(circuit_breaker=config)(function)
        executors.append(guarded._executor)  # noqa: SLF001 -- as its health_check does
        return guarded

    return Circuit(guard, _reader(lambda: executors[0]._circuit_breaker.state))  # noqa: SLF001


def _pybreaker(**options: Any) -> Circuit:
    """Break around plain functions in worker threads: its asyncio needs tornado."""
    breaker = pybreaker.CircuitBreaker(FAILURES, PAUSE, **options)

    def guard(function: Fn) -> Fn:
        plain = breaker(functools.partial(anyio.from_thread.run, function))
        return functools.partial(anyio.to_thread.run_sync, plain)

    return Circuit(guard, _reader(lambda: breaker.current_state))


def _reader(state: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def read() -> Any:
        return state()

    return read


RETRYING: Final = (
    Retrying("seawall", _seawall_retry, _seawall_limited),
    Retrying("tenacity", _tenacity, _tenacity_limited, _tenacity_own),
    Retrying("stamina", _stamina, _stamina_limited),
    Retrying("pyresilience", _pyresilience, _pyresilience_limited),
)
BREAKING: Final = (
    Breaking("seawall", _seawall_circuit),
    Breaking("circuitbreaker", _circuitbreaker),
    Breaking("aiobreaker", _aiobreaker),
    Breaking("purgatory", _purgatory),
    Breaking(
        "pybreaker",
        _pybreaker,
        functools.partial(_pybreaker, throw_new_error_on_trip=False),
        ", in threads",
    ),
    Breaking("pyresilience", _pyresilience_circuit),
)
DISTRIBUTIONS: Final = tuple(
    dict.fromkeys(library.name for library in itertools.chain(RETRYING, BREAKING))
)
