"""One guarded call, and the stages it passes.

Stages talk to each other through the `Call` and through nothing else: a time-out asks
it for the last error of the retry inside, a retry asks it whether it runs as a
breaker's probe. That is why policies need not know each other.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import CoroutineType
from typing import Any, Protocol, TypeAlias, final

import attrs

from ._errors import AttemptRecord, raise_again
from ._native import Breaker, Budget  # noqa: TID251 -- they publish into wrappers
from ._outcome import PRIMARY, Origin

Inner: TypeAlias = Callable[["Call"], Awaitable[Any]]
InnerSync: TypeAlias = Callable[["Call"], Any]


class Cut(Protocol):
    """A verdict on a call that was cut off from outside."""

    def __call__(self, *, timed_out: bool) -> None:
        """Give it, knowing whether a time-out of the same pipeline did that."""
        ...


@final
class Call:
    """The state of one guarded call. It dies with the call.

    Attributes:
        attempts: How often the function was called.
        records: What a retry has seen so far.
        watched: Whether somebody outside wants to know the last error.
        last_error: The failure that the newest retry was decided on, if watched.
        origin: Where the value comes from.
        misused: Whether the newest attempt could not call the function as asked.
        probe: Whether this call decides if a half-open circuit closes.
        deadline: When a synchronous call must be over, in the time-out's clock.
        attempt: When the attempt under the innermost time-out began, in the event
            loop's clock, and how many seconds it was given; None if none is under way.
            What was cut off from outside stays here for the breaker that judges it.
        cut: Verdicts that wait until the nearest time-out outside knows whether it was
            the one that cut the call off; None if there is no time-out outside.
    """

    __slots__ = (
        "args",
        "attempt",
        "attempts",
        "cut",
        "deadline",
        "fn",
        "kwargs",
        "last_error",
        "misused",
        "origin",
        "probe",
        "records",
        "replayed",
        "stamps",
        "watched",
    )

    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        replayed: BaseException | None = None,
        stamps: dict[Breaker, int] | None = None,
    ) -> None:
        self.fn: Callable[..., Any] = fn
        self.args: Sequence[Any] = args
        self.kwargs: Mapping[str, Any] = kwargs
        self.attempts: int = 0
        self.records: tuple[AttemptRecord, ...] = ()
        self.watched: bool = False
        self.last_error: Exception | None = None
        self.origin: Origin = PRIMARY
        self.misused: bool = False
        self.probe: bool = False
        self.deadline: float = math.inf
        self.attempt: tuple[float, float] | None = None
        self.cut: list[Cut] | None = None
        self.replayed: BaseException | None = replayed
        self.stamps: dict[Breaker, int] = {} if stamps is None else stamps

    def take_replayed(self) -> BaseException:
        """Hand over the recorded error; whoever raises it must keep no reference."""
        error, self.replayed = self.replayed, None
        assert error is not None  # noqa: S101 -- asked for only where there is one
        return error


@attrs.frozen
class Fragment:
    """How the generated wrapper passes a stage without entering it.

    Attributes:
        breaker: The core that publishes whether a call may pass; None where the stage
            has nothing to do unless the call fails.
        budget: The core that publishes whether a call has a deposit to make.
    """

    breaker: Breaker | None = None
    budget: Budget | None = None


class Stage(Protocol):
    """What a policy is inside a pipeline."""

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Guard one asynchronous call of *inner*."""
        ...

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Guard one synchronous call of *inner*."""
        ...

    def __fragment__(self) -> Fragment | None:
        """Tell how to pass this stage undisturbed; None if that cannot be."""
        ...

    def __examine__(
        self,
        fn: Callable[..., Any],
        inner: Sequence[Stage],
        /,
        *,
        asynchronous: bool,
    ) -> None:
        """Refuse *fn* with a TypeError if it cannot be guarded here.

        *inner* are the stages between this one and the function.
        """
        ...

    @property
    def heeds_deadline(self) -> bool:
        """Whether the stage stops by itself when a time-out outside is near."""
        ...


def compose(stages: Sequence[Stage]) -> Inner:
    """Join *stages*, outermost first, into one function of a `Call`."""
    inner: Inner = innermost
    for stage in reversed(stages):
        inner = partial(_run, stage, inner)
    return inner


def compose_sync(stages: Sequence[Stage]) -> InnerSync:
    """Do what `compose` does, for synchronous functions."""
    inner: InnerSync = innermost_sync
    for stage in reversed(stages):
        inner = partial(_run_sync, stage, inner)
    return inner


async def innermost(call: Call) -> Any:
    """Call the function itself, or raise what it has already raised."""
    call.attempts += 1
    call.origin = PRIMARY  # what the attempt before had from elsewhere is forgotten
    call.misused = False  # and so is its mistake
    if call.replayed is not None:
        call.misused = _is_misuse(call.replayed)
        raise_again(call.take_replayed())
    result = _called(call)
    if not _awaitable(result):
        call.misused = True
        raise TypeError(
            f"{describe(call.fn)} returned {type(result).__name__}, which cannot be "
            f"awaited; use `policy.call_sync(fn, ...)` for a function that returns "
            f"its value"
        )
    return await result


def innermost_sync(call: Call) -> Any:
    """Do what `innermost` does, for synchronous functions."""
    call.attempts += 1
    call.origin = PRIMARY
    call.misused = False
    if call.replayed is not None:
        call.misused = _is_misuse(call.replayed)
        raise_again(call.take_replayed())
    result = _called(call)
    try:
        refuse_asynchronous(call.fn, result)
    except TypeError:
        call.misused = True
        raise
    return result


def _awaitable(result: object) -> bool:
    # The exact type first: nearly always right, and a tenth of the question's price.
    return type(result) is CoroutineType or inspect.isawaitable(result)


def _called(call: Call) -> Any:
    try:
        return call.fn(*call.args, **call.kwargs)
    except TypeError as error:
        call.misused = _is_misuse(error)
        raise


def _is_misuse(error: BaseException) -> bool:
    """Tell wrong arguments from an error in the function.

    The generated wrapper refuses most of them before any stage is entered. Those that
    the call itself raises are told apart, so that a caller's mistake says nothing about
    the dependency either.
    """
    traceback = error.__traceback__
    return (
        isinstance(error, TypeError)
        and traceback is not None
        and traceback.tb_next is None
    )


def refuse_asynchronous(fn: Callable[..., Any], result: object) -> None:
    """Refuse a result that would do its work only after the policy looked away.

    Raises:
        TypeError: If *result* is awaitable, or to be used with ``async for`` or
            ``async with``.
    """
    asynchronous = ("__await__", "__aiter__", "__aenter__")
    if not any(hasattr(type(result), name) for name in asynchronous):
        return
    close = getattr(result, "close", None)
    if inspect.iscoroutine(result) and close is not None:
        close()  # it will never be awaited; spare the user that warning too
    raise TypeError(
        f"{describe(fn)} returned {type(result).__name__}: its work would happen after "
        f"the policy is done; write `async def` around `await {describe(fn)}(...)`, "
        f"or use `await policy.call(fn, ...)`"
    )


def describe(fn: Callable[..., Any]) -> str:
    """Name *fn* as its author would."""
    name = getattr(fn, "__qualname__", None)
    return name if isinstance(name, str) else type(fn).__qualname__


def _run(stage: Stage, inner: Inner, call: Call) -> Awaitable[Any]:
    return stage.__run__(call, inner)


def _run_sync(stage: Stage, inner: InnerSync, call: Call) -> Any:
    return stage.__run_sync__(call, inner)
