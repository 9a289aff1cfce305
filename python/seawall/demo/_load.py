"""Callers who do not wait for each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import anyio

from ._plan import Page
from ._record import Lane, Sample
from ._service import Answer, Look

PATIENCE: Final = 5.0
"""Seconds that the last callers wait before they are counted as failed."""


async def drive(look: Look, lane: Lane, arrivals: Iterable[Page]) -> None:
    """Ask for every user of *arrivals* at its time, and note what came of it."""
    async with anyio.create_task_group() as callers:
        for page in arrivals:
            await anyio.sleep(max(0.0, page.at - lane.clock()))
            for user_id in page.user_ids:
                callers.start_soon(_ask, look, lane, user_id)
        callers.cancel_scope.deadline = anyio.current_time() + PATIENCE


async def _ask(look: Look, lane: Lane, user_id: int) -> None:
    begun = lane.clock()
    answer: Answer | None = None
    error: str | None = "never answered"
    lane.waiting += 1
    try:
        answer = await look(user_id)
        error = None
    except Exception as failure:  # noqa: BLE001 (every failure is what is measured)
        error = type(failure).__qualname__
    finally:
        lane.waiting -= 1
        lane.samples.append(
            Sample(
                begun=begun,
                elapsed=lane.clock() - begun,
                error=error,
                marked=answer is not None and answer.stale,
                kept=answer is not None and answer.user.kept_at is not None,
            )
        )
