"""What the table says of an error that was really raised, and which row says so."""

from __future__ import annotations

import csv
import socket
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from seawall import classify
from seawall._classification import AWS, GRPC, HTTP, KAFKA, MONGO, SQLSTATE, TYPES
from seawall._rules import Inner, finder, names_of

TABLE = Path(__file__).parent.parent / "tools" / "classification.csv"
TABLES = {
    "aws": AWS,
    "grpc": GRPC,
    "http": HTTP,
    "kafka": KAFKA,
    "mongo": MONGO,
    "sqlstate": SQLSTATE,
}

REFUSED = "connection yes failure no"
MAYBE = "connection if_idempotent failure maybe"
SLOW = "timeout if_idempotent failure maybe"
DENIED = "authentication refresh answered no"
UNTRUSTED = "authentication no ignored no"
FULL = "local_saturation yes ignored no"
DOWN = "unavailable yes failure no"
ENDED = "unavailable if_idempotent failure maybe"
NONSENSE = "protocol if_idempotent failure maybe"
PARTIAL = "protocol if_idempotent failure yes"
REJECTED = "rejected no answered yes"
MISUSED = "misuse no ignored no"
LIMITED = "rate_limited after_hint ignored no"


def said(exc: BaseException) -> str:
    """The four words of a row."""
    found = classify(exc)
    return f"{found.category} {found.retry} {found.breaker} {found.executed}"


def row_of(exc: BaseException) -> tuple[str, str]:
    """Type and rule of the row that speaks for *exc*."""
    return next(_rows_of(exc), ("", ""))


def _rows_of(exc: BaseException) -> Iterator[tuple[str, str]]:
    for name in names_of(type(exc)):
        for rule, _ in TYPES.get(name, ()):
            found = finder(rule, "", TABLES)(exc)
            if isinstance(found, Inner):
                found = next(_rows_of(found.error), None)
            if found is not None:
                yield name, rule


@cache
def sources() -> dict[tuple[str, str], str]:
    """How each row was settled, by type and rule."""
    with TABLE.open(newline="") as file:
        return {
            (row["type"], row["rule"]): row["source"] for row in csv.DictReader(file)
        }


def free_port() -> int:
    """A port on which nobody listens."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
