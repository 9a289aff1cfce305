"""What an error means: for retrying, for circuits, and for the request itself.

Rule 1: no driver is ever imported. Types are known by ``module.qualname``, looked up
along the MRO, so a subclass means what its base means.
Rule 2: the user's rules first, then this library's own errors, then the table; in
each, the first hit along the MRO wins.
Rule 3: looking at an error never raises, whatever its attributes do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard, cast, final
from weakref import ref

import attrs

from ._meaning import (
    OTHER,
    OWN,
    Classification,
    Executed,
    Finder,
    Hint,
    Retrying,
    Verdict,
    always,
    hint_of,
    rows_of,
    with_hint,
)
from ._rules import Always, Inner, names_of
from ._types import Category, Kind, On

Classify: TypeAlias = Callable[[Exception], Classification]
"""How a policy asks what an error means; a `Classifier` is one."""

# Cancellation, exit, and groups that hold one: no failure of anybody's.
_PASSING: Final = Classification(Category.OTHER, breaker="ignored")


# ---------------------------------------------------------------- groups


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors of *group* that are no groups, in their order."""
    # A stack, because a group may be nested deeper than Python recurses. Each group
    # once: fifty that hold the next one twice have more leaves than there is time.
    waiting: list[Iterator[BaseException]] = [iter((group,))]
    seen: set[int] = set()
    while waiting:
        for exc in waiting[-1]:
            if not _is_group(exc):
                yield exc
            elif id(exc) not in seen:
                seen.add(id(exc))
                waiting.append(iter(members(exc)))
                break
        else:
            waiting.pop()


def _is_group(exc: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    # Not by isinstance, which asks the error for its class.
    return issubclass(type(exc), BaseExceptionGroup)


def members(
    group: BaseExceptionGroup[BaseException],
) -> tuple[BaseException, ...]:
    """Tell what is in *group* as it was made, whatever a subclass says of it now."""
    exceptions = cast("Any", BaseExceptionGroup).exceptions
    return cast("tuple[BaseException, ...]", exceptions.__get__(group))


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
# An error in an error in an error is as far as any library goes.
_MAX_INNER = 4

Key: TypeAlias = type[Exception] | str


@attrs.frozen
class _Known:
    """What was looked up for a type."""

    kind: ref[type]
    finders: tuple[Finder, ...]
    hint: Hint | None
    always: Classification | None
    """The answer, where it is the same for every error of that type."""


def _same_for_all(finders: Sequence[Finder]) -> Classification | None:
    if not finders:
        return OTHER
    if isinstance(finders[0], Always):
        return cast("Always[Classification]", finders[0]).found
    return None


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
        # By the type's id, and weakly: classes made in a function must be able to go.
        # A `WeakKeyDictionary` would do, and take five times as long.
        self._known: dict[int, _Known] = {}

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
        kind = type(exc)
        known = self._known.get(id(kind))
        if known and known.always and known.kind() is kind:
            return known.always
        if _is_group(exc):
            return self._group(exc)
        return self._one(exc) if issubclass(kind, Exception) else _PASSING

    def _group(self, group: BaseExceptionGroup[BaseException]) -> Classification:
        found: list[Classification] = []
        # A million errors of one type mean what one of them means.
        same: set[int] = set()
        for leaf in leaves(group):
            kind = type(leaf)
            if id(kind) in same:
                continue
            if not issubclass(kind, Exception):
                return _PASSING
            found.append(self._one(leaf))
            known = self._known.get(id(kind))
            if known and known.always:
                same.add(id(kind))
        return _combined(found)

    def _one(self, exc: BaseException) -> Classification:
        try:
            return self._found(exc, _MAX_INNER) or OTHER
        except Exception:  # noqa: BLE001 -- rule 3; even its type may raise
            return OTHER

    def _found(self, exc: BaseException, inner: int) -> Classification | None:
        known = self._look_up(type(exc))
        for find in known.finders:
            found = find(exc)
            if isinstance(found, Inner):
                found = self._found(found.error, inner - 1) if inner else None
            if found is not None:
                return with_hint(found, exc, known.hint)
        return None

    def _look_up(self, kind: type[BaseException]) -> _Known:
        key, memory = id(kind), self._known
        known = memory.get(key)
        if known is None or known.kind() is not kind:
            if len(memory) >= _MAX_TYPES:
                memory.clear()
            gone = ref(kind, lambda _: memory.pop(key, None) and None)
            known = memory[key] = self._search(kind, gone)
        return known

    def _search(self, kind: type[BaseException], gone: ref[type]) -> _Known:
        names = names_of(kind)
        finders, hinted = self._finders(kind, names), hint_of(kind, names)
        always = None if hinted else _same_for_all(finders)
        return _Known(gone, finders, hinted, always)

    def _finders(
        self, kind: type[BaseException], names: Sequence[str]
    ) -> tuple[Finder, ...]:
        for base, name in zip(kind.__mro__, names, strict=True):
            found = self._rules.get(base) or self._rules.get(name)
            if found is not None:
                return (always(found),)
        for base in kind.__mro__:
            if base in OWN:
                return (OWN[base],)
        return tuple(find for name in names for find in rows_of(name))

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
    if not issubclass(type(exc), Exception):
        return False
    kinds = _kinds(on)
    if _is_group(exc):
        return any(_names_group(kind, exc) for kind in kinds or ()) or all(
            matches(on, leaf, classify) for leaf in leaves(exc)
        )
    error = cast("Exception", exc)
    if kinds is None:
        return bool(cast("Callable[[Exception], bool]", on)(error))
    return any(_is_kind(kind, error, classify) for kind in kinds)


def _kinds(on: On) -> tuple[Kind, ...] | None:
    """Return the kinds that *on* names, or None for a predicate."""
    if isinstance(on, type | Category):
        return (on,)
    return None if callable(on) else on


def _is_kind(kind: Kind, exc: Exception, classify: Classify) -> bool:
    if isinstance(kind, Category):
        return classify(exc).category is kind
    return issubclass(type(exc), kind)


def _names_group(kind: Kind, group: BaseExceptionGroup[BaseException]) -> bool:
    if isinstance(kind, Category) or not issubclass(kind, BaseExceptionGroup):
        return False
    return issubclass(type(group), cast("type[Exception]", kind))
