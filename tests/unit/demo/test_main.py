"""The command line: what it says, and its exit status."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from rich.console import Console

from seawall.demo import _show
from seawall.demo.__main__ import main
from seawall.demo._live import LiveDisplay
from seawall.demo._plain import PlainDisplay
from seawall.demo._record import Record

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def shown(record: Record, monkeypatch: pytest.MonkeyPatch) -> list[_show.Options]:
    """What the incident was asked to be; the record is there already."""
    asked: list[_show.Options] = []

    def incident(backend: str, options: _show.Options, _: object) -> Record:
        record.backend = backend
        asked.append(options)
        return record

    monkeypatch.setattr(_show, "incident", incident)
    return asked


def test_help_says_what_will_happen(capsys: Capture) -> None:
    """And what the exit status means."""
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])

    assert exit_.value.code == 0
    text = capsys.readouterr().out
    for words in ("--backend {both,asyncio,trio}", "--seed", "--plain", "--json"):
        assert words in text
    assert "exit status: 0 every promise was kept" in text


def test_two_runs_by_default(
    shown: list[_show.Options], tmp_path: Path, capsys: Capture
) -> None:
    """asyncio, then trio; a picture, a summary, and two sentences before."""
    picture = tmp_path / "incident.svg"

    assert main(["--output", str(picture)]) == 0
    assert [options.backends for options in shown] == [("asyncio", "trio")] * 2
    assert shown[0].seed == 1
    assert not shown[0].quick
    assert picture.read_text().startswith("<svg")
    text = capsys.readouterr().out
    assert text.startswith("A small service answers 50 look-ups per second")
    assert "every promise was kept" in text
    assert "\x1b" not in text


def test_one_backend_and_a_seed(shown: list[_show.Options], tmp_path: Path) -> None:
    """As asked."""
    arguments = ["--backend", "trio", "--seed", "9", "--quick", "--plain"]
    main([*arguments, "--output", str(tmp_path / "a.svg")])

    (options,) = shown
    assert options.backends == ("trio",)
    assert (options.seed, options.quick, options.mode) == (9, True, "plain")


@pytest.mark.usefixtures("shown")
def test_json_is_all_there_is_on_standard_output(
    tmp_path: Path, capsys: Capture
) -> None:
    """`| jq` must work."""
    assert main(["--json", "--output", str(tmp_path / "a.svg")]) == 0

    report = json.loads(capsys.readouterr().out)
    assert sorted(report["backends"]) == ["trio"]  # the fake has one record for both
    assert report["picture"].endswith("a.svg")


def test_plain_and_json_exclude_each_other(capsys: Capture) -> None:
    """A misuse is exit status 2, as everywhere."""
    with pytest.raises(SystemExit) as exit_:
        main(["--plain", "--json"])

    assert exit_.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_missing_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Not a traceback."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "hvac" else find(name)
    )

    assert main([]) == 2
    assert capsys.readouterr().err == (
        "seawall.demo: hvac is not installed: pip install 'seawall[demo]'\n"
    )


def test_other_systems_are_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Servers are broken by process id, through /proc."""
    monkeypatch.setattr(sys, "platform", "darwin")

    assert main([]) == 2
    assert "not for darwin: run it in a Linux container" in capsys.readouterr().err


def test_no_folder_for_the_picture_is_told_at_once(
    tmp_path: Path, capsys: Capture
) -> None:
    """Not after a minute."""
    assert main(["--output", str(tmp_path / "none" / "a.svg")]) == 2
    assert "choose another --output" in capsys.readouterr().err


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt


def _interrupt_as_trio_does() -> NoReturn:
    raise BaseExceptionGroup("nursery", [KeyboardInterrupt()])


def _not_started() -> NoReturn:
    raise _show.NotStartedError("the servers could not be started: no space left")


@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        (_interrupt, 130, "interrupted; the servers are stopped"),
        (_interrupt_as_trio_does, 130, "interrupted; the servers are stopped"),
        (_not_started, 2, "the servers could not be started: no space left"),
    ],
)
def test_an_early_end_has_a_status_of_its_own(
    end: Callable[[], NoReturn],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Nothing was judged, so neither 0 nor 1, and nothing to draw."""

    def incident(*_: object) -> NoReturn:
        end()

    monkeypatch.setattr(_show, "incident", incident)
    monkeypatch.delattr(_show, "draw")

    assert main([]) == status
    assert words in capsys.readouterr().err


def test_a_server_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the server said."""

    class Servers:
        def start(self) -> None:
            raise RuntimeError("postgresql exited while it started")

    monkeypatch.setattr(_show, "Servers", Servers)

    with pytest.raises(_show.NotStartedError, match="started: postgresql exited"):  # noqa: SIM117
        with _show._started():
            raise AssertionError


class _Terminal(io.StringIO):
    """A terminal with an encoding."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def _display(mode: str, record: Record, file: Any, **more: Any) -> object:
    return _show.display_for(mode, Console(file=file, **more), record)  # type: ignore[arg-type]


def test_a_terminal_gets_the_live_display(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipes, logs, dumb terminals and old encodings get lines; programs nothing."""
    monkeypatch.setenv("TERM", "xterm-256color")
    live = _display("auto", record, _Terminal())
    assert isinstance(live, LiveDisplay)
    live.finish()

    old = _Terminal()
    old.encoding = "latin-1"  # type: ignore[assignment]
    pipe = io.StringIO()
    assert isinstance(_display("plain", record, _Terminal()), PlainDisplay)
    assert isinstance(_display("auto", record, old), PlainDisplay)
    assert isinstance(_display("auto", record, pipe, force_terminal=True), PlainDisplay)
    assert _display("json", record, _Terminal()) is None

    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(_display("auto", record, _Terminal()), PlainDisplay)


def test_consoles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide where nobody has a width, without colours where they are noise."""
    monkeypatch.setattr(sys, "stdout", _Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "90")
    assert _show.console_for("json").quiet
    assert _show.console_for("plain").color_system is None
    assert _show.console_for("auto").color_system == "256"
    assert _show.console_for("auto").width == 90

    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert _show.console_for("auto").width == 110


def test_the_display_runs_in_a_thread_of_its_own(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow terminal must not make the event loop late."""
    threads: list[str] = []

    class Display:
        def show(self) -> None:
            import threading  # noqa: PLC0415

            threads.append(threading.current_thread().name)

        def finish(self) -> None:
            threads.append("finished")

    monkeypatch.setattr(_show, "display_for", lambda *_: Display())
    with _show._displayed(record, "auto", Console(file=io.StringIO())):
        while not threads:
            pass

    assert threads[0] == "display"
    assert threads[-1] == "finished"
