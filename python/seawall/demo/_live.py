"""The incident on a terminal, as it happens."""

from __future__ import annotations

from collections import Counter
from typing import Final, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from seawall import CircuitState

from ._plan import CALLS_PER_SECOND
from ._record import KINDS, Database, Kind, Lane, Record
from ._report import percent
from ._story import story

STYLES: Final[dict[Kind, str]] = {
    "fresh": "green",
    "stale": "yellow",
    "late": "magenta",
    "failed": "red",
}
_BARS: Final = "▁▂▃▄▅▆▇█"
_CIRCUIT: Final[dict[CircuitState, tuple[str, str]]] = {
    CircuitState.CLOSED: ("━", "green"),
    CircuitState.HALF_OPEN: ("╍", "yellow"),
    CircuitState.OPEN: ("·", "red"),
}
# A column may hold several states; the rarest is what people look for.
_BY_INTEREST: Final = (CircuitState.HALF_OPEN, CircuitState.OPEN, CircuitState.CLOSED)
_DATABASE: Final[dict[Database, tuple[str, str]]] = {
    "up": ("━", "green"),
    "hanging": ("▒", "yellow"),
    "dead": ("·", "red"),
}
_SMOOTH: Final = 0.5
_LABELS: Final = 12
_FIGURES: Final = 16
_STORY_LINES: Final = 6


@final
class LiveDisplay:
    """Two strips over time: with seawall, and without."""

    def __init__(self, console: Console, record: Record) -> None:
        self._record = record
        self._console = console
        self._live = Live(
            console=console, auto_refresh=False, get_renderable=self._frame
        )
        self._live.start()

    def show(self) -> None:
        """Draw the present."""
        self._live.refresh()

    def finish(self) -> None:
        """Leave the last picture on the screen."""
        self._record.elapsed = self._record.plan.end
        self._live.stop()

    def _frame(self) -> RenderableType:
        width = self._console.width - _LABELS - _FIGURES - 6
        return frame(self._record, max(20, min(width, 110)))


def frame(record: Record, width: int) -> RenderableType:
    """Draw *record* with strips of *width* columns."""
    strip = Strip(record, width)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=_LABELS, justify="right", style="dim")
    table.add_column(width=width, no_wrap=True)
    table.add_column(width=_FIGURES)
    table.add_row("PostgreSQL", strip.database(), "")
    for title, lane in (("with seawall", record.guarded), ("without", record.bare)):
        table.add_row("", "", "")
        table.add_row("", Text(title, style="bold"), _share(lane))
        if lane is record.guarded:
            table.add_row("circuit", strip.circuit(), _state(lane))
        for kind in KINDS:
            if kind == "stale" and lane is record.bare:
                continue
            figure = Text(f"{lane.kinds()[kind]:>5} {kind}", style=STYLES[kind])
            table.add_row(kind, strip.calls(lane, kind), figure)
        if lane is record.guarded:
            retries = strip.ticks(lane.retries)
            table.add_row("retries", retries, f"{len(lane.retries):>5}")
        table.add_row("logins", strip.ticks(lane.logins), f"{len(lane.logins):>5}")
    heading = Text.assemble(
        (f" {record.backend} ", "bold reverse"),
        f"  {min(record.elapsed, record.plan.end):4.1f} s of {record.plan.end:g} s",
        (f"  {CALLS_PER_SECOND} look-ups per second each, seed {record.seed}", "dim"),
    )
    return Padding(Group(heading, Text(), table, Text(), *_told(record)), (1, 1))


def _told(record: Record) -> list[Text]:
    told = [Text(f"{at:7.1f} s  {text}") for at, text in story(record)[-_STORY_LINES:]]
    # The same height from the first picture to the last.
    return told + [Text()] * (_STORY_LINES - len(told))


def _share(lane: Lane) -> Text:
    return Text(f"{percent(lane)} in time" if lane.samples else "", style="bold")


def _state(lane: Lane) -> Text:
    state = lane.state_at(float("inf"))
    return Text(state.value.replace("_", "-"), style=_CIRCUIT[state][1])


@final
class Strip:
    """Time from left to right, in columns, up to now."""

    def __init__(self, record: Record, width: int) -> None:
        self._record = record
        self._step = record.plan.end / width
        self._width = width
        self._shown = min(width, int(record.elapsed / self._step))

    def database(self) -> Text:
        """Draw what the database does."""
        strip = Text()
        for column in range(self._shown):
            character, style = _DATABASE[
                self._record.database_at((column + 0.5) * self._step)
            ]
            strip.append(character, style)
        return strip

    def circuit(self) -> Text:
        """Draw the states of the circuit; a probe is short, and shown all the same."""
        strip = Text()
        lane = self._record.guarded
        for column in range(self._shown):
            begin, end = column * self._step, (column + 1) * self._step
            states = {state for at, state in lane.circuit if begin <= at < end}
            states.add(lane.state_at(begin))
            shown = next(state for state in _BY_INTEREST if state in states)
            character, style = _CIRCUIT[shown]
            strip.append(character, style)
        return strip

    def calls(self, lane: Lane, kind: Kind) -> Text:
        """Draw how many calls came to *kind*."""
        # Not every column of a wide terminal has a page in it.
        step = max(self._step, _SMOOTH)
        slices = lane.by_time(step, self._record.plan.end)
        centers = ((column + 0.5) * self._step for column in range(self._shown))
        bars = (
            _bar(slices[min(int(center / step), len(slices) - 1)][kind], step)
            for center in centers
        )
        return Text("".join(bars), style=STYLES[kind])

    def ticks(self, times: list[float]) -> Text:
        """Draw how often something happened: a dot for once, a digit for more."""
        counts = Counter(int(at / self._step) for at in list(times))
        shown = (counts[column] for column in range(self._shown))
        return Text("".join(_tick(count) for count in shown), style="cyan")


def _bar(count: int, step: float) -> str:
    if count == 0:
        return " "
    full = CALLS_PER_SECOND * step
    return _BARS[min(int(count / full * len(_BARS)), len(_BARS) - 1)]


def _tick(count: int) -> str:
    if count <= 1:
        return " •"[count]
    return str(count) if count < len("0123456789") else "#"
