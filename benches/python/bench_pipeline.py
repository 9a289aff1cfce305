"""Several policies around one call that succeeds."""

from __future__ import annotations

from functools import partial
from typing import Any

import guards
import peers
from race import ASYNCIO_ONLY, SYNC, Case, Lane, race
from workloads import RETURNS, RETURNS_SYNC, SUSPENDS

resilient_pair = partial(
    peers.with_pyresilience,
    retry=peers.RESILIENT_RETRY,
    circuit_breaker=peers.resilient_breaker(),
)
resilient_three = partial(resilient_pair, timeout=peers.RESILIENT_TIMEOUT)
resilient_all = partial(resilient_three, fallback=peers.resilient_fallback())
RESILIENT_ALL = "asyncio only; one time-out instead of two"
USUAL = "tenacity around circuitbreaker around anyio.fail_after"
USUAL_STACK = f"except, anyio.fail_after, {USUAL}"


@race(
    "retry + breaker",
    RETURNS,
    Case("seawall", guards.with_retry_and_breaker),
    Case("tenacity + circuitbreaker", peers.usual_breaker_and_retry),
    Case("pyresilience", resilient_pair, ASYNCIO_ONLY, note="asyncio only"),
)
def bench_retry_and_breaker(run: Any, lane: Lane) -> None:
    """Measure the two that go together most often."""
    run(lane)


@race(
    "retry + breaker, synchronous",
    RETURNS_SYNC,
    Case("seawall", guards.with_retry_and_breaker, SYNC),
    Case("tenacity + circuitbreaker", peers.usual_breaker_and_retry, SYNC),
    Case("pyresilience", resilient_pair, SYNC),
)
def bench_retry_and_breaker_sync(run: Any, lane: Lane) -> None:
    """Measure the same two around a plain function."""
    run(lane)


@race(
    "fallback + retry + breaker",
    RETURNS,
    Case("seawall", guards.with_fallback_retry_and_breaker),
)
def bench_without_timeout(run: Any, lane: Lane) -> None:
    """Measure all that needs no scope of its own."""
    run(lane)


@race(
    "retry + breaker + time-out of an attempt",
    RETURNS,
    Case("seawall", guards.with_retry_breaker_and_timeout),
    Case("pyresilience", resilient_three, ASYNCIO_ONLY, note="asyncio only"),
)
def bench_with_timeout(run: Any, lane: Lane) -> None:
    """Measure what a limit adds."""
    run(lane)


@race(
    "full pipeline: time-out, fallback, retry, breaker, time-out",
    RETURNS,
    Case("seawall", guards.with_everything),
    Case("the usual stack", peers.usual_stack, note=USUAL_STACK),
    Case("pyresilience", resilient_all, ASYNCIO_ONLY, note=RESILIENT_ALL),
)
def bench_full(run: Any, lane: Lane) -> None:
    """Measure the standard stack around a call that is over at once."""
    run(lane)


@race(
    "full pipeline, the call suspends once",
    SUSPENDS,
    Case("seawall", guards.with_everything),
    Case("the usual stack", peers.usual_stack, note=USUAL_STACK),
    Case("pyresilience", resilient_all, ASYNCIO_ONLY, note=RESILIENT_ALL),
)
def bench_full_suspending(run: Any, lane: Lane) -> None:
    """Measure the standard stack around a call that gives the loop one turn."""
    run(lane)
