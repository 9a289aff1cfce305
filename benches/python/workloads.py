"""What is guarded, and the loop that calls it.

Each round gets functions with code objects of their own: the interpreter specializes
bytecode in place, and a loop that has just called ten other wrappers is slower than one
that has only ever seen its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time_ns
from types import FunctionType
from typing import Any, TypeAlias

import anyio.lowlevel

Fn: TypeAlias = Callable[..., Any]
Guard: TypeAlias = Callable[[Fn], Fn]

UNROLLED = 10
_LOOP = """\
{async_}def drive(call, repeats, expected, clock):
    begun = clock()
    for _ in range(repeats):
{calls}
    return clock() - begun
"""
_CALL = "        {await_}call({arguments})\n"
_FAILING_CALL = """\
        try:
            {await_}call({arguments})
        except expected:
            pass
"""


@dataclass(frozen=True)
class Workload:
    """A function to guard and the way in which it is called.

    Attributes:
        function: Makes a new function to guard.
        unit: What the costs are multiples of; the empty decorator unless told.
        arguments: The text between the parentheses of each call.
        expected: What each call raises; None if it returns.
    """

    function: Callable[[], Fn]
    unit: Guard
    arguments: str = ""
    expected: type[Exception] | None = None

    def loop(self, *, sync: bool, expected: type[Exception] | None) -> Fn:
        """Write a loop that makes ten calls a turn and returns the nanoseconds."""
        await_, async_ = ("", "") if sync else ("await ", "async ")
        call = _CALL if expected is None else _FAILING_CALL
        text = call.format(await_=await_, arguments=self.arguments) * UNROLLED
        namespace: dict[str, Any] = {}
        exec(_compiled(_LOOP.format(async_=async_, calls=text)), namespace)  # noqa: S102
        drive = fresh(namespace["drive"])

        def run(call: Fn, repeats: int) -> Any:
            return drive(call, repeats, expected, thread_time_ns)

        return run


@functools.cache
def _compiled(text: str) -> Any:
    return compile(text, "<loop>", "exec")


def fresh(function: Fn) -> Fn:
    """Copy *function* with a code object that nobody has warmed up."""
    assert isinstance(function, FunctionType)
    copy = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    return copy


def empty(function: Fn) -> Fn:
    """Decorate with nothing: the unit of asynchronous calls."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def empty_sync(function: Fn) -> Fn:
    """Decorate with nothing: the unit of synchronous calls."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def call_again(function: Fn) -> Fn:
    """Decorate with a second call, one turn of the loop later: the unit of a retry."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except ConnectionError:
            await anyio.lowlevel.checkpoint()
        return await function(*args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def with_token(function: Fn) -> Fn:
    """Decorate with a credential that never changes: the unit of credentials."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function("token", *args, **kwargs)

    return functools.update_wrapper(fresh(wrapper), function)


def bare(function: Fn) -> Fn:
    """Do not decorate at all."""
    return function


def _returns() -> Fn:
    async def answer() -> int:
        return 42

    return fresh(answer)


def _returns_sync() -> Fn:
    def answer() -> int:
        return 42

    return fresh(answer)


def _takes_arguments() -> Fn:
    async def answer(a: int, b: int, *, k: int = 0) -> int:  # noqa: ARG001 -- call only
        return k

    return fresh(answer)


def _takes_arguments_sync() -> Fn:
    def answer(a: int, b: int, *, k: int = 0) -> int:  # noqa: ARG001 -- call only
        return k

    return fresh(answer)


def _takes_token() -> Fn:
    async def answer(token: str = "") -> str:
        return token

    return fresh(answer)


def _fails() -> Fn:
    async def refuse() -> int:
        raise ConnectionError("down")

    return fresh(refuse)


def _fails_sync() -> Fn:
    def refuse() -> int:
        raise ConnectionError("down")

    return fresh(refuse)


def _suspends() -> Fn:
    async def wait_and_answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 42

    return fresh(wait_and_answer)


def _fails_every_other_time() -> Fn:
    up = True

    async def flap() -> int:
        nonlocal up
        up = not up
        if up:
            return 42
        raise ConnectionError("down")

    return fresh(flap)


RETURNS = Workload(_returns, empty)
RETURNS_SYNC = Workload(_returns_sync, empty_sync)
ARGUMENTS = Workload(_takes_arguments, empty, arguments="1, 2, k=3")
ARGUMENTS_SYNC = Workload(_takes_arguments_sync, empty_sync, arguments="1, 2, k=3")
TOKEN = Workload(_takes_token, with_token)
FAILS = Workload(_fails, empty, expected=ConnectionError)
FAILS_SYNC = Workload(_fails_sync, empty_sync, expected=ConnectionError)
SUSPENDS = Workload(_suspends, empty)
FLAPS = Workload(_fails_every_other_time, call_again)
