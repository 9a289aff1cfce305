"""Processes are started from one thread and signalled by id."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("pwd", reason="servers are started on Linux only")

from seawall.testing import _process


def test_what_cannot_be_started_raises_in_the_caller(tmp_path: Path) -> None:
    """Not in the thread that starts it, and that thread goes on."""
    with (tmp_path / "log").open("wb") as output:
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                _process.spawn(
                    ["true"],
                    directory=tmp_path / "absent",
                    output=output,
                    environment={},
                )


def test_a_state_that_does_not_come_is_told() -> None:
    """With the state that it has, for whoever has to find out why."""
    with pytest.raises(TimeoutError, match=r"still in state .*R.*, not T"):
        _process.wait_for_states([os.getpid()], "T", timeout=0)


def test_a_process_that_is_gone_is_in_every_state() -> None:
    """It was killed: that is what was wanted."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    os.waitpid(pid, 0)

    _process.wait_for_states([pid], "T", timeout=0)
    _process.send(signal.SIGKILL, [pid])

    assert _process.family(pid) == [pid]
