"""Stop waiting, and say so.

Rule 1: `InfraTimeoutError` is raised only for a deadline of this very policy that fired
and whose cancellation came back to it. A value that arrives late is a value; the
caller's own cancellation stays one.

Rule 2: a breaker inside learns from here whether the call that it saw cancelled was cut
off by this time-out; whoever else cancelled it too, comes first.

Rule 3: outermost it is the total deadline, which interrupts attempts and sleeps alike;
innermost it limits one attempt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn, ParamSpec, TypeVar, final

import anyio
import attrs

from ._call import Call, Cut, Inner, InnerSync, Stage, describe
from ._cancel import is_cancellation
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._errors import InfraTimeoutError, remember_attempts
from ._types import Seconds
from ._validate import seconds

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class Timeout(Guarded):
    """Give a call so long, and not longer.

    ::

        @Timeout(2.0)
        async def fetch(url: str) -> bytes: ...

    The function is cancelled at the deadline, at its next await; what never awaits
    cannot be interrupted. In a pipeline, a synchronous function cannot be interrupted
    at all: there a `Timeout` outside a `Retry` only ends the retrying.

    Args:
        duration: Seconds, or a timedelta. Infinity: no limit.

    Raises:
        ValueError: If *duration* is zero, negative or NaN.
    """

    duration: Seconds
    _limit: float = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a time-out that no call could meet."""
        value: object = self.duration
        if callable(value):
            raise TypeError(
                f"duration must be a number of seconds, not {value!r}: write "
                f"@Timeout(5.0) to decorate"
            )
        try:
            limit = seconds("duration", value, exclusive=True, finite=False)
        except ValueError as error:
            raise ValueError(f"{error}; for no limit use Timeout(math.inf)") from None
        object.__setattr__(self, "_limit", limit)

    def __call__(  # type: ignore[override]  # narrower on purpose: coroutines only
        self, fn: Callable[P, Coroutine[Any, Any, T]], /
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        """Decorate the coroutine function *fn*.

        Raises:
            TypeError: If *fn* is a plain function, which nobody can interrupt.
        """
        return super().__call__(fn)

    def __fragment__(self) -> None:
        """Ask to see every call: each needs a scope of its own."""

    def __examine__(
        self, fn: Callable[..., Any], inner: Sequence[Stage], /, *, asynchronous: bool
    ) -> None:
        """Refuse plain functions where nothing inside could heed the deadline."""
        if asynchronous or any(stage.heeds_deadline for stage in inner):
            return
        raise TypeError(
            f"{describe(fn)} is a plain function, which Timeout({self.duration!r}) "
            f"cannot interrupt: use the client's own time-out option, make it a "
            f"coroutine function around `anyio.to_thread.run_sync`, or put the Timeout "
            f"outside a Retry, where it ends the retrying"
        )

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* under a deadline."""
        limit = self._limit
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
            self._give_up(call, limit)
        except BaseException as error:
            _tell(call, outside, scope, error)
            raise
        finally:
            call.cut = outside
            call.watched = watched
            if call.last_error is None:
                call.last_error, call.records = earlier
            if not watched:
                call.last_error = None
            # Tracebacks hold this frame, and the frames that hold the call.
            del earlier

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner*; the retry inside looks at the deadline."""
        limit = self._limit
        outside = call.deadline
        call.deadline = min(outside, SYSTEM_CLOCK.monotonic() + limit)
        try:
            return inner(call)
        finally:
            call.deadline = outside

    @staticmethod
    def _give_up(call: Call, limit: float) -> NoReturn:
        error = InfraTimeoutError(f"no answer within {limit:g} s")
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
