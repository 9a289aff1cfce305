"""How long to wait before the next attempt.

The arithmetic is the core's; the three classes are its configuration. A list of delays
and a function are backoffs too, with no jitter but what they bring themselves.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias, cast, final

import attrs

from ._attempt import Attempt
from ._native import Backoff as Delays  # noqa: TID251 -- the arithmetic is the core's
from ._types import Jitter, Seconds
from ._validate import check_function, seconds

_JITTERS: Final = ("none", "full", "equal", "decorrelated")
_SEEDS: Final = 2**64
_LONGEST: Final = 9e9  # seconds; in nanoseconds just below 2**63


@final
@attrs.frozen(kw_only=True)
class Exponential:
    """Wait longer after each failure: ``min(max_delay, base * factor**(n - 1))``.

    ::

        Retry(backoff=Exponential(base=0.1, max_delay=5.0))

    With full jitter the delay before retry *n* is uniform between zero and that value,
    so that clients which failed together do not come back together. The jitters are
    those of Marc Brooker, "Exponential Backoff And Jitter" (AWS, 2015).

    Args:
        base: Seconds before the first retry.
        factor: How much longer each further one waits, at least 1.
        max_delay: Seconds; no delay is longer, jitter included.
        jitter: "none", "full", "equal", "decorrelated", or a share: 0.5 spreads by
            ±50 %. None means full.
        seed: Makes the sequence of each call reproducible. None: random.

    Raises:
        ValueError: If an option is out of range; NaN and infinity are.
    """

    base: Seconds = 1.0
    factor: float = 2.0
    max_delay: Seconds = 60.0
    jitter: Jitter | None = None
    seed: int | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what would wait for ever, or not at all, by accident."""
        seconds("base", self.base)
        seconds("max_delay", self.max_delay)
        _check_factor(self.factor)
        _check_spread(self.jitter, self.seed)


@final
@attrs.frozen(kw_only=True)
class Linear:
    """Wait a little longer after each failure: ``base + step * (n - 1)``.

    Args:
        base: Seconds before the first retry.
        step: Seconds that each further one waits longer.
        max_delay: Seconds; no delay is longer, jitter included.
        jitter: As for `Exponential`; None means full.
        seed: Makes the sequence of each call reproducible. None: random.

    Raises:
        ValueError: If an option is out of range; NaN and infinity are.
    """

    base: Seconds = 1.0
    step: Seconds = 1.0
    max_delay: Seconds = 60.0
    jitter: Jitter | None = None
    seed: int | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what would wait for ever, or not at all, by accident."""
        seconds("base", self.base)
        seconds("step", self.step)
        seconds("max_delay", self.max_delay)
        _check_spread(self.jitter, self.seed)


@final
@attrs.frozen
class Constant:
    """Wait the same time before every retry.

    Args:
        delay: Seconds.
        jitter: As for `Exponential`, but "none" unless asked for.
        seed: Makes the sequence of each call reproducible. None: random.

    Raises:
        ValueError: If an option is out of range; NaN and infinity are.
    """

    delay: Seconds
    jitter: Jitter = attrs.field(default="none", kw_only=True)
    seed: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what would wait for ever by accident."""
        seconds("delay", self.delay)
        _check_spread(self.jitter, self.seed)


Rule: TypeAlias = Exponential | Linear | Constant
"""A backoff whose arithmetic is the core's."""

RULES: Final = (Exponential, Linear, Constant)

Backoff: TypeAlias = Rule | Sequence[Seconds] | Callable[[Attempt], Seconds]
"""A rule; the delays themselves, the last of which repeats; or a function."""


def check_backoff(option: str, backoff: object) -> None:
    """Refuse what is no backoff.

    Raises:
        TypeError: With what to choose from.
        ValueError: If it is an empty sequence, or one with a delay out of range.
    """
    if isinstance(backoff, RULES):
        return
    if isinstance(backoff, Sequence) and not isinstance(backoff, str | bytes):
        _check_delays(option, cast("Sequence[object]", backoff))
    elif callable(backoff) and not isinstance(backoff, type):
        check_function(option, backoff, takes="attempt")
    else:
        raise TypeError(_no_backoff(option, backoff))


def frozen(backoff: Backoff) -> Backoff:
    """Make a tuple of a list, so that nobody changes it later."""
    if isinstance(backoff, list):
        return tuple(cast("list[Seconds]", backoff))
    return backoff


def _check_delays(option: str, delays: Sequence[object]) -> None:
    if not delays:
        raise ValueError(
            f"{option} must hold at least one delay, not {delays!r}: write "
            f"{option}=[0.1, 1.0, 5.0]"
        )
    for i, delay in enumerate(delays):
        seconds(f"{option}[{i}]", delay)


def _no_backoff(option: str, backoff: object) -> str:
    if isinstance(backoff, Iterator):
        return (
            f"{option} must not be an iterator such as {backoff!r}, which all calls "
            f"would share: write {option}=list(...), or a function of the attempt"
        )
    return (
        f"{option} must be Exponential(...), Linear(...), Constant(delay), a list of "
        f"delays or a function of the attempt, not {backoff!r}"
    )


def delay_after(attempt: Attempt, backoff: Backoff) -> float:
    """Ask a *backoff* that is no `Rule` how long to wait after *attempt*."""
    if callable(backoff):
        return seconds("backoff", backoff(attempt))
    assert not isinstance(backoff, RULES)  # noqa: S101 -- see above
    return seconds("backoff", backoff[min(attempt.number, len(backoff)) - 1])


@functools.lru_cache(maxsize=256)
def delays_of(backoff: Rule) -> Delays:
    """Build the core's half of *backoff*, once for equal ones."""
    jitter = "full" if backoff.jitter is None else backoff.jitter
    if isinstance(backoff, Constant):
        return Delays.constant(nanos(backoff.delay), jitter, backoff.seed)
    base, longest = nanos(backoff.base), nanos(backoff.max_delay)
    if isinstance(backoff, Linear):
        step = nanos(backoff.step)
        return Delays.linear(base, step, longest, jitter, backoff.seed)
    return Delays.exponential(base, backoff.factor, longest, jitter, backoff.seed)


def spread_over(duration: float) -> float:
    """Draw a delay between zero and *duration* seconds."""
    return Delays.constant(nanos(duration), "full", None).delay(1, None)


def nanos(duration: Seconds) -> int:
    """Turn a valid duration into the core's unit; centuries saturate there."""
    return round(min(seconds("duration", duration), _LONGEST) * 1e9)


def _check_factor(factor: object) -> None:
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        raise TypeError(f"factor must be a number, not {factor!r}: write factor=2.0")
    if not (factor >= 1 and math.isfinite(factor)):
        raise ValueError(
            f"factor must be a finite number of at least 1, not {factor!r}; for equal "
            f"delays use Constant(delay)"
        )


def _check_spread(jitter: object, seed: object) -> None:
    if isinstance(jitter, str | bool):
        if jitter not in _JITTERS:
            raise ValueError(
                f"jitter must be one of {', '.join(_JITTERS)} or a share such as 0.5, "
                f"not {jitter!r}"
            )
    elif isinstance(jitter, int | float):
        if not 0 <= jitter <= 1:
            raise ValueError(f"jitter as a share must be 0 to 1, not {jitter!r}")
    elif jitter is not None:
        raise TypeError(f"jitter must be a name or a share, not {jitter!r}")
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be a whole number or None, not {seed!r}")
    if not 0 <= seed < _SEEDS:
        raise ValueError(f"seed must be 0 to 2**64 - 1, not {seed!r}")
