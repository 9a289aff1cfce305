"""Errors that are raised beside another one."""

from __future__ import annotations

from typing import Self

import attrs
import pytest

from seawall import (
    AttemptRecord,
    CircuitOpenError,
    CircuitState,
    InfraConnectionError,
    InfraError,
    attempts_of,
)
from seawall._errors import remember_attempts
from seawall._twin import twin_of


class Wanting(Exception):
    """Its constructor wants what it does not keep in args."""

    def __init__(self, *, response: str) -> None:
        super().__init__(f"status of {response}")
        self.response = response


class Slotted(Exception):
    """Keeps what it knows in a slot."""

    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Built(Exception):
    """Is made by a __new__ that wants something, too."""

    def __new__(cls, *, code: int) -> Self:
        made = super().__new__(cls)
        made.code = code
        return made

    def __init__(self, *, code: int) -> None:
        super().__init__()

    code: int


class Mixed(ValueError, OSError):
    """Two kinds of builtin at once."""


@attrs.frozen
class Frozen(Exception):
    """Refuses every change."""

    code: int


ERRORS = {
    "plain": ValueError("no", 7),
    "without arguments": KeyError(),
    "errno": ConnectionRefusedError(111, "refused"),
    "errno and file": FileNotFoundError(2, "missing", "a.txt"),
    "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    "stop": StopIteration(7),
    "import": ImportError("no", name="x", path="y"),
    "group": ExceptionGroup("both", [ValueError(1), TimeoutError()]),
    "our own": InfraConnectionError("lost", retry_after=3.0, host="db"),
    "circuit open": CircuitOpenError(
        breaker="db", state=CircuitState.OPEN, retry_after=1.0, opened_by="X"
    ),
    "keyword only": Wanting(response="503"),
    "slots": Slotted(7),
    "made by __new__": Built(code=7),
    "two builtins": Mixed(5, "io"),
    "frozen": Frozen(7),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_a_twin_says_the_same_and_is_another(error: Exception) -> None:
    """Whoever caught it by its type, and asked it, goes on doing that."""
    twin = twin_of(error)

    assert twin is not error
    assert type(twin) is type(error)
    assert (str(twin), repr(twin), twin.args) == (str(error), repr(error), error.args)
    for name in ("errno", "filename", "response", "code", "retry_after", "exceptions"):
        assert getattr(twin, name, None) == getattr(error, name, None)
    assert (twin.__traceback__, twin.__cause__, twin.__context__) == (None, None, None)


def test_notes_and_history_come_along() -> None:
    """And what is added to one is not added to the other."""
    error = InfraConnectionError("lost")
    error.add_note("a note")
    remember_attempts(error, [AttemptRecord(1, None, None, None, 0.0)])

    twin = twin_of(error)
    twin.add_note("mine")

    assert error.__notes__ == ["a note"]
    assert twin.__notes__ == ["a note", "mine"]
    assert attempts_of(twin) == attempts_of(error)


def test_what_cannot_be_made_again_is_told_of() -> None:
    """A group that has lost its parts, say."""
    error = ExceptionGroup("both", [ValueError()])
    error.args = ()

    twin = twin_of(error)

    assert type(twin) is InfraError
    assert "failed with ExceptionGroup, its cause" in str(twin)
