"""Arguments that can be read once.

A request whose body is a generator sends the body with the first attempt, and nothing
with the second; a server may well answer that with "thank you".
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Final, cast

from ._call import Call

_GENERATORS: Final = frozenset((GeneratorType, AsyncGeneratorType))
# Python 3.11 does not tell; there an asynchronous generator counts as read.
_async_state: Final[Callable[[Any], str]] = getattr(
    inspect, "getasyncgenstate", lambda _: "unknown"
)


def read_once(call: Call) -> str | None:
    """Name the argument of *call* that a further attempt would find read, if any."""
    for i, value in enumerate(call.args, start=1):
        if type(value) in _GENERATORS and _has_been_read(value):
            return f"argument {i}"
    for name, value in call.kwargs.items():
        if type(value) in _GENERATORS and _has_been_read(value):
            return f"argument {name!r}"
    return None


def _has_been_read(generator: object) -> bool:
    if type(generator) is AsyncGeneratorType:
        return _async_state(generator) != "AGEN_CREATED"
    plain = cast("GeneratorType[Any, Any, Any]", generator)
    return inspect.getgeneratorstate(plain) != inspect.GEN_CREATED
