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

    State, generation, failures, permits and break are of the same instant; the two
    counters are read right after it and never lose a call, whatever threads do.

    Attributes:
        state: As `CircuitBreaker.state`.
        generation: Number of the state, as in events.
        failures: Failures in a row, while closed; else 0.
        permits_out: Probes under way, while half-open; else 0.
        half_open_in: Seconds until the next call is a probe, 0 if it is; None unless
            open.
        rejected: Calls that were not made, since the breaker was built. A call inside a
            probe is never one.
        late: Verdicts that came after the state had changed, and changed nothing. A
            late success is not among them if the circuit has nothing to forget then,
            for nobody looks at it; nor is what gives no verdict.
    """

    state: CircuitState
    generation: int
    failures: int
    permits_out: int
    half_open_in: float | None
    rejected: int
    late: int


def stats_of(seen: Snapshot) -> CircuitStats:
    """Say what the core has *seen* in the words of the user."""
    wait = seen.retry_after
    return CircuitStats(
        state=STATES[seen.state],
        generation=seen.generation,
        failures=seen.failures,
        permits_out=seen.permits_out,
        half_open_in=wait or 0.0 if seen.state == OPEN else None,
        rejected=seen.rejected,
        late=seen.late,
    )
