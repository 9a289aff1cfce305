"""Write python/seawall/_classification.py from tools/classification.csv.

``python tools/classification.py`` writes it, ``--check`` says whether it is current.

A row says what an exception type means. `type` is ``module.qualname`` as Python knows
it at run time, and a row holds for subclasses too. Several rows of one type are tried
in their order; `rule` says when a row holds:

=====================  ===============================================================
(nothing)              always
errno:<names>          the error's errno is one of these
text:<prefix>          its text begins like this
word:<words>           the first word of its text is one of these
flag:<attribute>       that attribute is True
cause:<type>           an error of that type is in its chain of causes
sqlstate:<attributes>  the table `sqlstate` answers for what is found there
http:<attributes>      the table `http` answers for the status found there
=====================  ===============================================================

The last two rules take their answer from a table, so the other columns are empty. The
rows of a table have its name as library: a status or ``4xx``, a code or its first two
characters.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "tools" / "classification.csv"
TARGET: Final = ROOT / "python" / "seawall" / "_classification.py"

TABLES: Final = ("http", "sqlstate")
RULES: Final = {"errno", "text", "word", "flag", "cause"}
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
    if kind in TABLES:
        empty = not any(row[column] for column in COLUMNS)
        return None if empty else "a table answers, so the columns stay empty"
    if kind and kind not in RULES:
        return f"no rule is called {kind!r}"
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
    lines = [f"\n{name.upper()}: Final[Mapping[str, str]] = {{"]
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


def generated(rows: list[Row]) -> str:
    """Return the whole module."""
    tables = [
        table(name, (row for row in rows if row["library"] == name)) for name in TABLES
    ]
    return "".join(
        [HEAD, *tables, types(row for row in rows if row["library"] not in TABLES)]
    )


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
