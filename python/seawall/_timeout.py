"""Stop waiting, and say so.

Outermost it is the total deadline, which interrupts attempts and sleeps alike;
innermost it limits one attempt. How a call is cut off, `_limit` says.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ParamSpec, TypeVar, final

import attrs

from ._call import Call, Inner, InnerSync, Stage, describe
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._limit import limited
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

    def __run__(self, call: Call, inner: Inner, /) -> Coroutine[Any, Any, Any]:
        """Run *inner* under a deadline."""
        return limited(call, inner, self._limit)

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner*; the retry inside looks at the deadline."""
        limit = self._limit
        outside = call.deadline
        call.deadline = min(outside, SYSTEM_CLOCK.monotonic() + limit)
        try:
            return inner(call)
        finally:
            call.deadline = outside
