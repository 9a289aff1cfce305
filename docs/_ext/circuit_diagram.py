"""The states of a circuit breaker, drawn from a table that a test drives for real.

```{circuit-diagram}
```
```{circuit-table}
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from classification_tables import Table
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from seawall import CircuitState

Change: TypeAlias = tuple[CircuitState, CircuitState]

CLOSED, OPEN, HALF_OPEN, ISOLATED, DISABLED = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
    CircuitState.ISOLATED,
    CircuitState.DISABLED,
)


class Signal(Enum):
    """What can happen to a circuit."""

    SUCCESS = "a call succeeds (with Consecutive, failures are counted anew)"
    FAILURE = "a call fails or is slow, and the threshold is not reached"
    TRIP = "a call fails, is slow or hangs, and the threshold is reached"
    CANCELLED = "a call is cancelled, and does not count"
    CALL = "a call before the break is over: rejected"
    CALL_AFTER_BREAK = "the first call after the break: admitted as a probe"
    LATE_RESULT = "the result of a call from before the last change of state"
    SURPLUS_CALL = "a call while all probes are out: rejected"
    PROBE_SUCCEEDS = "a probe succeeds, more are needed"
    LAST_PROBE_SUCCEEDS = "the last probe that was needed succeeds"
    PROBE_FAILS = "a probe fails or is slow: a new break begins"
    PROBE_CANCELLED = "a probe is cancelled: its place is free again"
    PROBE_LOST = "a call after a probe's lease: a probe instead of the lost one"
    CALL_WHILE_ISOLATED = "a call: rejected"
    CALL_WHILE_DISABLED = "a call: admitted, its result counts nowhere"
    RELEASE_ONE = "one of several holds is released"
    RELEASE_LAST = "the last hold is released"
    ISOLATE = "isolate()"
    DISABLE = "disable()"
    ENABLE = "enable()"
    RESET = "reset()"


class Transition(NamedTuple):
    """One row of the table."""

    state: CircuitState
    signal: Signal
    next: CircuitState


TRANSITIONS: Sequence[Transition] = (
    Transition(CLOSED, Signal.SUCCESS, CLOSED),
    Transition(CLOSED, Signal.FAILURE, CLOSED),
    Transition(CLOSED, Signal.CANCELLED, CLOSED),
    Transition(CLOSED, Signal.TRIP, OPEN),
    Transition(OPEN, Signal.CALL, OPEN),
    Transition(OPEN, Signal.LATE_RESULT, OPEN),
    Transition(OPEN, Signal.CALL_AFTER_BREAK, HALF_OPEN),
    Transition(HALF_OPEN, Signal.SURPLUS_CALL, HALF_OPEN),
    Transition(HALF_OPEN, Signal.LATE_RESULT, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_SUCCEEDS, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_CANCELLED, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_LOST, HALF_OPEN),
    Transition(HALF_OPEN, Signal.PROBE_FAILS, OPEN),
    Transition(HALF_OPEN, Signal.LAST_PROBE_SUCCEEDS, CLOSED),
    Transition(ISOLATED, Signal.CALL_WHILE_ISOLATED, ISOLATED),
    Transition(ISOLATED, Signal.LATE_RESULT, ISOLATED),
    Transition(ISOLATED, Signal.RELEASE_ONE, ISOLATED),
    Transition(ISOLATED, Signal.RELEASE_LAST, CLOSED),
    Transition(DISABLED, Signal.CALL_WHILE_DISABLED, DISABLED),
    Transition(DISABLED, Signal.ENABLE, CLOSED),
    *(
        Transition(state, Signal.ENABLE, state)
        for state in CircuitState
        if state is not DISABLED
    ),
    *(Transition(state, Signal.ISOLATE, ISOLATED) for state in CircuitState),
    *(Transition(state, Signal.DISABLE, DISABLED) for state in CircuitState),
    *(Transition(state, Signal.RESET, CLOSED) for state in CircuitState),
)

# What an operator says leads to the same state from every other one.
FROM_ANY: Final = tuple(
    signal
    for signal in Signal
    if {row.state for row in TRANSITIONS if row.signal is signal} == set(CircuitState)
    and len({row.next for row in TRANSITIONS if row.signal is signal}) == 1
)

# ---------------------------------------------------------------- the drawing

_BOXES = {  # centre of each state, and what it does with a call
    CLOSED: (120, 70, "calls pass"),
    OPEN: (600, 70, "calls are rejected"),
    HALF_OPEN: (360, 235, "only probes pass"),
    ISOLATED: (120, 440, "calls are rejected"),
    DISABLED: (600, 440, "calls pass, none counts"),
}
_ANY = (360, 390)
# Each change of state: a curve, where its label stands, and the label's lines. Those of
# `FROM_ANY` begin at a box of their own, which stands for all five.
_ARROWS: dict[Change | Signal, tuple[str, int, int, Sequence[str]]] = {
    (CLOSED, OPEN): ("M215 58 L500 58", 360, 38, ("too many failures",)),
    (OPEN, HALF_OPEN): (
        "M630 105 C630 175 560 225 463 235",
        690,
        175,
        ("first call after", "the break"),
    ),
    (HALF_OPEN, OPEN): (
        "M400 200 C430 155 480 120 540 108",
        400,
        130,
        ("a probe", "fails"),
    ),
    (HALF_OPEN, CLOSED): (
        "M265 235 C205 228 160 180 148 110",
        250,
        165,
        ("enough probes", "succeed"),
    ),
    (ISOLATED, CLOSED): (
        "M60 405 L60 110",
        0,
        250,
        ("last hold", "released"),
    ),
    (DISABLED, CLOSED): (
        "M600 475 V505 Q600 525 580 525 H-45 Q-65 525 -65 505 V90 Q-65 70 -45 70 H18",
        360,
        515,
        ("enable()",),
    ),
    Signal.ISOLATE: ("M305 395 L222 425", 262, 440, ("isolate()",)),
    Signal.DISABLE: ("M415 395 L498 425", 458, 440, ("disable()",)),
    Signal.RESET: ("M310 378 C190 340 115 250 112 112", 258, 322, ("reset()",)),
}
_WIDTH, _HEIGHT = 190, 70


def changes() -> Sequence[Change | Signal]:
    """List what is drawn: each change of state once, and the commands from any."""
    pairs = [
        (row.state, row.next)
        for row in TRANSITIONS
        if row.state is not row.next and row.signal not in FROM_ANY
    ]
    return (*pairs, *FROM_ANY)


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
        '<figure class="circuit"><svg viewBox="-85 0 860 545" role="img" '
        f'aria-label="{title}"><defs><marker id="tip" viewBox="0 0 10 10" refX="9" '
        'refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
        '<path class="tip" d="M0 1 L9 5 L0 9 z"/></marker></defs>'
        f"{arrows}{boxes}{_any()}</svg></figure>"
    )


def _arrow(change: Change | Signal) -> str:
    path, x, y, lines = _ARROWS[change]
    # An operator's are dashed: no call makes them.
    by_hand = isinstance(change, Signal) or change[0] in (ISOLATED, DISABLED)
    command = " command" if by_hand else ""
    spans = "".join(
        f'<tspan x="{x}" dy="{0 if i == 0 else 17}">{line}</tspan>'
        for i, line in enumerate(lines)
    )
    return (
        f'<path class="arrow{command}" d="{path}" marker-end="url(#tip)"/>'
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


def _any() -> str:
    x, y = _ANY
    return (
        f'<g class="any"><rect x="{x - 55}" y="{y - 17}" width="110" height="34" '
        f'rx="17"/><text class="note" x="{x}" y="{y + 5}">any state</text></g>'
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
