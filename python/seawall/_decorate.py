"""What every policy shares: decorating, calling, refusing what cannot be guarded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import MethodType
from typing import Any, Final, ParamSpec, TypeVar, cast, overload

from ._call import Call, Stage, compose, compose_sync, describe
from ._clock import SYSTEM_CLOCK
from ._codegen import wrap_async, wrap_sync
from ._outcome import PRIMARY, Outcome

P = ParamSpec("P")
T = TypeVar("T")

MARK: Final = "__seawall__"


class Guarded:
    """Base of the policies: a pipeline of one stage, usable on its own."""

    __slots__ = ()

    @property
    def heeds_deadline(self) -> bool:
        """Whether this policy stops by itself when a time-out outside is near."""
        return False

    def __stages__(self) -> tuple[Stage, ...]:
        """List the stages, outermost first; a policy is its own only one."""
        return (cast("Stage", self),)

    def __examine__(
        self, fn: Callable[..., Any], inner: Sequence[Stage], /, *, asynchronous: bool
    ) -> None:
        """Refuse *fn* with a TypeError if this policy cannot guard it."""

    def __advise__(self, *, asynchronous: bool) -> None:
        """Warn if functions of this kind will not be guarded as it seems."""

    @overload
    def __call__(
        self, fn: Callable[P, Coroutine[Any, Any, T]], /
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __call__(self, fn: Callable[P, T], /) -> Callable[P, T]: ...
    def __call__(self, fn: Any, /) -> Any:
        """Decorate *fn*, a function or a coroutine function.

        Raises:
            TypeError: If *fn* is something that cannot be guarded; the message shows
                what to write instead.
        """
        return decorate(self, fn)

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Await ``fn(*args, **kwargs)`` under this policy.

        Raises:
            TypeError: If *fn* is no function that returns an awaitable.
        """
        stages, fn = _ready(self, fn, asynchronous=True)
        result: T = await compose(stages)(Call(fn, args, kwargs))
        return result

    def call_sync(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn(*args, **kwargs)`` under this policy.

        Raises:
            TypeError: If *fn* is a coroutine function, or returns an awaitable.
        """
        stages, fn = _ready(self, fn, asynchronous=False)
        result: T = compose_sync(stages)(Call(fn, args, kwargs))
        return result


class Reporting(Guarded):
    """A policy that can also tell where a value came from."""

    __slots__ = ()

    async def outcome(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Outcome[T]:
        """Await ``fn(*args, **kwargs)`` and report instead of raising.

        Every `Exception` ends up in `Outcome.error`; cancellation gets through.
        """
        stages, fn = _ready(self, fn, asynchronous=True)
        call, begun = Call(fn, args, kwargs), SYSTEM_CLOCK.monotonic()
        try:
            value = await compose(stages)(call)
        except Exception as error:  # noqa: BLE001 -- reporting it is the purpose
            return _report(call, begun, None, error)
        return _report(call, begun, value, None)

    def outcome_sync(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Outcome[T]:
        """Call ``fn(*args, **kwargs)`` and report instead of raising."""
        stages, fn = _ready(self, fn, asynchronous=False)
        call, begun = Call(fn, args, kwargs), SYSTEM_CLOCK.monotonic()
        try:
            value = compose_sync(stages)(call)
        except Exception as error:  # noqa: BLE001 -- reporting it is the purpose
            return _report(call, begun, None, error)
        return _report(call, begun, value, None)


def decorate(policy: Guarded, fn: Any) -> Any:
    """Wrap *fn* so that each call of it passes the stages of *policy*."""
    if isinstance(fn, staticmethod | classmethod):
        method = cast("staticmethod[..., Any] | classmethod[Any, ..., Any]", fn)
        return type(method)(decorate(policy, method.__func__))
    if _mark_of(fn, policy) is not None:
        raise TypeError(
            f"{describe(fn)} is already decorated with this very policy: its attempts "
            f"would multiply; remove one of the two decorators"
        )
    if isinstance(fn, type):
        raise TypeError(
            f"got the class {fn.__qualname__}: decorate a method of it, or a function "
            f"that creates the object"
        )
    asynchronous = is_asynchronous(fn)
    stages = policy.__stages__()
    _examine(stages, fn, asynchronous=asynchronous)
    policy.__advise__(asynchronous=asynchronous)
    fragments = [stage.__fragment__() for stage in stages]
    if asynchronous:
        wrapper = wrap_async(fn, compose(stages), fragments)
    else:
        wrapper = wrap_sync(fn, compose_sync(stages), fragments)
    setattr(wrapper, MARK, (policy, fn))
    return wrapper


def _ready(
    policy: Guarded, fn: Callable[P, T], *, asynchronous: bool
) -> tuple[tuple[Stage, ...], Callable[P, T]]:
    """Look at *fn* before a direct call; unwrap what this policy itself decorated."""
    original = _mark_of(fn, policy)
    if original is not None:
        fn = original
    if is_asynchronous(fn) and not asynchronous:
        raise TypeError(
            f"{describe(fn)} is a coroutine function and call_sync does not await; "
            f"write `await policy.call({describe(fn)}, ...)`"
        )
    stages = policy.__stages__()
    _examine(stages, fn, asynchronous=asynchronous)
    policy.__advise__(asynchronous=asynchronous)
    return stages, fn


def _examine(
    stages: Sequence[Stage], fn: Callable[..., Any], *, asynchronous: bool
) -> None:
    for i, stage in enumerate(stages, start=1):
        stage.__examine__(fn, stages[i:], asynchronous=asynchronous)


def _mark_of(fn: Any, policy: Guarded) -> Callable[..., Any] | None:
    """Find what *policy* decorated to get *fn*; None if it did not.

    `functools.wraps` copies the mark to foreign wrappers, which must not be skipped:
    only where `__wrapped__` is the marked function too, the mark is our own.
    """
    mark = getattr(fn, MARK, None)
    if not isinstance(mark, tuple):  # a proxy of a remote object has every attribute
        return None
    marked, original = cast("tuple[object, object]", mark)
    if marked is not policy or getattr(fn, "__wrapped__", None) is not original:
        return None
    found = cast("Callable[..., Any]", original)
    return MethodType(found, fn.__self__) if isinstance(fn, MethodType) else found


def is_asynchronous(fn: Any) -> bool:
    """Tell coroutine functions from plain ones, and refuse everything else."""
    _refuse_non_function(fn)
    inside: Any = fn
    while isinstance(inside, functools.partial):
        inside = inside.func
    if inspect.iscoroutinefunction(inside):
        return True  # an object may say so itself, as `AsyncMock` does
    if not inspect.isroutine(inside) and not isinstance(inside, type):
        inside = type(inside).__call__
    if inspect.isasyncgenfunction(inside):
        raise TypeError(
            f"{describe(fn)} is an async generator function: only its creation would "
            f"be guarded, not its items; guard the coroutine function that opens the "
            f"stream, or use the policy inside the generator"
        )
    if _is_old_coroutine(inside):
        return True
    if inspect.isgeneratorfunction(inside):
        raise TypeError(
            f"{describe(fn)} is a generator function: only its creation would be "
            f"guarded, not its items; guard the function that fetches one item"
        )
    return inspect.iscoroutinefunction(inside)


def _is_old_coroutine(inside: Any) -> bool:
    """Recognise what `types.coroutine` makes: a generator function to be awaited."""
    code = getattr(inside, "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_ITERABLE_COROUTINE)


def _refuse_non_function(fn: Any) -> None:
    if inspect.iscoroutine(fn):
        name = fn.__qualname__
        fn.close()  # it will never be awaited; spare the user that warning too
        raise TypeError(
            f"got a coroutine of {name}, which can run only once: pass the function "
            f"and its arguments, `policy.call({name}, ...)`, not `{name}(...)`"
        )
    if not callable(fn):
        raise TypeError(f"got {fn!r}, which is no function: pass the function to call")


def _report(
    call: Call, begun: float, value: T | None, error: Exception | None
) -> Outcome[T]:
    # An error is nobody's value.
    origin = call.origin if error is None else PRIMARY
    return Outcome(
        value=value,
        error=error,
        source=origin.source,
        from_step=origin.from_step,
        stale_for=origin.stale_for,
        attempts=call.attempts,
        elapsed=SYSTEM_CLOCK.monotonic() - begun,
    )
