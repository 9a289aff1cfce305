"""What an error means: for retrying, for circuits, and for the request itself.

Rule 1: no driver is ever imported. Types are known by ``module.qualname``, looked up
along the MRO, so a subclass means what its base means.
Rule 2: the user's rules first, then this library's own errors, then the table; in
each, the first hit along the MRO wins.
Rule 3: looking at an error never raises, whatever its attributes do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast, final
from weakref import WeakKeyDictionary

import attrs

from ._classification import HTTP, SQLSTATE, TYPES
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
from ._rules import attribute, finder, names_of
from ._types import Category, Kind, On
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


Classify: TypeAlias = Callable[[Exception], Classification]
"""How a policy asks what an error means; a `Classifier` is one."""
Finder: TypeAlias = Callable[[BaseException], Classification | None]

_OTHER: Final = Classification(Category.OTHER)
# Cancellation, exit, and groups that hold one: no failure of anybody's.
_PASSING: Final = Classification(Category.OTHER, breaker="ignored")


# ---------------------------------------------------------------- the table


def _meaning(words: str) -> Classification:
    if not words:
        return _OTHER  # another table answers instead
    category, retry, breaker, executed = words.split()
    return Classification(
        Category(category),
        cast("Retrying", retry),
        cast("Verdict", breaker),
        cast("Executed", executed),
    )


_TABLES: Final = {
    "http": {status: _meaning(words) for status, words in HTTP.items()},
    "sqlstate": {code: _meaning(words) for code, words in SQLSTATE.items()},
}


def _rows(name: str) -> Iterator[Finder]:
    for rule, words in TYPES.get(name, ()):
        yield finder(rule, _meaning(words), _TABLES)


# ---------------------------------------------------------------- this library's own


def _always(found: Classification) -> Finder:
    return lambda _: found


def _of_refresh(exc: BaseException) -> Classification:
    return _REFUSED if attribute(exc, "permanent") is True else _POSTPONED


_REFUSED: Final = Classification(Category.AUTHENTICATION, "no", "ignored")
_POSTPONED: Final = Classification(Category.UNAVAILABLE, breaker="ignored")

_OWN: Final[Mapping[type[BaseException], Finder]] = {
    # Whoever raises this one says that calling again is right.
    InfraConnectionError: _always(Classification(Category.CONNECTION, "yes")),
    InfraTimeoutError: _always(Classification(Category.TIMEOUT)),
    InfraUnavailableError: _always(Classification(Category.UNAVAILABLE)),
    InfraRateLimitedError: _always(Classification(Category.RATE_LIMITED)),
    InfraAuthenticationError: _always(Classification(Category.AUTHENTICATION)),
    InfraError: _always(_OTHER),
    CircuitOpenError: _always(Classification(Category.UNAVAILABLE, "no", "ignored")),
    CredentialRefreshError: _of_refresh,
}


def _with_hint(found: Classification, exc: BaseException) -> Classification:
    if found.retry_after is not None or not isinstance(exc, InfraError):
        return found
    wait = hint(attribute(exc, "retry_after"))
    return found if wait is None else attrs.evolve(found, retry_after=wait)


# ---------------------------------------------------------------- groups


# The interpreter's own: a class may make anything of the names, and raise.
members: Final[Callable[[BaseException], tuple[BaseException, ...]]] = vars(
    BaseExceptionGroup
)["exceptions"].__get__


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors of *group* that are no groups, in their order."""
    # A stack, because a group may be nested deeper than Python recurses.
    waiting: list[BaseException] = [group]
    while waiting:
        exc = waiting.pop()
        if isinstance(exc, BaseExceptionGroup):
            waiting.extend(reversed(members(cast("BaseException", exc))))
        else:
            yield exc


_BREAKER: Final[Sequence[Verdict]] = ("answered", "ignored", "failure")
_RETRY: Final[Sequence[Retrying]] = ("yes", "after_hint", "if_idempotent", "refresh")
_EXECUTED: Final[Sequence[Executed]] = ("no", "maybe", "yes")


def _combined(found: Sequence[Classification]) -> Classification:
    """Say what several errors at once mean; the worst leaf gives the category."""
    worst = max(found, key=lambda each: _BREAKER.index(each.breaker))
    waits = [each.retry_after for each in found if each.retry_after is not None]
    return Classification(
        worst.category,
        _retry_of_all({each.retry for each in found}),
        worst.breaker,
        _EXECUTED[max(_EXECUTED.index(each.executed) for each in found)],
        max(waits, default=None),
    )


def _retry_of_all(advice: set[Retrying]) -> Retrying:
    # A new credential helps only if all of them were about the credential.
    if "no" in advice or ("refresh" in advice and len(advice) > 1):
        return "no"
    return _RETRY[max(map(_RETRY.index, advice))]


# ---------------------------------------------------------------- the classifier

_MAX_TYPES = 1_024

Key: TypeAlias = type[Exception] | str


@final
class Classifier:
    """Say what an error means; `extend` teaches it your own.

    ::

        classify = Classifier().extend(
            {
                OutOfStock: Classification(Category.REJECTED),
                "shop.errors.Busy": Classification(Category.LOCAL_SATURATION),
            }
        )
        classify(OutOfStock()).retry  # "no"

    A type stands for its subclasses too. A name is the type's ``module.qualname``, for
    libraries that should not be imported here.
    """

    __slots__ = ("_known", "_rules")

    def __init__(self) -> None:
        self._rules: Mapping[Key, Classification] = {}
        # By type, and weakly: classes made in a function must be able to go.
        self._known: WeakKeyDictionary[type, tuple[Finder, ...]] = WeakKeyDictionary()

    def extend(self, rules: Mapping[Key, Classification], /) -> Classifier:
        """Return a new classifier that knows *rules* too, and asks them first.

        Raises:
            TypeError: If a key is no `Exception` type or name, or a value no
                `Classification`.
            ValueError: If a name has no module.
        """
        for key, found in rules.items():
            _check_rule(key, found)
        return _classifier({**self._rules, **rules})

    def __call__(self, exc: BaseException, /) -> Classification:
        """Classify *exc*; a group is what its worst leaf is."""
        if isinstance(exc, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", exc)
            each = list(leaves(group))
            if not all(isinstance(leaf, Exception) for leaf in each):
                return _PASSING
            return _combined([self._one(leaf) for leaf in each])
        return self._one(exc) if isinstance(exc, Exception) else _PASSING

    def _one(self, exc: BaseException) -> Classification:
        for find in self._finders(type(exc)):
            found = find(exc)
            if found is not None:
                return _with_hint(found, exc)
        return _OTHER

    def _finders(self, kind: type[BaseException]) -> tuple[Finder, ...]:
        finders = self._known.get(kind)
        if finders is None:
            finders = self._search(kind)
            if len(self._known) >= _MAX_TYPES:
                self._known.clear()
            self._known[kind] = finders
        return finders

    def _search(self, kind: type[BaseException]) -> tuple[Finder, ...]:
        names = names_of(kind)
        for base, name in zip(kind.__mro__, names, strict=True):
            found = self._rules.get(base) or self._rules.get(name)
            if found is not None:
                return (_always(found),)
        for base in kind.__mro__:
            if base in _OWN:
                return (_OWN[base],)
        return tuple(find for name in names for find in _rows(name))

    def __eq__(self, other: object) -> bool:
        """Two classifiers are equal that were taught the same."""
        return isinstance(other, Classifier) and self._rules == other._rules

    def __hash__(self) -> int:
        """Hash the rules."""
        return hash(frozenset(self._rules.items()))

    def __repr__(self) -> str:
        """Show the rules."""
        return f"Classifier().extend({dict(self._rules)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the rules; what was looked up is found again."""
        return _classifier, (dict(self._rules),)


def _classifier(rules: Mapping[Key, Classification]) -> Classifier:
    classifier = Classifier()
    classifier._rules = rules  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return classifier


def _check_rule(key: object, found: object) -> None:
    if isinstance(key, str):
        if "." not in key:
            raise ValueError(
                f"{key!r} names no module: write 'builtins.{key}' or the type itself"
            )
    elif not (isinstance(key, type) and issubclass(key, Exception)):
        raise TypeError(
            f"a rule is for an Exception type or its name, not for {key!r}: "
            f"write {{ConnectionError: Classification(...)}}"
        )
    if not isinstance(found, Classification):
        raise TypeError(
            f"a rule gives a Classification, not {found!r}: "
            f"write Classification(Category.TIMEOUT)"
        )


classify: Final = Classifier()
"""What a policy asks unless it is given another classifier."""


# ---------------------------------------------------------------- `on`


def matches(on: On, exc: BaseException, classify: Classify = classify) -> bool:
    """Say whether *exc* is one of the failures that *on* means.

    A group matches if all of its errors do, or if *on* names the group's own type.
    What is no `Exception` never matches. What a predicate raises passes through.
    """
    if not isinstance(exc, Exception):
        return False
    kinds = _kinds(on)
    if isinstance(exc, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", exc)
        return any(_names_group(kind, group) for kind in kinds or ()) or all(
            matches(on, leaf, classify) for leaf in leaves(group)
        )
    if kinds is None:
        return bool(cast("Callable[[Exception], bool]", on)(exc))
    return any(_is_kind(kind, exc, classify) for kind in kinds)


def _kinds(on: On) -> tuple[Kind, ...] | None:
    """Return the kinds that *on* names, or None for a predicate."""
    if isinstance(on, type | Category):
        return (on,)
    return None if callable(on) else on


def _is_kind(kind: Kind, exc: Exception, classify: Classify) -> bool:
    if isinstance(kind, Category):
        return classify(exc).category is kind
    return isinstance(exc, kind)


def _names_group(kind: Kind, group: BaseExceptionGroup[BaseException]) -> bool:
    if isinstance(kind, Category) or not issubclass(kind, BaseExceptionGroup):
        return False
    return isinstance(group, cast("type[Exception]", kind))
