"""The credential as a policy: one stage that fills a keyword argument."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, final

from ._call import Call, Inner, InnerSync, Stage, describe
from ._credential_life import Snapshot
from ._credential_misuse import check_keyword
from ._decorate import Guarded


@final
class Injected(Guarded):
    """Pass the credential to the function, and call it once more if it is refused.

    Made by `CredentialRefresh.into`.
    """

    __slots__ = ("_keyword", "_operated", "name")

    def __init__(
        self,
        operated: Callable[[Callable[[Snapshot[Any]], Awaitable[Any]]], Awaitable[Any]],
        name: str,
        keyword: str | None,
    ) -> None:
        self._operated = operated
        self.name: str = name
        # None: the function has its credential from elsewhere.
        self._keyword = keyword

    def __repr__(self) -> str:
        """Show what goes where."""
        return f"<credentials {self.name!r} into {self._keyword!r}>"

    def __fragment__(self) -> None:
        """Ask to see every call: each needs a credential."""

    def __examine__(
        self, fn: Callable[..., Any], inner: Sequence[Stage], /, *, asynchronous: bool
    ) -> None:
        """Refuse what cannot wait for a credential, or would not take it."""
        if not asynchronous:
            raise TypeError(
                f"{describe(fn)} is a plain function, and a credential is fetched "
                f"asynchronously: write `async def {describe(fn)}(...)`"
            )
        if self._keyword is not None:
            check_keyword(fn, self._keyword)

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* with the credential among the keyword arguments."""
        keyword, outside = self._keyword, call.kwargs
        if keyword is not None and keyword in outside:
            raise TypeError(
                f"{describe(call.fn)}() was called with {keyword}=..., which the "
                f"credentials {self.name!r} fill: leave it out"
            )

        async def operate(snapshot: Snapshot[Any]) -> Any:
            if keyword is not None:
                call.kwargs = {**outside, keyword: snapshot.value}
            try:
                return await inner(call)
            finally:
                # Whoever is outside sees the caller's arguments, and no secret.
                call.kwargs = outside

        return await self._operated(operate)

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> NoReturn:
        """Refuse: there is no waiting for a credential without an event loop.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"the credentials {self.name!r} are asynchronous only, and "
            f"{describe(call.fn)} was called synchronously: use `await ...call(fn)`"
        )
