"""A result that tells where it came from.

Rule: where a value is from is told by whoever got it, in an `Origin`, and never guessed
from the value or from a name. A step may be called "cache" and is a substitute all the
same.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar, final

import attrs

T_co = TypeVar("T_co", covariant=True)


@final
@attrs.frozen
class Origin:
    """Where the value of a call comes from.

    Attributes:
        source: "primary", "cache", "stale", or the name of a fallback step.
        from_step: Whether a fallback step answered.
        stale_for: How many seconds old a stale value is, else None.
    """

    source: str
    from_step: bool = attrs.field(default=False, kw_only=True)
    stale_for: float | None = attrs.field(default=None, kw_only=True)


PRIMARY: Final = Origin("primary")
FRESH: Final = Origin("cache")


@final
@attrs.frozen(kw_only=True)
class Outcome(Generic[T_co]):
    """What a call came to: a value or an error, and whose value it is.

    ::

        outcome = await guard.outcome(get_user, "42")
        if outcome.used_fallback:
            response.headers["Warning"] = f"110 - stale, from {outcome.source}"

    Attributes:
        value: What the function, a fallback step or a cache returned; None if `error`
            is set.
        error: The exception that a plain call would have raised, or None.
        source: "primary"; the name of the fallback step that answered; "cache" for a
            value that a `StaleCache` still holds to be fresh; "stale" for one that it
            served because the function failed.
        attempts: How often this call called the primary function: 0 if a cache had the
            value, or another call was on its way for it.
        elapsed: Seconds from the call to its end.
        stale_for: How many seconds ago a stale value was asked for at its source; None
            for every other value.
    """

    value: T_co | None = None
    error: Exception | None = None
    source: str = "primary"
    attempts: int
    elapsed: float
    stale_for: float | None = None
    _from_step: bool = attrs.field(default=False, alias="from_step", repr=False)

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    @property
    def used_fallback(self) -> bool:
        """Whether something else answered than the primary or its fresh cache."""
        return self._from_step or self.source not in (PRIMARY.source, FRESH.source)

    def unwrap(self) -> T_co:
        """Return the value, or raise the error.

        Raises:
            Exception: The `error`, if there is one.
        """
        if self.error is not None:
            raise self.error
        # None is a legitimate value: only `error` tells success from failure.
        return self.value  # type: ignore[return-value]
