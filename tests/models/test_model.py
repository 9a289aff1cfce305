"""The model itself: a few histories written by hand, and the soak that uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from models import soak
from models.answers import Permit, Rejection
from models.breaker import Breaker
from models.cases import draw_case
from models.histories import diverges, draw_history
from models.pair import Pair
from models.settings import (
    DAY,
    MILLISECOND,
    SECOND,
    Breaks,
    Consecutive,
    Ratio,
    Settings,
    State,
)

SOAK = Path(__file__).parents[2] / "tools" / "model_soak.py"


def settings(**changes: object) -> Settings:
    """Two failures open, for ten seconds; then one probe at a time, two to close."""
    options: dict[str, object] = {
        "trip": Consecutive(2),
        "breaks": Breaks(10 * SECOND, factor=2.0),
        "success_threshold": 2,
        "max_probes": 1,
        "probe_lease": 30 * SECOND,
    }
    return Settings(**{**options, **changes})  # type: ignore[arg-type]


def admitted(breaker: Breaker, now: int) -> Permit:
    """Acquire a permit that is sure to be given."""
    permit = breaker.acquire(now)
    assert isinstance(permit, Permit)
    return permit


def rejected(breaker: Breaker, now: int) -> Rejection:
    """Be turned away."""
    rejection = breaker.acquire(now)
    assert isinstance(rejection, Rejection)
    return rejection


def opened(breaker: Breaker, now: int = 0) -> Breaker:
    """Let it fail until it opens."""
    while breaker.state is State.CLOSED:
        breaker.failure(admitted(breaker, now), now)
    return breaker


def test_an_outage_and_its_end() -> None:
    """Closed, open, half-open, closed: each by the rule that says so."""
    breaker = opened(Breaker(settings()))
    assert rejected(breaker, 10 * SECOND - 1).retry_after == 1
    first = admitted(breaker, 10 * SECOND)
    assert breaker.state is State.HALF_OPEN
    assert rejected(breaker, 11 * SECOND).retry_after is None
    assert breaker.success(first, 12 * SECOND) is None
    closed = breaker.success(admitted(breaker, 12 * SECOND), 13 * SECOND)

    assert closed == (State.HALF_OPEN, State.CLOSED, 3, None)
    assert breaker.counters.rejected == 2


def test_breaks_grow_and_begin_anew_after_a_close() -> None:
    """A failed probe doubles the break here; closed in between, it is the first."""
    breaker = opened(Breaker(settings(success_threshold=1)))
    again = breaker.failure(admitted(breaker, 10 * SECOND), 10 * SECOND)
    assert again == (State.HALF_OPEN, State.OPEN, 3, 20 * SECOND)
    longer = breaker.failure(admitted(breaker, 30 * SECOND), 30 * SECOND, 99 * SECOND)
    assert longer == (State.HALF_OPEN, State.OPEN, 5, 99 * SECOND)
    breaker.success(admitted(breaker, DAY), DAY)
    breaker.failure(admitted(breaker, DAY), DAY)
    opening = breaker.failure(admitted(breaker, DAY), DAY)

    assert opening == (State.CLOSED, State.OPEN, 8, 10 * SECOND)


def test_a_lost_probe_is_replaced_and_comes_late() -> None:
    """After its lease, and the next lease is twice as long."""
    breaker = opened(Breaker(settings()))
    lost = admitted(breaker, 10 * SECOND)
    assert rejected(breaker, 40 * SECOND - 1).state is State.HALF_OPEN
    found = admitted(breaker, 40 * SECOND)
    assert (found.generation, breaker.lease_ends) == (lost.generation + 1, 400)
    breaker.failure(lost, 41 * SECOND)

    assert (breaker.state, breaker.counters.late) == (State.HALF_OPEN, 1)


def test_a_ratio_is_asked_after_each_failure() -> None:
    """Below min_calls it means nothing, and what falls out of the window neither."""
    trip = Ratio(ppm=750_000, min_calls=4, calls=4)
    breaker = Breaker(settings(trip=trip))
    for failed in (True, True, True, False, False, True, True):
        verdict = breaker.failure if failed else breaker.success
        assert verdict(admitted(breaker, 0), 0) is None
    assert breaker.remembered(0) == (4, 2)

    assert breaker.failure(admitted(breaker, 0), 0) is not None


@pytest.mark.parametrize(
    ("age", "calls"), [(9 * SECOND, 1), (10 * SECOND, 0)], ids=["nine", "ten"]
)
def test_a_window_of_time_forgets_by_the_tenth(age: int, calls: int) -> None:
    """What was in the first bucket is out when the eleventh begins."""
    trip = Ratio(ppm=500_000, min_calls=4, duration=10 * SECOND)
    breaker = Breaker(settings(trip=trip))
    breaker.failure(admitted(breaker, 0), 999 * MILLISECOND)

    assert breaker.remembered(age).calls == calls


def test_calls_that_hang_open_the_circuit() -> None:
    """Looked at when the next call is admitted, once they are a tick too old."""
    trip = Ratio(ppm=500_000, min_calls=3, calls=10)
    breaker = Breaker(settings(trip=trip, slow_after=4 * SECOND))
    hanging = [admitted(breaker, 0) for _ in range(3)]
    admitted(breaker, 5 * SECOND - 1)
    rejection = rejected(breaker, 5 * SECOND)

    assert rejection.retry_after == 10 * SECOND
    assert rejection.transition == (State.CLOSED, State.OPEN, 1, 10 * SECOND)
    breaker.failure(hanging[0], 5 * SECOND)
    assert breaker.counters.late == 1


def test_operators_hold_together_and_one_reset_ends_it() -> None:
    """Two holds, two releases; what a reset dropped ends nothing later."""
    breaker = Breaker(settings())
    first, second = breaker.isolate(0), breaker.isolate(0)
    assert breaker.unisolate(first, 0) is None
    assert breaker.unisolate(first, 0) is None
    assert breaker.unisolate(second, 0) == (State.ISOLATED, State.CLOSED, 2, None)
    dropped = breaker.isolate(0)
    breaker.reset(0)
    breaker.isolate(0)

    assert breaker.unisolate(dropped, 0) is None
    assert breaker.state is State.ISOLATED


def test_a_shadow_opens_and_rejects_nobody() -> None:
    """What would be rejected is counted, and its verdict changes nothing."""
    breaker = opened(Breaker(settings(enforce=False)))
    shadow = admitted(breaker, 1)
    breaker.failure(shadow, 1)

    assert (breaker.state, breaker.counters.rejected) == (State.OPEN, 1)
    assert admitted(breaker, 10 * SECOND) in breaker.probes


def test_a_shadow_heeds_an_operator() -> None:
    """A hold is a command, and no threshold that is tried out."""
    breaker = Breaker(settings(enforce=False))
    hold = breaker.isolate(0)

    assert breaker.acquire(1) == Rejection(State.ISOLATED, None, None)
    assert breaker.counters.rejected == 1
    breaker.unisolate(hold, 1)
    admitted(breaker, 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_core_does_what_its_model_does(seed: int) -> None:
    """A small part of `make model-soak`, with the same histories in every run."""
    report = soak.run_chunk(seed, 0)

    assert report.found is None
    assert report.moves["open -> half_open"] > 100
    assert report.moves["half_open -> closed"] > 10


def test_a_difference_is_cut_down_to_what_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A soak that cannot go red is worse than none: here the model forgets a rule."""
    monkeypatch.setattr(Breaker, "_is_late", lambda _self, _permit: False)
    found = soak.run_chunk(0, 0, 50).found

    assert found is not None
    assert "core:" in found
    assert found.count("\n  ") < 20


def test_the_soak_tells_its_seed_and_what_it_has_seen() -> None:
    """In a pipe, too: whoever finds a difference needs the seed to find it again."""
    options = ["--ops", "1", "--seed", "7", "--processes", "1"]
    ended = subprocess.run(  # noqa: S603 -- ours
        [sys.executable, SOAK, *options], capture_output=True, text=True, check=False
    )

    assert ended.stdout.startswith("seed 7\n")
    assert ended.stdout.endswith("operations, 0 divergences\n")
    assert "of 1 operations" in ended.stderr
    assert ended.returncode == 0


def test_a_history_can_be_run_again() -> None:
    """The same seed draws the same history, and so does what is left of it."""
    case, history = draw_case(Random(1)), draw_history(Random(1))
    assert history == draw_history(Random(1))
    pair = Pair(case)
    for op in history[::3]:
        pair.run(op)

    assert diverges(case, history) is None
