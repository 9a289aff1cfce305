"""Vault's client on a real server: what only a real one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import hvac
import pytest
import requests

from meanings import DENIED, DOWN, REFUSED, REJECTED, SLOW, row_of, said
from seawall import CircuitBreaker, CircuitState, Consecutive
from seawall.testing import OpenBao

pytestmark = pytest.mark.real_time

NEVER = 20.0
PATIENCE = 0.3


@pytest.fixture(scope="module")
def _own() -> Iterator[OpenBao]:
    with OpenBao() as server:
        yield server


@pytest.fixture
def server(_own: OpenBao) -> OpenBao:
    """A server of our own, because it is sealed here."""
    return _own.heal()


def read(server: OpenBao, token: str = "", timeout: float = NEVER) -> None:
    """Read a secret that is not there."""
    client = hvac.Client(server.url, token or server.token, timeout=timeout)
    with closing(client.adapter):
        client.secrets.kv.v2.read_secret_version("x", raise_on_deleted_version=True)


def missing(server: OpenBao) -> None:
    """There is no such secret."""
    read(server)


def wrong_token(server: OpenBao) -> None:
    """The token is nobody's."""
    read(server, "nobody")


def sealed(server: OpenBao) -> None:
    """Somebody has sealed it."""
    client = hvac.Client(server.url, server.token)
    with closing(client.adapter):
        client.sys.seal()
    try:
        read(server)
    finally:
        # In memory only, so it starts unsealed again.
        server.restart()


def hanging(server: OpenBao) -> None:
    """It hangs."""
    server.pause()
    read(server, timeout=PATIENCE)


def dead(server: OpenBao) -> None:
    """It has died."""
    server.kill()
    read(server)


SITUATIONS: dict[str, tuple[Callable[[OpenBao], None], str]] = {
    "missing": (missing, REJECTED),
    "wrong token": (wrong_token, DENIED),
    "sealed": (sealed, DOWN),
    "hang": (hanging, SLOW),
    "dead": (dead, REFUSED),
}


@pytest.mark.parametrize("what", SITUATIONS)
def test_hvac_says_what_happened(what: str, server: OpenBao) -> None:
    """What is answered is its own error, what is not is that of requests."""
    situation, expected = SITUATIONS[what]
    kinds = (hvac.exceptions.VaultError, requests.RequestException)

    with pytest.raises(kinds) as caught:
        situation(server)

    assert said(caught.value) == expected, (what, row_of(caught.value))


def test_answers_leave_a_circuit_closed_and_a_dead_server_opens_it(
    server: OpenBao,
) -> None:
    """Five secrets that are not there, and five that nobody is asked for."""
    breaker = CircuitBreaker("vault", trip=Consecutive(5))

    for _ in range(5):
        with pytest.raises(hvac.exceptions.InvalidPath):
            breaker.call_sync(missing, server)
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(requests.ConnectionError):
            breaker.call_sync(dead, server)
    assert breaker.state is CircuitState.OPEN
