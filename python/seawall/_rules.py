"""How a row of the table says which errors it is about.

A rule is a name and an argument: ``errno:ECONNREFUSED``, ``cause:socket.gaierror``.
tools/classification.py lists them all. What a row then means is not known here.

An argument may be a path, the way from an error to what says more about it:
``response.status_code``, ``args[0].name()``, ``response[Error][Code]``.

Rule 1: looking at an error never raises, whatever its attributes do; what cannot be
looked at matches nothing.
Rule 2: nothing is asked what it is. ``isinstance`` asks an object for its class, and
an exception may raise there; its type is asked instead.
Rule 3: of a text, only the beginning counts, so the time does not grow with it.
"""

from __future__ import annotations

import errno
import operator
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, Generic, TypeVar, cast

import attrs

T = TypeVar("T")

# A chain longer than this says nothing more about its end.
_MAX_CAUSES: Final = 16
# A message longer than this says it at its beginning.
_MAX_TEXT: Final = 4_096

Condition = Callable[[BaseException], bool]


@attrs.frozen
class Inner:
    """What is found instead of an answer: another error, which has to be asked."""

    error: BaseException


@attrs.frozen
class Always(Generic[T]):
    """Finds the same for every error."""

    found: T

    def __call__(self, _: BaseException) -> T:
        """Give it."""
        return self.found


def finder(
    rule: str, found: T, tables: Mapping[str, Mapping[str, T]]
) -> Callable[[BaseException], T | Inner | None]:
    """Return a function that gives what *rule* finds for an error, or None.

    That is *found* where the error is as the rule says, always for an empty rule, what
    one of *tables* answers, or the `Inner` error that knows better.
    """
    if not rule:
        return Always(found)
    name, _, argument = rule.partition(":")
    if name == "as":
        return _guarded(lambda exc: _inner(attribute(exc, argument)))
    if name in tables:
        return _guarded(_Table(argument, _KEYS[name], tables[name]))
    holds = _CONDITIONS[name](argument)
    return _guarded(lambda exc: found if holds(exc) else None)


def _guarded(look: Callable[[BaseException], T | None]) -> Callable[..., T | None]:
    def guarded(exc: BaseException) -> T | None:
        try:
            return look(exc)
        except Exception:  # noqa: BLE001 -- rule 1
            return None

    return guarded


def _inner(value: object) -> Inner | None:
    if issubclass(type(value), Exception):
        return Inner(cast("Exception", value))
    return None


# ---------------------------------------------------------------- tables


@attrs.frozen
class _Table(Generic[T]):
    """Asks a table for what stands at a path."""

    path: str
    keys: Callable[[object], tuple[str, ...]]
    table: Mapping[str, T]

    def __call__(self, exc: BaseException) -> T | None:
        keys = self.keys(attribute(exc, self.path))
        return next((self.table[key] for key in keys if key in self.table), None)


def text(value: object) -> str | None:
    """Return *value* if it is text, as nothing but text; else None."""
    # A subclass may raise where a dictionary hashes it.
    return str.__str__(cast("str", value)) if issubclass(type(value), str) else None


def number(value: object) -> int | None:
    """Return *value* if it is a whole number, as nothing but that; else None."""
    return int.__int__(cast("int", value)) if issubclass(type(value), int) else None


def _word_keys(value: object) -> tuple[str, ...]:
    word = text(value)
    return () if word is None else (word,)


def _sqlstate_keys(value: object) -> tuple[str, ...]:
    code = text(value)
    return () if code is None else (code, code[:2])


# consul: the text begins with the number.
_STATUS: Final = re.compile(r"\A([1-5]\d\d)(?!\w)")


def _http_keys(value: object) -> tuple[str, ...]:
    status = number(value)
    if status is None:
        match = _STATUS.match(text(value) or "")
        status = int(match[1]) if match else 0
    return f"{status}", f"{status // 100}xx"


def _grpc_keys(value: object) -> tuple[str, ...]:
    return _word_keys(getattr(value, "name", None))


def _code_keys(value: object) -> tuple[str, ...]:
    code = number(value)
    return () if code is None else (f"{code}",)


_KEYS: Final[Mapping[str, Callable[[object], tuple[str, ...]]]] = {
    "aws": _word_keys,
    "grpc": _grpc_keys,
    "http": _http_keys,
    "kafka": _word_keys,
    "mongo": _code_keys,
    "sqlstate": _sqlstate_keys,
}


# ---------------------------------------------------------------- conditions


def _errno(names: str) -> Condition:
    # Not every platform has every number, and those of getaddrinfo are in socket.
    known = {
        getattr(socket if name.startswith("EAI_") else errno, name, None)
        for name in names.split()
    } - {None}
    return lambda exc: number(attribute(exc, "errno")) in known


def _text(prefix: str) -> Condition:
    return lambda exc: text_of(exc).startswith(prefix)


def _has(part: str) -> Condition:
    return lambda exc: part in text_of(exc)


def _word(words: str) -> Condition:
    known = frozenset(words.split())
    return lambda exc: text_of(exc).partition(" ")[0] in known


def _begins(argument: str) -> Condition:
    path, _, prefix = argument.partition(" ")
    return lambda exc: (text(attribute(exc, path)) or "").startswith(prefix)


def _flag(path: str) -> Condition:
    return lambda exc: attribute(exc, path) is True


def _cause(name: str) -> Condition:
    return lambda exc: any(name in names_of(type(cause)) for cause in causes(exc))


def _context(name: str) -> Condition:
    return lambda exc: any(
        name in names_of(type(cause)) for cause in causes(exc, hidden=True)
    )


_CONDITIONS: Final[Mapping[str, Callable[[str], Condition]]] = {
    "begins": _begins,
    "cause": _cause,
    "context": _context,
    "errno": _errno,
    "flag": _flag,
    "has": _has,
    "text": _text,
    "word": _word,
}


# ---------------------------------------------------------------- looking

_STEP: Final = re.compile(r"(\w+)(\(\))?|\[(\w+)\]")


def attribute(value: object, path: str) -> Any:
    """Return what stands at *path* from *value*, or None."""
    with suppress(Exception):
        for step in _steps(path):
            value = step(value)
        return value
    return None


@cache
def _steps(path: str) -> tuple[Callable[[Any], Any], ...]:
    return tuple(step for match in _STEP.finditer(path) for step in _step(match))


def _step(match: re.Match[str]) -> Iterator[Callable[[Any], Any]]:
    name, call, key = match.groups()
    if key is not None:
        yield operator.itemgetter(int(key) if key.isdecimal() else key)
        return
    yield operator.attrgetter(name)
    if call:
        yield operator.call


def text_of(exc: BaseException) -> str:
    """Return the beginning of what *exc* says, or nothing."""
    with suppress(Exception):
        return str.__str__(str(exc))[:_MAX_TEXT]
    return ""


def causes(exc: BaseException, *, hidden: bool = False) -> Iterator[BaseException]:
    """Yield what *exc* was raised from, as a traceback would show it.

    Args:
        exc: Where to begin.
        hidden: Whether to look behind a ``raise ... from None`` too.
    """
    for _ in range(_MAX_CAUSES):
        cause = exc.__cause__
        if cause is None and (hidden or not exc.__suppress_context__):
            cause = exc.__context__
        if cause is None:
            return
        yield cause
        exc = cause


def names_of(kind: type) -> list[str]:
    """Return ``module.qualname`` of *kind* and its bases, in their order."""
    return [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__]
