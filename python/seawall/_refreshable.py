"""Credentials that refresh themselves: `is_expired`, and ``async refresh()``.

They are mutable, so a snapshot of one is the object itself, and only the object knows
how old it is: it is asked every time.
"""

from __future__ import annotations

import inspect
from typing import Generic, Protocol, TypeVar, final, runtime_checkable
from weakref import ReferenceType

from ._credential_life import Issued, Snapshot
from ._credential_misuse import awaitable


@runtime_checkable
class Credential(Protocol):
    """Something that says whether it is expired, and can do something about it."""

    @property
    def is_expired(self) -> bool:
        """Whether it must be refreshed before it is used."""
        ...

    async def refresh(self) -> None:
        """Become valid again."""
        ...


Cred = TypeVar("Cred", bound=Credential)


@final
class FromRefreshable(Generic[Cred]):
    """Make a source of a credential that refreshes itself.

    ::

        credentials = CredentialRefresh(FromRefreshable(vault_credential))
        await credentials.call(read_secret, "path")  # read_secret(vault_credential,...

    What operations get is the very object, which a refresh changes under their hands;
    a source that returns a new `Issued` each time has no such surprise. The object
    is asked for `is_expired` on every use, and believed, after a refresh too.

    Args:
        credential: Anything with `is_expired` and ``async refresh()``.

    Raises:
        TypeError: If *credential* has no such property or method.
    """

    __slots__ = ("_credential",)

    def __init__(self, credential: Cred, /) -> None:
        check_credential(credential)
        self._credential = credential

    async def __call__(self, current: Snapshot[Cred] | None, /) -> Issued[Cred]:
        """Refresh the credential, unless it is not even used yet and still valid."""
        if current is not None or self.expired():
            await refresh(self._credential)
        return Issued(self._credential)

    def expired(self) -> bool:
        """Ask the credential."""
        return self._credential.is_expired

    def first(self) -> Cred:
        """Return what is served before the first refresh."""
        return self._credential


@final
class Borrowed:
    """The same for a credential that must not be kept alive by being refreshed.

    What it issues is nothing: who borrows a credential has it in his hands.

    Args:
        credential: A weak reference; it is alive while an operation uses it.
    """

    __slots__ = ("_credential",)

    def __init__(self, credential: ReferenceType[Credential], /) -> None:
        self._credential = credential

    async def __call__(self, _: Snapshot[None] | None, /) -> Issued[None]:
        """Refresh the credential."""
        if (credential := self._credential()) is not None:
            await refresh(credential)
        return Issued(None)

    def expired(self) -> bool:
        """Ask the credential."""
        credential = self._credential()
        return credential is not None and credential.is_expired

    def first(self) -> None:
        """Return what is served before the first refresh: nothing."""


async def refresh(credential: Credential) -> None:
    """Refresh *credential*, which may be a plain object of somebody's."""
    await awaitable(credential.refresh, credential.refresh())


def check_credential(credential: object) -> None:
    """Refuse what could not be refreshed, or would be at every use.

    Raises:
        TypeError: With what is missing, or wrong.
    """
    kind = type(credential).__name__
    if isinstance(credential, type) or not isinstance(credential, Credential):
        raise TypeError(
            f"credential must have `is_expired` and `async def refresh(self)`, and "
            f"this {kind} has not: for a function that logs in write "
            f"CredentialRefresh(login)"
        )
    if inspect.isroutine(inspect.getattr_static(credential, "is_expired", None)):
        raise TypeError(
            f"is_expired of {kind} is a method, which is always true: make it a "
            f"@property"
        )
