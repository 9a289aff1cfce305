"""What a run of the benches says: a table for people, JSON for programs, the bars."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

OURS: Final = "seawall"
CLOSED: Final = "breaker, circuit closed"
FIRST_TRY: Final = "retry, first try succeeds"
MOST_FOR_A_CLOSED_BREAKER: Final = 1.3
LEAST_LESS_THAN_RETRYING_PEERS: Final = 50.0


@dataclass(frozen=True)
class Figure:
    """How many units one case costs on one backend."""

    group: str
    case: str
    backend: str
    ratio: float
    ratio_q1: float
    ratio_q3: float
    rounds: int
    note: str


@dataclass(frozen=True)
class Bar:
    """A promise, and whether this run keeps it; None if a figure is missing."""

    promise: str
    value: float | None
    holds: bool


@dataclass(frozen=True)
class Report:
    """One run."""

    subject: dict[str, Any]
    figures: tuple[Figure, ...]

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read what pytest-benchmark wrote."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(
            Figure(group=bench["group"], **bench["extra_info"])
            for bench in raw["benchmarks"]
        )
        return cls(raw["machine_info"], figures)

    def write(self, path: Path) -> None:
        """Write the machine-readable form."""
        content = {
            "unit": "an empty decorator doing the same, in the same round",
            "subject": self.subject,
            "figures": [asdict(figure) for figure in self.figures],
            "bars": [asdict(bar) for bar in self.bars()],
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def bars(self) -> tuple[Bar, ...]:
        """Judge the promises that a run is held to."""
        return tuple(self._bars())

    def print(self, console: Console) -> None:
        """Print one table per group, then the bars."""
        console.print(_headline(self.subject), style="dim")
        for group in dict.fromkeys(figure.group for figure in self.figures):
            figures = [f for f in self.figures if f.group == group]
            console.print(_table(group, figures))
            console.print(_notes(figures), style="dim")
        for bar in self.bars():
            console.print(_line(bar))

    def _bars(self) -> Iterator[Bar]:
        for backend in ("asyncio", "trio"):
            ratio = self._ratio(CLOSED, OURS, backend)
            yield Bar(
                f"{backend}: a closed breaker costs at most "
                f"{MOST_FOR_A_CLOSED_BREAKER} empty decorators",
                ratio,
                ratio is not None and ratio <= MOST_FOR_A_CLOSED_BREAKER,
            )
            for peer in ("tenacity", "stamina"):
                times = self._times_less(FIRST_TRY, peer, backend)
                yield Bar(
                    f"{backend}: a retry with nothing to do costs at least "
                    f"{LEAST_LESS_THAN_RETRYING_PEERS:.0f} times less than {peer}",
                    times,
                    times is not None and times >= LEAST_LESS_THAN_RETRYING_PEERS,
                )

    def _ratio(self, group: str, case: str, backend: str) -> float | None:
        for figure in self.figures:
            if (figure.group, figure.case, figure.backend) == (group, case, backend):
                return figure.ratio
        return None

    def _times_less(self, group: str, peer: str, backend: str) -> float | None:
        ours = self._ratio(group, OURS, backend)
        theirs = self._ratio(group, peer, backend)
        return None if ours is None or theirs is None else theirs / ours


def _headline(subject: dict[str, Any]) -> str:
    build = subject["seawall"]
    peers = ", ".join(f"{name} {v}" for name, v in subject["peers"].items())
    wrappers = "" if subject["generated_wrappers"] else ", generated wrappers OFF"
    return (
        f"{subject['implementation']} {subject['python']}, seawall "
        f"{build['version']} ({build['profile']} build{wrappers}); {peers}\n"
        f"multiples of an empty decorator doing the same in the same round: "
        f"median, (quartiles)"
    )


def _table(group: str, figures: list[Figure]) -> Table:
    backends = [
        backend
        for backend in ("asyncio", "trio", "sync")
        if any(figure.backend == backend for figure in figures)
    ]
    table = Table(title=group, title_justify="left", title_style="bold", box=None)
    table.add_column("", min_width=27)
    for backend in backends:
        table.add_column(backend, justify="right", min_width=8)
        table.add_column("", style="dim", min_width=15)
    for case in dict.fromkeys(figure.case for figure in figures):
        rows = {f.backend: f for f in figures if f.case == case}
        cells = [text for b in backends for text in _cells(rows.get(b))]
        table.add_row(case, *cells, style="bold" if case == OURS else "")
    return table


def _notes(figures: list[Figure]) -> str:
    """Say each note once, with the cases that it is about."""
    cases: dict[str, dict[str, None]] = {}
    for figure in figures:
        if figure.note:
            cases.setdefault(figure.note, {})[figure.case] = None
    return "".join(f" {', '.join(about)}: {note}\n" for note, about in cases.items())


def _cells(figure: Figure | None) -> tuple[str, str]:
    if figure is None:
        return "-", ""
    spread = f"({_short(figure.ratio_q1)} - {_short(figure.ratio_q3)})"
    return _short(figure.ratio), spread


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def _line(bar: Bar) -> Text:
    if bar.value is None:
        return Text(f"not measured  {bar.promise}", style="yellow")
    verdict, style = ("holds ", "green") if bar.holds else ("BROKEN", "bold red")
    return Text(f"{verdict} {_short(bar.value):>6}  {bar.promise}", style=style)
