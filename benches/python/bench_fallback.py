"""A fallback: not needed, and needed. A cache: fresh, and asked for an old value."""

from __future__ import annotations

import functools
from functools import partial
from time import monotonic
from typing import Any

import guards
import peers
from race import ASYNCIO_ONLY, Case, Lane, race
from seawall import StaleCache
from workloads import FAILS, RETURNS, Fn, fresh

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


def with_cache(function: Fn) -> Fn:
    """Guard with a cache whose one value stays fresh."""
    return StaleCache(key=_one_key, fresh_for=86400, stale_if_error=0)(function)


def by_hand(function: Fn) -> Fn:
    """Keep values and their ends in a dict."""
    kept: dict[str, tuple[Any, float]] = {}

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = _one_key(*args, **kwargs)
        found = kept.get(key)
        if found is not None and monotonic() < found[1]:
            return found[0]
        value = await function(*args, **kwargs)
        kept[key] = value, monotonic() + 86400.0
        return value

    return functools.update_wrapper(fresh(wrapper), function)


def with_old_value(function: Fn) -> Fn:
    """Guard with a cache that has an old value for a function that fails."""
    cache = StaleCache(key=_one_key, fresh_for=0, stale_if_error=86400, on=Exception)
    cache.call_sync(_answer)
    return cache(function)


def _one_key(*_args: Any, **_kwargs: Any) -> str:
    return "key"


def _answer() -> int:
    return 42


@race(
    "stale cache, a fresh value",
    RETURNS,
    Case("seawall", with_cache),
    Case("by hand", by_hand, note="no bound, no old values, a call for each miss"),
)
def bench_fresh_value(run: Any, lane: Lane) -> None:
    """Measure a value that needs no call."""
    run(lane)


@race(
    "stale cache, an old value",
    FAILS,
    Case("seawall", with_old_value, raises=None),
)
def bench_old_value(run: Any, lane: Lane) -> None:
    """Measure the old value behind a call that fails."""
    run(lane)
