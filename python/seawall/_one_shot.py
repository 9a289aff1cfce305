"""Arguments that can be read once.

A request whose body is a generator sends the body with the first attempt, and nothing
with the second; a server may well answer that with "thank you".
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Final, cast

from ._call import Call

# Python 3.11 does not tell; there an asynchronous generator counts as read.
_async_state: Final[Callable[[Any], str]] = getattr(
    inspect, "getasyncgenstate", lambda _: "unknown"
)


def read_once(call: Call) -> str | None:
    """Name the argument of *call* that a further attempt would find read, if any."""
    named: Iterable[tuple[str, object]] = (
        *((f"argument {i}", value) for i, value in enumerate(call.args, start=1)),
        *((f"argument {name!r}", value) for name, value in call.kwargs.items()),
    )
    return next((name for name, value in named if _has_been_read(value)), None)


def _has_been_read(value: object) -> bool:
    kind = type(value)
    if kind is GeneratorType:
        generator = cast("GeneratorType[Any, Any, Any]", value)
        return inspect.getgeneratorstate(generator) != inspect.GEN_CREATED
    return kind is AsyncGeneratorType and _async_state(value) != "AGEN_CREATED"
