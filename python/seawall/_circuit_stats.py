"""What a circuit is doing, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

import attrs

from ._native import (  # noqa: TID251 -- the numbers of the states are the core's
    CLOSED,
    DISABLED,
    HALF_OPEN,
    ISOLATED,
    OPEN,
    Snapshot,
)
from ._trip import Consecutive, Trip
from ._types import CircuitState

STATES: Final[Mapping[int, CircuitState]] = {
    CLOSED: CircuitState.CLOSED,
    OPEN: CircuitState.OPEN,
    HALF_OPEN: CircuitState.HALF_OPEN,
    ISOLATED: CircuitState.ISOLATED,
    DISABLED: CircuitState.DISABLED,
}


@final
@attrs.frozen(kw_only=True)
class CircuitStats:
    """What a `CircuitBreaker` is doing, at one moment.

    State, generation, window, permits and break are of the same instant; the counters
    are read right after it and never lose a call, whatever threads do::

        orders_db.stats().rejected

    Attributes:
        state: As `CircuitBreaker.state`.
        since: When the state began, in seconds of the breaker's clock; None if it never
            changed.
        generation: Number of the state, as in events.
        successes: Successes since the breaker was built; None unless
            ``count_successes=True``, because nobody looks at them.
        failures: Failures since the breaker was built.
        ignored: Calls that said nothing about the dependency, cancelled ones among
            them, since the breaker was built.
        rejected: Calls that were not made, since the breaker was built; with
            ``enforce=False`` those that would not have been. A call inside a probe is
            never one.
        late: Verdicts that came after the state had changed, and changed nothing. A
            late success is not among them if the circuit has nothing to forget then,
            for nobody looks at it; nor is what gives no verdict.
        window_calls: Of how many last calls a `FailureRatio` looks, while closed; with
            `Consecutive` the failures in a row.
        window_failures: How many of those failed.
        permits_out: Probes under way, while half-open; else 0.
        half_open_in: Seconds until the next call is a probe, 0 if it is; None unless
            open.
    """

    state: CircuitState
    since: float | None
    generation: int
    successes: int | None
    failures: int
    ignored: int
    rejected: int
    late: int
    window_calls: int
    window_failures: int
    permits_out: int
    half_open_in: float | None


def stats_of(seen: Snapshot, trip: Trip) -> CircuitStats:
    """Say what the core has *seen* in the words of the user."""
    wait = seen.retry_after
    in_a_row = seen.failures if isinstance(trip, Consecutive) else None
    return CircuitStats(
        state=STATES[seen.state],
        since=seen.since,
        generation=seen.generation,
        successes=seen.succeeded,
        failures=seen.failed,
        ignored=seen.ignored,
        rejected=seen.rejected,
        late=seen.late,
        window_calls=seen.window_calls if in_a_row is None else in_a_row,
        window_failures=seen.window_failures if in_a_row is None else in_a_row,
        permits_out=seen.permits_out,
        half_open_in=wait or 0.0 if seen.state == OPEN else None,
    )
