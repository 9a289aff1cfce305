"""Tables of what errors mean, made of the very data that `classify` uses.

```{own-errors}
```
```{categories}
```
```{classification} asyncpg
```
```{statuses} http
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from seawall import (
    Category,
    CircuitOpenError,
    CircuitState,
    Classification,
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraError,
    InfraRateLimitedError,
    InfraTimeoutError,
    InfraUnavailableError,
    classify,
)
from seawall._classification import AWS, GRPC, HTTP, KAFKA, MONGO, SQLSTATE, TYPES

_MEANING = ("category", "retry", "breaker", "executed")
# Where the libraries of Python itself are one section.
_PYTHON = {"builtins", "socket", "ssl", "asyncio", "http"}
# Where a library is called by another name than its module.
_NAMES = {
    "aio_pika": "aiormq",
    "boto3": "botocore",
    "cimpl": "confluent_kafka",
    "elastic_transport": "elasticsearch",
    "httpcore": "httpx",
    "httpcore2": "httpx2",
    "psycopg_pool": "psycopg",
}
_TABLES = {
    "http": HTTP,
    "sqlstate": SQLSTATE,
    "grpc": GRPC,
    "kafka": KAFKA,
    "aws": AWS,
    "mongo": MONGO,
}
_RULES = {
    "errno": "errno is {0}",
    "text": "text begins with “{0}”",
    "has": "text holds “{0}”",
    "word": "text begins with the word {0}",
    "begins": "{0} begins with “{1}”",
    "flag": "{0} is true",
    "cause": "caused by {0}",
    "context": "caused by {0}, hidden or not",
    "as": "as what {0} means",
    "http": "by HTTP status, read from {0}",
    "sqlstate": "by SQLSTATE, read from {0}",
    "grpc": "by status code, read from {0}",
    "kafka": "by code, read from {0}",
    "aws": "by code, read from {0}",
    "mongo": "by code, read from {0}",
}


def library_of(name: str) -> str:
    """Say in which section the type *name* stands."""
    module = name.partition(".")[0]
    return "python" if module in _PYTHON else _NAMES.get(module, module)


def libraries() -> set[str]:
    """List the sections there must be."""
    return {library_of(name) for name in TYPES}


def _words(meaning: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in meaning.split()) or ("",) * 4


def _when(rule: str) -> str:
    if not rule:
        return ""
    name, _, argument = rule.partition(":")
    if name == "begins":
        return _RULES[name].format(*argument.split(" ", 1))
    if name in ("errno", "word"):
        argument = " or ".join(argument.split())
    return _RULES[name].format(argument)


class Table(Directive):
    """A table whose first columns are literals."""

    header: ClassVar[Sequence[str]]
    literal: ClassVar[int] = 1

    def rows(self) -> Iterator[Sequence[str]]:
        """Yield the cells, row by row."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Build it."""
        group = nodes.tgroup(cols=len(self.header))
        group += [nodes.colspec(colwidth=1) for _ in self.header]
        head, body = nodes.thead(), nodes.tbody()
        head += self._row(self.header, literal=0)
        body += [self._row(cells, literal=self.literal) for cells in self.rows()]
        if not body.children:
            raise self.error(f"no rows for {self.arguments}")
        group += [head, body]
        table = nodes.table("", group, classes=["meanings"])
        return [table]

    @staticmethod
    def _row(cells: Sequence[str], *, literal: int) -> nodes.row:
        row = nodes.row()
        for i, cell in enumerate(cells):
            text = (
                nodes.literal(text=cell) if i < literal and cell else nodes.Text(cell)
            )
            row += nodes.entry("", nodes.paragraph("", "", text))
        return row


_OWN = (
    InfraConnectionError(),
    InfraTimeoutError(),
    InfraUnavailableError(),
    CircuitOpenError(breaker="db", state=CircuitState.OPEN),
    InfraRateLimitedError(),
    InfraAuthenticationError(),
    CredentialRefreshError(),
    CredentialRefreshError(permanent=True),
    InfraError(),
)


def _advice(found: Classification) -> Iterator[str]:
    for word in (found.retry, found.breaker, found.executed):
        yield word.replace("_", " ")


class OwnErrors(Table):
    """What the errors of this library mean."""

    header = ("error", "if", *_MEANING)

    def rows(self) -> Iterator[Sequence[str]]:
        """Ask for each."""
        for error in _OWN:
            found, name = classify(error), type(error).__name__
            condition = "permanent" if getattr(error, "permanent", False) else ""
            yield name, condition, found.category.value, *_advice(found)


class Categories(Table):
    """What each category says unless a row knows better."""

    header = _MEANING

    def rows(self) -> Iterator[Sequence[str]]:
        """Ask for each."""
        for category in Category:
            yield category.name, *_advice(Classification(category))


class Types(Table):
    """What the exception types of one library mean."""

    required_arguments = 1
    header = ("type", "if", *_MEANING)

    def rows(self) -> Iterator[Sequence[str]]:
        """Read the table that `classify` reads."""
        for name, rules in TYPES.items():
            if library_of(name) == self.arguments[0]:
                for i, (rule, meaning) in enumerate(rules):
                    yield name if i == 0 else "", _when(rule), *_words(meaning)


class Statuses(Table):
    """What the codes of a protocol mean."""

    required_arguments = 1
    header = ("code", *_MEANING)

    def rows(self) -> Iterator[Sequence[str]]:
        """Read the table that `classify` reads."""
        table = _TABLES[self.arguments[0]]
        return ((code, *_words(meaning)) for code, meaning in table.items())


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("own-errors", OwnErrors)
    app.add_directive("categories", Categories)
    app.add_directive("classification", Types)
    app.add_directive("statuses", Statuses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
