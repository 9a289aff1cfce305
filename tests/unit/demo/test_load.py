"""Callers who do not wait for each other, in virtual time."""

from __future__ import annotations

import anyio
import pytest

from seawall.demo._load import PATIENCE, drive
from seawall.demo._plan import Page
from seawall.demo._record import Lane, Stopwatch
from seawall.demo._service import Answer, User

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lane() -> Lane:
    """A lane whose time has begun."""
    stopwatch = Stopwatch()
    stopwatch.start()
    return Lane(clock=stopwatch)


def _answer(user_id: int, kept_at: float | None = None) -> Answer:
    return Answer(User(user_id, "name", kept_at), "seal", stale=kept_at is not None)


async def test_a_service_that_hangs_is_asked_on(lane: Lane) -> None:
    """Users do not wait for other users: an open loop."""

    async def look(user_id: int) -> Answer:
        await anyio.sleep(3)
        return _answer(user_id)

    await drive(look, lane, [Page(0.0, (1, 2)), Page(0.5, (3,)), Page(1.0, (4,))])

    assert sorted(s.begun for s in lane.samples) == pytest.approx([0, 0, 0.5, 1.0])
    assert [s.elapsed for s in lane.samples] == pytest.approx([3.0] * 4)
    assert lane.waiting == 0


async def test_what_comes_back_is_noted(lane: Lane) -> None:
    """Where it is from, what is said of it, or which error."""

    async def look(user_id: int) -> Answer:
        if user_id == 3:
            raise ConnectionRefusedError
        return _answer(user_id, kept_at=1.0 if user_id == 2 else None)

    await drive(
        look, lane, [Page(at, (user,)) for at, user in ((0, 1), (1, 2), (2, 3))]
    )

    fresh, stale, failed = lane.samples
    assert (fresh.kept, fresh.marked, fresh.error) == (False, False, None)
    assert (stale.kept, stale.marked, stale.error) == (True, True, None)
    assert failed.error == "ConnectionRefusedError"


async def test_nobody_waits_for_ever(lane: Lane) -> None:
    """A call that never ends is a failed call, not a demo that never ends."""

    async def look(user_id: int) -> Answer:
        await anyio.sleep_forever()
        raise AssertionError

    await drive(look, lane, [Page(1.0, (1,))])

    (sample,) = lane.samples
    assert sample.error == "never answered"
    assert sample.elapsed == pytest.approx(PATIENCE)
