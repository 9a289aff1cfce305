"""One way to answer in place of the primary, and what it is told of its failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import attrs

from ._decorate import is_asynchronous
from ._types import On, Seconds
from ._validate import check_flag, check_on, seconds


@final
@attrs.frozen
class Failure:
    """What a step answers for, where it asked to be told.

    Attributes:
        error: What the primary raised; None if it returned a value that was refused.
        result: The value that was refused; None if there is an `error`.
        attempts: How often the primary was called.
    """

    error: Exception | None
    result: Any
    attempts: int


@final
@attrs.frozen
class Step:
    """One way to answer in place of the primary.

    A step with nothing to offer, such as a cache without an entry, raises
    `FallbackSkip`; an empty value would be taken for an answer.

    Args:
        name: What `Outcome.source` says when this step answered.
        fn: Called with the primary's own arguments; may be a coroutine function where
            the primary is one.
        on: Failures of the primary for which this step is tried; none of them is a
            value that was refused. None: all that the `Fallback` handles.
        reserve: Seconds that are kept for this step where a `Timeout` stands outside:
            the primary is cut off so much earlier, which is a time-out.
        min_time: Seconds without which the step is not begun.
        with_failure: Whether *fn* gets a `Failure` in front of the arguments.

    Raises:
        TypeError: If *fn* is no function, or *on* names what is no `Exception`.
        ValueError: If *name* is empty or "primary", or a time is negative.
    """

    name: str
    fn: Callable[..., Any]
    on: On | None = attrs.field(default=None, kw_only=True)
    reserve: Seconds = attrs.field(default=0.0, kw_only=True)
    min_time: Seconds = attrs.field(default=0.0, kw_only=True)
    with_failure: bool = attrs.field(default=False, kw_only=True)
    needed: float = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what could never answer."""
        _check_name(self.name)
        if not callable(self.fn):
            raise TypeError(
                f"fn of step {self.name!r} must be a function, not {self.fn!r}"
            )
        is_asynchronous(self.fn)  # refuses generators: their items would be the answer
        if self.on is not None:
            check_on("on", self.on)
        seconds("reserve", self.reserve)
        # The same as min_time, in seconds. The class is frozen for everybody else.
        object.__setattr__(self, "needed", seconds("min_time", self.min_time))
        check_flag("with_failure", self.with_failure)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(
            f"name must be text, not {name!r}: write Step('cache', from_cache)"
        )
    if name in ("", "primary"):
        raise ValueError(f"name must tell the step from the primary, not {name!r}")
