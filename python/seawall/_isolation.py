"""An operator's hold on a circuit."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import final

from ._native import Hold, Transition  # noqa: TID251 -- holds are counted by the core


@final
class Isolation:
    """One hold on an isolated circuit, from `CircuitBreaker.isolate`.

    Several hold independently of each other; when the last is released, the circuit is
    closed::

        with breaker.isolate():
            migrate(database)

    A hold that is merely dropped stays: `CircuitBreaker.reset` takes it away.
    """

    __slots__ = ("_hold", "_moved")

    def __init__(self, hold: Hold, moved: Callable[[Transition | None], None]) -> None:
        self._hold = hold
        self._moved = moved

    def __enter__(self) -> Isolation:
        """Hold for as long as the block runs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release it."""
        self.release()

    def release(self) -> None:
        """Let go; a second time does nothing, and neither does it after a reset."""
        self._moved(self._hold.release())
