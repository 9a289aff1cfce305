"""The incident as it happens: live, and in lines."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from seawall import CircuitState
from seawall.demo._live import LiveDisplay, Strip, frame
from seawall.demo._plain import PlainDisplay
from seawall.demo._record import Record, Sample
from seawall.demo._story import story


def _console(width: int = 110) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_lines_are_told_in_order(record: Record) -> None:
    """A log is read from top to bottom."""
    console = Console(file=io.StringIO(), width=200)
    display = PlainDisplay(console, record)
    for record.elapsed in (0.5, 1.2, 2.1, 2.6, 9.6):
        display.show()
    display.finish()

    lines = _text(console).splitlines()
    times = [float(line.split(" s ")[0]) for line in lines]
    assert times == sorted(times)
    assert times[0] == 1.0
    assert sum("circuit " in line and "seawall:" in line for line in lines) == 9
    assert "PostgreSQL is killed (SIGKILL)" in _text(console)


def test_a_line_counts_what_ended_in_its_second(record: Record) -> None:
    """A call that hangs is waiting until it is over."""
    console = Console(file=io.StringIO(), width=200)
    record.guarded.waiting = 12
    record.elapsed = 4.0
    PlainDisplay(console, record).show()

    (line,) = [text for text in _text(console).splitlines() if "  3.0 s  circ" in text]
    assert "circuit open" in line
    assert "seawall: fresh 0  stale 1  late 0  failed 0  waiting 12" in line


def test_what_happens_after_the_last_second_is_told_too(record: Record) -> None:
    """The end of a story must not depend on a poll."""
    console = Console(file=io.StringIO(), width=200)
    record.elapsed = 7.45
    PlainDisplay(console, record).finish()

    assert _text(console).splitlines()[-1].endswith("calls are made again")


def test_the_story_is_told_once_per_break(record: Record) -> None:
    """A failed probe is no news; that the circuit opened again later is."""
    assert [text.split(":")[0] for _, text in story(record)] == [
        "PostgreSQL hangs (SIGSTOP)",
        "the circuit opens",
        "PostgreSQL is killed (SIGKILL)",
        "the tokens of both services are revoked",
        "PostgreSQL is back",
        "the circuit closes",
    ]
    record.guarded.circuit.append((8.0, CircuitState.OPEN))
    assert story(record)[-1][1].startswith("the circuit opens")


def test_the_strips_show_what_was(record: Record) -> None:
    """A column of 0.1 s each: up, hanging, dead; closed, open, probes."""
    strip = Strip(record, 95)

    assert strip.database().plain == "━" * 20 + "▒" * 10 + "·" * 40 + "━" * 25
    circuit = strip.circuit().plain
    assert circuit[:22] == "━" * 22
    assert circuit[23:33] == "·" * 10
    assert "╍" in circuit[33:36]  # 3.4 s is the edge of two columns
    assert circuit[-10:] == "━" * 10


def test_the_strips_end_now(record: Record) -> None:
    """The future is empty."""
    record.elapsed = 3.0

    strip = Strip(record, 19)
    assert len(strip.database()) == len(strip.circuit()) == 6
    assert len(strip.calls(record.bare, "fresh")) == 6


def test_bars_are_as_high_as_there_were_calls(record: Record) -> None:
    """Half of the load is half of a bar; none is none, one is a line."""
    record.guarded.samples[:] = [
        *[Sample(begun=1.0, elapsed=0.1)] * 25,
        *[Sample(begun=2.0, elapsed=0.1)] * 12,
        Sample(begun=3.0, elapsed=0.1),
    ]
    bars = Strip(record, 19).calls(record.guarded, "fresh").plain

    assert bars == "  █ ▄ ▁            "


def test_ticks_count(record: Record) -> None:
    """A crowd is a number."""
    times = [0.1, 1.1, 1.2, 1.3, *[2.1] * 12]

    assert Strip(record, 10).ticks(times).plain == "•3#       "


def test_a_frame_tells_both_sides(record: Record) -> None:
    """With seawall and without, in one look."""
    console = _console()
    console.print(frame(record, 70))

    shown = _text(console)
    for words in ("asyncio", "with seawall", "without", "100%", "40.0%", "in time"):
        assert words in shown
    assert "logins" in shown
    assert "calls are made again" in shown


def test_a_frame_before_the_first_call(record: Record) -> None:
    """Nothing is known, and nothing is divided by it."""
    record.elapsed = 0
    record.guarded.samples.clear()
    record.bare.samples.clear()
    console = _console()
    console.print(frame(record, 70))

    assert "in time" not in _text(console)


@pytest.mark.parametrize("width", [40, 110, 300])
def test_the_live_display_fits_its_terminal(record: Record, width: int) -> None:
    """It is drawn from start to finish without a line too long."""
    console = _console(width)
    display = LiveDisplay(console, record)
    display.show()
    display.finish()

    assert "PostgreSQL" in _text(console)
