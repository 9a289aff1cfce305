"""How a row of the table says which errors it is about.

A rule is a name and an argument: ``errno:ECONNREFUSED``, ``cause:socket.gaierror``.
tools/classification.py lists them all. What a row then means is not known here.

Looking at an error never raises, whatever its attributes do.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")

# A chain longer than this says nothing more about its end.
_MAX_CAUSES: Final = 16


def finder(
    rule: str, found: T, tables: Mapping[str, Mapping[str, T]]
) -> Callable[[BaseException], T | None]:
    """Return a function that gives what *rule* finds for an error, or None.

    That is *found* where the error is as the rule says, always for an empty rule, or
    what one of *tables* answers.
    """
    if not rule:
        return lambda _: found
    name, _, argument = rule.partition(":")
    if name in tables:
        look_up = _KEYS[name]
        table = tables[name]
        return lambda exc: _first(table, look_up(attribute(exc, argument)))
    holds = _CONDITIONS[name](argument)
    return lambda exc: found if holds(exc) else None


def _first(table: Mapping[str, T], keys: tuple[str, ...]) -> T | None:
    return next((table[key] for key in keys if key in table), None)


def _sqlstate_keys(code: object) -> tuple[str, ...]:
    return (code, code[:2]) if isinstance(code, str) else ()


def _http_keys(status: object) -> tuple[str, ...]:
    return (f"{status:d}", f"{status // 100}xx") if isinstance(status, int) else ()


_KEYS: Final[Mapping[str, Callable[[object], tuple[str, ...]]]] = {
    "sqlstate": _sqlstate_keys,
    "http": _http_keys,
}

Condition = Callable[[BaseException], bool]


def _errno(names: str) -> Condition:
    # Not every platform has every number, and those of getaddrinfo are in socket.
    known = {
        getattr(socket if name.startswith("EAI_") else errno, name, None)
        for name in names.split()
    } - {None}
    return lambda exc: _hashable(attribute(exc, "errno")) in known


def _hashable(value: object) -> object:
    return value if isinstance(value, int) else None


def _text(prefix: str) -> Condition:
    return lambda exc: text_of(exc).startswith(prefix)


def _word(words: str) -> Condition:
    known = frozenset(words.split())
    return lambda exc: text_of(exc).partition(" ")[0] in known


def _flag(name: str) -> Condition:
    return lambda exc: attribute(exc, name) is True


def _cause(name: str) -> Condition:
    return lambda exc: any(name in names_of(type(cause)) for cause in causes(exc))


_CONDITIONS: Final[Mapping[str, Callable[[str], Condition]]] = {
    "errno": _errno,
    "text": _text,
    "word": _word,
    "flag": _flag,
    "cause": _cause,
}


def attribute(exc: BaseException, path: str) -> object:
    """Return what ``exc.path`` is, or None."""
    value: object = exc
    with suppress(Exception):
        for name in path.split("."):
            value = getattr(value, name)
        return value
    return None


def text_of(exc: BaseException) -> str:
    """Return what *exc* says, or nothing."""
    with suppress(Exception):
        return str(exc)
    return ""


def causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield what *exc* was raised from, as a traceback would show it."""
    for _ in range(_MAX_CAUSES):
        cause = exc.__cause__
        if cause is None and not exc.__suppress_context__:
            cause = exc.__context__
        if cause is None:
            return
        yield cause
        exc = cause


def names_of(kind: type) -> list[str]:
    """Return ``module.qualname`` of *kind* and its bases, in their order."""
    return [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__]
