"""Telling a cancellation from a failure.

A cancellation is never retried, never counted and never answered with a fallback. It
does not always look like one: a client that cleans up after `CancelledError` may raise
`ConnectionError` from it, and a task group that loses a child while it is cancelled
raises an `ExceptionGroup`. Only errors pay for these questions.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias, cast

import anyio

from ._classify import leaves, members

# The interpreter's own: a class may make anything of the names, and raise.
_Linked: TypeAlias = Callable[[BaseException], BaseException | None]
_cause: Final[_Linked] = vars(BaseException)["__cause__"].__get__
_context: Final[_Linked] = vars(BaseException)["__context__"].__get__


def is_cancellation(error: BaseException) -> bool:
    """Say whether *error* means "stop" rather than "it failed".

    True for everything that is no `Exception`; for any error that leaves a cancelled
    anyio scope; and on asyncio, for an error raised because of a native
    ``task.cancel()``.
    """
    if not isinstance(error, Exception):
        return True
    try:
        cancelled = anyio.current_effective_deadline() == -math.inf
    except RuntimeError:
        # No event loop. A thread that was started with a copy of a task's context
        # believes that there is one, and anyio only finds out by asking it.
        return False
    return cancelled or _natively_cancelled(error)


def is_from_outside(error: BaseException) -> bool:
    """Say whether *error*, which is a cancellation, was asked for by somebody outside.

    Not so for an exit, Ctrl-C or a generator that is closed, also among the leaves of
    a group; nor for the cancellation of something that the function waited for.
    """
    if isinstance(error, Exception):
        return True  # `is_cancellation` has looked around already
    try:
        kinds = (Exception, anyio.get_cancelled_exc_class())
        asked = anyio.current_effective_deadline() == -math.inf or _natively_asked()
    except RuntimeError:  # no event loop
        return False
    return asked and all(isinstance(part, kinds) for part in _parts(error))


def _parts(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return leaves(cast("BaseExceptionGroup[BaseException]", error))
    return iter((error,))


def _natively_asked() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _natively_cancelled(error: BaseException) -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # in trio, which has nothing of the kind
        return False
    if task is None or not task.cancelling():
        return False
    return any(isinstance(e, asyncio.CancelledError) for e in _related(error))


def _related(error: BaseException) -> Iterator[BaseException]:
    """Walk causes, contexts and leaves; each error once, so cycles end."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += (_cause(one), _context(one))
        if isinstance(one, BaseExceptionGroup):
            waiting += members(cast("BaseExceptionGroup[BaseException]", one))
