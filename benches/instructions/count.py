"""Count the instructions of one call under callgrind, and print them as ratios.

    python benches/instructions/count.py              the default cases
    python benches/instructions/count.py breaker      those whose name contains it

Time on a shared machine wavers by some percent; instructions do not, so this is what
to look at after a change of the hot path. One process runs under valgrind and forks a
child for each figure: a child that makes few calls and one that makes many differ in
the calls alone, and starting the interpreter is paid for once.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

BENCHES: Final = Path(__file__).parents[1] / "python"
FEW, MANY = 20, 80
"""Turns of ten calls; what is specialized, imported or cached happens in the few."""
INSIDE: Final = "SEAWALL_COUNTING"


def main() -> int:
    """Start valgrind, or be what it runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="parts of names of cases; none: all")
    names = parser.parse_args().names
    if INSIDE in os.environ:
        run_all(names)
        return 0
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("skipped: no valgrind here to count instructions with")
        return 0
    return count(valgrind, names)


# ------------------------------------------------------------------ outside of valgrind


def count(valgrind: str, names: list[str]) -> int:
    """Run this file under valgrind and print what its children cost."""
    tool = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    environment = {**os.environ, INSIDE: "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(  # noqa: S603 -- our own command
        [*tool, sys.executable, __file__, *names],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        return done.returncode
    print(f"Python {sys.version.split()[0]}: instructions of one call")
    print(f"{'':42}{'instructions':>14}{'x the unit':>12}")
    for name, unit, case in figures(done.stdout, done.stderr):
        print(f"{name:42}{case:14,.0f}{case / unit:12.2f}")
    return 0


def figures(stdout: str, stderr: str) -> Iterator[tuple[str, float, float]]:
    """Pair what the children say about themselves with what valgrind says of them."""
    collected = dict(re.findall(r"==(\d+)== Collected : (\d+)", stderr))
    found: dict[tuple[str, int], int] = {}
    units: dict[str, str] = {}
    for line in stdout.splitlines():
        pid, turns, name, units[name] = line.split("\t")
        found[name, int(turns)] = int(collected[pid])

    def per_call(name: str) -> float:
        return (found[name, MANY] - found[name, FEW]) / (10 * (MANY - FEW))

    for name, unit in units.items():
        if unit:
            yield name, per_call(unit), per_call(name)


# ------------------------------------------------------------------ inside of valgrind


def run_all(names: list[str]) -> None:
    """Fork children for each case, and once for each unit."""
    sys.path.insert(0, str(BENCHES))
    gc.disable()
    units: dict[Any, str] = {}
    for name, backend, workload, guard, raises in cases():
        if names and not any(part in name for part in names):
            continue
        unit = units.get(workload)
        if unit is None:
            unit = units[workload] = f"unit of {name}"
            in_children(unit, "", workload, workload.unit, workload.expected, backend)
        in_children(name, unit, workload, guard, raises, backend)


def in_children(name: str, unit: str, *work_to_do: Any) -> None:
    """Make few calls in one child and many in another."""
    for turns in (FEW, MANY):
        in_child(f"{turns}\t{name}\t{unit}", partial(work, turns, *work_to_do))


def in_child(label: str, run: Any) -> None:
    """Run in a child, which names itself and leaves without ceremony."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            run()
            os.write(1, f"{os.getpid()}\t{label}\n".encode())
            status = 0
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise SystemExit(f"the child for {label!r} failed")


def work(turns: int, workload: Any, decorate: Any, expected: Any, backend: str) -> None:
    """Make the calls, on a loop of their own."""
    import anyio  # noqa: PLC0415 -- after valgrind has started

    sync = backend == "sync"
    guarded = decorate(workload.function())
    warm = workload.loop(sync=sync, expected=Exception)
    loop = workload.loop(sync=sync, expected=expected)
    if sync:
        warm(guarded, FEW)
        loop(guarded, turns)
        return

    async def run() -> None:
        await warm(guarded, FEW)
        await loop(guarded, turns)

    anyio.run(run, backend=backend)


def cases() -> Iterator[tuple[str, str, Any, Any, Any]]:
    """List name, backend, workload, guard, and what a call raises."""
    import guards  # noqa: PLC0415 -- found only with BENCHES on the path
    import peers  # noqa: PLC0415
    from seawall import CircuitOpenError  # noqa: PLC0415
    from workloads import (  # noqa: PLC0415
        ARGUMENTS,
        FAILS,
        RETURNS,
        RETURNS_SYNC,
        bare,
    )

    on = "asyncio"
    yield "bare await", on, RETURNS, bare, None
    yield "breaker by hand, closed", on, RETURNS, peers.minimal, None
    yield "breaker, closed", on, RETURNS, guards.with_breaker, None
    yield "breaker, closed, f(1, 2, k=3)", on, ARGUMENTS, guards.with_breaker, None
    yield "breaker, closed, sync", "sync", RETURNS_SYNC, guards.with_breaker, None
    yield "retry, first try", on, RETURNS, guards.with_retry, None
    yield "retry on a budget, first try", on, RETURNS, guards.with_retry_on_budget, None
    yield "retry + breaker", on, RETURNS, guards.with_retry_and_breaker, None
    yield "time-out", on, RETURNS, guards.with_timeout, None
    yield "full pipeline", on, RETURNS, guards.with_everything, None
    failing = guards.with_tireless_breaker
    yield "breaker, failure recorded", on, FAILS, failing, ConnectionError
    yield "breaker, rejected", on, FAILS, guards.with_breaker, CircuitOpenError


if __name__ == "__main__":
    sys.exit(main())
