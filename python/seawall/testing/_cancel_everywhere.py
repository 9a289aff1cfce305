"""Cancel a scenario at each of its awaits, in every way there is, one at a time.

Rule 1: a run is cancelled once, at one suspension of one of its tasks. The scenario is
called anew for each run.

Rule 2: the cancellation has to come out. Whoever cancelled sees it arrive; the scenario
neither goes on as if nothing had happened nor ends with an error of another kind.

Rule 3: no task stays behind. What else must hold afterwards (no permit is out, no token
is lost) only the caller knows, who gets control after each run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from typing import Self, final

import attrs

from seawall.testing._cancel_asyncio import AsyncioRun, CancelledBy
from seawall.testing._steps import Run, Scenario


@final
@attrs.frozen(kw_only=True)
class CancelPoint:
    """One run of the scenario, cancelled at one place in one way.

    Args:
        number: At which suspension, from 1.
        by: How.
        delivered: Whether the cancellation came out of the scenario, and whoever
            cancelled it saw it.
        swallowed: Whether it got into the scenario and nothing came out. Neither this
            nor *delivered*: the scenario awaited nothing any more.
        error: What the scenario raised instead.
        tasks_left: The names of the tasks that were not done when it ended.
    """

    number: int
    by: CancelledBy
    delivered: bool
    swallowed: bool
    error: Exception | None
    tasks_left: tuple[str, ...]

    def check(self) -> None:
        """Raise an AssertionError that says what went wrong, if anything did."""
        if self.error is not None:
            message = f"{self}, it raised {self.error!r}: let the cancellation pass"
            raise AssertionError(message) from self.error
        if self.swallowed:
            raise AssertionError(
                f"{self}, it swallowed that: re-raise what is no Exception, and "
                "uncancel() only what you cancelled"
            )
        if self.tasks_left:
            names = ", ".join(self.tasks_left)
            raise AssertionError(f"{self}, it left tasks behind: {names}")

    def __str__(self) -> str:
        return f"cancelled at suspension {self.number} by {self.by}"


@final
class cancel_everywhere:  # noqa: N801 (reads as a function in an async for)
    """Run *scenario* once per await, cancelled there, and look what that left.

    Example::

        async def scenario() -> None:
            await guarded(query)


        async for point in cancel_everywhere(scenario):
            assert pool.connections_in_use == 0, point

    The scenario runs undisturbed first. In virtual time its sleeping costs nothing. On
    asyncio each of its suspensions, those of child tasks included, is cancelled in five
    ways (:class:`CancelledBy`), on trio in one.

    Args:
        scenario: A coroutine function without arguments, called for each run.
        by: Only in these ways; None for all that the backend has.
        strict: Raise if a cancellation does not come out or a task stays behind. With
            False, the points tell of it.
        settle: How many seconds a task may go on after the scenario ended, before it
            counts as left behind.

    Raises:
        AssertionError: If *strict*, with the place, the way and what to do.
        ValueError: If the scenario never suspends: such a test would prove nothing.
        Exception: What the undisturbed scenario raises.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        by: Collection[CancelledBy] | None = None,
        strict: bool = True,
        settle: float = 0.0,
    ) -> None:
        self._scenario = scenario
        self._by = by
        self._strict = strict
        self._settle = settle
        self._runs: Iterator[tuple[CancelledBy, Run]] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CancelPoint:
        if self._runs is None:
            self._runs = self._all_runs(await self._count())
        for by, run in self._runs:
            await run.run()
            # Tasks take turns in an order that differs from run to run: one of the last
            # suspensions may not happen this time.
            if run.was_cancelled:
                return self._judge(by, run)
        raise StopAsyncIteration

    async def _count(self) -> int:
        run = self._make_run(CancelledBy.SCOPE, 0)
        await run.run()
        if run.error is not None:
            raise run.error
        if run.suspensions == 0:
            raise ValueError(
                "the scenario never suspends, so nothing in it can be cancelled; "
                "let it await something"
            )
        return run.suspensions

    def _all_runs(self, suspensions: int) -> Iterator[tuple[CancelledBy, Run]]:
        ways = [CancelledBy.SCOPE] if _on_trio() else list(CancelledBy)
        for by in ways:
            if self._by is None or by in self._by:
                for number in range(1, suspensions + 1):
                    yield by, self._make_run(by, number)

    def _make_run(self, by: CancelledBy, number: int) -> Run:
        if not _on_trio():
            return AsyncioRun(self._scenario, number, self._settle, by)
        # trio is an extra.
        from seawall.testing._cancel_trio import TrioRun  # noqa: PLC0415

        return TrioRun(self._scenario, number, self._settle)

    def _judge(self, by: CancelledBy, run: Run) -> CancelPoint:
        point = CancelPoint(
            number=run.number,
            by=by,
            delivered=run.delivered,
            swallowed=run.swallowed,
            error=run.error,
            tasks_left=run.tasks_left(),
        )
        if self._strict:
            point.check()
        return point


def _on_trio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False
