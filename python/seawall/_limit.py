"""Cutting a call off at a deadline, and telling everybody who must know.

Rule 1: a time-out is claimed only for a scope of our own that fired and whose
cancellation came back to it. A value that arrives late is a value; the caller's own
cancellation stays one.

Rule 2: a breaker inside learns from here whether the call that it saw cancelled was cut
off by this deadline; whoever else cancelled it too, comes first.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import anyio

from ._call import Call, Cut, Inner
from ._cancel import is_cancellation
from ._errors import InfraTimeoutError, remember_attempts


async def limited(call: Call, inner: Inner, limit: float, why: str = "") -> Any:
    """Run *inner* for at most *limit* seconds.

    Args:
        call: The call.
        inner: The rest of its way.
        limit: Seconds. Infinity: no limit, and no cost.
        why: Who wants it, for the message; behind a comma.

    Raises:
        InfraTimeoutError: If the time is up, with the last error of a retry inside as
            its cause.
    """
    if limit == math.inf:
        return await inner(call)
    watched, call.watched = call.watched, True
    # Earlier attempts belong to the deadline around them, not to this one.
    earlier = call.last_error, call.records
    call.last_error, call.records = None, ()
    outside, call.cut = call.cut, []
    scope = anyio.move_on_after(limit)
    try:
        with scope:
            call.attempt = scope.deadline - limit, limit
            result = await inner(call)
            call.attempt = None
            return result
        # Only a scope that caught its own cancellation comes past its block.
        assert scope.cancelled_caught  # noqa: S101 -- an invariant of anyio
        _give_up(call, f"no answer within {limit:g} s{why}")
    except BaseException as error:
        _tell(call, outside, scope, error)
        raise
    finally:
        call.cut = outside
        call.watched = watched
        if not _has_recorded(call):
            call.last_error, call.records = earlier
        if not watched:
            call.last_error = None
        # Tracebacks hold this frame, and the frames that hold the call.
        del earlier


def _has_recorded(call: Call) -> bool:
    return call.last_error is not None or bool(call.records)


def _give_up(call: Call, message: str) -> NoReturn:
    error = InfraTimeoutError(message)
    if call.records:
        remember_attempts(error, call.records)
    try:
        raise error from call.last_error
    finally:
        del error  # its traceback holds this frame


def _tell(
    call: Call,
    outside: list[Cut] | None,
    scope: anyio.CancelScope,
    error: BaseException,
) -> None:
    """Tell the breakers inside what cut them off; who cannot, leaves it to the next."""
    cut = call.cut or []
    over = fired = scope.cancelled_caught
    if not fired and isinstance(error, Exception) and (cut or outside is not None):
        # An error that hides the cancellation passes the scope. Here, outside of it,
        # only a cancellation by somebody else still looks like one.
        over = not is_cancellation(error)
        fired = over and scope.cancel_called
    if over:
        call.attempt = None
    if outside is not None and not fired:
        outside += cut
        return
    for verdict in cut:
        verdict(timed_out=fired)
