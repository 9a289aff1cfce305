"""The credential in a pipeline, and on its own as a decorator."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import pytest

from logins import Login, Unauthorized
from seawall import (
    CircuitBreaker,
    Consecutive,
    CredentialRefresh,
    CredentialRefreshError,
    Fallback,
    Pipeline,
    Retry,
    Step,
    Timeout,
)

pytestmark = pytest.mark.anyio


def made(login: Login, **options: Any) -> CredentialRefresh[str]:
    """Build what most tests use."""
    return CredentialRefresh(login, rejected=Unauthorized, name="idp", **options)


class Server:
    """Refuses the first token, unless told otherwise."""

    def __init__(self, refused: str = "token-1") -> None:
        self.refused = refused
        self.calls: list[str] = []

    async def read(self, path: str, *, token: str = "") -> str:
        self.calls.append(token)
        if self.refused in token:
            raise Unauthorized
        return f"{path} for {token}"


async def test_fills_the_keyword() -> None:
    """Decorated, called, and as a method."""
    server = Server("nothing")
    token = made(Login()).into("token")
    assert await token(server.read)("/a") == "/a for token-1"
    assert await token.call(server.read, "/b") == "/b for token-1"


async def test_a_decorated_function_stays_what_it_was() -> None:
    """Frameworks look at its signature."""
    server = Server()
    decorated = made(Login()).into("token")(server.read)
    assert inspect.iscoroutinefunction(decorated)
    assert inspect.signature(decorated) == inspect.signature(server.read)


async def test_a_refused_call_is_made_once_more_with_a_new_credential() -> None:
    """By everybody, after one login."""
    login, server = Login(), Server()
    read = made(login).into("token")(server.read)
    answers: list[str] = []

    async def one() -> None:
        answers.append(await read("/"))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(one)
    assert answers == ["/ for token-2"] * 10
    assert login.started == 2


async def test_what_cannot_be_repeated_is_not() -> None:
    """As with `call`."""
    server = Server()
    read = made(Login(), replay=False).into("token")(server.read)
    with pytest.raises(Unauthorized):
        await read("/")
    assert await read("/") == "/ for token-2"


async def test_a_retry_outside_gets_another_credential_for_every_attempt() -> None:
    """The standard order: the retry, the breaker, the credential, the time-out."""
    server = Server()
    attempts: list[str] = []

    async def flaky(path: str, *, token: str = "") -> str:
        attempts.append(token)
        if len(attempts) == 1:
            raise ConnectionResetError
        return await server.read(path, token=token)

    guard = Pipeline(
        Retry(on=ConnectionError),
        CircuitBreaker("api"),
        made(Login()).into("token"),
        Timeout(1.0),
    )
    assert await guard(flaky)("/") == "/ for token-2"
    assert attempts == ["token-1", "token-1", "token-2"]


async def test_a_breaker_outside_does_not_see_the_refusal() -> None:
    """What was put right inside was no failure."""
    breaker = CircuitBreaker("api", trip=Consecutive(1), on=Unauthorized)
    guard = Pipeline(breaker, made(Login()).into("token"))
    assert await guard.call(Server().read, "/") == "/ for token-2"
    assert breaker.state.value == "closed"


async def test_a_fallback_outside_sees_the_callers_arguments_only() -> None:
    """A step is not there to log the token."""
    seen: list[dict[str, object]] = []

    async def from_cache(path: str, **rest: object) -> str:
        seen.append(rest)
        return f"{path} from the cache"

    guard = Pipeline(
        Fallback(Step("cache", from_cache), on=Unauthorized),
        made(Login()).into("token"),
    )
    server = Server("token")
    assert await guard.call(server.read, "/") == "/ from the cache"
    assert seen == [{}]
    assert server.calls == ["token-1", "token-2"]


async def test_a_failed_login_is_an_error_of_the_call() -> None:
    """And the function is not called."""
    login, server = Login(), Server()
    login.error = Unauthorized()
    with pytest.raises(CredentialRefreshError):
        await made(login).into("token").call(server.read, "/")
    assert (login.started, server.calls) == (1, [])


async def test_two_credentials_fill_two_keywords() -> None:
    """A user's and a service's."""

    async def read(*, user: str = "", service: str = "") -> str:
        return f"{user} {service}"

    user, service = made(Login()), made(Login())
    service.reject(await service.get())
    guard = Pipeline(user.into("user"), service.into("service"))
    assert await guard.call(read) == "token-1 token-2"


async def test_passing_the_keyword_is_refused() -> None:
    """Which of the two should it be?"""
    server = Server()
    read = made(Login()).into("token")(server.read)
    with pytest.raises(TypeError, match=r"read\(\) was called with token=\.\.\."):
        await read("/", token="mine")  # noqa: S106 -- none
    assert server.calls == []


async def no_keyword(path: str) -> str:
    """Take no credential."""
    return path


async def no_default(path: str, *, token: str) -> str:
    """Insist on a credential."""
    return path + token


async def positional(token: str = "", /) -> str:
    """Take it without its name."""
    return token


async def anything(**rest: str) -> str:
    """Take it by accident."""
    return str(rest)


def plain(*, token: str = "") -> str:
    """Cannot wait for it."""
    return token


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (no_keyword, "no_keyword has no keyword argument 'token'"),
        (no_default, "no_default has no default for 'token'"),
        (positional, "positional has no keyword argument 'token'"),
        (anything, "anything has no keyword argument 'token'"),
        (plain, "plain is a plain function"),
    ],
)
async def test_what_would_not_take_the_credential_is_refused_at_decoration(
    fn: Callable[..., Awaitable[str]], words: str
) -> None:
    """Not in production, at the first call."""
    login = Login()
    with pytest.raises(TypeError, match=words):
        made(login).into("token")(fn)
    with pytest.raises(TypeError, match=words):
        Pipeline(Retry(), made(login).into("token"))(fn)
    assert login.started == 0


async def test_a_partial_takes_it_too() -> None:
    """Its signature says so."""
    bound = partial(Server("nothing").read, "/")
    assert await made(Login()).into("token").call(bound) == "/ for token-1"


async def test_is_asynchronous_only() -> None:
    """There is no waiting for a login without an event loop."""
    policy = made(Login()).into("token")
    for call_sync in (policy.call_sync, Pipeline(Retry(), policy).call_sync):
        with pytest.raises(TypeError, match="plain is a plain function"):
            call_sync(plain)
    with pytest.raises(TypeError, match="asynchronous only"):
        policy.__run_sync__(_call_of(plain), lambda _: None)


def _call_of(fn: Callable[..., object]) -> Any:
    from seawall._call import Call  # noqa: PLC0415

    return Call(fn, (), {})


@pytest.mark.parametrize("keyword", ["", "a b", 1, None])
async def test_a_keyword_is_a_name(keyword: Any) -> None:
    """Else it could never be filled."""
    with pytest.raises(TypeError, match=r"write credentials\.into\('token'\)"):
        made(Login()).into(keyword)


async def test_shows_where_it_goes_and_not_what() -> None:
    """In warnings of a pipeline, for example."""
    credentials = made(Login())
    await credentials.get()
    assert repr(credentials.into("token")) == "<credentials 'idp' into 'token'>"
