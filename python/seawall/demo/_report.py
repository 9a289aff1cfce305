"""The end of the story: the promises and their figures, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ._plan import CALLS_PER_SECOND
from ._promises import TOLERANCE, Verdict
from ._record import Lane, Record

Judged: TypeAlias = Sequence[tuple[Record, Sequence[Verdict]]]


def all_kept(judged: Judged) -> bool:
    """Whether every promise was kept in every run."""
    return all(verdict.kept for _, verdicts in judged for verdict in verdicts)


def print_summary(console: Console, judged: Judged) -> None:
    """Print the promises as a table, and what broke as sentences."""
    table = Table(
        title="What was promised, and what was measured", title_justify="left"
    )
    table.add_column("promise")
    for record, _ in judged:
        table.add_column(record.backend)
    for row in zip(*(verdicts for _, verdicts in judged), strict=True):
        table.add_row(row[0].promise, *(_cell(verdict) for verdict in row))
    shares = (_shares(record) for record, _ in judged)
    table.add_row("(look-ups answered in time)", *shares)
    console.print(table)
    for record, verdicts in judged:
        broken = [verdict for verdict in verdicts if not verdict.kept]
        for verdict in broken:
            console.print(_broken(record, verdict), soft_wrap=True)
        if broken and record.worst_lag > TOLERANCE:
            console.print(_busy(record), soft_wrap=True)
    if all_kept(judged):
        console.print(Text("every promise was kept", style="bold green"))


def _cell(verdict: Verdict) -> Text:
    word, style = ("kept", "green") if verdict.kept else ("BROKEN", "bold red")
    cell = Text.assemble((f"{word}: ", style), verdict.figure)
    if verdict.bare is not None:
        cell.append(f"\nwithout: {verdict.bare}", style="dim")
    return cell


def _shares(record: Record) -> Text:
    return Text.assemble(
        percent(record.guarded), (f"\nwithout: {percent(record.bare)}", "dim")
    )


def percent(lane: Lane) -> str:
    """Write the share of calls that were answered in time."""
    share = lane.answered_in_time()
    # Never round to a perfection that was not there.
    return "100%" if share == 1 else f"{min(share, 0.999):.1%}"


def _broken(record: Record, verdict: Verdict) -> Text:
    return Text.assemble(
        ("broken promise", "bold red"),
        f" on {record.backend}: {verdict.promise}: ",
        (str(verdict.broken), "red"),
    )


def _busy(record: Record) -> str:
    return (
        f"on {record.backend} the event loop itself was late by {record.worst_lag:.2f} "
        f"s at worst: if this machine was busy, run it again on a quiet one"
    )


def as_json(judged: Judged, seed: int, picture: str) -> dict[str, Any]:
    """Say the same to a program."""
    return {
        "seed": seed,
        "calls_per_second": CALLS_PER_SECOND,
        "kept": all_kept(judged),
        "picture": picture,
        "backends": {record.backend: _run(record, seen) for record, seen in judged},
    }


def _run(record: Record, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "plan": attrs.asdict(record.plan),
        "marks": _rounded(record.marks),
        "worst_loop_lag": round(record.worst_lag, 4),
        "promises": {
            verdict.name: {
                "promise": verdict.promise,
                "kept": verdict.kept,
                "broken": verdict.broken,
                **_rounded(verdict.values),
            }
            for verdict in verdicts
        },
        "with_seawall": _lane(record.guarded),
        "without": _lane(record.bare),
    }


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "calls": dict(lane.kinds()),
        "errors": dict(Counter(s.error for s in lane.samples if s.error is not None)),
        "answered_in_time": round(lane.answered_in_time(), 4),
        "database_calls": len(lane.attempts),
        "retries": len(lane.retries),
        "logins": len(lane.logins),
        "circuit": [[round(at, 3), state.value] for at, state in lane.circuit],
    }


def _rounded(figures: Mapping[Any, float]) -> dict[str, float]:
    return {str(name): round(value, 4) for name, value in figures.items()}
