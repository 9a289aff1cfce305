"""From options to exit status: incidents, one after the other, and their report."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, final

import anyio
import attrs
from rich.console import Console

from ._clients import asyncio_clients
from ._live import LiveDisplay
from ._picture import draw
from ._plain import PlainDisplay
from ._plan import FULL, QUICK
from ._promises import judge
from ._record import Lane, Record, Stopwatch
from ._report import all_kept, as_json, print_summary
from ._run import run, strange_threads
from ._story import INTRODUCTION
from ._thread_clients import thread_clients
from ._world import Servers

Mode: TypeAlias = Literal["auto", "plain", "json"]

_PICTURES_PER_SECOND: Final = 8
_PIPE_WIDTH: Final = 110
_NOT_RUN: Final = 2
_INTERRUPTED: Final = 130


@final
@attrs.frozen(kw_only=True)
class Options:
    """What the user asked for.

    Attributes:
        backends: On which event loops.
        seed: What makes the load.
        quick: Whether the incident is a short one.
        mode: "auto" is live on a terminal and plain elsewhere.
        output: Where the picture goes.
    """

    backends: Sequence[str]
    seed: int
    quick: bool
    mode: Mode
    output: Path


class NotStartedError(RuntimeError):
    """The servers do not run."""


def show(options: Options) -> int:
    """Run the incidents and report; return the exit status."""
    # An application's choice: the display tells what the log would.
    logging.getLogger("seawall").addHandler(logging.NullHandler())
    console = console_for(options.mode)
    console.print(INTRODUCTION, highlight=False)
    status = 0
    records: list[Record] = []
    try:
        records.extend(incident(each, options, console) for each in options.backends)
    except* KeyboardInterrupt:  # trio hands it on in a group
        sys.stderr.write("seawall.demo: interrupted; the servers are stopped\n")
        status = _INTERRUPTED
    except* NotStartedError as group:
        sys.stderr.write(f"seawall.demo: {group.exceptions[0]}\n")
        status = _NOT_RUN
    return status or _report(records, options, console)


def _report(records: Sequence[Record], options: Options, console: Console) -> int:
    judged = [(record, judge(record)) for record in records]
    options.output.write_text(draw(judged), encoding="utf-8")
    if options.mode == "json":
        report = as_json(judged, options.seed, str(options.output))
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    print_summary(console, judged)
    console.print(f"a picture of it is in {options.output}", highlight=False)
    return 0 if all_kept(judged) else 1


def console_for(mode: Mode) -> Console:
    """Make the console: silent for JSON, without colours for logs."""
    if mode == "json":
        return Console(quiet=True)
    console = Console(color_system=None if mode == "plain" else "auto")
    if not console.file.isatty():
        console.width = _PIPE_WIDTH
    return console


def incident(backend: str, options: Options, console: Console) -> Record:
    """Start the servers, let it happen, and clean up."""
    stopwatch = Stopwatch()
    record = Record(
        backend=backend,
        seed=options.seed,
        plan=QUICK if options.quick else FULL,
        guarded=Lane(clock=stopwatch),
        bare=Lane(clock=stopwatch),
    )
    with _started() as servers, _displayed(record, options.mode, console):
        clients = asyncio_clients if backend == "asyncio" else thread_clients
        threads_before = threading.enumerate()
        anyio.run(
            partial(run, record, stopwatch, servers),
            partial(clients, servers.addresses),
            backend=backend,
        )
        record.leaks += strange_threads(threads_before)
    record.leaks += servers.leftovers()
    return record


@contextmanager
def _started() -> Generator[Servers]:
    servers = Servers()
    try:
        servers.start()
    except (RuntimeError, OSError) as error:  # a time-out is an OSError
        raise NotStartedError(f"the servers could not be started: {error}") from error
    with servers:
        yield servers


class Display(Protocol):
    """What shows an incident while it happens."""

    def show(self) -> None:
        """Show the present."""
        ...

    def finish(self) -> None:
        """Show the end."""
        ...


def display_for(mode: Mode, console: Console, record: Record) -> Display | None:
    """Choose: live on a terminal that can, lines elsewhere, nothing beside JSON."""
    if mode == "json":
        return None
    # Asked of the file itself: FORCE_COLOR makes a terminal of every pipe.
    live = console.file.isatty() and not console.is_dumb_terminal
    if mode == "auto" and live and console.encoding.startswith("utf"):
        return LiveDisplay(console, record)
    return PlainDisplay(console, record)


@contextmanager
def _displayed(record: Record, mode: Mode, console: Console) -> Generator[None]:
    """Show *record* in a thread: a slow terminal must not make the event loop late."""
    display = display_for(mode, console, record)
    if display is None:
        yield
        return
    over = threading.Event()

    def keep_showing() -> None:
        while not over.wait(1 / _PICTURES_PER_SECOND):
            display.show()

    thread = threading.Thread(target=keep_showing, name="display")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        display.finish()
