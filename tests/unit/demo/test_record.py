"""What the demo remembers, and how it is read."""

from __future__ import annotations

import math

import anyio
import pytest

from seawall import CircuitState
from seawall.demo._record import Lane, Record, Sample, Stopwatch


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (Sample(begun=0, elapsed=0.1), "fresh"),
        (Sample(begun=0, elapsed=0.1, kept=True, marked=True), "stale"),
        (Sample(begun=0, elapsed=0.1, kept=True), "stale"),
        (Sample(begun=0, elapsed=1.51), "late"),
        (Sample(begun=0, elapsed=1.51, kept=True), "late"),
        (Sample(begun=0, elapsed=0.1, error="ValueError"), "failed"),
        (Sample(begun=0, elapsed=9.0, error="ValueError"), "failed"),
    ],
)
def test_a_call_comes_to_one_thing(sample: Sample, kind: str) -> None:
    """Where the answer is from is read off the answer, not off what is said of it."""
    assert sample.kind == kind


def test_calls_are_counted_where_they_began(record: Record) -> None:
    """The picture shows what became of the calls of each moment."""
    slices = record.bare.by_time(1.0, record.plan.end)

    assert len(slices) == 10
    assert [(n, dict(kinds)) for n, kinds in enumerate(slices) if kinds] == [
        (0, {"fresh": 1}),
        (1, {"late": 1}),
        (2, {"failed": 1}),
        (4, {"failed": 1}),
        (8, {"fresh": 1}),
    ]


def test_a_call_at_the_very_end_is_not_lost() -> None:
    """Every call is in the picture."""
    lane = Lane(clock=lambda: 2.0, samples=[Sample(begun=2.0, elapsed=0.1)])

    assert [dict(kinds) for kinds in lane.by_time(1.0, 2.0)] == [{}, {"fresh": 1}]


@pytest.mark.parametrize(
    ("when", "database", "circuit"),
    [
        (0.0, "up", CircuitState.CLOSED),
        (2.1, "hanging", CircuitState.CLOSED),
        (3.45, "dead", CircuitState.HALF_OPEN),
        (4.9, "dead", CircuitState.OPEN),
        (7.45, "up", CircuitState.HALF_OPEN),
        (math.inf, "up", CircuitState.CLOSED),
    ],
)
def test_the_past_can_be_asked(
    record: Record, when: float, database: str, circuit: CircuitState
) -> None:
    """Strips and bands are drawn from it."""
    assert record.database_at(when) == database
    assert record.guarded.state_at(when) is circuit


def test_half_of_the_calls_in_time_is_a_half(record: Record) -> None:
    """Late is as good as not at all."""
    assert record.bare.answered_in_time() == pytest.approx(2 / 5)
    assert Lane(clock=lambda: 0.0).answered_in_time() == 0


def test_a_circuit_that_ended_open_never_closed(record: Record) -> None:
    """Only the last state counts."""
    assert record.closed_at() == 7.5
    record.guarded.circuit.append((9.0, CircuitState.OPEN))
    assert record.closed_at() is None


def test_what_happened_is_noted_with_its_time() -> None:
    """The clock is the lane's own."""
    lane = Lane(clock=lambda: 4.2)
    lane.attempted()
    lane.logged_in()
    lane.retried()
    lane.moved(CircuitState.OPEN)

    assert (lane.attempts, lane.logins, lane.retries) == ([4.2], [4.2], [4.2])
    assert lane.circuit == [(4.2, CircuitState.OPEN)]


@pytest.mark.anyio
async def test_a_stopwatch_shows_nothing_before_it_is_started() -> None:
    """Connecting is no part of the incident."""
    stopwatch = Stopwatch()
    await anyio.sleep(3)
    assert stopwatch() == 0

    stopwatch.start()
    await anyio.sleep(2)
    assert stopwatch() == pytest.approx(2)
