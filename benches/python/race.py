"""Case and unit side by side: one round times the unit, the case, and the unit again.

A figure of this suite is the median, over all rounds, of (case / unit) within a round.
Whatever slows the processor down for longer than a round slows both and cancels out;
what strikes in the middle of one makes an outlier, and the median does not care.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import anyio
import pytest

from workloads import UNROLLED, Fn, Guard, Workload

Backend: TypeAlias = Literal["asyncio", "trio", "sync"]
Raises: TypeAlias = type[Exception] | None

BOTH: Final[tuple[Backend, ...]] = ("asyncio", "trio")
ASYNCIO_ONLY: Final[tuple[Backend, ...]] = ("asyncio",)
SYNC: Final[tuple[Backend, ...]] = ("sync",)

DEFAULT_ROUNDS: Final = 60
_WARM_TURNS: Final = 3
_NANOS_PER_SECTION: Final = 600_000


@dataclass(frozen=True)
class Case:
    """One way to guard a function.

    Attributes:
        name: What the table calls it.
        guard: Decorates the function.
        backends: Where it runs; a peer that needs asyncio says so here.
        raises: What each call raises; "as the function" unless the guard changes that.
        note: What a reader has to know to compare fairly.
    """

    name: str
    guard: Guard
    backends: tuple[Backend, ...] = BOTH
    raises: Raises | Literal["as the function"] = "as the function"
    note: str = ""


def race(group: str, workload: Workload, *cases: Case) -> pytest.MarkDecorator:
    """Parametrize a bench with *cases* on each of their backends."""
    lanes = [
        pytest.param(Lane(group, workload, case, backend), id=f"{case.name}-{backend}")
        for case in cases
        for backend in case.backends
    ]
    return pytest.mark.parametrize("lane", lanes)


@dataclass
class Lane:
    """One case on one backend, and what its rounds have shown so far."""

    group: str
    workload: Workload
    case: Case
    backend: Backend
    turns: tuple[int, int] = (_WARM_TURNS, _WARM_TURNS)
    ratios: list[float] = field(default_factory=list)

    def run(self, benchmark: Any, rounds: int) -> None:
        """Run all rounds, and leave the ratio beside what pytest-benchmark records."""
        self._calibrate()
        benchmark.group = self.group
        benchmark.pedantic(self._round, setup=_tidy, rounds=rounds)
        first, median, third = _quartiles(self.ratios)
        benchmark.extra_info.update(
            case=self.case.name,
            backend=self.backend,
            note=self.case.note,
            rounds=rounds,
            ratio=median,
            ratio_q1=first,
            ratio_q3=third,
        )

    def _calibrate(self) -> None:
        """Find out how many turns make a section; too few if something interferes."""
        tries = [self._samples() for _ in range(3)]
        unit, case = min(t.unit for t in tries), min(t.case for t in tries)
        self.turns = _turns(unit), _turns(case)

    def _round(self) -> None:
        samples = self._samples()
        self.ratios.append(samples.case / samples.unit)
        _Stopwatch.seconds += samples.case * 1e-9

    def _samples(self) -> _Samples:
        work = _Round(self)
        if self.backend == "sync":
            return _without_loop(work.run())
        return anyio.run(work.run, backend=self.backend)


@dataclass(frozen=True)
class _Samples:
    """Nanoseconds per call."""

    unit: float
    case: float


class _Round:
    """New functions, warmed up, then timed: unit, case, unit."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.sync = lane.backend == "sync"

    async def run(self) -> _Samples:
        workload, case = self.lane.workload, self.lane.case
        raises = case.raises
        if raises == "as the function":
            raises = workload.expected
        time_unit = await self._ready(workload.unit, workload.expected)
        time_case = await self._ready(case.guard, raises)
        unit_turns, case_turns = self.lane.turns
        before = await time_unit(unit_turns)
        took = await time_case(case_turns)
        after = await time_unit(unit_turns)
        return _Samples(unit=(before + after) / 2, case=took)

    async def _ready(self, guard: Guard, raises: Raises) -> Any:
        """Decorate, warm up, and return what times so many turns."""
        guarded = guard(self.lane.workload.function())
        # Forgiving, because a circuit that is to be open gets opened here.
        warm = self.lane.workload.loop(sync=self.sync, expected=Exception)
        await self._drive(warm, guarded, _WARM_TURNS)
        loop = self.lane.workload.loop(sync=self.sync, expected=raises)
        await self._drive(loop, guarded, _WARM_TURNS)

        async def time(turns: int) -> float:
            return await self._drive(loop, guarded, turns) / (turns * UNROLLED)

        return time

    async def _drive(self, loop: Fn, guarded: Fn, turns: int) -> int:
        elapsed = loop(guarded, turns)
        nanos: int = elapsed if self.sync else await elapsed
        return nanos


def _without_loop(work: Coroutine[Any, Any, _Samples]) -> _Samples:
    """Run what never suspends, so that no event loop is there to be asked."""
    try:
        work.send(None)
    except StopIteration as stop:
        samples: _Samples = stop.value
        return samples
    raise AssertionError("a synchronous round has suspended")


def _turns(nanos_per_call: float) -> int:
    return max(1, round(_NANOS_PER_SECTION / (nanos_per_call * UNROLLED)))


def _tidy() -> None:
    # The collector is off while a round runs: when it strikes is chance.
    gc.collect()


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return values[0], values[0], values[0]
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, median, third


class _Stopwatch:
    """Shows the seconds that cases, and nothing else, have taken so far."""

    seconds = 0.0


def stopwatch() -> float:
    """Be the timer of pytest-benchmark, which cannot look inside an event loop."""
    return _Stopwatch.seconds
