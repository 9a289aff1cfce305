"""The incident in sentences, for people."""

from __future__ import annotations

from typing import Final

from seawall import CircuitState

from ._plan import CALLS_PER_SECOND
from ._record import MarkName, Record

WHAT: Final[dict[MarkName, str]] = {
    "hang": "PostgreSQL hangs (SIGSTOP): connections stay open, nothing answers",
    "kill": "PostgreSQL is killed (SIGKILL)",
    "revoke": "the tokens of both services are revoked",
    "back": "PostgreSQL is back",
}

INTRODUCTION: Final = (
    f"A small service answers {CALLS_PER_SECOND} look-ups per second from PostgreSQL, "
    "remembers answers in Valkey, and reads a key from OpenBao with a token that lives "
    "for 2 seconds. You will see PostgreSQL hang, die and come back, and the token "
    "revoked in between: the same load on the same service, with seawall and without."
)


def story(record: Record) -> list[tuple[float, str]]:
    """Tell what has happened so far, in order, with the seconds."""
    told = [(at, WHAT[name]) for name, at in list(record.marks.items())]
    told += _circuit(record)
    return sorted(told)


def _circuit(record: Record) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    opened = False
    for at, state in list(record.guarded.circuit):
        if state is CircuitState.CLOSED:
            told.append((at, "the circuit closes: calls are made again"))
            opened = False
        elif state is CircuitState.OPEN and not opened:
            told.append(
                (at, "the circuit opens: the cache answers, one probe a second")
            )
            opened = True
    return told
