"""Loopback ports that stay free while nobody listens on them."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path
from typing import Final

_given: Final[set[int]] = set()


def free_port() -> int:
    """A loopback port that is still there when its server comes back.

    Not ``bind(0)``: the kernel gives ports of that range to every outgoing connection.
    Such a port can be taken when the server wants it back, or a client that calls a
    dead server there can be connected to itself.
    """
    while True:
        port = random.randrange(10_000, first_outgoing_port())  # noqa: S311
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def first_outgoing_port() -> int:
    """The first port of the range from which the kernel takes one by itself."""
    # Where it cannot be read it starts at 49152, as registered, or above.
    with contextlib.suppress(OSError):
        bounds = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
        return int(bounds[0])
    return 49_152


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
