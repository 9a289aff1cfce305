"""The incident as lines of a log, for pipes and for whoever prefers it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import final

from rich.console import Console

from ._record import KINDS, Kind, Lane, Record
from ._story import story


@final
class PlainDisplay:
    """A line for every second, and one for whatever happens."""

    def __init__(self, console: Console, record: Record) -> None:
        self._console = console
        self._record = record
        self._told = 0
        self._second = 0

    def show(self) -> None:
        """Print what is new."""
        told = story(self._record)
        while self._record.elapsed >= self._second + 1:
            self._second += 1
            self._tell(told, before=self._second)
            self._say(self._line(self._second))
        self._tell(told, before=self._record.elapsed)

    def finish(self) -> None:
        """Print the rest."""
        self.show()
        self._tell(story(self._record), before=math.inf)

    def _tell(self, told: Sequence[tuple[float, str]], *, before: float) -> None:
        for at, text in told[self._told :]:
            if at < before:
                self._say(f"{at:5.1f} s  {text}")
                self._told += 1

    def _line(self, second: int) -> str:
        state = self._record.guarded.state_at(second).value.replace("_", "-")
        lanes = (self._record.guarded, self._record.bare)
        ours, bares = (_counts(lane, second) for lane in lanes)
        return f"{second:5.1f} s  circuit {state:<9}  seawall: {ours}  bare: {bares}"

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def _counts(lane: Lane, second: int) -> str:
    """Say what the calls came to that ended in the last second before *second*."""
    kinds: Counter[Kind] = Counter(
        sample.kind
        for sample in list(lane.samples)
        if second - 1 <= sample.begun + sample.elapsed < second
    )
    counts = [f"{kind} {kinds[kind]:<2}" for kind in KINDS]
    return " ".join((*counts, f"waiting {lane.waiting:<3}"))
