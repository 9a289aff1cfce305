"""Ask every row, and print what was answered."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import rich.table
from rich.console import Console

from libraries import DISTRIBUTIONS
from rows import BACKENDS, Row

SPEED: Final = Path(__file__).parents[2] / ".cache" / "bench" / "report.json"


@dataclass(frozen=True)
class Line:
    """A question, the cell of each library, and the tests that hold ours."""

    question: str
    cells: dict[str, str]
    held_by: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What the libraries of one kind answered."""

    title: str
    libraries: tuple[str, ...]
    lines: tuple[Line, ...]

    def print(self, console: Console) -> None:
        """Print it for people."""
        table = rich.table.Table(
            title=self.title, title_justify="left", show_lines=True
        )
        table.add_column("")
        for name in self.libraries:
            table.add_column(name, style="bold" if name == "seawall" else "")
        for line in self.lines:
            table.add_row(line.question, *line.cells.values())
        console.print(table)

    def markdown(self) -> Iterator[str]:
        """Write it for the README, with the tests that hold our column below."""
        yield f"| {self.title} | " + " | ".join(self.libraries) + " |"
        yield "|---" * (len(self.libraries) + 1) + "|"
        for line in self.lines:
            ours, *theirs = line.cells.values()
            yield f"| {line.question} | **{ours}** | " + " | ".join(theirs) + " |"
        yield ""

    def holders(self) -> Iterator[str]:
        """List the tests."""
        for line in self.lines:
            tests = ", ".join(f"`{test}`" for test in line.held_by)
            yield f"* {line.question}: {tests}"


def asked(title: str, rows: Sequence[Row], libraries: Sequence[Any]) -> Table:
    """Ask every library every question; the first one is whether it runs on trio."""
    on_trio = {library.name: _answer(rows[0], library, "trio") for library in libraries}
    lines = []
    for row in rows:
        cells = {
            library.name: on_trio[library.name]
            if row is rows[0]
            else _cell(row, library, trio=on_trio[library.name][:3] == "yes")
            for library in libraries
        }
        lines.append(Line(row.question, cells, row.held_by))
    return Table(title, tuple(library.name for library in libraries), tuple(lines))


def _cell(row: Row, library: Any, *, trio: bool) -> str:
    """Say it once if both backends agree."""
    backends = BACKENDS if trio else BACKENDS[:1]
    answers = {backend: _answer(row, library, backend) for backend in backends}
    if len(set(answers.values())) == 1:
        return answers["asyncio"]
    return "; ".join(f"{backend}: {answer}" for backend, answer in answers.items())


def _answer(row: Row, library: Any, backend: str) -> str:
    try:
        return row.ask(library, backend)
    except Exception as error:  # a failing peer is an answer
        if library.name == "seawall":
            raise
        return f"no: {type(error).__name__}"


def with_speed(table: Table, group: str) -> Table:
    """Add what a call costs, if benches/python has been run."""
    if not SPEED.exists():
        return table
    report = json.loads(SPEED.read_text(encoding="utf-8"))
    costs: dict[str, str] = {}
    for figure in report["figures"]:
        if figure["group"] == group and figure["backend"] == "asyncio":
            ratio = figure["ratio"]
            costs[figure["case"]] = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    cells = {name: costs.get(name, "n/a: plain functions") for name in table.libraries}
    line = Line(
        f"{group}: cost of the call in empty decorators, on asyncio",
        cells,
        ("make bench ARGS=--check",),
    )
    return Table(table.title, table.libraries, (*table.lines, line))


def subject() -> str:
    """Say what was compared, and when."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in DISTRIBUTIONS
    )
    python = f"{platform.python_implementation()} {platform.python_version()}"
    trio = importlib.metadata.version("trio")
    return f"{datetime.now(UTC):%Y-%m}, {python}, trio {trio}; {versions}"


def as_json(tables: Sequence[Table]) -> str:
    """Write it for programs."""
    content = {"subject": subject(), "tables": [asdict(table) for table in tables]}
    return json.dumps(content, indent=1, ensure_ascii=False)


def as_markdown(tables: Sequence[Table]) -> str:
    """Write the tables, what they are about, and what holds them."""
    lines = [line for table in tables for line in table.markdown()]
    held = [line for table in tables for line in table.holders()]
    return "\n".join([*lines, f"Observed {subject()}.", "", *held])
