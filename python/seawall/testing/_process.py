"""A process that somebody else wrote: started, broken and never left behind.

Rule 1: no server outlives the process that started it, however that one ends. The
kernel is told to kill the child when its parent dies (``PR_SET_PDEATHSIG``). The parent
is a thread, to the kernel: so all children are started by one thread that never ends.

Rule 2: nothing runs between fork and exec in a process that may have many threads. A
small launcher drops privileges and makes the request of rule 1 in a process of its own,
which then becomes the server.

Rule 3: every signal goes to a process id that we started or that descends from one.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Final, TypeAlias

_LAUNCHER: Final = """
import ctypes, os, signal, sys
parent, user, group, *command = sys.argv[1:]
if user:
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
# After setuid, which clears it.
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != int(parent):
    os._exit(1)
# Python ignores it, and what is ignored stays so in the next program.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execv(command[0], command)
"""

Process: TypeAlias = "subprocess.Popen[bytes]"


class _Spawner:
    """The thread that starts all processes, and lives as long as this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Process], Future[Process]]] = (
            queue.SimpleQueue()
        )

    def spawn(self, start: Callable[[], Process]) -> Process:
        with self._lock:
            # A forked child has the object, and not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._jobs = queue.SimpleQueue()
                self._thread = threading.Thread(
                    target=self._run,
                    args=(self._jobs,),
                    name="seawall server spawner",
                    daemon=True,
                )
                self._thread.start()
        future: Future[Process] = Future()
        self._jobs.put((start, future))
        return future.result()

    @staticmethod
    def _run(
        jobs: queue.SimpleQueue[tuple[Callable[[], Process], Future[Process]]],
    ) -> None:
        while True:
            start, future = jobs.get()
            try:
                future.set_result(start())
            except BaseException as error:  # noqa: BLE001 (raised by whoever asked)
                future.set_exception(error)


_SPAWNER: Final = _Spawner()


def spawn(
    command: Sequence[str | Path],
    *,
    directory: Path,
    output: IO[bytes],
    environment: Mapping[str, str],
    user: str | None = None,
) -> Process:
    """Start *command*, as *user* if there is one, to die with this process at last."""
    user_id, group_id = _ids(user)
    arguments = [
        *(sys.executable, "-I", "-S", "-c", _LAUNCHER),
        *(str(os.getpid()), user_id, group_id),
        *map(str, command),
    ]

    def start() -> Process:
        return subprocess.Popen(  # noqa: S603 (the caller's own command)
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, **environment},
            # Ctrl-C is for the test run, which then stops its servers in order.
            start_new_session=True,
        )

    return _SPAWNER.spawn(start)


def _ids(user: str | None) -> tuple[str, str]:
    if user is None:
        return "", ""
    entry = pwd.getpwnam(user)
    return str(entry.pw_uid), str(entry.pw_gid)


def unprivileged_user() -> str | None:
    """Whom a server that refuses root runs as; None if this process is not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def family(pid: int) -> list[int]:
    """*pid* and everything that descends from it."""
    members = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in (task / "children").read_text().split():
                    members += family(int(child))
    return members


def send(sent: signal.Signals, pids: Iterable[int]) -> None:
    """Send a signal to each of them that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)


def wait_for_states(pids: Iterable[int], states: str, *, timeout: float = 10.0) -> None:
    """Wait until every thread of *pids* is in one of *states*, or gone.

    ``kill`` returns before a busy process has stopped, and before a killed one has let
    go of its ports and its shared memory.
    """
    end = time.monotonic() + timeout
    for pid in pids:
        while not _thread_states(pid) <= set(states):
            if time.monotonic() > end:
                raise TimeoutError(
                    f"process {pid} was signalled {timeout:g} s ago and is still in "
                    f"state {''.join(sorted(_thread_states(pid)))}, not {states}"
                )
            time.sleep(0.001)


def _thread_states(pid: int) -> set[str]:
    states: set[str] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                # The name before the state is in parentheses and may hold anything.
                states.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return states
