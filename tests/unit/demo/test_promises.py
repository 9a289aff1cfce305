"""Every promise of the demo can break, says how, and turns the exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from seawall import CircuitState
from seawall.demo import _show
from seawall.demo._promises import judge
from seawall.demo._record import Record, Sample


def _no_calls(record: Record) -> None:
    record.guarded.samples.clear()


def _too_slow(record: Record) -> None:
    record.guarded.samples.append(Sample(begun=2.0, elapsed=1.61))


def _never_opened(record: Record) -> None:
    record.guarded.circuit.clear()


def _leaky_circuit(record: Record) -> None:
    record.guarded.attempts.append(5.0)


def _no_better(record: Record) -> None:
    del record.bare.attempts[3:]


def _unmarked(record: Record) -> None:
    record.guarded.samples[1] = attrs.evolve(record.guarded.samples[1], marked=False)


def _fresh_said_to_be_stale(record: Record) -> None:
    record.guarded.samples[0] = attrs.evolve(record.guarded.samples[0], marked=True)


def _no_stale(record: Record) -> None:
    del record.guarded.samples[1:3]


def _failed(record: Record) -> None:
    record.guarded.samples.append(
        Sample(begun=3.0, elapsed=0.1, error="InfraTimeoutError")
    )


def _two_logins(record: Record) -> None:
    record.guarded.logins.append(5.4)


def _no_login(record: Record) -> None:
    record.guarded.logins.remove(4.6)


def _not_revoked(record: Record) -> None:
    del record.marks["revoke"]


def _slow_recovery(record: Record) -> None:
    record.guarded.circuit[-1] = (9.01, CircuitState.CLOSED)


def _no_recovery(record: Record) -> None:
    del record.guarded.circuit[-1]


def _not_back(record: Record) -> None:
    del record.marks["back"]


def _leaks(record: Record) -> None:
    record.leaks += ["2 tasks", "process 7 is alive"]


BREAKS = [
    (_no_calls, "deadline", "no call was made at all"),
    (_too_slow, "deadline", "a call took 1.610 s; promised were 1.5 s"),
    (_never_opened, "reached", "the circuit never opened"),
    (_leaky_circuit, "reached", "3 calls reached for the database behind an open"),
    (_no_better, "reached", "3 calls, not fewer than the 2 without"),
    (_unmarked, "stale", "1 answers say of themselves what they are not"),
    (_fresh_said_to_be_stale, "stale", "1 answers say of themselves"),
    (_no_stale, "stale", "no stale answer was served"),
    (_failed, "stale", "1 look-ups failed that the cache could have answered"),
    (_two_logins, "one_login", "2 logins in the 1 s after the revocation, not 1"),
    (_no_login, "one_login", "0 logins in the 1 s after"),
    (_not_revoked, "one_login", "the token was never revoked"),
    (_slow_recovery, "recovery", "it took 2.01 s; promised were 2 s"),
    (_no_recovery, "recovery", "the circuit never closed: it ended half-open"),
    (_not_back, "recovery", "the database never came back"),
    (_leaks, "leaks", "2 tasks, process 7 is alive left behind"),
]


def test_a_good_run_keeps_every_promise(record: Record) -> None:
    """And says so with figures of both services."""
    verdicts = {verdict.name: verdict for verdict in judge(record)}

    assert all(verdict.kept for verdict in verdicts.values())
    assert verdicts["deadline"].values["slowest"] == 0.6
    assert verdicts["deadline"].bare == "1 past it, slowest 1.80 s"
    assert verdicts["reached"].figure == "3 calls, 2 of them probes"
    assert verdicts["reached"].bare == "5 calls"
    assert verdicts["stale"].figure == "2 stale, all marked; 0 errors"
    assert verdicts["one_login"].figure == "1 login"
    assert verdicts["one_login"].bare == "3 logins"
    assert verdicts["recovery"].figure == "0.50 s"
    assert verdicts["leaks"].figure == "nothing"


@pytest.mark.parametrize(("spoil", "name", "words"), BREAKS)
def test_each_promise_can_break(
    record: Record, spoil: Callable[[Record], None], name: str, words: str
) -> None:
    """A promise that nothing can break is worth nothing."""
    spoil(record)
    broken = {verdict.name: verdict.broken for verdict in judge(record)}[name]

    assert broken is not None
    assert words in broken


@pytest.mark.parametrize("spoil", [spoil for spoil, _, _ in BREAKS])
def test_a_broken_promise_is_exit_status_one(
    record: Record,
    spoil: Callable[[Record], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Scripts see it without reading, people in words."""
    spoil(record)
    monkeypatch.setattr(_show, "incident", lambda *_: record)

    status = _show.show(
        _show.Options(
            backends=["asyncio"],
            seed=1,
            quick=True,
            mode="plain",
            output=tmp_path / "incident.svg",
        )
    )

    assert status == 1
    shown = capsys.readouterr().out
    assert "BROKEN" in shown
    assert "broken promise on asyncio: " in shown
    assert "every promise was kept" not in shown


def test_a_little_overrun_is_shown_and_forgiven(record: Record) -> None:
    """The tolerance is told, and so is what was made use of."""
    record.guarded.samples.append(Sample(begun=2.0, elapsed=1.5625))
    (deadline, *_) = judge(record)

    assert deadline.kept
    assert deadline.figure == "overrun 62 ms, slowest 1.56 s"
    assert deadline.values["overrun"] == 0.0625
    assert deadline.values["tolerance"] == 0.1


def test_a_circuit_that_was_quicker_than_our_eyes_took_no_time(record: Record) -> None:
    """The server answers a moment before we know that it is back."""
    record.marks["back"] = 7.51

    figures = {verdict.name: verdict.figure for verdict in judge(record)}
    assert figures["recovery"] == "0.00 s"
