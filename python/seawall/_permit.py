"""The permit of one admitted call, for code that is no function to be decorated.

Rule: a permit takes one verdict. The core sees to that, also between threads, and takes
a permit back that is dropped without one.
"""

from __future__ import annotations

from types import TracebackType
from typing import final

from ._circuit import Circuit
from ._native import Permit as Taken  # noqa: TID251 -- a permit as the core gives it
from ._probe import Probe
from ._settle import failed, raised, released, succeeded


@final
class Permit:
    """The leave to make one call, and the place where its verdict is given.

    At the end of the block the breaker learns how it went, as from a call::

        with breaker.acquire() as permit:
            reply = connection.ask(question)
            if reply.overloaded:
                permit.failure()

    `success`, `failure` and `release` decide earlier; the end of the block then does
    nothing. Without ``with`` the three of them can be called from any thread. A permit
    that is dropped without a verdict is released, and so holds up nobody.
    """

    __slots__ = ("_circuit", "_entered", "_probe", "_taken")

    def __init__(self, taken: Taken, circuit: Circuit) -> None:
        self._taken = taken
        self._circuit = circuit
        self._entered = False
        self._probe: Probe | None = None

    def __enter__(self) -> Permit:
        """Guard the block; what it calls through the same breaker belongs to it.

        Raises:
            RuntimeError: If the permit has its verdict, or guards a block already.
        """
        if self._entered or self._taken.used:
            raise RuntimeError(
                f"the permit of generation {self._taken.generation} was used before; "
                f"acquire a new one for each block"
            )
        self._entered = True
        if self._taken.probe:
            self._probe = Probe(self._circuit)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the verdict, unless that is done."""
        try:
            if not self._taken.used:
                self._ended(error)
        finally:
            if self._probe is not None:
                self._probe.end()

    def success(self) -> None:
        """The call succeeded.

        Raises:
            RuntimeError: If the permit has its verdict.
        """
        self._over()
        succeeded(self._circuit, self._taken)

    def failure(self, error: Exception | None = None) -> None:
        """The call failed, whatever ``on`` says of *error*; rejections will name it.

        A "not before" that *error* brings makes the break longer, as of a call.

        Raises:
            RuntimeError: If the permit has its verdict.
            TypeError: If *error* is no `Exception`.
        """
        if error is not None and not isinstance(error, Exception):
            raise TypeError(
                f"error must be the exception that the call raised, or None, not "
                f"{error!r}"
            )
        self._over()
        failed(self._circuit, self._taken, error)

    def release(self) -> None:
        """The call says nothing about the dependency.

        Raises:
            RuntimeError: If the permit has its verdict.
        """
        self._over()
        released(self._circuit, self._taken)

    def _ended(self, error: BaseException | None) -> None:
        if error is None:
            succeeded(self._circuit, self._taken)
        else:
            raised(self._circuit, self._taken, error)

    def _over(self) -> None:
        # The verdict ends the probe: what the rest of the block calls is ordinary.
        if self._probe is not None:
            self._probe.live = False
