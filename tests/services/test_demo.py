"""The demo as people run it: a short incident on real servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import anyio
import psycopg
import pytest

from seawall import InfraConnectionError
from seawall.demo._clients import Addresses, asyncio_clients
from seawall.demo._record import Lane, Stopwatch
from seawall.demo._thread_clients import ThreadClients, thread_clients
from seawall.demo._world import Servers
from seawall.testing import PostgreSQL

pytestmark = [pytest.mark.services, pytest.mark.real_time]

# A machine on which nobody gets the processor for so many seconds says nothing about
# deadlines: asked once more, and judged all the same in the end.
_BUSY = 0.15
_RUNS = 3

DEMO = [sys.executable, "-m", "seawall.demo"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_every_promise_is_kept(backend: str, tmp_path: Path) -> None:
    """The incident of the README, in short: exit status 0, and figures that add up."""
    picture = tmp_path / "incident.svg"
    demo = [*DEMO, "--quick", "--json"]
    for _ in range(_RUNS):
        run = subprocess.run(  # noqa: S603
            [*demo, "--backend", backend, "--output", str(picture)],
            capture_output=True,
            text=True,
            check=False,
        )
        report = json.loads(run.stdout)
        figures = report["backends"][backend]
        if figures["worst_loop_lag"] < _BUSY:
            break

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    assert report["kept"]
    _check(figures)
    ET.fromstring(picture.read_text())  # noqa: S314


def _check(figures: dict[str, Any]) -> None:
    promises, ours, theirs = (
        figures[name] for name in ("promises", "with_seawall", "without")
    )
    assert sum(ours["calls"].values()) == sum(theirs["calls"].values()) == 475
    assert ours["answered_in_time"] == 1
    assert theirs["answered_in_time"] < 0.6
    assert promises["one_login"]["logins"] == 1
    assert promises["reached"]["with"] < promises["reached"]["without"] / 5
    assert [state for _, state in ours["circuit"]][-1] == "closed"
    assert promises["leaks"]["leaks"] == 0


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """In the middle of an incident: no server, no folder, no traceback."""
    process = subprocess.Popen(  # noqa: S603
        [*DEMO, "--backend", "trio", "--plain"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "circuit closed" in line:
            break
    children = _children(process.pid)
    assert len(children) == 3
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert errors == "seawall.demo: interrupted; the servers are stopped\n"
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert list(tmp_path.iterdir()) == []


def _children(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


@pytest.fixture
def addresses(postgres: PostgreSQL) -> Addresses:
    """A database with one user; the rest is not asked."""
    with psycopg.connect(postgres.dsn) as connection:
        # Or a crash right after takes the table with it.
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE IF NOT EXISTS users (id int, name text)")
        connection.execute("DELETE FROM users")
        connection.execute("INSERT INTO users VALUES (1, 'user 1')")
    nowhere = "valkey://127.0.0.1:1/0"
    return Addresses(
        database=postgres.dsn, cache=nowhere, vault="", role_id="", secret_id=""
    )


async def test_a_thread_that_nobody_waits_for_is_hung_up_on(
    addresses: Addresses, postgres: PostgreSQL
) -> None:
    """A hanging server must not keep threads of calls that are long over."""
    async with thread_clients(addresses, Lane(clock=Stopwatch())) as clients:
        assert (await clients.from_database(1)).name == "user 1"
        postgres.pause()
        begun = anyio.current_time()
        with anyio.move_on_after(0.2) as scope:
            await clients.from_database(1)
        assert scope.cancelled_caught
        assert anyio.current_time() - begun < 1.0
        await _no_busy_thread(clients)
        postgres.resume()
        assert (await clients.from_database(1)).name == "user 1"


async def _no_busy_thread(clients: ThreadClients) -> None:
    with anyio.fail_after(2):
        while clients.busy_threads:  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def test_a_dead_database_is_said_in_our_words(
    addresses: Addresses, postgres: PostgreSQL
) -> None:
    """Whichever way psycopg says it; the fallback must know it."""
    async with thread_clients(addresses, Lane(clock=Stopwatch())) as clients:
        postgres.kill()
        with pytest.raises(InfraConnectionError, match="psycopg failed"):
            await clients.from_database(1)
        postgres.start()
        assert (await clients.from_database(1)).name == "user 1"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncpg_is_let_go_of_in_time(
    addresses: Addresses, postgres: PostgreSQL
) -> None:
    """Cancelled, it would wait for a server that hangs."""
    async with asyncio_clients(addresses, Lane(clock=Stopwatch())) as clients:
        assert (await clients.from_database(1)).name == "user 1"
        postgres.pause()
        begun = time.monotonic()
        with anyio.move_on_after(0.2) as scope:
            await clients.from_database(1)
        assert scope.cancelled_caught
        assert time.monotonic() - begun < 1.0
        postgres.resume()
        assert (await clients.from_database(1)).name == "user 1"


def test_what_is_left_of_the_servers_is_told() -> None:
    """While they run, everything is; afterwards, nothing."""
    servers = Servers()
    with servers:
        servers.start()
        left = servers.leftovers()
        assert sum("is alive" in line for line in left) == 3
        assert sum("is still there" in line for line in left) == 3

    assert servers.leftovers() == []


def test_servers_that_cannot_be_prepared_are_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A start that fails half-way leaves nothing behind either."""
    monkeypatch.setattr(Servers, "_fill_database", lambda _: 1 / 0)
    servers = Servers()
    with pytest.raises(ZeroDivisionError):
        servers.start()

    assert servers.leftovers() == []
