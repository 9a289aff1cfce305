"""Where a coroutine can be cancelled, found by stepping it by hand.

A coroutine talks to its event loop by yielding: once for each time that it suspends.
Each of these is a place where a cancellation can reach it, and there is no other.
Whoever drives the coroutine sees all of them, on asyncio and trio alike, and sees what
is thrown into it and what comes out.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final, cast, final

import anyio
import anyio.lowlevel

Scenario = Callable[[], Coroutine[Any, Any, object]]

# Goes with a scope's cancellation, so that it can be told from one inside the scenario:
# every sleep of trio ends by a cancellation of its own.
REASON: Final = "seawall.testing.cancel_everywhere"


def _ignore(error: BaseException) -> None:
    """A child's errors are its own."""


@final
class Steps:
    """Awaits a coroutine, and tells of each of its suspensions.

    Args:
        coroutine: What to await.
        on_step: Called at each suspension, before the event loop learns of it, with
            what is yielded to the loop.
        on_error: Called with each error that the loop has for the coroutine.
    """

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, object],
        on_step: Callable[[object], None],
        on_error: Callable[[BaseException], None] = _ignore,
    ) -> None:
        self._coroutine = coroutine
        self._on_step = on_step
        self._on_error = on_error

    def __await__(self) -> Generator[Any, Any, Any]:
        """Step it to its end."""
        sent: Any = None
        thrown: BaseException | None = None
        while True:
            try:
                yielded = self._resume(sent, thrown)
            except StopIteration as end:
                return end.value
            self._on_step(yielded)
            sent = thrown = None
            try:
                sent = yield yielded
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 (it is the coroutine's)
                thrown = error

    def _resume(self, sent: Any, thrown: BaseException | None) -> Any:
        if thrown is not None:
            self._on_error(thrown)
            return self._coroutine.throw(thrown)
        # asyncio throws its errors; trio sends an outcome, which raises them.
        error = getattr(sent, "error", None)
        if isinstance(error, BaseException):
            self._on_error(error)
        return self._coroutine.send(sent)


class Run(abc.ABC):
    """One run of a scenario, to be cancelled at one of its suspensions.

    Args:
        scenario: What to run.
        number: At which suspension of any of its tasks, from 1; 0 for none.
        settle: How many seconds its tasks may take to end after it has.
    """

    def __init__(self, scenario: Scenario, number: int, settle: float) -> None:
        self.number = number
        self.suspensions = 0
        self.was_cancelled = False
        self.delivered = False
        self.swallowed = False
        self.error: Exception | None = None
        self._scenario = scenario
        self._settle = settle
        self._cancelled_type = anyio.get_cancelled_exc_class()
        self._went_in = False
        self._came_out = False
        self._ended = False

    async def run(self) -> None:
        """Run it, and find out how it took the cancellation."""
        seen = await self._run()
        self.delivered = seen and self._came_out
        self.swallowed = self._went_in and not self.delivered and self.error is None
        await self._wait_for_tasks()

    @abc.abstractmethod
    async def _run(self) -> bool:
        """Await the body inside of what cancels it; tell whether that saw it."""

    @abc.abstractmethod
    def _cancel(self, yielded: object) -> None:
        """Cancel it now, at the suspension that yields this to the loop."""

    @abc.abstractmethod
    def _is_ours(self, error: BaseException) -> bool:
        """Whether a cancellation that arrives after ours is ours."""

    @abc.abstractmethod
    def tasks_left(self) -> tuple[str, ...]:
        """The names of the tasks that the scenario started and that are not done."""

    async def _body(self) -> None:
        try:
            await Steps(self._scenario(), self._step, self._arrived)
        except BaseException as error:
            self._came_out = self._is_cancellation(error)
            raise
        finally:
            self._ended = True

    def _step(self, yielded: object) -> None:
        if self._ended:
            return
        self.suspensions += 1
        if self.suspensions == self.number:
            self._cancel(yielded)

    def _arrived(self, error: BaseException) -> None:
        if self.was_cancelled and self._is_cancellation(error):
            self._went_in |= self._is_ours(error)

    def _is_cancellation(self, error: BaseException) -> bool:
        if isinstance(error, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", error)
            return group.split(self._cancelled_type)[1] is None
        return isinstance(error, self._cancelled_type)

    async def _wait_for_tasks(self) -> None:
        # A task that was cancelled needs a pass or two of the loop to be done.
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        end = anyio.current_time() + self._settle
        while self.tasks_left() and anyio.current_time() < end:  # noqa: ASYNC110 (no event tells)
            await anyio.sleep(0.01)
