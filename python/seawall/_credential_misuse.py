"""What credentials refuse, and what to write instead.

A token must not end up in a message because somebody passed it where its snapshot
belongs: what may be one is named by its type.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

from ._call import describe
from ._credential_life import Issued

T = TypeVar("T")


def flag(option: str, value: object) -> bool:
    """Return *value* if it is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{option} must be True or False, not {value!r}")
    return value


def check_name(name: object) -> None:
    """Refuse a name that is no text."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"name must be text or None, not {name!r}: write name='vault'")


def check_source(source: object, instead: str) -> None:
    """Refuse what could not be called with the current snapshot; *instead* is right."""
    if inspect.iscoroutine(source):
        name = source.__qualname__
        source.close()  # it will never be awaited; spare the user that warning too
        raise TypeError(
            f"source got a coroutine of {name}, which can run only once: write "
            f"CredentialRefresh({name})"
        )
    if isinstance(source, type) or not callable(source):
        raise TypeError(
            f"source must be a coroutine function that returns Issued, not a "
            f"{type(source).__name__}: write CredentialRefresh({instead})"
        )
    if inspect.isasyncgenfunction(source) or inspect.isgeneratorfunction(source):
        raise TypeError(
            f"source {describe(source)} is a generator function: return Issued(...) "
            f"instead of yielding it"
        )
    if not _takes_one(source):
        raise TypeError(
            f"source {describe(source)} must take one argument, the current snapshot "
            f"or None: write `async def {describe(source)}(current)`"
        )


def _takes_one(source: Callable[..., Any]) -> bool:
    try:
        inspect.signature(source).bind(None)
    except TypeError:
        return False
    except ValueError:
        return True  # written in C without a signature: the call will tell
    return True


def issued_by(source: Callable[..., Awaitable[T]], answer: T) -> T:
    """Return what *source* returned, if it is `Issued`."""
    if not isinstance(answer, Issued):
        raise TypeError(
            f"{describe(source)} returned a {type(answer).__name__}: return "
            f"Issued(credential, expires_in=...)"
        )
    return cast("T", answer)


def check_operation(fn: object) -> None:
    """Refuse what cannot be called with a credential."""
    if inspect.iscoroutine(fn):
        name = fn.__qualname__
        fn.close()
        raise TypeError(
            f"call() got a coroutine of {name}, which has its credential already: "
            f"write `credentials.call({name}, ...)`, not `{name}(...)`"
        )
    if not callable(fn):
        raise TypeError(
            f"call() got a {type(fn).__name__}, which is no function: write "
            f"`credentials.call(fn, ...)`; fn gets the credential first"
        )


def awaitable(fn: Callable[..., Any], result: Awaitable[T]) -> Awaitable[T]:
    """Return what *fn* returned, if it can be awaited."""
    if not inspect.isawaitable(result):
        raise TypeError(
            f"{describe(fn)} returned {type(result).__name__}, which cannot be "
            f"awaited: credentials are refreshed and used asynchronously only, write "
            f"`async def {getattr(fn, '__name__', 'f')}(...)`"
        )
    return result


def check_snapshot(snapshot: object, expected: type) -> None:
    """Refuse what is no snapshot, without showing it."""
    if not isinstance(snapshot, expected):
        raise TypeError(
            f"reject() takes the snapshot that `await get()` returned, not a "
            f"{type(snapshot).__name__}"
        )


def check_keyword_name(keyword: object) -> None:
    """Refuse what cannot be a keyword argument."""
    if not isinstance(keyword, str) or not keyword.isidentifier():
        raise TypeError(
            f"into() takes the name of a keyword argument, not {keyword!r}: write "
            f"credentials.into('token')"
        )


_NAMED: Final = (
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def check_keyword(fn: Callable[..., Any], keyword: str) -> None:
    """Refuse a function that would not take the credential, or insists on it."""
    found = inspect.signature(fn).parameters.get(keyword)
    if found is None or found.kind not in _NAMED:
        problem = f"has no keyword argument {keyword!r} for the credential"
    elif found.default is inspect.Parameter.empty:
        problem = f"has no default for {keyword!r}, which callers leave out"
    else:
        return
    raise TypeError(
        f'{describe(fn)} {problem}: write `async def ...(..., *, {keyword}: str = "")`'
    )
