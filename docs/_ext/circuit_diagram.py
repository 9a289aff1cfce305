"""The states of a circuit breaker, drawn from a table that a test drives for real.

```{circuit-diagram}
```
```{circuit-table}
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple

from classification_tables import Table
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from seawall import CircuitState

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


class Signal(Enum):
    """What can happen to a circuit."""

    SUCCESS = "a call succeeds: failures are counted anew"
    FAILURE = "a call fails, the threshold is not reached"
    LAST_FAILURE = "the n-th failure in a row"
    CANCELLED = "a call is cancelled"
    CALL = "a call before the break is over: rejected"
    CALL_AFTER_BREAK = "the first call after the break: admitted as a probe"
    SURPLUS_CALL = "a call while all probes are out: rejected"
    PROBE_SUCCEEDS = "a probe succeeds, more are needed"
    LAST_PROBE_SUCCEEDS = "the last probe that was needed succeeds"
    PROBE_FAILS = "a probe fails: a new break begins"
    PROBE_CANCELLED = "a probe is cancelled: its place is free again"


class Transition(NamedTuple):
    """One row of the table."""

    state: CircuitState
    signal: Signal
    next: CircuitState


TRANSITIONS: Sequence[Transition] = (
    Transition(CLOSED, Signal.SUCCESS, CLOSED),
    Transition(CLOSED, Signal.FAILURE, CLOSED),
    Transition(CLOSED, Signal.CANCELLED, CLOSED),
    Transition(CLOSED, Signal.LAST_FAILURE, OPEN),
    Transition(OPEN, Signal.CALL, OPEN),
    Transition(OPEN, Signal.CALL_AFTER_BREAK, HALF_OPEN),
    Transition(HALF_OPEN, Signal.SURPLUS_CALL, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_SUCCEEDS, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_CANCELLED, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_FAILS, OPEN),
    Transition(HALF_OPEN, Signal.LAST_PROBE_SUCCEEDS, CLOSED),
)

# ---------------------------------------------------------------- the drawing

_BOXES = {  # centre of each state, and what it does with a call
    CLOSED: (120, 70, "calls pass"),
    OPEN: (600, 70, "calls are rejected"),
    HALF_OPEN: (360, 255, "probes pass"),
}
# Each change of state: a curve, where its label stands, and the label's lines.
_ARROWS: dict[
    tuple[CircuitState, CircuitState], tuple[str, int, int, Sequence[str]]
] = {
    (CLOSED, OPEN): ("M215 58 L500 58", 360, 38, ("n failures in a row",)),
    (OPEN, HALF_OPEN): (
        "M630 105 C630 190 560 243 463 255",
        690,
        195,
        ("first call after", "the break"),
    ),
    (HALF_OPEN, OPEN): (
        "M400 220 C430 170 480 125 540 108",
        400,
        140,
        ("a probe", "fails"),
    ),
    (HALF_OPEN, CLOSED): (
        "M265 255 C165 243 110 190 118 110",
        45,
        195,
        ("enough probes", "succeed"),
    ),
}
_WIDTH, _HEIGHT = 190, 70


def changes() -> list[tuple[CircuitState, CircuitState]]:
    """List the changes of state that the table knows."""
    return [(row.state, row.next) for row in TRANSITIONS if row.state is not row.next]


def drawing() -> str:
    """Draw the table."""
    arrows = "".join(_arrow(change) for change in changes())
    boxes = "".join(_box(state) for state in _BOXES)
    title = "; ".join(
        f"{row.state.value} becomes {row.next.value} when {row.signal.value}"
        for row in TRANSITIONS
        if row.state is not row.next
    ).replace("_", "-")
    return (
        '<figure class="circuit"><svg viewBox="-30 0 780 300" role="img" '
        f'aria-label="{title}"><defs><marker id="tip" viewBox="0 0 10 10" refX="9" '
        'refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
        f'<path class="tip" d="M0 1 L9 5 L0 9 z"/></marker></defs>{arrows}{boxes}'
        "</svg></figure>"
    )


def _arrow(change: tuple[CircuitState, CircuitState]) -> str:
    path, x, y, lines = _ARROWS[change]
    spans = "".join(
        f'<tspan x="{x}" dy="{0 if i == 0 else 17}">{line}</tspan>'
        for i, line in enumerate(lines)
    )
    return (
        f'<path class="arrow" d="{path}" marker-end="url(#tip)"/>'
        f'<text class="label" x="{x}" y="{y}">{spans}</text>'
    )


def _box(state: CircuitState) -> str:
    x, y, note = _BOXES[state]
    name = state.value.replace("_", "-")
    return (
        f'<g class="{name}"><rect x="{x - _WIDTH // 2}" y="{y - _HEIGHT // 2}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" rx="12"/>'
        f'<text class="state" x="{x}" y="{y - 4}">{name}</text>'
        f'<text class="note" x="{x}" y="{y + 18}">{note}</text></g>'
    )


class Diagram(Directive):
    """The drawing, inline, so that it follows the page into the dark."""

    def run(self) -> list[nodes.Node]:
        """Draw it."""
        return [nodes.raw("", drawing(), format="html")]


class AllTransitions(Table):
    """Every row of the table, those that change nothing included."""

    header: ClassVar[Sequence[str]] = ("state", "what happens", "next state")

    def rows(self) -> Iterator[Sequence[str]]:
        """Read it."""
        for state, signal, after in TRANSITIONS:
            yield state.name, signal.value, after.name


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("circuit-diagram", Diagram)
    app.add_directive("circuit-table", AllTransitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
