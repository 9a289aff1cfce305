"""How many retries the callers of one dependency may spend together.

When a dependency fails for everybody, each caller's retries are load that keeps it
down. A budget bounds their sum; the arithmetic is the core's.
"""

from __future__ import annotations

from typing import NoReturn, final

import attrs

from ._native import Budget  # noqa: TID251 -- the arithmetic is the core's


@final
@attrs.frozen(kw_only=True)
class BudgetStats:
    """What a `RetryBudget` has left, and what it did since it was built.

    Attributes:
        level: Tokens left.
        withdrawn: Retries that were paid for.
        refused: Retries that were not, each the end of a call.
    """

    level: float
    withdrawn: int
    refused: int


@final
class RetryBudget:
    """Bound the retries of everybody who calls the same dependency.

    A bucket of tokens, full at the beginning: each call brings a fraction of one, each
    retry takes a whole one, and without a token nobody retries::

        budget = RetryBudget(0.2)  # two retries for ten calls, in the long run
        read = Retry(budget=budget)
        write = Retry(budget=budget, max_attempts=2)

    One object per dependency, shared by its policies, tasks, threads and event loops.
    Retries never exceed ``capacity + ratio * calls``, whatever they do.

    Args:
        ratio: Tokens that the first attempt of each call brings, 0 to 1000.
        capacity: Tokens that the bucket holds, at least 1: how many retries may come
            at once.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option is no number.
    """

    __slots__ = ("__weakref__", "_core", "capacity", "ratio")

    # Finagle's RetryBudget and linkerd say 20 %; ten at once is Finagle's minimum of
    # ten a second, and Envoy's retry budget of 20 % lets at least three run.
    def __init__(self, ratio: float = 0.2, *, capacity: float = 10.0) -> None:
        self._core = Budget(_number("ratio", ratio), _number("capacity", capacity))
        self.ratio: float = ratio
        self.capacity: float = capacity

    def __repr__(self) -> str:
        """Show the options and what is left."""
        return (
            f"<RetryBudget({self.ratio!r}, capacity={self.capacity!r}) "
            f"level={self.level:g}>"
        )

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a copy would bound nothing."""
        raise TypeError(
            "a RetryBudget cannot be pickled or copied: its tokens belong to one "
            "process; build one in each"
        )

    @property
    def level(self) -> float:
        """Tokens left; below 1 nobody retries."""
        return self._core.level

    def stats(self) -> BudgetStats:
        """Tell what is left and what was spent; each number is of its own instant."""
        return BudgetStats(
            level=self._core.level,
            withdrawn=self._core.withdrawn,
            refused=self._core.refused,
        )


def core_of(budget: RetryBudget) -> Budget:
    """Return the core of *budget*, for those who spend from it."""
    return budget._core  # noqa: SLF001 -- same module


def check_budget(option: str, budget: object) -> None:
    """Refuse what is no budget.

    Raises:
        TypeError: With the right code.
    """
    if not isinstance(budget, RetryBudget):
        raise TypeError(
            f"{option} must be a RetryBudget, not {budget!r}: write "
            f"{option}=RetryBudget(0.2), one object for all that call the dependency"
        )


def _number(option: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"{option} must be a number, not {value!r}: write "
            f"RetryBudget(0.2, capacity=10.0)"
        )
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{option} must be a number below 1e308") from None
