"""Decorating and calling: what every policy shares."""

from __future__ import annotations

import asyncio
import functools
import inspect
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest.mock import AsyncMock

import anyio
import anyio.lowlevel
import pytest

from seawall import (
    CircuitBreaker,
    Constant,
    InfraConnectionError,
    Pipeline,
    Retry,
    Timeout,
)

pytestmark = pytest.mark.anyio

POLICIES: dict[str, Callable[[], Any]] = {
    "retry": Retry,
    "breaker": lambda: CircuitBreaker("db"),
    "timeout": lambda: Timeout(5),
    "pipeline": lambda: Pipeline(Retry(), CircuitBreaker("db")),
}


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Any:
    """Build a policy of one kind, new for each test."""
    return POLICIES[request.param]()


each = pytest.mark.parametrize("policy", list(POLICIES), indirect=True)
each_sync = pytest.mark.parametrize(
    "policy", [name for name in POLICIES if name != "timeout"], indirect=True
)

DEFAULT = object()


async def everything(
    a: int, /, b: int = 2, *rest: int, c: object = DEFAULT, **others: int
) -> tuple[object, ...]:
    """Take every kind of parameter."""
    await anyio.lowlevel.checkpoint()
    return a, b, rest, c, others


def everything_sync(
    a: int, /, b: int = 2, *rest: int, c: object = DEFAULT, **others: int
) -> tuple[object, ...]:
    """Take every kind of parameter."""
    return a, b, rest, c, others


CALLS: list[tuple[tuple[int, ...], dict[str, int]]] = [
    ((1,), {}),
    ((1, 3), {"c": 4}),
    ((1, 3, 5, 7), {"c": 4, "d": 5}),
    ((1,), {"b": 6, "a": 7}),
]


@each
@pytest.mark.parametrize(("args", "kwargs"), CALLS)
async def test_arguments_arrive_as_they_were_given(
    policy: Any, args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    """Every kind of parameter, the default objects themselves included."""
    guarded = policy(everything)

    assert await guarded(*args, **kwargs) == await everything(*args, **kwargs)
    assert (await guarded(1))[3] is DEFAULT


@each_sync
@pytest.mark.parametrize(("args", "kwargs"), CALLS)
def test_arguments_arrive_at_plain_functions_too(
    policy: Any, args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    """The same, without an event loop."""
    guarded = policy(everything_sync)

    assert guarded(*args, **kwargs) == everything_sync(*args, **kwargs)


@each
async def test_arguments_survive_a_retry(policy: Any) -> None:
    """The second attempt gets what the first one got."""
    seen: list[object] = []

    @Pipeline(Retry(backoff=Constant(0)), policy)
    async def flaky(a: int, /, *rest: int, c: int = 3, **others: int) -> None:
        seen.append((a, rest, c, others))
        if len(seen) == 1:
            raise InfraConnectionError("down")

    await flaky(1, 2, c=4, d=5)

    assert seen == [(1, (2,), 4, {"d": 5})] * 2


@each
def test_the_wrapper_looks_like_the_function(policy: Any) -> None:
    """Signature, name, docstring, module, source, coroutine-ness."""
    guarded = policy(everything)

    assert inspect.iscoroutinefunction(guarded)
    assert inspect.signature(guarded) == inspect.signature(everything)
    assert guarded.__wrapped__ is everything
    assert guarded.__name__ == "everything"
    assert guarded.__qualname__ == "everything"
    assert guarded.__doc__ == everything.__doc__
    assert guarded.__module__ == __name__
    assert inspect.getsource(guarded) == inspect.getsource(everything)


@each
async def test_wrong_arguments_are_the_callers_mistake(policy: Any) -> None:
    """A TypeError that names the function, and no attempt."""
    with pytest.raises(TypeError, match=r"everything\(\)"):
        await policy(everything)()


@pytest.mark.parametrize(
    "source",
    [
        "async def f(_, __, _fn=1): return _, __, _fn",
        "async def f(self, tok0, e, x, r): return self, tok0, e, x, r",
        "async def f(_fn, *_args, **_kwargs): return _fn, _args, _kwargs",
        "async def f(a, b, /): return a, b",
        "async def f(a, /, b, *, c): return a, b, c",
        "async def f(*, c): return c",
        "async def f(): return 1",
    ],
)
@pytest.mark.parametrize("fail_first", [False, True])
async def test_no_name_of_the_users_collides_with_ours(
    source: str, *, fail_first: bool
) -> None:
    """Whatever the parameters are called, and whatever kinds there are."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102
    f = namespace["f"]
    parameters = inspect.signature(f).parameters.values()
    args = [i for i, p in enumerate(parameters) if p.kind < p.KEYWORD_ONLY]
    kwargs = {p.name: 9 for p in parameters if p.kind is p.KEYWORD_ONLY}
    attempts = 0

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal attempts
        attempts += 1
        if fail_first and attempts == 1:
            raise InfraConnectionError("first")
        return await f(*args, **kwargs)

    counted.__signature__ = inspect.signature(f)  # type: ignore[attr-defined]
    guarded = Pipeline(Retry(backoff=Constant(0)), CircuitBreaker("x"))(counted)

    assert await guarded(*args, **kwargs) == await f(*args, **kwargs)


class Service:
    """A class with every kind of method."""

    policy = Retry(backoff=Constant(0))

    def __init__(self) -> None:
        self.calls = 0

    @policy
    async def method(self, fail: bool = False) -> Service:  # noqa: FBT001, FBT002
        """Return self, after failing once."""
        self.calls += 1
        if fail and self.calls == 1:
            raise InfraConnectionError("down")
        return self

    @policy
    @classmethod
    async def of_class(cls) -> type[Service]:
        """Return the class."""
        return cls

    @policy
    @staticmethod
    async def of_nobody() -> str:
        """Return nothing of the sort."""
        return "static"

    @policy
    def plain(self) -> Service:
        """Return self."""
        return self

    async def __call__(self) -> str:
        """Be callable."""
        return "called"


async def test_methods_of_every_kind_are_guarded() -> None:
    """Bound, of the class, static, plain; and callable objects and partials."""
    service = Service()

    assert await service.method(fail=True) is service
    assert service.calls == 2
    assert await service.of_class() is Service
    assert await Service.of_nobody() == "static"
    assert service.plain() is service
    assert await Retry()(service)() == "called"
    assert await Retry().call(service) == "called"
    partial = functools.partial(everything, 1, c=5)
    assert await Retry()(partial)() == (1, 2, (), 5, {})
    assert inspect.iscoroutinefunction(Retry()(partial))


@each_sync
async def test_an_awaitable_from_a_plain_function_is_refused(policy: Any) -> None:
    """A lambda that returns a coroutine would otherwise never be retried."""
    guarded = policy(lambda: everything(1))

    with pytest.raises(TypeError, match="returned coroutine: its work would happen"):
        guarded()
    with pytest.raises(TypeError, match="returned coroutine"):
        policy.call_sync(lambda: everything(1))
    with pytest.raises(TypeError, match="returned Stream"):
        policy(lambda: Stream())()


class Stream:
    """Something to be used with `async for`."""

    def __aiter__(self) -> AsyncIterator[int]:
        """Iterate."""
        raise NotImplementedError


@each_sync
def test_a_function_is_believed_after_its_first_plain_value(policy: Any) -> None:
    """The question costs a sixth of the call."""
    guarded = policy(lambda value: value)

    assert guarded(1) == 1
    assert guarded(2) == 2


@each
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Service, "got the class Service: decorate a method"),
        (42, "got 42, which is no function"),
        (None, "got None"),
    ],
    ids=["class", "number", "none"],
)
def test_what_is_no_function_is_refused(
    policy: Any, given: object, message: str
) -> None:
    """At decoration, with what to pass instead."""
    with pytest.raises(TypeError, match=message):
        policy(given)


def generator() -> Iterator[int]:
    """Yield."""
    yield 1


async def async_generator() -> AsyncIterator[int]:
    """Yield."""
    yield 1


@each
def test_generators_are_refused(policy: Any) -> None:
    """Silently inert in five libraries, replayed in one."""
    with pytest.raises(TypeError, match="only its creation would be guarded"):
        policy(generator)
    with pytest.raises(TypeError, match="is an async generator function"):
        policy(async_generator)


@each
async def test_a_coroutine_instead_of_a_function_is_refused(policy: Any) -> None:
    """It can run only once; the right code is in the message."""
    with pytest.raises(TypeError, match=r"policy.call\(everything, ...\)"):
        await policy.call(everything(1))
    with pytest.raises(TypeError, match="got a coroutine of everything"):
        policy(everything(1))


@each_sync
async def test_call_and_call_sync_do_not_mix(policy: Any) -> None:
    """Each says which one to use."""
    with pytest.raises(TypeError, match="await policy.call"):
        policy.call_sync(everything, 1)
    with pytest.raises(TypeError, match="policy.call_sync"):
        await policy.call(everything_sync, 1)


@each
def test_decorating_twice_with_one_policy_is_refused(policy: Any) -> None:
    """Five attempts would become twenty-five."""
    guarded = policy(everything)

    with pytest.raises(TypeError, match="already decorated with this very policy"):
        policy(guarded)


async def test_two_equal_policies_are_not_the_same() -> None:
    """Identity is what counts."""
    assert await Timeout(1.0)(Timeout(1.0)(everything))(1)


async def test_calling_what_the_policy_decorated_runs_it_once() -> None:
    """Decorated and called again, attempts do not multiply."""
    calls = 0
    retry = Retry(max_attempts=3, backoff=Constant(0))

    @retry
    async def fails() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        await retry.call(fails)

    assert calls == 3


async def test_a_bound_method_is_bound_again() -> None:
    """Unwrapping must not lose `self`."""
    service = Service()

    assert await Service.policy.call(service.method, fail=True) is service
    assert service.calls == 2


async def test_a_foreign_wrapper_is_not_skipped() -> None:
    """`functools.wraps` copies our mark; the wrapper still does its work."""
    retry = Retry()
    seen: list[str] = []

    @retry
    async def inner() -> str:
        return "ok"

    @functools.wraps(inner)
    async def foreign() -> str:
        seen.append("foreign")
        return await inner()

    assert await retry.call(foreign) == "ok"
    assert seen == ["foreign"]


async def test_the_users_frames_are_in_the_traceback() -> None:
    """What failed is at the end, and our lines show their text."""

    @Pipeline(Retry(max_attempts=2, backoff=Constant(0)), CircuitBreaker("db"))
    async def breaks() -> None:
        raise InfraConnectionError("here")

    with pytest.raises(InfraConnectionError) as caught:
        await breaks()

    text = "".join(traceback.format_exception(caught.value))
    assert 'raise InfraConnectionError("here")' in text
    assert "<unknown>" not in text


async def test_native_cancellation_gets_through_the_wrapper(
    anyio_backend_name: str,
) -> None:
    """On asyncio, `task.cancel()` is how most programs stop."""
    if anyio_backend_name == "trio":
        return  # which has nothing besides its scopes
    guarded = Pipeline(Retry(), CircuitBreaker("db"))(anyio.sleep_forever)
    task = asyncio.ensure_future(guarded())
    await anyio.sleep(1)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_abandoned_call_is_closed_quietly() -> None:
    """`coroutine.close()` must not make the wrapper yield again."""
    guarded = Pipeline(Retry(), CircuitBreaker("db"))(anyio.sleep_forever)
    coroutine: Any = guarded()
    coroutine.close()


def test_a_builtin_without_a_signature_is_guarded_all_the_same() -> None:
    """It takes what it takes."""
    guarded: Callable[..., Any] = Retry()(dict.fromkeys)

    assert guarded("ab", 1) == {"a": 1, "b": 1}
    assert Retry()(max)(1, 2) == 2


@each
async def test_an_object_that_says_it_is_a_coroutine_function_is_one(
    policy: Any,
) -> None:
    """Nothing else tells a mock of one, or what `markcoroutinefunction` marked."""
    mock = AsyncMock(return_value=7)

    assert await policy(mock)() == 7
    with pytest.raises(TypeError, match="is a coroutine function and call_sync"):
        policy.call_sync(mock)


@each_sync
def test_a_proxy_that_has_every_attribute_was_decorated_by_nobody(policy: Any) -> None:
    """The methods of `xmlrpc.client.ServerProxy` are such."""

    class Proxy:
        def __getattr__(self, _: str) -> Proxy:
            return Proxy()

        def __call__(self, value: int) -> int:
            return value

    assert policy.call_sync(Proxy(), 7) == 7


@each
async def test_a_signature_made_for_show_restricts_nobody(policy: Any) -> None:
    """Frameworks hide the parameters that they fill in themselves."""

    async def handler(*, name: str, request: str = "none") -> tuple[str, str]:
        return name, request

    handler.__signature__ = inspect.signature(  # type: ignore[attr-defined]
        lambda *, name: name
    )
    guarded = policy(handler)

    assert await guarded(name="a", request="b") == ("a", "b")
    assert str(inspect.signature(guarded)) == "(*, name)"


def breaks_inside() -> None:
    """Raise while something of its own is being handled."""
    try:
        raise KeyError("what the driver met")  # noqa: TRY301
    except KeyError:
        raise ValueError("not retried")  # noqa: B904 -- its context is the point


async def breaks_inside_later() -> None:
    """Do the same in a coroutine function."""
    breaks_inside()


@each
async def test_an_error_keeps_the_context_that_it_was_raised_in(policy: Any) -> None:
    """What the caller is handling came before that, and does not take its place."""
    with pytest.raises(ValueError, match="not retried") as caught:
        try:
            raise RuntimeError("the caller's")  # noqa: TRY301
        except RuntimeError:
            await policy(breaks_inside_later)()

    context = caught.value.__context__
    assert isinstance(context, KeyError)
    assert isinstance(context.__context__, RuntimeError)


@each_sync
def test_an_error_of_a_plain_function_keeps_its_context_too(policy: Any) -> None:
    """It comes through another path."""
    with pytest.raises(ValueError, match="not retried") as caught:
        try:
            raise RuntimeError("the caller's")  # noqa: TRY301
        except RuntimeError:
            policy(breaks_inside)()

    context = caught.value.__context__
    assert isinstance(context, KeyError)
    assert isinstance(context.__context__, RuntimeError)
