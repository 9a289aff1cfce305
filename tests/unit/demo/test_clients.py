"""What the clients of the demo do without a server."""

from __future__ import annotations

import socket

import pytest

from seawall import FallbackSkip
from seawall.demo._clients import packed, unpacked
from seawall.demo._service import User
from seawall.demo._thread_clients import Line


def test_the_cache_remembers_since_when() -> None:
    """That is how an answer from it can be told, whatever is said of it."""
    value = packed(User(3, "user 3"), lambda: 4.2)

    assert unpacked(value.encode()) == User(3, "user 3", kept_at=4.2)


def test_a_miss_is_nothing_to_offer() -> None:
    """Not an empty user."""
    with pytest.raises(FallbackSkip):
        unpacked(None)


def test_a_line_is_hung_up_on_while_it_is_in_use_only() -> None:
    """Before, there is nothing to hang up; afterwards it is somebody else's."""
    near, far = socket.socketpair()
    with near, far:
        line = Line()
        line.drop()
        line.hang_up()
        line.use(near.fileno())
        line.drop()
        line.hang_up()
        near.send(b"open")
        assert far.recv(4) == b"open"

        line.use(near.fileno())
        line.hang_up()
        assert far.recv(4) == b""
        line.drop()
