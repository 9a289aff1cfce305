"""A port is there again when its server comes back."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest

from seawall.testing import _ports


def test_a_port_is_never_an_outgoing_one_nor_given_twice() -> None:
    """A client that calls a dead server there can be connected to itself."""
    ports = {_ports.free_port() for _ in range(50)}

    assert len(ports) == 50
    assert max(ports) < _ports.first_outgoing_port()


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may listen there."""
    free = _ports.free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", _ports.free_port()))
        draws = iter([taken.getsockname()[1], free, free + 1])
        monkeypatch.setattr(_ports, "_given", {free})
        monkeypatch.setattr(random, "randrange", lambda *_: next(draws))

        assert _ports.free_port() == free + 1


def test_without_the_kernels_word_the_registered_range_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only Linux says it in a file."""

    def unreadable(_: Path) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)

    assert _ports.first_outgoing_port() == 49_152
