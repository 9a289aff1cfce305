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
    draws = iter([10_001, 10_002, 10_003])
    monkeypatch.setattr(_ports, "_given", {10_001})
    monkeypatch.setattr(_ports, "_is_free", lambda port: port == 10_003)
    monkeypatch.setattr(random, "randrange", lambda *_: next(draws))

    assert _ports.free_port() == 10_003


def test_a_port_somebody_holds_is_not_free() -> None:
    """The kernel is asked, for no list of ours knows the other programs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        assert not _ports._is_free(taken.getsockname()[1])


def test_without_the_kernels_word_the_registered_range_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only Linux says it in a file."""

    def unreadable(_: Path) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)

    assert _ports.first_outgoing_port() == 49_152
