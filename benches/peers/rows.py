"""One row: a question, how it is answered, and the tests that hold our answer."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import anyio

from seawall.testing import VirtualClock, VirtualLoop

Fn: TypeAlias = Callable[..., Any]
Measure: TypeAlias = Callable[[Any], Awaitable[str]]

BACKENDS: Final = ("asyncio", "trio")


@dataclass(frozen=True)
class Row:
    """A question to every library of one kind.

    Attributes:
        question: What the cells answer.
        measure: Answers for one library, by trying.
        held_by: The tests of ours that would break if our answer changed.
        unless: Libraries that cannot be asked, and why.
        virtual: Whether hours of sleeping pass at once.
    """

    question: str
    measure: Measure
    held_by: tuple[str, ...]
    unless: Mapping[str, str]
    virtual: bool

    def ask(self, library: Any, backend: str) -> str:
        """Answer for one library on one backend, or say why there is no answer."""
        if reason := self.unless.get(library.name):
            return f"n/a: {reason}"
        return anyio.run(
            self.measure,
            library,
            backend=backend,
            backend_options=_virtual(backend) if self.virtual else {},
        )


class Rows(list[Row]):
    """The rows of one table, in the order in which they are written down."""

    def row(
        self,
        question: str,
        *held_by: str,
        unless: Mapping[str, str] | None = None,
        virtual: bool = False,
    ) -> Callable[[Measure], Measure]:
        """Make a row of the decorated function."""

        def add(measure: Measure) -> Measure:
            self.append(Row(question, measure, held_by, unless or {}, virtual))
            return measure

        return add


def _virtual(backend: str) -> dict[str, Any]:
    if backend == "asyncio":
        return {"loop_factory": VirtualLoop}
    clock = VirtualClock()
    return {"clock": clock, "instruments": [clock]}


async def cancelled(call: Fn, *, after: float = 0.05) -> float:
    """Run *call*, cancel it as its framework does, say how long it took to end."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return await _cancelled_by_scope(call, after)
    task = asyncio.ensure_future(call())
    await anyio.sleep(after)
    asked = anyio.current_time()
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # seen, whatever it is: asyncio need not complain of it
    return anyio.current_time() - asked


async def _cancelled_by_scope(call: Fn, after: float) -> float:
    asked = math.nan
    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()

        async def run() -> None:
            with scope, contextlib.suppress(Exception):
                await call()

        group.start_soon(run)
        await anyio.sleep(after)
        asked = anyio.current_time()
        scope.cancel()
    return anyio.current_time() - asked


async def error_of(call: Fn, *args: Any) -> str:
    """Name the exception that *call* raises."""
    try:
        await call(*args)
    except Exception as error:  # noqa: BLE001 -- whatever a peer raises
        return type(error).__name__
    return "none"
