"""A retry: nothing to do, and one failure."""

from __future__ import annotations

from functools import partial
from typing import Any

import guards
import peers
from race import ASYNCIO_ONLY, SYNC, Case, Lane, race
from workloads import FLAPS, RETURNS, RETURNS_SYNC

resilient = partial(peers.with_pyresilience, retry=peers.RESILIENT_RETRY)


@race(
    "retry, first try succeeds",
    RETURNS,
    Case("seawall", guards.with_retry),
    Case("seawall, budget", guards.with_retry_on_budget),
    Case("seawall, async for", guards.in_a_loop),
    Case("tenacity", peers.with_tenacity),
    Case("stamina", peers.with_stamina),
    Case("pyresilience", resilient, ASYNCIO_ONLY, note="asyncio only"),
)
def bench_first_try(run: Any, lane: Lane) -> None:
    """Measure what a retry costs a call that needs none."""
    run(lane)


@race(
    "retry, first try succeeds, synchronous",
    RETURNS_SYNC,
    Case("seawall", guards.with_retry, SYNC),
    Case("tenacity", peers.with_tenacity, SYNC),
    Case("stamina", peers.with_stamina, SYNC),
    Case("pyresilience", resilient, SYNC),
)
def bench_first_try_sync(run: Any, lane: Lane) -> None:
    """Measure what a retry costs a plain call that needs none."""
    run(lane)


@race(
    "retry, second try succeeds, no delay",
    FLAPS,
    Case("seawall", guards.with_retry_at_once),
    Case("tenacity", partial(peers.with_tenacity, first_delay=0.0)),
    Case("stamina", partial(peers.with_stamina, first_delay=0.0)),
    Case(
        "pyresilience",
        partial(peers.with_pyresilience, retry=peers.RESILIENT_RETRY_AT_ONCE),
        ASYNCIO_ONLY,
        note="asyncio only; without a delay it does not give the loop a turn",
    ),
)
def bench_second_try(run: Any, lane: Lane) -> None:
    """Measure one retry; the unit calls again too, one turn of the loop later."""
    run(lane)
