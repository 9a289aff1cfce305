"""The summary, for people and for programs."""

from __future__ import annotations

import io
import json

import attrs
import pytest
from rich.console import Console

from seawall.demo._promises import judge
from seawall.demo._record import Lane, Record, Sample
from seawall.demo._report import as_json, percent, print_summary


def _summary(record: Record, **options: object) -> str:
    file = io.StringIO()
    console = Console(file=file, width=100, **options)  # type: ignore[arg-type]
    other = attrs.evolve(record, backend="trio")
    print_summary(console, [(each, judge(each)) for each in (record, other)])
    return file.getvalue()


def test_the_summary_puts_figures_side_by_side(record: Record) -> None:
    """With seawall and without, on both backends."""
    shown = _summary(record)

    for words in ("asyncio", "trio", "kept: 1 login", "without: 3 logins", "100%"):
        assert words in shown
    assert "every promise was kept" in shown


def test_a_pipe_gets_no_escape_sequences(record: Record) -> None:
    """What is no terminal gets text."""
    assert "\x1b" not in _summary(record)


def test_no_color_is_honoured(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: no colours, also on a terminal."""
    record.leaks.append("1 task")
    assert "\x1b[1;31m" in _summary(
        record, force_terminal=True, color_system="standard"
    )

    monkeypatch.setenv("NO_COLOR", "1")
    shown = _summary(record, force_terminal=True, color_system="standard")
    assert "31m" not in shown
    assert "BROKEN" in shown


def test_programs_get_the_same_figures(record: Record) -> None:
    """One object, with every promise by its name."""
    report = json.loads(json.dumps(as_json([(record, judge(record))], 1, "a.svg")))

    assert report["kept"] is True
    assert report["seed"] == 1
    run = report["backends"]["asyncio"]
    assert list(run["promises"]) == [
        "deadline",
        "reached",
        "stale",
        "one_login",
        "recovery",
        "leaks",
    ]
    assert run["promises"]["reached"]["without"] == 5
    assert run["with_seawall"]["calls"] == {"fresh": 2, "stale": 2}
    assert run["worst_loop_lag"] == 0.004
    assert run["without"]["answered_in_time"] == 0.4
    assert run["without"]["errors"] == {
        "ConnectionResetError": 1,
        "ConnectionRefusedError": 1,
    }
    assert run["marks"] == {"hang": 2.0, "kill": 3.0, "revoke": 4.5, "back": 7.0}


def test_a_machine_that_was_too_busy_is_told(record: Record) -> None:
    """A broken promise stays one; but whoever reads it should know where to look."""
    record.worst_lag = 0.7
    assert "the event loop itself" not in _summary(record)

    record.leaks.append("1 task")
    assert "on asyncio the event loop itself was late by 0.70 s" in _summary(record)


def test_nothing_is_rounded_to_perfection() -> None:
    """One failed call of ten thousand is not 100 %."""
    lane = Lane(clock=lambda: 0.0)
    lane.samples += [Sample(begun=0, elapsed=0.1)] * 9999
    assert percent(lane) == "100%"

    lane.samples.append(Sample(begun=0, elapsed=0.1, error="ValueError"))
    assert percent(lane) == "99.9%"
