"""The error tree: what every error carries, shows, and survives."""

from __future__ import annotations

import copy
import math
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from seawall import _errors
from seawall._correlation import correlation_scope
from seawall._errors import (
    AttemptRecord,
    CircuitOpenError,
    CredentialRefreshError,
    ErrorContext,
    FallbackExhaustedError,
    FallbackSkip,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraError,
    InfraRateLimitedError,
    InfraTimeoutError,
    InfraUnavailableError,
    SeawallError,
    SeawallWarning,
    attempts_of,
    remember_attempts,
)
from seawall._types import Category, CircuitState, TransportType

ID = UUID("0b0e9dc1-2f5c-4b6f-8f0a-6a8e3b9d1c11")
CONTEXT = ErrorContext(TransportType.DATABASE, "connect", "postgresql-primary", ID)
KINDS = [
    InfraError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    InfraRateLimitedError,
    InfraAuthenticationError,
    CredentialRefreshError,
]


def rejection(**changes: Any) -> CircuitOpenError:
    """A rejection of an open circuit."""
    options: dict[str, Any] = {
        "breaker": "orders-db",
        "state": CircuitState.OPEN,
        "retry_after": 12.34,
        "opened_by": "ConnectionRefusedError",
    }
    return CircuitOpenError(**{**options, **changes})


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (InfraConnectionError, ConnectionError),
        (InfraTimeoutError, TimeoutError),
        (CircuitOpenError, InfraUnavailableError),
        (CredentialRefreshError, InfraAuthenticationError),
        (FallbackExhaustedError, SeawallError),
        (FallbackSkip, SeawallError),
        (InfraError, SeawallError),
        (SeawallWarning, UserWarning),
    ],
)
def test_errors_are_what_callers_already_catch(
    kind: type[Exception], base: type[Exception]
) -> None:
    """Code that catches the builtin keeps working."""
    assert issubclass(kind, base)


def test_a_refused_credential_is_no_error_of_files() -> None:
    """A PermissionError is an OSError, and is caught around file work."""
    assert not issubclass(InfraAuthenticationError, OSError)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_says_what_where_and_for_whom(kind: type[InfraError]) -> None:
    """The form in which the mission's programs raise them."""
    error = kind("Database connection failed", context=CONTEXT)

    assert str(error) == (
        "Database connection failed [transport_type=db operation=connect "
        f"target_name=postgresql-primary correlation_id={ID}]"
    )
    assert repr(error) == f"{kind.__name__}({str(error)!r})"
    assert error.message == "Database connection failed"
    assert error.args == ("Database connection failed",)
    assert error.context is CONTEXT
    assert error.correlation_id is ID
    assert error.retry_after is None
    assert error.details == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_may_say_nothing(kind: type[InfraError]) -> None:
    """Every argument has a default."""
    error = kind()

    assert str(error) == error.message == ""
    assert error.args == ()
    assert error.context == ErrorContext()


def test_an_error_has_no_errno_and_takes_none_from_its_arguments() -> None:
    """An OSError reads two arguments as errno and text."""
    error = InfraConnectionError("reset", CONTEXT)

    assert error.errno is None
    assert error.strerror is None
    assert error.args == ("reset",)


def test_details_are_shown_and_kept() -> None:
    """Whatever else is worth reading in a log."""
    error = InfraError("refused", status=503, retry_after=2, path="/users")

    assert str(error) == "refused [status=503 path=/users]"
    assert error.details == {"status": 503, "path": "/users"}
    assert error.retry_after == 2.0
    with pytest.raises(TypeError):
        error.details["status"] = 200  # type: ignore[index]


NO_HINTS = ("soon", "", "-1", "inf", "NaN", "1e3", "1_0", "\u0663", "9" * 5_000)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30.0), (" 1.5 ", 1.5), ("0", 0.0)]
)
def test_a_hint_may_be_the_text_of_a_header(text: str, seconds: float) -> None:
    """Who writes retry_after=headers.get("retry-after") means those seconds."""
    assert InfraRateLimitedError("x", retry_after=text).retry_after == seconds


@pytest.mark.parametrize(
    "value",
    [-1, math.nan, math.inf, True, *NO_HINTS],
    ids=lambda value: repr(value)[:20],
)
def test_a_hint_that_makes_no_sense_is_ignored(value: Any) -> None:
    """It comes from a server; the error must be raised all the same."""
    assert InfraUnavailableError("x", retry_after=value).retry_after is None


def test_a_context_of_another_type_is_refused_with_the_right_code() -> None:
    """Found where it was written, not where it is printed."""
    with pytest.raises(TypeError, match="context must be an ErrorContext, not dict"):
        InfraError("x", {"operation": "y"})  # type: ignore[arg-type]


def test_nothing_secret_is_kept_anywhere() -> None:
    """Not in the text, the arguments, the details, a pickle, or a traceback."""
    error = InfraConnectionError(
        "no answer from postgres://app:hunter2@db/orders",
        ErrorContext(
            target_name="redis://:hunter2@cache", operation="password=hunter2"
        ),
        password="hunter2",  # noqa: S106
        headers={"Authorization": "Bearer hunter2"},
    )

    shown = [str(error), repr(error), repr(error.args), repr(error.context)]
    shown += [repr(error.details), repr(vars(error)), repr(pickle.dumps(error))]
    shown += traceback.format_exception(error)
    assert not any("hunter2" in text for text in shown)
    assert error.message == "no answer from postgres://[redacted]@db/orders"


def test_a_message_of_another_type_is_shown_as_text() -> None:
    """Some pass the driver's error as the message."""
    assert str(InfraError(ValueError("x"))) == "ValueError('x')"  # type: ignore[arg-type]


def everything(error: InfraError) -> dict[str, Any]:
    """What an error says about itself."""
    return {
        "type": type(error),
        "str": str(error),
        "args": error.args,
        "vars": {key: value for key, value in vars(error).items() if key != "state"},
        "context": error.context,
        "retry_after": error.retry_after,
        "details": dict(error.details),
        "errno": getattr(error, "errno", None),
    }


class StrangeError(InfraTimeoutError):
    """A subclass with a constructor of its own."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} {second}", total=first + second)
        self.first = first


class SilentError(InfraConnectionError):
    """A subclass that never calls ours."""

    def __init__(self) -> None:
        self.own = 1


@pytest.mark.parametrize(
    "error",
    [
        *[kind("m", CONTEXT, retry_after=1.5, status=7) for kind in KINDS],
        CredentialRefreshError("m", CONTEXT, permanent=True),
        rejection(),
        StrangeError(1, 2),
        SilentError(),
    ],
    ids=lambda error: f"{type(error).__name__}-{getattr(error, 'permanent', '')}",
)
@pytest.mark.parametrize(
    "through",
    [
        copy.copy,
        copy.deepcopy,
        *[
            lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ],
    ],
    ids=["copy", "deepcopy", "p0", "p1", "p2", "p3", "p4", "p5"],
)
def test_an_error_survives_copying_and_pickling(
    error: InfraError, through: Any
) -> None:
    """With everything, whatever its constructor wants."""
    error.add_note("a note")
    if isinstance(error, OSError):
        error.errno = 111

    twin = through(error)

    assert twin is not error
    assert everything(twin) == everything(error)


def test_a_correlation_id_is_made_when_it_is_asked_for() -> None:
    """Once, and from then on the context has it too."""
    context = ErrorContext(operation="x")
    error = InfraError("m", context)

    assert error.context is context
    assert str(error) == "m [operation=x]"
    with ThreadPoolExecutor(4) as pool:
        asked = set(pool.map(lambda _: error.correlation_id, range(20)))
    assert asked == {error.correlation_id}
    assert error.context == ErrorContext(
        operation="x", correlation_id=error.correlation_id
    )
    assert str(error.correlation_id) in str(error)


@pytest.mark.parametrize("make", [InfraError, rejection, CredentialRefreshError])
def test_an_error_belongs_to_the_request_in_which_it_was_made(make: Any) -> None:
    """Asked for later, outside of the scope, it still knows."""
    with correlation_scope(ID):
        error = make()

    assert error.correlation_id == ID
    assert error.context.correlation_id == ID
    assert f"correlation_id={ID}" in str(error)


def test_a_context_with_an_id_has_the_last_word() -> None:
    """Whoever wrote it knows better than the scope."""
    with correlation_scope():
        assert InfraError("m", CONTEXT).correlation_id == ID


def test_no_id_is_made_for_an_error_that_nobody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Making one costs as much as thirty calls."""
    monkeypatch.setattr(_errors, "uuid4", None)

    assert str(InfraError("m")) == "m"
    assert str(rejection())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {},
            (
                "circuit 'orders-db' is OPEN, retry in 12.3 s, "
                "opened by ConnectionRefusedError"
            ),
        ),
        ({"retry_after": None, "opened_by": None}, "circuit 'orders-db' is OPEN"),
        (
            {
                "state": CircuitState.HALF_OPEN,
                "retry_after": None,
                "opened_by": "PoolError: redis://:hunter2@h",
            },
            (
                "circuit 'orders-db' is HALF_OPEN and all probes are out, "
                "opened by PoolError: redis://[redacted]@h"
            ),
        ),
        (
            {"state": CircuitState.ISOLATED, "retry_after": None, "opened_by": None},
            "circuit 'orders-db' is ISOLATED, held OPEN by an operator until released",
        ),
    ],
)
def test_a_rejection_says_which_circuit_and_until_when(
    changes: dict[str, Any], message: str
) -> None:
    """Programs of the mission look for the word OPEN in it."""
    error = rejection(**changes)

    assert str(error) == error.message == message
    assert repr(error) == f"CircuitOpenError({message!r})"
    assert "OPEN" in message


def test_a_rejection_can_be_questioned() -> None:
    """The figures are attributes, not text to be parsed."""
    error = rejection()

    assert error.breaker == "orders-db"
    assert error.state is CircuitState.OPEN
    assert error.retry_after == 12.34
    assert error.opened_by == "ConnectionRefusedError"
    assert error.context == ErrorContext()


def test_a_rejection_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is formatted, cleaned or made before somebody reads it."""
    for name in ("redact", "redact_text", "uuid4", "hint"):
        monkeypatch.setattr(_errors, name, None)
    monkeypatch.setattr(InfraError, "__init__", None)

    assert vars(rejection()).keys() == {"breaker", "state", "_retry_after", "opened_by"}


def test_a_refresh_may_have_failed_for_good() -> None:
    """A disabled account does not come back by asking again."""
    assert CredentialRefreshError("x", permanent=True).permanent
    assert not CredentialRefreshError("x").permanent


def test_an_empty_target_and_operation_are_left_out() -> None:
    """An empty word says nothing."""
    assert str(InfraError("m", ErrorContext(operation=""))) == "m"
    assert str(InfraError("", CONTEXT)).startswith("[transport_type=db")


RECORDS = (
    AttemptRecord(1, "builtins.OSError", Category.OTHER, 0.5, 0.1),
    AttemptRecord(2, None, None, None, 0.7),
)


@dataclass(frozen=True)
class FrozenError(Exception):
    """Takes neither attributes nor notes."""

    code: int


class HostileError(Exception):
    """Raises where it is asked for attributes."""

    def __getattribute__(self, name: str) -> Any:
        """Refuse."""
        if name == "_seawall_attempts":
            raise RuntimeError
        return super().__getattribute__(name)


def test_an_error_remembers_its_attempts() -> None:
    """Until it is given others, and through a pickle."""
    error = InfraError("m")
    assert attempts_of(error) == ()

    remember_attempts(error, iter(RECORDS))
    assert attempts_of(error) == RECORDS
    assert attempts_of(pickle.loads(pickle.dumps(error))) == RECORDS

    remember_attempts(error, RECORDS[:1])
    assert attempts_of(error) == RECORDS[:1]


@pytest.mark.parametrize("kind", [FrozenError, HostileError])
def test_an_error_that_takes_no_attributes_is_left_alone(kind: Any) -> None:
    """The history is lost, the error is not."""
    error = kind(1)
    remember_attempts(error, RECORDS)
    assert attempts_of(error) == ()


def test_a_strangers_attribute_is_no_history() -> None:
    """Only a tuple of ours is."""
    error = ValueError()
    error._seawall_attempts = 7  # type: ignore[attr-defined]

    assert attempts_of(error) == ()
