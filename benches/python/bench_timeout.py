"""A time-out around a call that is over at once, and around one that suspends."""

from __future__ import annotations

from functools import partial
from typing import Any

import guards
import peers
from race import ASYNCIO_ONLY, Case, Lane, race
from workloads import RETURNS, SUSPENDS

CASES = (
    Case("seawall", guards.with_timeout),
    Case("anyio.fail_after", peers.anyio_timeout),
    Case("asyncio.timeout", peers.asyncio_timeout, ASYNCIO_ONLY),
    Case(
        "pyresilience",
        partial(peers.with_pyresilience, timeout=peers.RESILIENT_TIMEOUT),
        ASYNCIO_ONLY,
        note="asyncio only; a task per call on 3.11",
    ),
)


@race("time-out, the call never suspends", RETURNS, *CASES)
def bench_at_once(run: Any, lane: Lane) -> None:
    """Measure a limit that was not needed."""
    run(lane)


@race("time-out, the call suspends once", SUSPENDS, *CASES)
def bench_suspending(run: Any, lane: Lane) -> None:
    """Measure a limit around a call that gives the event loop one turn."""
    run(lane)
