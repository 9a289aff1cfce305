"""What an option accepts, and what it says when it does not.

Every refusal names the option, shows the value, and shows what to write instead.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, SupportsIndex, cast

from ._types import Category

# As headers have it: "1e3", "1_000" and "inf" are numbers to Python only.
_NUMBER: Final = re.compile(r"\d{1,18}(?:\.\d{0,18})?", re.ASCII)

_IN_WORDS: Final = {86_400.0: "a day (86400 s)", 31_536_000.0: "a year (31536000 s)"}


def seconds(
    option: str,
    value: object,
    *,
    minimum: float = 0.0,
    exclusive: bool = False,
    maximum: float | None = None,
    finite: bool = True,
) -> float:
    """Return *value*, a number of seconds or a `timedelta`, as float seconds.

    Args:
        option: What the user calls this value.
        value: Anything; what is no duration is refused.
        minimum: The least value accepted, in seconds.
        exclusive: Whether *minimum* itself is refused.
        maximum: The largest value accepted, in seconds. None: no limit.
        finite: Whether infinity is refused.

    Raises:
        TypeError: If *value* is neither a number nor a `timedelta`.
        ValueError: If it is NaN, infinite or outside the limits.
    """
    number = _as_seconds(option, value)
    if math.isnan(number):
        raise ValueError(f"{option} must be a finite number of seconds, not {value!r}")
    above = number > minimum if exclusive else number >= minimum
    if not above:
        bound = f"greater than {minimum:g}" if exclusive else f"at least {minimum:g}"
        raise ValueError(f"{option} must be {bound} seconds, not {value!r}")
    if finite and math.isinf(number):
        raise ValueError(f"{option} must be a finite number of seconds, not {value!r}")
    if maximum is not None and not number <= maximum:
        bound = _IN_WORDS.get(maximum, f"{maximum:g} seconds")
        raise ValueError(f"{option} must be at most {bound}, not {value!r}")
    return number


def duration_meant(value: object) -> float:
    """Tell the seconds to show whoever gave *value*, which is none."""
    number = _number_meant(value)
    return number if number is not None and 0 < number < math.inf else 5.0


def _number_meant(value: object) -> float | None:
    """Convert what is no number, if that is what it says; 30 of "30"."""
    if isinstance(value, bool):
        return None
    with suppress(Exception):
        return float(cast("str", value))
    return None


def _as_seconds(option: str, value: object) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"{option} must be a number of seconds or a timedelta, not {value!r}: "
            f"write {option}={duration_meant(value)!r}"
        )
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"{option} must be a finite number of seconds, not one beyond 1e308"
        ) from None


def whole(option: str, value: object, minimum: int, maximum: int | None = None) -> int:
    """Return *value* as an int between *minimum* and *maximum*, both included.

    Raises:
        TypeError: If *value* is no integer; 3.0 and True are none.
        ValueError: If it is outside the limits.
    """
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise TypeError(
            f"{option} must be a whole number, not {value!r}: "
            f"write {option}={_whole_meant(value, minimum, maximum)}"
        )
    number = operator.index(value)
    if number < minimum:
        raise ValueError(f"{option} must be at least {minimum}, not {number}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{option} must be at most {maximum}, not {number}")
    return number


def _whole_meant(value: object, minimum: int, maximum: int | None) -> int:
    number = _number_meant(value)
    if number is not None and number.is_integer():
        found = int(number)
        if minimum <= found and (maximum is None or found <= maximum):
            return found
    return max(minimum, 3)


def check_clock(option: str, clock: object) -> None:
    """Refuse what could not be asked for the time, before it has to be.

    Raises:
        TypeError: If *clock* lacks a method, or is a class.
    """
    methods = ("monotonic", "wall", "sleep")
    if not isinstance(clock, type) and all(
        callable(getattr(clock, method, None)) for method in methods
    ):
        return
    raise TypeError(
        f"{option} must have monotonic(), wall() and sleep(duration), and {clock!r} "
        f"has not: pass an object of yours, or leave it out for the machine's clocks"
    )


def check_on(option: str, on: object) -> None:
    """Refuse an *on* that could never match, or would match a cancellation.

    None is refused too: a policy replaces it by its default before it asks.

    Raises:
        TypeError: If *on* holds anything but `Exception` types and categories,
            and is no predicate.
        ValueError: If *on* is an empty tuple.
    """
    if isinstance(on, tuple):
        kinds = cast("tuple[object, ...]", on)
        if not kinds:
            raise ValueError(
                f"{option}=() matches nothing: name the failures, "
                f"such as {option}=(ConnectionError, TimeoutError)"
            )
        for kind in kinds:
            _check_kind(option, kind)
    elif callable(on) and not isinstance(on, type):
        check_function(option, on, takes="error")
    else:
        _check_kind(option, on)


def _check_kind(option: str, kind: object) -> None:
    if isinstance(kind, Category):
        return
    if not isinstance(kind, type):
        raise TypeError(_not_a_kind(option, kind))
    if issubclass(kind, Exception):
        return
    name = kind.__name__
    if kind is BaseException:
        reason = "would also catch cancellation and exit: write {}=Exception"
    elif issubclass(kind, BaseException):
        reason = "is no failure and always passes: write {}=ConnectionError"
    else:
        reason = "is no exception type: write {}=ConnectionError"
    raise TypeError(f"{option}={name} {reason.format(option)}")


def _not_a_kind(option: str, kind: object) -> str:
    if isinstance(kind, str):
        known = kind.lower() in set(Category)
        example = f"Category.{kind.upper()}" if known else "Category.TIMEOUT"
        return f"{option}={kind!r} is a string: write {option}={example}"
    if isinstance(kind, BaseException):
        name = type(kind).__name__
        return f"{option} got an exception object, {kind!r}: write {option}={name}"
    if isinstance(kind, list | set | frozenset):
        name = type(cast("object", kind)).__name__
        return f"{option} got a {name}: write a tuple, {option}=(ConnectionError, ...)"
    return (
        f"{option}={kind!r} is no exception type, category or predicate: "
        f"write {option}=(ConnectionError, Category.TIMEOUT)"
    )


def check_function(
    option: str, function: object, *, takes: str, awaited: bool = False
) -> None:
    """Refuse what cannot be called with one argument, which is called *takes*.

    Raises:
        TypeError: If *function* takes another number of arguments, is no function, or
            a coroutine function, unless it is *awaited*.
    """
    example = f"write {option}=lambda {takes}: ..."
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"{option} must be a function, not {function!r}: {example}")
    if not awaited and is_coroutine_function(function):
        # The coroutine it returns is true, so a predicate would always match.
        raise TypeError(
            f"{option} got a coroutine function, {function!r}: it is never awaited, "
            f"{example}"
        )
    if not _takes_one(function):
        raise TypeError(
            f"{option} got {function!r}, which does not take one argument, the "
            f"{takes}: {example}"
        )


def is_coroutine_function(function: object) -> bool:
    """Tell whether what *function* returns would have to be awaited."""
    inside: Any = inspect.unwrap(cast("Any", function))
    while isinstance(inside, functools.partial):
        inside = inside.func
    call = getattr(inside, "__call__", inside)  # noqa: B004 -- its kind matters
    return inspect.iscoroutinefunction(inside) or inspect.iscoroutinefunction(call)


def check_flag(option: str, value: object) -> None:
    """Refuse what is merely true or false.

    Raises:
        TypeError: If *value* is no bool.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{option} must be True or False, not {value!r}")


def _takes_one(function: Any) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin that does not say
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def hint(value: object) -> float | None:
    """Return a server's *value* for "not before" in seconds, or None if useless.

    A hint comes from the outside, so nonsense is ignored instead of refused. It may be
    the text of a header, if that is a plain number.
    """
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if 0.0 <= number < math.inf else None


def check_classify(option: str, classify: object) -> None:
    """Refuse what could not classify an error.

    Raises:
        TypeError: With a classifier to write instead.
    """
    if not callable(classify) or isinstance(classify, type):
        raise TypeError(
            f"{option} must be a Classifier or a function of the error, not "
            f"{classify!r}: write {option}=Classifier().extend({{...}})"
        )
    check_function(option, classify, takes="error")
