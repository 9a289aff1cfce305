"""Cancelling a scenario on trio: by the scope around it.

Child tasks are counted by an instrument, in place while the scenario runs.
"""

from __future__ import annotations

from typing import final

import trio

from seawall.testing._steps import REASON, Run, Scenario


@final
class TrioRun(Run, trio.abc.Instrument):
    """A run in the calling task."""

    def __init__(self, scenario: Scenario, number: int, settle: float) -> None:
        super().__init__(scenario, number, settle)
        self._scope = trio.CancelScope()
        self._children: dict[trio.lowlevel.Task, None] = {}

    async def _run(self) -> bool:
        trio.lowlevel.add_instrument(self)
        try:
            with self._scope:
                await self._body()
        except Exception as error:  # noqa: BLE001 (the point tells of it)
            self.error = error
        return self._scope.cancelled_caught

    async def _wait_for_tasks(self) -> None:
        try:
            await super()._wait_for_tasks()
        finally:
            trio.lowlevel.remove_instrument(self)

    def _cancel(self, yielded: object) -> None:
        del yielded
        self.was_cancelled = True
        self._scope.cancel(REASON)

    def _is_ours(self, error: BaseException) -> bool:
        return isinstance(error, trio.Cancelled) and error.reason == REASON

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        self._children[task] = None

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if task in self._children:
            self._step(None)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        self._children.pop(task, None)

    def tasks_left(self) -> tuple[str, ...]:
        return tuple(task.name for task in self._children)
