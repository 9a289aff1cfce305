"""Errors made to do harm: whatever they are, they are looked at, and in time.

An error is looked at while it is being handled, so a look that raises or does not come
back replaces it by a worse one.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import urllib3

from seawall import Category, Classifier, InfraUnavailableError, classify, redact
from seawall._classify import leaves, matches
from seawall._rules import finder, text_of

# A million of anything takes its time where every line is counted.
pytestmark = pytest.mark.timeout(300)

LARGE = 10_000_000


class SilentError(OSError):
    """Raises when it is asked what it says."""

    def __str__(self) -> str:
        """Refuse."""
        raise ZeroDivisionError

    __repr__ = __str__


class ClasslessError(OSError):
    """Raises when it is asked what it is, as `isinstance` does."""

    @property
    def __class__(self) -> Any:
        """Refuse."""
        raise ZeroDivisionError


class ClosedError(OSError):
    """Raises when it is asked anything at all."""

    def __getattribute__(self, name: str) -> Any:
        """Refuse."""
        raise ZeroDivisionError


class OddNumber(int):
    """A number that raises where it is looked up."""

    def __hash__(self) -> int:
        """Refuse."""
        raise ZeroDivisionError

    def __eq__(self, other: object) -> bool:
        """Refuse."""
        raise ZeroDivisionError

    def __format__(self, spec: str) -> str:
        """Refuse."""
        raise ZeroDivisionError


class OddText(str):
    """A text that raises where it is looked up or looked at."""

    __slots__ = ()

    def __hash__(self) -> int:
        """Refuse."""
        raise ZeroDivisionError

    def __eq__(self, other: object) -> bool:
        """Refuse."""
        raise ZeroDivisionError

    def startswith(self, *_: Any) -> bool:
        """Refuse."""
        raise ZeroDivisionError


class OddWordsError(OSError):
    """What it says is such a text."""

    def __str__(self) -> str:
        """Say it."""
        return OddText("x")


class OddType(type):
    """A type of types that raises where a type is looked up."""

    def __hash__(cls) -> int:
        """Refuse."""
        raise ZeroDivisionError

    def __eq__(cls, other: object) -> bool:
        """Refuse."""
        raise ZeroDivisionError


class NamelessType(type):
    """A type of types without a name."""

    def __getattribute__(cls, name: str) -> Any:
        """Refuse."""
        if name in {"__module__", "__qualname__"}:
            raise ZeroDivisionError
        return super().__getattribute__(name)


OddTypeError = OddType("OddTypeError", (OSError,), {})
NamelessError = NamelessType("NamelessError", (OSError,), {})
UnnamedError = type("UnnamedError", (OSError,), {"__module__": 7})


def ring() -> Exception:
    """Two errors, each of which caused the other."""
    first, second = ConnectionError("a"), httpx.ConnectError("b")
    first.__cause__, second.__cause__ = second, first
    return second


def itself() -> Exception:
    """An error that caused itself, and is its own reason."""
    error = urllib3.exceptions.MaxRetryError(None, "/")  # type: ignore[arg-type]
    error.__cause__ = error.__context__ = error
    error.reason = error
    return error


def each_other() -> Exception:
    """Two errors, each the other's reason."""
    first, second = itself(), itself()
    first.reason, second.reason = second, first  # type: ignore[attr-defined]
    return first


def long_chain(size: int) -> Exception:
    """An error at the end of as many causes."""
    error: Exception = httpx.ConnectError("x")
    for _ in range(size):
        cause, error = error, httpx.ConnectError("x")
        error.__cause__ = cause
    return error


def deep_group(depth: int) -> Exception:
    """A group in a group in a group."""
    error: Exception = ConnectionRefusedError()
    for _ in range(depth):
        error = ExceptionGroup("x", [error])
    return error


def wide_group(size: int) -> Exception:
    """A group of many."""
    return ExceptionGroup("x", [ConnectionRefusedError()] * size)


def doubled_group(depth: int) -> Exception:
    """Groups that hold the next one twice: 2**depth leaves, of which one is real."""
    error: Exception = ConnectionRefusedError()
    for _ in range(depth):
        error = ExceptionGroup("x", [error, error])
    return error


def forged_group() -> Exception:
    """A group that says something else of its members than it was made of."""

    class ForgedGroup(ExceptionGroup[Exception]):
        @property
        def exceptions(self) -> Any:  # type: ignore[override]
            """Refuse."""
            raise ZeroDivisionError

    return ForgedGroup("x", [ConnectionRefusedError()])


def numbered(value: object) -> Exception:
    """An error with that number."""
    error = OSError("x")
    error.errno = value  # type: ignore[assignment]
    return error


def answered(value: object) -> Exception:
    """An answer of HTTP with that status."""
    error = httpx.HTTPStatusError("x", request=None, response=None)  # type: ignore[arg-type]
    error.response = SimpleNamespace(status_code=value, headers=None)  # type: ignore[assignment]
    return error


def nested_arguments() -> Exception:
    """An error made with a list that holds the next one twice."""
    value: list[Any] = [1]
    for _ in range(60):
        value = [value, value]
    return ValueError(value)


HOSTILE: dict[str, tuple[Callable[[], BaseException], Category]] = {
    "ten megabytes": (lambda: ConnectionError("x" * LARGE), Category.CONNECTION),
    "ten megabytes of OSError": (lambda: OSError("x" * LARGE), Category.OTHER),
    "its text raises": (SilentError, Category.OTHER),
    "its text is odd": (OddWordsError, Category.OTHER),
    "its class raises": (ClasslessError, Category.OTHER),
    "everything raises": (ClosedError, Category.OTHER),
    "its type cannot be hashed": (lambda: OddTypeError(), Category.OTHER),
    "its type has no name": (lambda: NamelessError(), Category.OTHER),
    "its module is a number": (UnnamedError, Category.OTHER),
    "a ring of causes": (ring, Category.CONNECTION),
    "its own cause": (itself, Category.CONNECTION),
    "each other's reason": (each_other, Category.CONNECTION),
    "a long chain": (lambda: long_chain(50_000), Category.CONNECTION),
    "a deep group": (lambda: deep_group(10_000), Category.CONNECTION),
    "a million leaves": (lambda: wide_group(1_000_000), Category.CONNECTION),
    "fifty doubled groups": (lambda: doubled_group(50), Category.CONNECTION),
    "a forged group": (forged_group, Category.CONNECTION),
    "an odd number": (lambda: numbered(OddNumber(111)), Category.CONNECTION),
    "a number that is a list": (lambda: numbered([111]), Category.OTHER),
    "a status beyond all": (lambda: answered(10**5_000), Category.REJECTED),
    "an odd status": (lambda: answered(OddNumber(503)), Category.UNAVAILABLE),
    "a status that is text": (lambda: answered("503 x"), Category.UNAVAILABLE),
    "a status below zero": (lambda: answered(-503), Category.REJECTED),
    "nested arguments": (nested_arguments, Category.OTHER),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_error_is_classified(what: str) -> None:
    """As what it can still be recognised as, and never by an exception."""
    make, expected = HOSTILE[what]

    assert classify(make()).category is expected


def test_rules_of_the_users_look_no_closer() -> None:
    """They know an error by its type alone."""
    taught = Classifier().extend({OSError: classify(TimeoutError())})

    for make in (SilentError, ClasslessError, ClosedError, OddWordsError):
        assert taught(make()).category is Category.TIMEOUT


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_error_can_be_redacted(what: str) -> None:
    """Into something short that can be printed."""
    shown = redact(HOSTILE[what][0]())

    assert len(repr(shown)) < 20_000
    assert len(repr(redact({"error": HOSTILE[what][0]()}))) < 20_000


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_error_can_be_asked_for(what: str) -> None:
    """By `on=`, as by an `except`."""
    make, expected = HOSTILE[what]
    if what == "a million leaves":
        # Each is asked, so this takes as long as it has leaves.
        make = lambda: wide_group(10_000)  # noqa: E731

    assert matches(Exception, make())
    assert not matches(KeyError, make())
    assert matches(expected, make())


@pytest.mark.parametrize(
    "value",
    [10**400, float("nan"), float("inf"), -1, -0.5, "1e9", "", None, True, b"5", [5]],
    ids=lambda value: f"{type(value).__name__}-{value!s:.8}",
)
def test_a_hint_that_is_none_is_ignored(value: object) -> None:
    """What a subclass makes of `retry_after` is its own affair."""

    class OddError(InfraUnavailableError):
        @property
        def retry_after(self) -> Any:
            return value

    found = classify(OddError("x"))

    assert found.category is Category.UNAVAILABLE
    assert found.retry_after is None


def test_a_hint_that_raises_is_ignored() -> None:
    """Where it is asked for, and where it is made a number."""

    class OddFloat(float):
        def __float__(self) -> float:
            raise ZeroDivisionError

    class OddError(InfraUnavailableError):
        @property
        def retry_after(self) -> Any:
            return OddFloat(5)

    assert classify(OddError("x")).category is Category.UNAVAILABLE
    assert classify(OddError("x")).retry_after is None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("errno:EPIPE", None),
        ("text:x", 1),
        ("begins:x y", 1),
        ("mongo:code", None),
        ("aws:x", 1),
        ("as:x", None),
    ],
)
def test_an_odd_value_is_taken_for_what_it_is(rule: str, expected: int | None) -> None:
    """As a text or a number and nothing more, whatever it does when it is used."""
    error: Any = OddWordsError()
    error.code = OddNumber(10**5_000)
    error.x = OddText("y")

    assert finder(rule, 1, {"mongo": {"x": 1}, "aws": {"y": 1}})(error) == expected


def test_of_a_long_text_only_the_beginning_is_looked_at() -> None:
    """So the time of a rule does not grow with it."""
    assert len(text_of(ValueError("x" * LARGE))) == 4_096
    assert text_of(SilentError()) == ""


def test_leaves_of_a_shared_group_come_once() -> None:
    """There is nothing more to learn from the second time."""
    group: Any = doubled_group(30)

    assert len(list(leaves(group))) == 2


# ---------------------------------------------------------------- how long it takes


def steps(work: Callable[[], object]) -> int:
    """Count the calls that *work* makes, of Python and of C alike."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    gc.disable()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


@pytest.mark.parametrize(
    ("make", "growth"),
    [
        (wide_group, 4.2),
        (deep_group, 4.2),
        (long_chain, 1.0),
        (doubled_group, 4.2),
        (lambda size: OSError("x" * size), 1.0),
    ],
    ids=["leaves", "groups", "causes", "doubled", "text"],
)
def test_the_time_grows_no_faster_than_the_error(
    make: Callable[[int], Exception], growth: float
) -> None:
    """Counted, not timed: four times the size takes at most four times the calls."""
    small, large = make(250), make(1_000)
    classify(small)

    once, again = (steps(lambda each=each: classify(each)) for each in (small, large))

    assert again <= once * growth + 10
    assert steps(lambda: redact(large)) <= steps(lambda: redact(small)) * 4.2 + 10


def test_errors_that_are_each_others_reason_are_asked_a_few_times() -> None:
    """And not as deep as Python recurses."""
    error = each_other()
    classify(error)

    assert steps(lambda: classify(error)) < 300
