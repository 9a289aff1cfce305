"""What the rows of the table, and this library's own errors, say of an error.

A row is looked up by ``module.qualname`` and becomes a function that is asked about an
error. Which rows are asked, and in which order, is `Classifier`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias, cast, final

import attrs

from ._classification import AWS, GRPC, HEADERS, HTTP, KAFKA, MONGO, SQLSTATE, TYPES
from ._errors import (
    CircuitOpenError,
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraError,
    InfraRateLimitedError,
    InfraTimeoutError,
    InfraUnavailableError,
)
from ._hints import retry_after
from ._rules import Always, Inner, attribute, finder
from ._types import Category
from ._validate import hint, seconds

Retrying: TypeAlias = Literal["yes", "no", "if_idempotent", "after_hint", "refresh"]
Verdict: TypeAlias = Literal["failure", "answered", "ignored"]
Executed: TypeAlias = Literal["yes", "no", "maybe"]

# What a category says about retrying, the breaker and the request, unless a row of
# the table knows better.
_DEFAULTS: Final[Mapping[Category, tuple[Retrying, Verdict, Executed]]] = {
    Category.CONNECTION: ("if_idempotent", "failure", "maybe"),
    Category.TIMEOUT: ("if_idempotent", "failure", "maybe"),
    Category.UNAVAILABLE: ("yes", "failure", "no"),
    Category.RATE_LIMITED: ("after_hint", "ignored", "no"),
    Category.AUTHENTICATION: ("refresh", "answered", "no"),
    Category.PROTOCOL: ("if_idempotent", "failure", "maybe"),
    Category.CONFLICT: ("no", "ignored", "no"),
    Category.REJECTED: ("no", "answered", "yes"),
    Category.LOCAL_SATURATION: ("yes", "ignored", "no"),
    Category.MISUSE: ("no", "ignored", "no"),
    Category.OTHER: ("no", "failure", "maybe"),
}


def _category(value: object) -> Category:
    if isinstance(value, Category):
        return value
    known = value in set(Category) if isinstance(value, str) else False
    example = str(value).upper() if known else "TIMEOUT"
    raise TypeError(
        f"category must be a Category, not {value!r}: write Category.{example}"
    )


def _among(*known: str) -> Callable[[Any, attrs.Attribute[Any], object], None]:
    def check(_: object, option: attrs.Attribute[Any], value: object) -> None:
        if value not in known:
            words = ", ".join(map(repr, known))
            raise ValueError(f"{option.name} must be one of {words}, not {value!r}")

    return check


def _default(index: int) -> Any:
    def of_category(self: Classification) -> str:
        return _DEFAULTS[self.category][index]

    return attrs.Factory(of_category, takes_self=True)


def _seconds(value: object) -> float | None:
    return None if value is None else seconds("retry_after", value)


@final
@attrs.frozen
class Classification:
    """What one error means.

    ::

        Classification(Category.CONFLICT, retry="yes")  # the rest as usual for it

    Args:
        category: The kind of failure.
        retry: Whether calling again is right: "yes", "no", "if_idempotent",
            "after_hint" (once the dependency's delay is over), "refresh" (with a new
            credential). The default is the category's, as it is for the next two.
        breaker: What a circuit breaker counts: "failure", "answered" (the dependency
            lives, and said no) or "ignored".
        executed: Whether the request was: "yes", "no" or "maybe".
        retry_after: Seconds before which the dependency does not want to be called
            again. None: it did not say.

    Raises:
        TypeError: If *category* is no `Category`.
        ValueError: If another argument is none of its words.
    """

    category: Category = attrs.field(converter=_category)
    retry: Retrying = attrs.field(
        default=_default(0),
        validator=_among("yes", "no", "if_idempotent", "after_hint", "refresh"),
    )
    breaker: Verdict = attrs.field(
        default=_default(1), validator=_among("failure", "answered", "ignored")
    )
    executed: Executed = attrs.field(
        default=_default(2), validator=_among("yes", "no", "maybe")
    )
    retry_after: float | None = attrs.field(default=None, converter=_seconds)


Finder: TypeAlias = (
    Always[Classification] | Callable[[BaseException], Classification | Inner | None]
)
Hint: TypeAlias = Callable[[BaseException, Classification], float | None]

OTHER: Final = Classification(Category.OTHER)


# ---------------------------------------------------------------- the table


def _meaning(words: str) -> Classification:
    if not words:
        return OTHER  # another table answers instead
    category, retry, breaker, executed = words.split()
    return Classification(
        Category(category),
        cast("Retrying", retry),
        cast("Verdict", breaker),
        cast("Executed", executed),
    )


_TABLES: Final = {
    name: {key: _meaning(words) for key, words in table.items()}
    for name, table in {
        "aws": AWS,
        "grpc": GRPC,
        "http": HTTP,
        "kafka": KAFKA,
        "mongo": MONGO,
        "sqlstate": SQLSTATE,
    }.items()
}


def rows_of(name: str) -> Iterator[Finder]:
    """Yield what the rows of the type *name* ask, in their order."""
    for rule, words in TYPES.get(name, ()):
        yield finder(rule, _meaning(words), _TABLES)


# ---------------------------------------------------------------- this library's own


def always(found: Classification) -> Always[Classification]:
    """Return what finds *found* for every error."""
    return Always(found)


def _of_refresh(exc: BaseException) -> Classification:
    return _REFUSED if attribute(exc, "permanent") is True else _POSTPONED


_REFUSED: Final = Classification(Category.AUTHENTICATION, "no", "ignored")
_POSTPONED: Final = Classification(Category.UNAVAILABLE, breaker="ignored")

OWN: Final[Mapping[type[BaseException], Finder]] = {
    # Whoever raises this one says that calling again is right.
    InfraConnectionError: always(Classification(Category.CONNECTION, "yes")),
    InfraTimeoutError: always(Classification(Category.TIMEOUT)),
    InfraUnavailableError: always(Classification(Category.UNAVAILABLE)),
    InfraRateLimitedError: always(Classification(Category.RATE_LIMITED)),
    InfraAuthenticationError: always(Classification(Category.AUTHENTICATION)),
    InfraError: always(OTHER),
    CircuitOpenError: always(Classification(Category.UNAVAILABLE, "no", "ignored")),
    CredentialRefreshError: _of_refresh,
}


# ---------------------------------------------------------------- hints


def _own_hint(exc: BaseException, _: Classification) -> float | None:
    # A subclass may make of it what it likes.
    with suppress(Exception):
        return hint(attribute(exc, "retry_after"))
    return None


def _hint_in(path: str) -> Hint:
    def read(exc: BaseException, found: Classification) -> float | None:
        limited = found.category is Category.RATE_LIMITED
        return retry_after(attribute(exc, path), limited=limited)

    return read


def with_hint(
    found: Classification, exc: BaseException, read: Hint | None
) -> Classification:
    """Return *found* with what *read* finds of when to come back, if anything."""
    if read is None or found.retry_after is not None:
        return found
    wait = read(exc, found)
    return found if wait is None else attrs.evolve(found, retry_after=wait)


def hint_of(kind: type[BaseException], names: Sequence[str]) -> Hint | None:
    """Return what reads a hint from errors of *kind*, if they can have one."""
    if issubclass(kind, InfraError):
        return _own_hint
    return next((_hint_in(HEADERS[name]) for name in names if name in HEADERS), None)
