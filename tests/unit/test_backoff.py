"""The configuration of a backoff; its arithmetic is tested in the core."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seawall
from seawall import Constant, Exponential
from seawall._backoff import delays_of, nanos
from seawall._native import Backoff as Delays

FINITE = st.floats(0, 1e6)


@given(
    base=FINITE,
    factor=st.floats(1, 1e6),
    cap=FINITE,
    jitter=st.sampled_from(["none", "full", "equal", "decorrelated", 0.5, 1.0, 0]),
    retry=st.integers(1, 2**63),
)
def test_no_delay_is_negative_or_above_the_cap(
    base: float, factor: float, cap: float, jitter: Any, retry: int
) -> None:
    """For any attempt: 2**1024 is an OverflowError, whatever the cap."""
    base = min(base, cap)
    backoff = Exponential(base=base, factor=factor, max_delay=cap, jitter=jitter)

    delay = delays_of(backoff).delay(retry, None)

    assert 0 <= delay <= cap * (1 + 1e-9) + 1e-9


def test_the_spread_survives_at_the_cap() -> None:
    """Clients that all sleep exactly the cap come back together."""
    delays = delays_of(Exponential(base=1, max_delay=60))

    drawn = {delays.delay(2**40, None) for _ in range(100)}

    assert len(drawn) > 90


def test_equal_backoffs_share_their_core() -> None:
    """It is built once, not per call."""
    assert delays_of(Constant(1)) is delays_of(Constant(1))


def test_constant_is_exact_unless_jitter_is_asked_for() -> None:
    """Who writes a number means it."""
    assert delays_of(Constant(timedelta(seconds=3))).delay(1, None) == 3.0
    assert 1 <= delays_of(Constant(2, jitter=0.5)).delay(1, None) <= 3


def test_centuries_saturate() -> None:
    """Nanoseconds since for ever fit no 64 bits."""
    assert nanos(1e300) == 9 * 10**18


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Exponential(base=-1)", "base must be at least 0"),
        ("Exponential(base=float('nan'))", "base must be a finite number"),
        ("Exponential(max_delay=float('inf'))", "max_delay must be a finite"),
        ("Exponential(factor=0.5)", "factor must be a finite number"),
        ("Exponential(factor=float('inf'))", "factor must be a finite number"),
        ('Exponential(factor="2")', "factor must be a number"),
        ('Exponential(jitter="some")', "jitter must be one of"),
        ("Exponential(jitter=1.5)", "jitter as a share"),
        ("Exponential(jitter=float('nan'))", "jitter as a share"),
        ("Exponential(jitter=True)", "jitter must be one of"),
        ("Exponential(jitter=[])", "jitter must be a name or a share"),
        ("Linear(step=-1)", "step must be at least 0"),
        ('Linear(base="x")', "base must be a number of seconds"),
        ("Constant(-1)", "delay must be at least 0"),
        ("Constant(1, seed=-1)", "seed must be 0 to"),
        ("Constant(1, seed=1.5)", "seed must be a whole number"),
        ("Constant(1, seed=2**64)", "seed must be 0 to"),
    ],
)
def test_refuses_nonsense(code: str, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), **globals()})


NTH = 10**6


def moments(kind: str, jitter: Any, previous: float | None) -> tuple[float, float]:
    """Draw a million delays of 2 s, capped at 5 s, and return mean and variance.

    A seed makes the draw a function of the retry's number, so the figures are the same
    in every run.
    """
    if kind == "exponential":
        delays = Delays.exponential(nanos(2), 1.0, nanos(5), jitter, 2026)
    else:
        delays = Delays.linear(nanos(2), 0, nanos(5), jitter, 2026)
    delay = delays.delay
    drawn = [delay(retry, previous) for retry in range(1, NTH + 1)]
    mean = math.fsum(drawn) / NTH
    return mean, math.fsum((each - mean) ** 2 for each in drawn) / NTH


@pytest.mark.parametrize("kind", ["exponential", "linear"])
@pytest.mark.parametrize(
    ("jitter", "previous", "low", "high"),
    [
        ("none", None, 2, 2),
        ("full", None, 0, 2),
        ("equal", None, 1, 2),
        (0.25, None, 1.5, 2.5),
        (1.0, None, 0, 4),
        ("decorrelated", None, 2, 5),  # three times the base, at most the cap
        ("decorrelated", 1.5, 2, 4.5),
        ("decorrelated", 4.0, 2, 5),
    ],
)
def test_a_million_draws_have_the_moments_of_theory(
    kind: str, jitter: Any, previous: float | None, low: float, high: float
) -> None:
    """Uniform between the bounds of Brooker's formulas: mean and variance say so."""
    mean, variance = moments(kind, jitter, previous)

    # Five standard errors of each; a formula that is off by a percent misses them.
    width = high - low
    assert mean == pytest.approx((low + high) / 2, abs=5 * width / math.sqrt(12 * NTH))
    assert variance == pytest.approx(
        width**2 / 12, abs=5 * width**2 / math.sqrt(180 * NTH)
    )


VECTORS = Path(__file__).parent.parent / "vectors" / "jitter.json"


def delays_of_case(case: dict[str, Any]) -> Delays:
    """Build the backoff of one vector."""
    jitter, seed = case["jitter"], case["seed"]
    match case["kind"]:
        case "exponential":
            return Delays.exponential(
                case["base"], case["factor"], case["max_delay"], jitter, seed
            )
        case "linear":
            return Delays.linear(
                case["base"], case["step"], case["max_delay"], jitter, seed
            )
        case _:
            return Delays.constant(case["delay"], jitter, seed)


def test_seeded_delays_are_those_of_the_published_vectors() -> None:
    """The core is tested against the same file, so both speak of the same numbers."""
    cases = json.loads(VECTORS.read_text())["cases"]

    for case in cases:
        previous = case["previous"]
        delay = delays_of_case(case).delay(
            case["retry"], None if previous is None else previous / 1e9
        )
        assert delay == pytest.approx(case["expected"] / 1e9, rel=1e-12, abs=2e-9), case
    assert len(cases) > 400
