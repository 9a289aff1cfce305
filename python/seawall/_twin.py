"""An error that can be raised beside another one.

Several callers may wait for one call. If it fails, each must get an error that he can
catch as what it is. One object for all would collect everybody's traceback, and notes
and causes that were added by somebody else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, cast

from ._errors import InfraError


def twin_of(error: Exception) -> Exception:
    """Make an error of the same type that says the same as *error*.

    No constructor runs, for those of other people want arguments that nobody kept. An
    error that cannot be made that way is told in an `InfraError`.
    """
    twin = _blank(error)
    if twin is None:
        return InfraError(
            f"another call, which this one waited for, failed with "
            f"{type(error).__qualname__}, its cause"
        )
    # Past a __setattr__ of its own, which in a frozen class refuses everything.
    object.__setattr__(twin, "args", error.args)
    for member in _members(type(error)):
        with contextlib.suppress(Exception):  # not set, or not to be set
            _copy(member, error, twin)
    state: dict[str, Any] = dict(vars(error))
    if "__notes__" in state:
        state["__notes__"] = list(state["__notes__"])
    vars(twin).update(state)
    return twin


def _blank(error: Exception) -> Exception | None:
    """Allocate one, through the nearest of its types that is written in C."""
    kind = type(error)
    for base in kind.__mro__:
        new = vars(base).get("__new__")
        if isinstance(new, BuiltinFunctionType):
            # A base of another layout refuses, and so does one that checks arguments.
            with contextlib.suppress(Exception):
                return cast("Exception", new(kind, *error.args))
    return None


def _members(kind: type) -> Iterator[MemberDescriptorType | GetSetDescriptorType]:
    """List what is not kept in the ``__dict__``: slots, and such as ``errno``."""
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if not name.startswith("__") and isinstance(
                member, MemberDescriptorType | GetSetDescriptorType
            ):
                yield member


def _copy(
    member: MemberDescriptorType | GetSetDescriptorType,
    error: Exception,
    twin: Exception,
) -> None:
    value = member.__get__(error)
    if value is not None:  # an OSError tells no file name from a file name None
        member.__set__(twin, value)
