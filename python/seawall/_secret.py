"""A value that does not show itself."""

from __future__ import annotations

import hmac
from typing import Any, Generic, NoReturn, TypeVar, cast, final

from ._redact import REDACTED

T = TypeVar("T")


@final
class Secret(Generic[T]):
    """Carry a token or a password through code that prints what it gets.

    ::

        token = Secret("hunter2")
        f"{token}"  # '[redacted]'
        token.reveal()  # 'hunter2'

    ``repr``, ``str`` and ``format`` are redacted, ``==`` takes the same time wherever
    two texts differ, and pickling and copying are refused. A secret is not hashable:
    a hash tells something about the value.

    Args:
        value: What to hide.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: T, /) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value; what happens to it is from here on up to the caller."""
        return self._value

    def __repr__(self) -> str:
        """Show the type only."""
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        """Show nothing."""
        return REDACTED

    def __format__(self, _: str, /) -> str:
        """Show nothing, whatever the format says."""
        return REDACTED

    def __eq__(self, other: object) -> bool:
        """Compare with another secret, text and bytes in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        mine: object = self._value
        theirs = cast("Secret[object]", other).reveal()
        if isinstance(mine, str) and isinstance(theirs, str):
            # compare_digest refuses text outside of ASCII.
            mine = mine.encode("utf-8", "surrogatepass")
            theirs = theirs.encode("utf-8", "surrogatepass")
        if isinstance(mine, bytes) and isinstance(theirs, bytes):
            return hmac.compare_digest(mine, theirs)
        return bool(mine == theirs)

    __hash__: Any = None

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle is a file in the making."""
        raise TypeError(
            "a Secret is neither pickled nor copied: pass the object on, "
            "or reveal() it where it is stored"
        )
