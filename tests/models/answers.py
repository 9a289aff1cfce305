"""What a breaker answers, and what its callers hold in hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from models.settings import State


class Transition(NamedTuple):
    """One change of state; `break_duration` is there if the circuit opened."""

    old: State
    new: State
    generation: int
    break_duration: int | None


class Rejection(NamedTuple):
    """The answer to a call that may not run."""

    state: State
    retry_after: int | None
    transition: Transition | None


@dataclass(eq=False, slots=True)
class Permit:
    """The leave for one call; the verdict of a *bystander* changes nothing.

    *admitted* is None where nobody looked at the clock; *timed* is a call that is slow
    if it takes too long.
    """

    generation: int
    admitted: int | None
    timed: bool = False
    bystander: bool = False
    transition: Transition | None = None
    used: bool = False


@dataclass(eq=False, slots=True)
class Hold:
    """One operator's hold on an isolated circuit."""

    generation: int
    transition: Transition | None
    released: bool = False


@dataclass(slots=True)
class Counters:
    """What happened since the breaker was built."""

    rejected: int = 0
    late: int = 0
    failures: int = 0
    ignored: int = 0
    successes: int = 0
