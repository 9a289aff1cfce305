"""What happens when, and who asks for what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final, final

import attrs


@final
@attrs.frozen(kw_only=True)
class Plan:
    """The course of the incident, in seconds from the first call.

    Attributes:
        hang: The database stops answering; its connections stay open.
        kill: It is killed.
        revoke: Every token of the service is revoked.
        back: The database is started again.
        end: The last call begins.
    """

    hang: float
    kill: float
    revoke: float
    back: float
    end: float


FULL: Final = Plan(hang=5.0, kill=7.0, revoke=11.0, back=16.0, end=22.0)
QUICK: Final = Plan(hang=2.0, kill=3.0, revoke=4.0, back=7.0, end=9.5)

USERS: Final = 20
PAGES_PER_SECOND: Final = 10
USERS_PER_PAGE: Final = 5
CALLS_PER_SECOND: Final = PAGES_PER_SECOND * USERS_PER_PAGE


@final
@attrs.frozen
class Page:
    """Somebody opens a page, which looks up several users at once.

    Attributes:
        at: Seconds from the first call.
        user_ids: Whom it shows.
    """

    at: float
    user_ids: tuple[int, ...]


def pages(plan: Plan, seed: int) -> Iterator[Page]:
    """List who asks for what and when; the same for the same *seed*.

    The arrivals do not wait for answers: a service that hangs is asked on.
    """
    rng = random.Random(seed)  # noqa: S311 (load, not a secret)
    deck: list[int] = []
    for number in range(int(plan.end * PAGES_PER_SECOND)):
        # A shuffled deck, not a dice: everybody has been asked for before the incident.
        if not deck:
            deck = rng.sample(range(USERS), USERS)
        user_ids, deck = deck[:USERS_PER_PAGE], deck[USERS_PER_PAGE:]
        at = (number + rng.uniform(0.0, 0.5)) / PAGES_PER_SECOND
        yield Page(at, tuple(user_ids))
