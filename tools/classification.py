"""Write python/seawall/_classification.py from tools/classification.csv.

``python tools/classification.py`` writes it, ``--check`` says whether it is current.

A row says what an exception type means. `type` is ``module.qualname`` as Python knows
it at run time, and a row holds for subclasses too. Several rows of one type are tried
in their order; `rule` says when a row holds:

=======================  =============================================================
(nothing)                always
errno:<names>            the error's errno is one of these
text:<prefix>            its text begins like this
has:<part>               the beginning of its text (4096 characters) holds this
word:<words>             the first word of its text is one of these
begins:<path> <prefix>   the text found there begins like this
flag:<path>              what is found there is True
cause:<type>             an error of that type is in its chain of causes
context:<type>           the same, also where a ``raise ... from None`` hides it
as:<path>                it means what the error found there means, if that is known
<table>:<path>           the table answers for what is found there: http, sqlstate,
                         grpc, kafka, aws, mongo
=======================  =============================================================

A path is ``name``, ``name()`` and ``[key]`` in a row: ``response[Error][Code]``.

The last two rules take their answer from elsewhere, so the columns of the meaning are
empty. The rows of a table have ``<table> code`` as library (http and sqlstate: the name
alone), and as type a status or ``4xx``, a code, of SQLSTATE also its first two
characters.

`headers` is the path to the headers of the answer, which may say when to come back.

`source` says how a row was settled:

======================  ==============================================================
provoked:<file>.<what>  tests/services/test_classification_<file>.py makes <what> happen
read:<what>             by the driver's source or the protocol's text, of that version
judged                  neither says; this is what we think
======================  ==============================================================
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "tools" / "classification.csv"
TARGET: Final = ROOT / "python" / "seawall" / "_classification.py"

# The library column of a table's rows, and what rules call the table.
TABLES: Final = {
    "http": "http",
    "sqlstate": "sqlstate",
    "grpc code": "grpc",
    "kafka code": "kafka",
    "aws code": "aws",
    "mongo code": "mongo",
}
# Rules whose answer stands elsewhere.
ELSEWHERE: Final = {*TABLES.values(), "as"}
RULES: Final = {"errno", "text", "has", "word", "begins", "flag", "cause", "context"}
SOURCE_OF_A_ROW: Final = re.compile(r"provoked:\w+\.\S.*|read:\S.*|judged")
COLUMNS: Final = {
    "category": {
        "connection",
        "timeout",
        "unavailable",
        "rate_limited",
        "authentication",
        "protocol",
        "conflict",
        "rejected",
        "local_saturation",
        "misuse",
        "other",
    },
    "retry": {"yes", "no", "if_idempotent", "after_hint", "refresh"},
    "breaker": {"failure", "answered", "ignored"},
    "executed": {"yes", "no", "maybe"},
}
HEAD: Final = '''"""What every known exception type means, as data.

Written by tools/classification.py from tools/classification.csv: change it there.
A meaning reads: category, retry, breaker, executed.
"""
# ruff: noqa: E501 -- one row of the table, one line

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# fmt: off
'''

Row: TypeAlias = dict[str, str]


def read(source: Path = SOURCE) -> list[Row]:
    """Return the rows of *source*, each of them checked."""
    with source.open(newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    for number, row in enumerate(rows, start=2):
        problem = fault(row)
        if problem:
            raise ValueError(f"{source.name}:{number}: {problem}: {row}")
    return rows


def fault(row: Row) -> str | None:
    """Say what is wrong with *row*, if anything is."""
    kind, colon, argument = row["rule"].partition(":")
    if kind and not (colon and argument):
        return "a rule needs an argument"
    if row["headers"] and kind != "http":
        return "only an answer of HTTP has headers"
    if not SOURCE_OF_A_ROW.fullmatch(row["source"]):
        return f"no source is written {row['source']!r}"
    if kind in ELSEWHERE:
        empty = not any(row[column] for column in COLUMNS)
        return None if empty else "the answer is elsewhere, so the columns stay empty"
    if kind and kind not in RULES:
        return f"no rule is called {kind!r}"
    return fault_of_meaning(row)


def fault_of_meaning(row: Row) -> str | None:
    """Say what is wrong with what *row* says, if anything is."""
    for column, known in COLUMNS.items():
        if row[column] not in known:
            return f"no {column} is called {row[column]!r}"
    if row["retry"] == "yes" and row["executed"] == "maybe" and not is_ours(row):
        return "what may have been executed is retried if idempotent"
    return None


def is_ours(row: Row) -> bool:
    """Whether *row* is the one error that its raiser wants to be retried."""
    return row["type"].endswith(".InfraConnectionError")


def meaning(row: Row) -> str:
    """Return the columns of *row* as the source of a text."""
    return quoted(" ".join(row[column] for column in COLUMNS).strip())


def quoted(text: str) -> str:
    """Return *text* as the source of a text."""
    return json.dumps(text)


def table(name: str, rows: Iterable[Row]) -> str:
    """Return the source of the table *name*."""
    lines = [f"\n{TABLES[name].upper()}: Final[Mapping[str, str]] = {{"]
    lines += [f"    {quoted(row['type'])}: {meaning(row)}," for row in rows]
    return "\n".join([*lines, "}\n"])


def types(rows: Iterable[Row]) -> str:
    """Return the source of the table of types."""
    by_type: dict[str, list[Row]] = {}
    for row in rows:
        by_type.setdefault(row["type"], []).append(row)
    lines = ["\nTYPES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {"]
    for name, group in by_type.items():
        lines.append(f"    {quoted(name)}: (")
        lines += [f"        ({quoted(row['rule'])}, {meaning(row)})," for row in group]
        lines.append("    ),")
    return "\n".join([*lines, "}\n"])


def headers(rows: Iterable[Row]) -> str:
    """Return the source of the paths to the headers of answers."""
    found = {row["type"]: row["headers"] for row in rows if row["headers"]}
    lines = ["\n# Where the headers are that may say when to come back."]
    lines += ["HEADERS: Final[Mapping[str, str]] = {"]
    lines += [f"    {quoted(name)}: {quoted(path)}," for name, path in found.items()]
    return "\n".join([*lines, "}\n"])


def generated(rows: list[Row]) -> str:
    """Return the whole module."""
    tables = [
        table(name, (row for row in rows if row["library"] == name)) for name in TABLES
    ]
    others = [row for row in rows if row["library"] not in TABLES]
    return "".join([HEAD, *tables, types(others), headers(others)])


def main(arguments: list[str]) -> int:
    """Write the module, or with ``--check`` compare it."""
    wanted = generated(read())
    if "--check" not in arguments:
        TARGET.write_text(wanted)
        return 0
    if TARGET.read_text() == wanted:
        return 0
    print(f"{TARGET.name} is not current: run python tools/classification.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
