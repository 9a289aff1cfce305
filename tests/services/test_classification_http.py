"""Clients of HTTP, and what their errors mean: each raised on a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing

import aiohttp
import anyio
import consul
import httpx
import hvac
import pytest
import requests
import urllib3

from loopback import Answer, Loopback, closed, garbage, half, hang, reset, status
from meanings import (
    DENIED,
    DOWN,
    FULL,
    LIMITED,
    MAYBE,
    NONSENSE,
    PARTIAL,
    REFUSED,
    REJECTED,
    SLOW,
    UNTRUSTED,
    free_port,
    row_of,
    said,
    sources,
)
from seawall import classify

pytestmark = pytest.mark.real_time

# Long enough for a busy machine; only who is kept waiting on purpose waits less.
NEVER = 20.0
PATIENCE = 0.2

Ask = Callable[[str, float], Awaitable[object]]


# ---------------------------------------------------------------- what can happen

ANSWERS: dict[str, Answer] = {
    "refused": closed,
    "hang": hang,
    "reset": reset,
    "closed": closed,
    "half an answer": half,
    "garbage": garbage,
    "certificate": status(200),
    "status": status(503, "Retry-After: 7"),
    "wrong password": status(401),
    "bad request": status(400),
    "denied": status(403),
    "limited": status(429),
    "not JSON": status(200, "X-Consul-Index: 1", body="{nonsense"),
}


def server_that(what: str) -> Loopback:
    """A server to which *what* happens."""
    return Loopback(ANSWERS[what], tls=what == "certificate")


def url_of(server: Loopback, what: str) -> str:
    """Where to find it, or nobody."""
    if what == "refused":
        return f"http://127.0.0.1:{free_port()}"
    return server.url


def patience(what: str) -> float:
    """How long to wait for an answer: one that comes must not come too late."""
    return PATIENCE if what == "hang" else NEVER


def check(what: str, exc: BaseException, expected: str) -> None:
    """It means what is expected, and its row was settled by provoking it."""
    assert said(exc) == expected, (what, row_of(exc), repr(exc))
    assert sources()[row_of(exc)].startswith("provoked:http."), (what, row_of(exc))


# ---------------------------------------------------------------- httpx


async def from_httpx(url: str, read: float) -> None:
    """Ask by httpx, on whichever backend runs."""
    timeout = httpx.Timeout(NEVER, read=read)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
        (await client.get(url)).raise_for_status()


HTTPX = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "closed": MAYBE,
    "half an answer": PARTIAL,
    "garbage": NONSENSE,
    "certificate": UNTRUSTED,
    "status": DOWN,
    "wrong password": DENIED,
    "limited": LIMITED,
}


@pytest.mark.parametrize("what", HTTPX)
async def test_httpx_says_what_happened(what: str) -> None:
    """On both backends: certificates are refused in the chain of causes only."""
    with server_that(what) as server, pytest.raises(httpx.HTTPError) as caught:
        await from_httpx(url_of(server, what), patience(what))

    check(what, caught.value, HTTPX[what])


async def test_a_full_pool_of_httpx_is_ours() -> None:
    """The server is well; it is not even asked."""
    limits = httpx.Limits(max_connections=1)
    timeout = httpx.Timeout(NEVER, pool=PATIENCE)
    with Loopback(hang) as server:
        async with (
            httpx.AsyncClient(
                limits=limits, timeout=timeout, trust_env=False
            ) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(client.get, server.url)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(httpx.PoolTimeout) as caught:
                await client.get(server.url)
            group.cancel_scope.cancel()

    check("pool full", caught.value, FULL)


# ---------------------------------------------------------------- aiohttp


async def from_aiohttp(url: str, read: float) -> None:
    """Ask by aiohttp."""
    timeout = aiohttp.ClientTimeout(sock_connect=NEVER, sock_read=read)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, raise_for_status=True) as answer,
    ):
        await answer.read()


AIOHTTP = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "closed": MAYBE,
    "half an answer": PARTIAL,
    "garbage": NONSENSE,
    "certificate": UNTRUSTED,
    "status": DOWN,
    "wrong password": DENIED,
    "limited": LIMITED,
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", AIOHTTP)
async def test_aiohttp_says_what_happened(what: str) -> None:
    """Garbage has a status there, 400, that nobody sent."""
    with server_that(what) as server, pytest.raises(aiohttp.ClientError) as caught:
        await from_aiohttp(url_of(server, what), patience(what))

    check(what, caught.value, AIOHTTP[what])


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_a_full_pool_of_aiohttp_looks_like_a_slow_connect() -> None:
    """The same class and the same text, so the table cannot tell them apart."""
    timeout = aiohttp.ClientTimeout(connect=PATIENCE)
    with Loopback(hang) as server:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=1), timeout=timeout
            ) as session,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_hold, session, server.url)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(aiohttp.ConnectionTimeoutError) as caught:
                await session.get(server.url)
            group.cancel_scope.cancel()

    check("pool full", caught.value, "timeout yes failure no")


async def _hold(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url, timeout=aiohttp.ClientTimeout()):
        pass


# ---------------------------------------------------------------- requests


def from_requests(url: str, read: float) -> None:
    """Ask by requests, which blocks."""
    with requests.Session() as session:
        session.trust_env = False
        session.get(url, timeout=(NEVER, read)).raise_for_status()


REQUESTS = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "closed": MAYBE,
    "half an answer": PARTIAL,
    "garbage": MAYBE,
    "certificate": UNTRUSTED,
    "status": DOWN,
    "wrong password": DENIED,
    "limited": LIMITED,
}


@pytest.mark.parametrize("what", REQUESTS)
def test_requests_says_what_happened(what: str) -> None:
    """Garbage is told apart from a reset by its text only, so it means the same."""
    with (
        server_that(what) as server,
        pytest.raises(requests.RequestException) as caught,
    ):
        from_requests(url_of(server, what), patience(what))

    check(what, caught.value, REQUESTS[what])


# ---------------------------------------------------------------- urllib3


def from_urllib3(url: str, read: float) -> None:
    """Ask by urllib3, which blocks."""
    timeout = urllib3.Timeout(connect=NEVER, read=read)
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        pool.request("GET", url)


URLLIB3 = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "closed": MAYBE,
    "half an answer": PARTIAL,
    "garbage": NONSENSE,
    "certificate": UNTRUSTED,
}


@pytest.mark.parametrize("what", URLLIB3)
def test_urllib3_says_what_happened(what: str) -> None:
    """A ProtocolError means what it was raised from."""
    with (
        server_that(what) as server,
        pytest.raises(urllib3.exceptions.HTTPError) as caught,
    ):
        from_urllib3(url_of(server, what), patience(what))

    check(what, caught.value, URLLIB3[what])


def test_a_retry_of_urllib3_means_its_reason() -> None:
    """Its MaxRetryError wraps the last one."""
    retries = urllib3.Retry(1, backoff_factor=0)
    with (
        urllib3.PoolManager(retries=retries) as pool,
        pytest.raises(urllib3.exceptions.MaxRetryError) as caught,
    ):
        pool.request("GET", f"http://127.0.0.1:{free_port()}")

    check("refused", caught.value, REFUSED)


def test_a_full_pool_of_urllib3_is_ours() -> None:
    """The server is well; it is not even asked."""
    with (
        Loopback(status(200)) as server,
        closing(
            urllib3.HTTPConnectionPool("127.0.0.1", server.port, maxsize=1, block=True)
        ) as pool,
    ):
        held = pool.urlopen("GET", "/", preload_content=False)
        with pytest.raises(urllib3.exceptions.EmptyPoolError) as caught:
            pool.urlopen("GET", "/", pool_timeout=PATIENCE)
        held.close()

    check("pool full", caught.value, FULL)


# ---------------------------------------------------------------- hvac


def from_hvac(url: str, read: float) -> None:
    """Ask Vault's client, which blocks and speaks by requests."""
    client = hvac.Client(url=url, token="x", timeout=read)  # noqa: S106
    with closing(client.adapter):
        client.secrets.kv.v2.read_secret_version("x", raise_on_deleted_version=True)


HVAC = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "half an answer": PARTIAL,
    "garbage": MAYBE,
    "certificate": UNTRUSTED,
    "status": DOWN,
    "wrong password": DENIED,
    "denied": DENIED,
    "bad request": REJECTED,
    "limited": LIMITED,
}


@pytest.mark.parametrize("what", HVAC)
def test_hvac_says_what_happened(what: str) -> None:
    """A token that has expired is a 403 there."""
    kinds = (requests.RequestException, hvac.exceptions.VaultError)
    with server_that(what) as server, pytest.raises(kinds) as caught:
        from_hvac(url_of(server, what), patience(what))

    check(what, caught.value, HVAC[what])


# ---------------------------------------------------------------- py-consul


def from_consul(url: str, read: float) -> None:
    """Ask Consul's client, which blocks and speaks by requests."""
    address = urllib3.util.parse_url(url)
    client = consul.Consul(
        host=address.host,
        port=address.port,
        scheme=address.scheme,
        connections_timeout=read,
    )
    with closing(client.http.session) as session:
        session.trust_env = False
        client.kv.get("x")


CONSUL = {
    "refused": REFUSED,
    "hang": SLOW,
    "reset": MAYBE,
    "half an answer": PARTIAL,
    "garbage": MAYBE,
    "certificate": UNTRUSTED,
    "status": DOWN,
    "wrong password": "authentication no answered no",
    "denied": DENIED,
    "bad request": REJECTED,
    "limited": LIMITED,
    "not JSON": NONSENSE,
}


@pytest.mark.parametrize("what", CONSUL)
def test_consul_says_what_happened(what: str) -> None:
    """Its errors carry the status in their text; 401 means that it asks for nothing."""
    kinds = (requests.RequestException, consul.ConsulException)
    with server_that(what) as server, pytest.raises(kinds) as caught:
        from_consul(url_of(server, what), patience(what))

    check(what, caught.value, CONSUL[what])


# ---------------------------------------------------------------- hints


@pytest.mark.parametrize("ask", [from_httpx, from_aiohttp], ids=["httpx", "aiohttp"])
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_the_servers_hint_is_read_from_its_answer(ask: Ask) -> None:
    """From the header of whichever client."""
    with server_that("status") as server, pytest.raises(Exception) as caught:  # noqa: PT011
        await ask(server.url, NEVER)

    assert classify(caught.value).retry_after == 7.0


def test_the_servers_hint_is_read_by_requests_too() -> None:
    """As above."""
    with server_that("status") as server, pytest.raises(requests.HTTPError) as caught:
        from_requests(server.url, NEVER)

    assert classify(caught.value).retry_after == 7.0
