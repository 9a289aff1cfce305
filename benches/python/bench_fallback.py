"""A fallback: not needed, and needed."""

from __future__ import annotations

from functools import partial
from typing import Any

import guards
import peers
from race import ASYNCIO_ONLY, Case, Lane, race
from workloads import FAILS, RETURNS

resilient = partial(peers.with_pyresilience, fallback=peers.resilient_fallback())


@race(
    "fallback, the primary answers",
    RETURNS,
    Case("seawall", guards.with_fallback),
    Case("pyresilience", resilient, ASYNCIO_ONLY, note="asyncio only"),
)
def bench_primary(run: Any, lane: Lane) -> None:
    """Measure a fallback that was not needed."""
    run(lane)


@race(
    "fallback, the step answers",
    FAILS,
    Case("seawall", guards.with_fallback, raises=None),
    Case("pyresilience", resilient, ASYNCIO_ONLY, raises=None, note="asyncio only"),
)
def bench_step(run: Any, lane: Lane) -> None:
    """Measure an answer from elsewhere; the unit raises and is caught."""
    run(lane)
