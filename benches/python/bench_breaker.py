"""A circuit breaker: closed, recording a failure, open."""

from __future__ import annotations

from functools import partial
from typing import Any

import aiobreaker
import circuitbreaker
import pybreaker
import pyresilience
from purgatory.domain.model import OpenedState

import guards
import peers
import seawall
from race import ASYNCIO_ONLY, SYNC, Case, Lane, race
from workloads import (
    ARGUMENTS,
    ARGUMENTS_SYNC,
    FAILS,
    FAILS_SYNC,
    RETURNS,
    RETURNS_SYNC,
    bare,
    empty,
    empty_sync,
)

NO_HALF_OPEN_LIMIT = "any number of probes at once"
PYRESILIENCE = "asyncio only; any number of probes at once"
PYBREAKER = "its lock is held while the function runs; async only under tornado"
BY_HAND = "25 lines; any number of probes at once, cancellation counts as nothing"


def resilient(function: Any, failures: int = peers.FAILURES) -> Any:
    """Guard with pyresilience's breaker alone."""
    return peers.with_pyresilience(
        function, circuit_breaker=peers.resilient_breaker(failures)
    )


@race(
    "nothing guarded",
    RETURNS,
    Case("bare await", bare),
    Case("empty decorator", empty, note="a control: how far from 1.00 is noise"),
)
def bench_nothing(run: Any, lane: Lane) -> None:
    """Show what the unit is worth."""
    run(lane)


@race(
    "breaker, circuit closed",
    RETURNS,
    Case("seawall", guards.with_breaker),
    Case("by hand", peers.minimal, note=BY_HAND),
    Case("circuitbreaker", peers.with_circuitbreaker, note=NO_HALF_OPEN_LIMIT),
    Case("aiobreaker", peers.with_aiobreaker, note=NO_HALF_OPEN_LIMIT),
    Case("purgatory", peers.with_purgatory, note=NO_HALF_OPEN_LIMIT),
    Case("pyresilience", resilient, ASYNCIO_ONLY, note=PYRESILIENCE),
)
def bench_closed(run: Any, lane: Lane) -> None:
    """Measure the call that users pay a billion times."""
    run(lane)


@race(
    "breaker, circuit closed, f(1, 2, k=3)",
    ARGUMENTS,
    Case("bare await", bare),
    Case("seawall", guards.with_breaker),
    Case("by hand", peers.minimal, note=BY_HAND),
    Case("circuitbreaker", peers.with_circuitbreaker, note=NO_HALF_OPEN_LIMIT),
)
def bench_closed_with_arguments(run: Any, lane: Lane) -> None:
    """Show what an exact signature saves."""
    run(lane)


@race(
    "breaker, circuit closed, synchronous",
    RETURNS_SYNC,
    Case("bare call", bare, SYNC),
    Case("empty decorator", empty_sync, SYNC, note="a control"),
    Case("seawall", guards.with_breaker, SYNC),
    Case("circuitbreaker", peers.with_circuitbreaker, SYNC, note=NO_HALF_OPEN_LIMIT),
    Case("aiobreaker", peers.with_aiobreaker, SYNC, note=NO_HALF_OPEN_LIMIT),
    Case("purgatory", peers.with_purgatory_sync, SYNC, note=NO_HALF_OPEN_LIMIT),
    Case("pybreaker", peers.with_pybreaker, SYNC, note=PYBREAKER),
    Case("pyresilience", resilient, SYNC, note=NO_HALF_OPEN_LIMIT),
)
def bench_closed_sync(run: Any, lane: Lane) -> None:
    """Measure plain functions."""
    run(lane)


@race(
    "breaker, circuit closed, synchronous, f(1, 2, k=3)",
    ARGUMENTS_SYNC,
    Case("bare call", bare, SYNC),
    Case("seawall", guards.with_breaker, SYNC),
    Case("circuitbreaker", peers.with_circuitbreaker, SYNC, note=NO_HALF_OPEN_LIMIT),
    Case("pybreaker", peers.with_pybreaker, SYNC, note=PYBREAKER),
)
def bench_closed_sync_with_arguments(run: Any, lane: Lane) -> None:
    """Measure plain functions with arguments."""
    run(lane)


@race(
    "breaker, one failure recorded",
    FAILS,
    Case(
        "seawall",
        guards.with_tireless_breaker,
        note="classified; cancellation told apart",
    ),
    Case("by hand", partial(peers.minimal, failures=peers.NEVER), note=BY_HAND),
    Case(
        "circuitbreaker",
        partial(peers.with_circuitbreaker, failures=peers.NEVER),
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "aiobreaker",
        partial(peers.with_aiobreaker, failures=peers.NEVER),
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "purgatory",
        partial(peers.with_purgatory, failures=peers.NEVER),
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "pyresilience",
        partial(resilient, failures=peers.NEVER),
        ASYNCIO_ONLY,
        note=PYRESILIENCE,
    ),
)
def bench_failure(run: Any, lane: Lane) -> None:
    """Measure the call that fails and is counted."""
    run(lane)


@race(
    "breaker, one failure recorded, synchronous",
    FAILS_SYNC,
    Case("seawall", guards.with_tireless_breaker, SYNC),
    Case(
        "circuitbreaker",
        partial(peers.with_circuitbreaker, failures=peers.NEVER),
        SYNC,
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "pybreaker",
        partial(peers.with_pybreaker, failures=peers.NEVER),
        SYNC,
        note=PYBREAKER,
    ),
)
def bench_failure_sync(run: Any, lane: Lane) -> None:
    """Measure the plain call that fails and is counted."""
    run(lane)


@race(
    "breaker, open: the call is rejected",
    FAILS,
    Case("seawall", guards.with_breaker, raises=seawall.CircuitOpenError),
    Case("by hand", peers.minimal, raises=peers.CircuitIsOpenError, note=BY_HAND),
    Case(
        "circuitbreaker",
        peers.with_circuitbreaker,
        raises=circuitbreaker.CircuitBreakerError,
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "aiobreaker",
        peers.with_aiobreaker,
        raises=aiobreaker.CircuitBreakerError,
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "purgatory",
        peers.with_purgatory,
        raises=OpenedState,
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "pyresilience",
        resilient,
        ASYNCIO_ONLY,
        raises=pyresilience.CircuitOpenError,
        note=PYRESILIENCE,
    ),
)
def bench_rejection(run: Any, lane: Lane) -> None:
    """Measure the call that is not made; the unit raises too."""
    run(lane)


@race(
    "breaker, open: the call is rejected, synchronous",
    FAILS_SYNC,
    Case("seawall", guards.with_breaker, SYNC, raises=seawall.CircuitOpenError),
    Case(
        "circuitbreaker",
        peers.with_circuitbreaker,
        SYNC,
        raises=circuitbreaker.CircuitBreakerError,
        note=NO_HALF_OPEN_LIMIT,
    ),
    Case(
        "pybreaker",
        peers.with_pybreaker,
        SYNC,
        raises=pybreaker.CircuitBreakerError,
        note=PYBREAKER,
    ),
)
def bench_rejection_sync(run: Any, lane: Lane) -> None:
    """Measure the plain call that is not made; the unit raises too."""
    run(lane)
