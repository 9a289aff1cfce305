"""What options accept, and what is said about what they do not."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import math
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import trio

from seawall._types import Category, CircuitState, TransportType
from seawall._validate import check_on, hint, seconds, whole


def always(error: Exception) -> bool:
    """A predicate."""
    return True


class Predicate:
    """An object that is a predicate."""

    def __call__(self, error: Exception) -> bool:
        return True


class Later:
    """An object that would have to be awaited."""

    async def __call__(self, error: Exception) -> bool:
        return True


async def later(error: Exception) -> bool:
    """A coroutine function."""
    return True


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2, 2.0), (0.25, 0.25), (timedelta(minutes=1), 60.0), (0, 0.0)],
)
def test_a_duration_is_seconds_or_a_timedelta(value: object, expected: float) -> None:
    """Inside of the library a duration is always a float."""
    number = seconds("base", value)

    assert number == expected
    assert type(number) is float


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "base must be a finite number of seconds, not nan"),
        (-1, "base must be at least 0 seconds, not -1"),
        (timedelta(seconds=-1), "base must be at least 0 seconds, not datetime"),
        (math.inf, "base must be a finite number of seconds, not inf"),
        (-math.inf, "base must be at least 0 seconds, not -inf"),
        (10**400, "base must be a finite number of seconds, not one beyond 1e308"),
    ],
)
def test_a_duration_that_makes_no_sense_is_refused(value: object, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises(ValueError, match=message):
        seconds("base", value)


@pytest.mark.parametrize(
    ("value", "example"),
    [
        ("30", "30.0"),
        (Fraction(1, 2), "0.5"),
        *[(value, "5.0") for value in ("5s", "0", "-1", "nan", "inf", "9" * 400)],
        *[(value, "5.0") for value in (None, True, False, 3j, [1])],
    ],
    ids=lambda value: repr(value)[:12],
)
def test_what_is_no_duration_is_refused_with_the_right_code(
    value: object, example: str
) -> None:
    """True is an int to Python, and no duration. A number that was meant is shown."""
    with pytest.raises(TypeError) as caught:
        seconds("base", value)

    assert str(caught.value) == (
        f"base must be a number of seconds or a timedelta, not {value!r}: "
        f"write base={example}"
    )


def test_the_limits_of_a_duration_are_the_options() -> None:
    """Exclusive where zero is meaningless, infinite where it means never."""
    assert seconds("timeout", math.inf, finite=False) == math.inf
    assert seconds("lease", 5, minimum=5, maximum=5) == 5
    with pytest.raises(ValueError, match="timeout must be greater than 0 seconds"):
        seconds("timeout", 0, exclusive=True)
    with pytest.raises(ValueError, match="lease must be at most 60 seconds, not 61"):
        seconds("lease", 61, maximum=60)


@pytest.mark.parametrize(
    ("maximum", "bound"),
    [(86_400, r"a day \(86400 s\)"), (31_536_000, r"a year \(31536000 s\)")],
    ids=["day", "year"],
)
def test_a_long_limit_is_told_in_words(maximum: float, bound: str) -> None:
    """Who reads 3.1536e+07 counts digits."""
    with pytest.raises(
        ValueError, match=f"lease must be at most {bound}, not 40000000.0"
    ):
        seconds("lease", 4e7, maximum=maximum)


def test_a_whole_number_is_an_integer_between_its_limits() -> None:
    """Both limits are included."""
    assert whole("max_probes", 1, 1, 31) == 1
    assert whole("max_probes", 31, 1, 31) == 31
    assert whole("max_attempts", 10**30, 1) == 10**30


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "max_probes must be at least 1, not 0"),
        (32, "max_probes must be at most 31, not 32"),
    ],
)
def test_a_whole_number_outside_its_limits_is_refused(value: int, message: str) -> None:
    """The message shows the limit that was missed."""
    with pytest.raises(ValueError, match=message):
        whole("max_probes", value, 1, 31)


@pytest.mark.parametrize(
    ("value", "example"),
    [(7.0, 7), ("7", 7)]
    + [(value, 3) for value in (2.5, "x", "0", 32.0, True, None, math.nan, math.inf)],
    ids=repr,
)
def test_what_is_no_integer_is_refused(value: object, example: int) -> None:
    """7.0 is a measurement; a number of probes is counted."""
    with pytest.raises(TypeError) as caught:
        whole("max_probes", value, 1, 31)

    assert str(caught.value) == (
        f"max_probes must be a whole number, not {value!r}: write max_probes={example}"
    )


@pytest.mark.parametrize(
    "on",
    [
        OSError,
        Exception,
        ExceptionGroup,
        Category.TIMEOUT,
        (OSError, Category.CONNECTION),
        (OSError,),
        always,
        lambda error: error.args,
        functools.partial(always),
        Predicate(),
        concurrent.futures.CancelledError,
    ],
)
def test_on_takes_types_categories_and_predicates(on: object) -> None:
    """Everything that `matches` knows how to ask."""
    check_on("on", on)


def test_on_takes_a_builtin_at_its_word() -> None:
    """Some do not tell their parameters."""
    check_on("on", max)


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (BaseException, "on=BaseException would also catch cancellation and exit"),
        (asyncio.CancelledError, "on=CancelledError is no failure and always passes"),
        (trio.Cancelled, "on=Cancelled is no failure and always passes"),
        (KeyboardInterrupt, "on=KeyboardInterrupt is no failure"),
        (BaseExceptionGroup, "on=BaseExceptionGroup is no failure"),
        ((OSError, asyncio.CancelledError), "on=CancelledError is no failure"),
        (int, "on=int is no exception type: write on=ConnectionError"),
        ("timeout", "on='timeout' is a string: write on=Category.TIMEOUT"),
        ("Conflict", "on='Conflict' is a string: write on=Category.CONFLICT"),
        ("OSError", "on='OSError' is a string: write on=Category.TIMEOUT"),
        (None, "on=None is no exception type, category or predicate"),
        ([OSError], r"on got a list: write a tuple, on=\(ConnectionError, ...\)"),
        (lambda: True, "which does not take one argument, the error"),
        (3, "on=3 is no exception type, category or predicate: write"),
        ((OSError, (ValueError,)), "is no exception type, category or predicate"),
        (ValueError("x"), r"on got an exception object, .*: write on=ValueError"),
        (later, "on got a coroutine function, .*it is never awaited"),
        (Later(), "on got a coroutine function"),
        (functools.partial(later), "on got a coroutine function"),
    ],
)
def test_on_refuses_what_could_never_be_meant(on: object, message: str) -> None:
    """A cancellation is no failure, and a coroutine is always true."""
    with pytest.raises(TypeError, match=message):
        check_on("on", on)


def test_on_refuses_an_empty_tuple() -> None:
    """A policy that acts on nothing is a mistake."""
    with pytest.raises(ValueError, match=r"on=\(\) matches nothing"):
        check_on("on", ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (0, 0.0),
        (2.5, 2.5),
        (-1, None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        ("30", 30.0),
        ("soon", None),
        (None, None),
        (10**400, None),
    ],
)
def test_a_hint_from_outside_is_used_or_ignored(
    value: Any, expected: float | None
) -> None:
    """A server's nonsense is no reason to raise."""
    assert hint(value) == expected


def test_categories_and_transports_are_text() -> None:
    """They go into logs and JSON as they are."""
    assert f"{Category.RATE_LIMITED}" == "rate_limited"
    assert f"{TransportType.DATABASE}" == "db"
    assert CircuitState("half_open") is CircuitState.HALF_OPEN
