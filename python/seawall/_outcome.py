"""A result that tells where it came from."""

from __future__ import annotations

from typing import Generic, TypeVar, final

import attrs

T_co = TypeVar("T_co", covariant=True)


@final
@attrs.frozen(kw_only=True)
class Outcome(Generic[T_co]):
    """What a call came to: a value or an error, and whose value it is.

    ::

        outcome = await guard.outcome(get_user, "42")
        if outcome.used_fallback:
            response.headers["Warning"] = f"110 - stale, from {outcome.source}"

    Attributes:
        value: What the function or a fallback step returned; None if `error` is set.
        error: The exception that a plain call would have raised, or None.
        source: "primary", or the name of the fallback step that answered.
        attempts: How often the primary function was called.
        elapsed: Seconds from the call to its end.
    """

    value: T_co | None = None
    error: Exception | None = None
    source: str = "primary"
    attempts: int
    elapsed: float

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    @property
    def used_fallback(self) -> bool:
        """Whether the value is not the primary's own."""
        return self.source != "primary"

    def unwrap(self) -> T_co:
        """Return the value, or raise the error.

        Raises:
            Exception: The `error`, if there is one.
        """
        if self.error is not None:
            raise self.error
        # None is a legitimate value: only `error` tells success from failure.
        return self.value  # type: ignore[return-value]
