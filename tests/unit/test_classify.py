"""What an error means, whichever library raised it."""

from __future__ import annotations

import asyncio
import errno
import gc
import importlib
import importlib.util
import pickle
import socket
import ssl
import subprocess
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import anyio
import pytest
import trio

from meanings import TABLES, free_port, said
from seawall import _classify
from seawall._classification import HTTP, SQLSTATE, TYPES
from seawall._classify import Classification, Classifier, classify, leaves, matches
from seawall._errors import (
    CircuitOpenError,
    CredentialRefreshError,
    FallbackExhaustedError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraError,
    InfraRateLimitedError,
    InfraTimeoutError,
    InfraUnavailableError,
)
from seawall._rules import finder
from seawall._types import Category, CircuitState, On

ROOT = Path(__file__).parent.parent.parent
REJECTION = CircuitOpenError(breaker="b", state=CircuitState.OPEN, retry_after=7.0)


# ------------------------------------------------------------------ a classification


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        (Category.CONNECTION, ("if_idempotent", "failure", "maybe")),
        (Category.TIMEOUT, ("if_idempotent", "failure", "maybe")),
        (Category.UNAVAILABLE, ("yes", "failure", "no")),
        (Category.RATE_LIMITED, ("after_hint", "ignored", "no")),
        (Category.AUTHENTICATION, ("refresh", "answered", "no")),
        (Category.PROTOCOL, ("if_idempotent", "failure", "maybe")),
        (Category.CONFLICT, ("no", "ignored", "no")),
        (Category.REJECTED, ("no", "answered", "yes")),
        (Category.LOCAL_SATURATION, ("yes", "ignored", "no")),
        (Category.MISUSE, ("no", "ignored", "no")),
        (Category.OTHER, ("no", "failure", "maybe")),
    ],
)
def test_a_category_says_what_is_usual_for_it(
    category: Category, expected: tuple[str, str, str]
) -> None:
    """So that a rule of the user's is one word."""
    found = Classification(category)

    assert (found.retry, found.breaker, found.executed) == expected
    assert found.retry_after is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("timeout",), TypeError, "not 'timeout': write Category.TIMEOUT"),
        (("conflict",), TypeError, "not 'conflict': write Category.CONFLICT"),
        ((7,), TypeError, "category must be a Category, not 7: write Category.TIMEOUT"),
        ((Category.OTHER, "maybe"), ValueError, "retry must be one of 'yes', 'no', "),
        ((Category.OTHER, "no", "no"), ValueError, "breaker must be one of 'failure',"),
        (
            (Category.OTHER, "no", "ignored", None),
            ValueError,
            "executed must be one of 'yes', 'no', 'maybe', not None",
        ),
        (
            (Category.OTHER, "no", "ignored", "no", -1),
            ValueError,
            "retry_after must be at least 0 seconds, not -1",
        ),
    ],
)
def test_a_classification_refuses_what_no_policy_knows(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    """A misspelt word would silently mean nothing."""
    with pytest.raises(error, match=message):
        Classification(*arguments)


# ------------------------------------------------------------------ our own errors


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InfraConnectionError("x"), "connection yes failure maybe"),
        (InfraTimeoutError("x"), "timeout if_idempotent failure maybe"),
        (InfraUnavailableError("x"), "unavailable yes failure no"),
        (InfraRateLimitedError("x"), "rate_limited after_hint ignored no"),
        (InfraAuthenticationError("x"), "authentication refresh answered no"),
        (InfraError("x"), "other no failure maybe"),
        (REJECTION, "unavailable no ignored no"),
        (CredentialRefreshError("x"), "unavailable yes ignored no"),
        (
            CredentialRefreshError("x", permanent=True),
            "authentication no ignored no",
        ),
        (FallbackExhaustedError(), "other no failure maybe"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_our_own_errors_mean_what_their_names_say(
    error: Exception, expected: str
) -> None:
    """The mission retries its InfraConnectionError; a rejection is never a failure."""
    assert said(error) == expected


def test_our_own_errors_carry_the_servers_hint() -> None:
    """As a number; what a subclass makes of it is checked."""

    class OddError(InfraError):
        @property
        def retry_after(self) -> float | None:
            return -1.0

    assert classify(InfraUnavailableError("x", retry_after=3)).retry_after == 3.0
    assert classify(REJECTION).retry_after == 7.0
    assert classify(OddError("x")).retry_after is None


def test_a_subclass_means_what_its_base_means() -> None:
    """Also where it is an error of a table too."""

    class LateError(InfraUnavailableError, TimeoutError):
        pass

    assert said(LateError("x")) == "unavailable yes failure no"


# ------------------------------------------------------------------ the builtins


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), "connection yes failure no"),
        (ConnectionResetError(), "connection if_idempotent failure maybe"),
        (BrokenPipeError(), "connection if_idempotent failure maybe"),
        (TimeoutError(), "timeout if_idempotent failure maybe"),
        (OSError(errno.EHOSTUNREACH, "x"), "connection yes failure no"),
        (OSError(errno.ENETDOWN, "x"), "connection yes failure no"),
        (OSError(errno.ENOTCONN, "x"), "connection if_idempotent failure maybe"),
        (OSError(errno.EMFILE, "x"), "local_saturation yes ignored no"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "local_saturation yes ignored no"),
        (FileNotFoundError(errno.ENOENT, "x"), "other no failure maybe"),
        (PermissionError(), "other no failure maybe"),
        (OSError("Multiple exceptions: a, b"), "connection yes failure no"),
        (OSError("all attempts to connect to h failed"), "connection yes failure no"),
        (OSError("All connection attempts failed"), "connection yes failure no"),
        (OSError("anything"), "other no failure maybe"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "connection yes failure no"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "connection no failure no"),
        (ssl.SSLCertVerificationError(1, "x"), "authentication no ignored no"),
        (ssl.SSLEOFError(8, "x"), "connection if_idempotent failure maybe"),
        (
            ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] unknown ca"),
            "authentication no ignored no",
        ),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x"), "protocol no failure no"),
        (asyncio.QueueFull(), "local_saturation yes ignored no"),
        (trio.TooSlowError(), "timeout if_idempotent failure maybe"),
        (trio.ClosedResourceError(), "misuse no ignored no"),
        (anyio.WouldBlock(), "local_saturation yes ignored no"),
        (anyio.BrokenResourceError(), "connection if_idempotent failure maybe"),
        (anyio.ConnectionFailed(), "connection yes failure no"),
        (ValueError(), "other no failure maybe"),
    ],
    ids=repr,
)
def test_the_errors_of_python_and_of_both_backends_are_known(
    error: Exception, expected: str
) -> None:
    """An OSError is looked at by its number, and no file is a connection."""
    assert said(error) == expected


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        GeneratorExit(),
        BaseExceptionGroup("x", [ConnectionRefusedError(), asyncio.CancelledError()]),
    ],
    ids=repr,
)
def test_what_is_no_exception_is_nobodys_failure(error: BaseException) -> None:
    """Nor is a group that holds it, however bad the rest is."""
    assert said(error) == "other no ignored maybe"


# ------------------------------------------------------------------ the table


def found_by(name: str) -> object:
    """What ``module.qualname`` names; skips where the library is not installed."""
    # Of these, only the compiled half knows its own name.
    name = name.replace("cimpl.", "confluent_kafka.cimpl.")
    library = name.partition(".")[0]
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed: `make classification` looks at it")
    parts = name.split(".")
    for size in range(len(parts) - 1, 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for part in parts[size:]:
            value = getattr(value, part)
        return value
    raise AssertionError(name)


def libraries() -> dict[str, list[str]]:
    """The names that the table knows, types and causes, by their first part."""
    named: dict[str, list[str]] = {}
    for name, rows in TYPES.items():
        causes = [
            rule.partition(":")[2] for rule, _ in rows if rule[:2] in {"ca", "co"}
        ]
        for each in (name, *causes):
            named.setdefault(each.partition(".")[0], []).append(each)
    return named


@pytest.mark.parametrize("library", libraries())
def test_every_name_of_the_table_is_a_type_of_that_name(library: str) -> None:
    """A library that renames its errors must not fall through unseen."""
    for name in libraries()[library]:
        kind = found_by(name)

        assert isinstance(kind, type), name
        assert f"{kind.__module__}.{kind.__qualname__}" == name
        assert issubclass(kind, Exception) or name.endswith(".PostgresLogMessage")


def exceptions_of(module: ModuleType, package: str) -> Iterator[Any]:
    """What *module* exports of *package*'s own exceptions."""
    for value in vars(module).values():
        if not isinstance(value, type) or not issubclass(value, Exception):
            continue
        if value.__module__.split(".")[0] == package:
            yield value


MODULES = [
    "aiohttp",
    "aiokafka.errors",
    "asyncpg",
    "asyncpg.exceptions",
    "confluent_kafka.error",
    "consul",
    "grpc",
    "httpcore",
    "httpx",
    "hvac.exceptions",
    "psycopg",
    "psycopg.errors",
    "psycopg_pool",
    "redis",
    "redis.exceptions",
    "requests.exceptions",
    "sqlalchemy.exc",
    "sqlalchemy.orm.exc",
    "trio",
    "urllib3.exceptions",
    "valkey",
    "valkey.exceptions",
]


@pytest.mark.parametrize("name", MODULES)
def test_no_exception_of_a_driver_falls_through(name: str) -> None:
    """Every driver's base class has a row, so a new error has a meaning too."""
    module = pytest.importorskip(name)
    kinds = set(exceptions_of(module, name.partition(".")[0]))
    bases = (Exception, OSError, ValueError, RuntimeError)

    lost = {
        kind
        for kind in kinds
        if not any(
            f"{base.__module__}.{base.__qualname__}" in TYPES
            for base in kind.__mro__
            if base not in bases
        )
    }

    assert kinds
    assert lost == set()


def test_every_code_of_asyncpg_is_in_the_table() -> None:
    """222 of 256 once fell through, and five duplicate keys opened a circuit."""
    exceptions = pytest.importorskip("asyncpg.exceptions")
    errors: list[Any] = [
        kind
        for kind in exceptions_of(exceptions, "asyncpg")
        if issubclass(kind, exceptions.PostgresError) and kind.sqlstate
    ]
    assert len(errors) > 200

    lost = [
        kind.__name__
        for kind in errors
        if kind.sqlstate not in SQLSTATE and kind.sqlstate[:2] not in SQLSTATE
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UniqueViolationError", "rejected no answered yes"),
        ("PostgresSyntaxError", "rejected no answered yes"),
        ("InvalidPasswordError", "authentication refresh answered no"),
        ("InsufficientPrivilegeError", "authentication no answered no"),
        ("TooManyConnectionsError", "unavailable yes failure no"),
        ("CannotConnectNowError", "unavailable yes failure no"),
        ("AdminShutdownError", "unavailable if_idempotent failure maybe"),
        ("QueryCanceledError", "timeout if_idempotent failure no"),
        ("SerializationError", "conflict no ignored no"),
        ("DeadlockDetectedError", "conflict no ignored no"),
        ("LockNotAvailableError", "conflict no ignored no"),
        ("ConnectionDoesNotExistError", "connection if_idempotent failure maybe"),
        ("ClientCannotConnectError", "connection yes failure no"),
        ("ProtocolViolationError", "protocol if_idempotent failure maybe"),
        ("UnknownPostgresError", "other no failure maybe"),
        ("TargetServerAttributeNotMatched", "unavailable yes failure no"),
        ("InterfaceError", "misuse no ignored no"),
    ],
)
def test_asyncpg_is_read_by_its_codes(name: str, expected: str) -> None:
    """One row stands for all of the server's errors."""
    exceptions = pytest.importorskip("asyncpg.exceptions")

    assert said(getattr(exceptions, name)("x")) == expected


def test_a_held_connection_of_asyncpg_says_that_the_server_has_gone() -> None:
    """Provoked: killed while idle, the next statement raises this and no other."""
    asyncpg = pytest.importorskip("asyncpg")

    for text in (
        "connection is closed",
        "cannot perform operation: connection is closed",
    ):
        assert said(asyncpg.InterfaceError(text)) == "connection yes failure no"
    assert said(asyncpg.InterfaceError("pool is closed")) == "misuse no ignored no"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("AuthenticationError", "x", "authentication refresh answered no"),
        ("ConnectionError", "x", "connection if_idempotent failure maybe"),
        ("ConnectionError", "Too many connections", "local_saturation yes ignored no"),
        (
            "ConnectionError",
            "No connection available.",
            "local_saturation yes ignored no",
        ),
        (
            "ConnectionError",
            "max number of clients reached",
            "unavailable yes failure no",
        ),
        ("TimeoutError", "Timeout connecting to server", "timeout yes failure no"),
        ("TimeoutError", "Timeout reading", "timeout if_idempotent failure maybe"),
        ("ResponseError", "BUSY running a script", "unavailable yes failure no"),
        ("ResponseError", "BUSYGROUP exists", "rejected no answered yes"),
        ("ResponseError", "CLUSTERDOWN x", "unavailable yes failure no"),
        ("ResponseError", "WRONGTYPE x", "rejected no answered yes"),
        ("TryAgainError", "x", "conflict yes ignored no"),
        ("MasterDownError", "x", "unavailable yes failure no"),
        ("OutOfMemoryError", "x", "unavailable no failure no"),
        ("NoScriptError", "x", "rejected no answered yes"),
        ("LockNotOwnedError", "x", "conflict no answered no"),
        ("ValkeyError", "x", "misuse no ignored no"),
    ],
)
def test_valkey_is_read_by_class_and_by_text(
    name: str, text: str, expected: str
) -> None:
    """Its refused password is a ConnectionError, its full pool too."""
    exceptions = pytest.importorskip("valkey.exceptions")

    assert said(getattr(exceptions, name)(text)) == expected


def test_valkey_tells_a_refused_connection_by_its_cause() -> None:
    """Only a request that was never sent may be repeated in any case."""
    valkey = pytest.importorskip("valkey.exceptions")

    def raised_from(cause: Exception, *, hidden: bool = False) -> Exception:
        error: Exception = valkey.ConnectionError("x")
        error.__context__ = cause
        error.__suppress_context__ = hidden
        return error

    certificate = ssl.SSLCertVerificationError(1, "x")
    assert said(raised_from(ConnectionRefusedError())) == "connection yes failure no"
    assert said(raised_from(certificate)) == "authentication no ignored no"
    maybe = "connection if_idempotent failure maybe"
    assert said(raised_from(ConnectionResetError())) == maybe
    assert said(raised_from(ConnectionRefusedError(), hidden=True)) == maybe


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "rejected no answered yes"),
        (401, "authentication refresh answered no"),
        (403, "authentication refresh answered no"),
        (404, "rejected no answered yes"),
        (405, "unavailable if_idempotent failure maybe"),
        (429, "rate_limited after_hint ignored no"),
        (500, "unavailable if_idempotent failure maybe"),
        (501, "unavailable no failure no"),
        (502, "unavailable if_idempotent failure maybe"),
        (503, "unavailable yes failure no"),
    ],
)
def test_vault_is_read_by_the_class_of_its_status(status: int, expected: str) -> None:
    """A token that has expired is a 403 there."""
    exceptions = pytest.importorskip("hvac.exceptions")

    assert said(exceptions.VaultError.from_status(status, "x")) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "rejected no answered yes"),
        (429, "rate_limited after_hint ignored no"),
        (503, "unavailable yes failure no"),
        (599, "timeout if_idempotent failure maybe"),
        (555, "unavailable if_idempotent failure maybe"),
        (302, "other no failure maybe"),
        (None, "other no failure maybe"),
    ],
)
def test_an_answer_of_http_is_read_by_its_status(status: Any, expected: str) -> None:
    """An answer without a status falls back to the library's base class."""
    exceptions = pytest.importorskip("requests.exceptions")
    error = exceptions.HTTPError("x", response=SimpleNamespace(status_code=status))

    assert said(error) == expected
    assert said(exceptions.HTTPError("x")) == "other no failure maybe"


def test_kafka_is_read_by_class_and_by_flag() -> None:
    """An error that the table does not know says itself whether it passes."""
    errors = pytest.importorskip("aiokafka.errors")

    class NewError(errors.BrokerResponseError):  # type: ignore[misc, name-defined]
        retriable = True

    assert said(NewError()) == "unavailable if_idempotent failure maybe"
    assert said(errors.PolicyViolationError()) == "rejected no answered no"
    assert said(errors.KafkaError()) == "other no failure maybe"
    assert said(errors.Cancelled()) == "local_saturation no ignored no"
    for kind in vars(errors).values():
        if getattr(kind, "retriable", False) and kind is not errors.Cancelled:
            assert classify(kind()).retry != "no"


async def from_asyncpg(port: int) -> None:
    """Connect to PostgreSQL."""
    asyncpg = pytest.importorskip("asyncpg")
    await asyncpg.connect(host="localhost", port=port, user="x", database="x")


async def from_valkey(port: int) -> None:
    """Ask Valkey."""
    valkey = pytest.importorskip("valkey.asyncio")
    async with valkey.Valkey(host="localhost", port=port) as client:
        await client.ping()


async def from_vault(port: int) -> None:
    """Ask Vault, in a thread as it is a blocking client."""
    hvac = pytest.importorskip("hvac")
    client = hvac.Client(url=f"http://127.0.0.1:{port}")
    with closing(client.adapter):
        await anyio.to_thread.run_sync(client.sys.read_health_status)


@pytest.mark.real_time
@pytest.mark.parametrize("ask", [from_asyncpg, from_valkey, from_vault])
def test_a_port_that_refuses_is_retried_whichever_driver_asks(
    ask: Callable[[int], Awaitable[None]],
) -> None:
    """Provoked on a real socket: nothing was sent, so any request may be repeated."""

    async def provoke() -> Exception:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            await ask(free_port())
        return caught.value

    assert said(asyncio.run(provoke())) == "connection yes failure no"


# ------------------------------------------------------------------ groups


def test_a_group_is_what_its_worst_leaf_is() -> None:
    """Retried only if all allow it, and a failure if one is."""
    slow, refused = TimeoutError(), ConnectionRefusedError()
    denied, busy = InfraAuthenticationError("x"), asyncio.QueueFull()
    hinted = InfraRateLimitedError("x", retry_after=5)
    later = InfraRateLimitedError("x", retry_after=9)

    def group(*errors: Exception) -> Exception:
        return ExceptionGroup("x", [errors[0], ExceptionGroup("y", list(errors))])

    assert said(group(refused, slow)) == "connection if_idempotent failure maybe"
    assert said(group(busy, refused)) == "connection yes failure no"
    assert said(group(denied, busy)) == "local_saturation no ignored no"
    assert said(group(denied, denied)) == "authentication refresh answered no"
    assert said(group(ValueError(), refused)) == "other no failure maybe"
    assert said(group(hinted, busy)) == "rate_limited after_hint ignored no"
    assert classify(group(hinted, later, busy)).retry_after == 9.0


def test_a_group_may_be_nested_deeper_than_python_recurses() -> None:
    """Task groups nest as deep as the calls do."""
    error: Exception = ConnectionRefusedError()
    for _ in range(5_000):
        error = ExceptionGroup("x", [error])

    assert isinstance(error, ExceptionGroup)
    assert said(error) == "connection yes failure no"
    assert [type(leaf) for leaf in leaves(error)] == [ConnectionRefusedError]


# ------------------------------------------------------------------ the user's rules


class StockError(Exception):
    """The user's own."""


class ShelfError(StockError):
    """A kind of it."""


CONFLICT = Classification(Category.CONFLICT, retry="yes")
BUSY = Classification(Category.LOCAL_SATURATION)


def test_the_users_rules_come_first() -> None:
    """By type or by name, for subclasses too, over ours and over the table."""
    name = f"{StockError.__module__}.StockError"
    taught = Classifier().extend(
        {name: CONFLICT, InfraConnectionError: BUSY, "builtins.OSError": BUSY}
    )

    assert taught(ShelfError()) == CONFLICT
    assert taught(InfraConnectionError("x")) == BUSY
    assert taught(FileNotFoundError()) == BUSY
    assert taught(ExceptionGroup("x", [ShelfError()])) == CONFLICT
    assert said(ShelfError()) == "other no failure maybe"


def test_teaching_makes_a_new_classifier() -> None:
    """There is nothing global to be changed for others."""
    first = Classifier().extend({StockError: CONFLICT})
    second = first.extend({ShelfError: BUSY})
    third = second.extend({StockError: BUSY})

    assert first(ShelfError()) == CONFLICT
    assert second(ShelfError()) == BUSY
    assert second(StockError()) == CONFLICT
    assert third(StockError()) == BUSY


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ({BaseException: BUSY}, TypeError, "a rule is for an Exception type or its"),
        ({asyncio.CancelledError: BUSY}, TypeError, "a rule is for an Exception type"),
        ({7: BUSY}, TypeError, "not for 7: write"),
        ({StockError(): BUSY}, TypeError, "a rule is for an Exception type or its"),
        ({"OSError": BUSY}, ValueError, "'OSError' names no module: write 'builtins."),
        ({StockError: "busy"}, TypeError, "a rule gives a Classification, not 'busy'"),
    ],
)
def test_a_rule_that_could_never_hold_is_refused(
    rules: Any, error: type[Exception], message: str
) -> None:
    """When it is written, not when the first error comes."""
    with pytest.raises(error, match=message):
        Classifier().extend(rules)


def test_a_classifier_is_a_value() -> None:
    """It stands in frozen policies, which are compared, hashed and pickled."""
    rules: dict[type[Exception] | str, Classification] = {
        InfraError: CONFLICT,
        "a.B": BUSY,
    }
    taught = Classifier().extend(rules)

    twin = pickle.loads(pickle.dumps(taught))
    assert twin == taught == Classifier().extend(rules)
    assert hash(twin) == hash(taught)
    assert taught != Classifier()
    assert taught != rules
    assert twin(InfraError("x")) == CONFLICT
    assert repr(taught).startswith("Classifier().extend({<class")


def test_types_are_looked_up_once_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class made inside of a function must be able to go with it."""
    taught = Classifier()
    looked_up: list[str] = []
    rows = _classify.rows_of

    def counting(name: str) -> Any:
        looked_up.append(name)
        return rows(name)

    monkeypatch.setattr(_classify, "rows_of", counting)

    def once() -> weakref.ref[type]:
        kind = type("LocalError", (OSError,), {})
        taught(kind())
        count = len(looked_up)
        taught(kind())
        assert len(looked_up) == count
        return weakref.ref(kind)

    gone = once()
    gc.collect()
    assert gone() is None


def test_the_memory_of_types_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that makes classes without end keeps them itself, not here."""
    monkeypatch.setattr(_classify, "_MAX_TYPES", 8)
    taught = Classifier()
    kinds = [type(f"Error{number}", (OSError,), {}) for number in range(50)]

    for kind in kinds:
        assert taught(kind()).category is Category.OTHER
    assert len(taught._known) <= 8


# ------------------------------------------------------------------ hostile errors


class HostileError(Exception):
    """Raises whatever it is asked."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError

    def __getattribute__(self, name: str) -> Any:
        """Refuse."""
        raise ValueError


@pytest.mark.parametrize(
    "rule",
    [
        "errno:EPIPE",
        "text:x",
        "word:x",
        "flag:x",
        "cause:a.B",
        "context:a.B",
        "has:x",
        "begins:x y",
        "begins:x() y",
        "as:x",
        "sqlstate:x.y",
        "http:x[0]",
        "grpc:x()",
        "kafka:args[7].name()",
        "aws:x[a][b]",
        "mongo:x",
    ],
)
def test_looking_at_an_error_never_raises(rule: str) -> None:
    """It is looked at while it is being reported."""
    tables = {name: {"x": 1} for name in TABLES}

    assert finder(rule, 1, tables)(HostileError()) is None


def test_a_group_is_looked_at_whatever_it_says_of_itself() -> None:
    """What is in it is known to the interpreter, which need not ask the class."""

    class HostileGroup(HostileError, ExceptionGroup[Exception]):
        pass

    group = HostileGroup("", [InfraAuthenticationError("no"), TimeoutError()])

    assert classify(group).category is Category.TIMEOUT


def test_an_error_that_causes_itself_is_looked_at_for_a_while() -> None:
    """Chains can be rings."""
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert finder("cause:builtins.KeyError", 1, {})(first) == 1
    assert finder("cause:builtins.OSError", 1, {})(first) is None


def test_what_from_none_hides_is_found_where_a_row_asks_for_it() -> None:
    """The pool of httpcore raises so, and hides a certificate that was refused."""
    error = ValueError()
    error.__context__ = KeyError()
    error.__suppress_context__ = True

    assert finder("context:builtins.KeyError", 1, {})(error) == 1
    assert finder("cause:builtins.KeyError", 1, {})(error) is None


def test_a_number_that_this_platform_lacks_matches_nothing() -> None:
    """Above all not an error without a number."""
    find = finder("errno:ENOSUCHTHING EPIPE", 1, {})

    assert find(OSError("x")) is None
    assert find(OSError(errno.EPIPE, "x")) == 1


def test_a_condition_of_one_type_that_does_not_hold_asks_the_next_base() -> None:
    """`HTTPError` without an answer is still a `RequestException`."""
    assert TYPES["requests.exceptions.HTTPError"] == (
        ("http:response.status_code", ""),
    )
    assert HTTP["4xx"]


# ------------------------------------------------------------------ `on`


def timed_out(exc: Exception) -> bool:
    """A predicate."""
    return isinstance(exc, TimeoutError)


@pytest.mark.parametrize(
    ("on", "error", "expected"),
    [
        (OSError, ConnectionRefusedError(), True),
        (OSError, ValueError(), False),
        (Category.CONNECTION, ConnectionRefusedError(), True),
        (Category.CONNECTION, InfraConnectionError("x"), True),
        (Category.TIMEOUT, ConnectionRefusedError(), False),
        ((ValueError, Category.TIMEOUT), TimeoutError(), True),
        ((ValueError, Category.TIMEOUT), ValueError(), True),
        ((ValueError, Category.TIMEOUT), KeyError(), False),
        (timed_out, TimeoutError(), True),
        (timed_out, ValueError(), False),
        (lambda exc: exc.args, ValueError("x"), True),
        (lambda exc: exc.args, ValueError(), False),
        (Exception, KeyboardInterrupt(), False),
        (Exception, asyncio.CancelledError(), False),
        (OSError, ExceptionGroup("x", [TimeoutError(), ConnectionError()]), True),
        (OSError, ExceptionGroup("x", [TimeoutError(), ValueError()]), False),
        (Category.TIMEOUT, ExceptionGroup("x", [TimeoutError()]), True),
        (
            (ValueError, Category.TIMEOUT),
            ExceptionGroup("x", [TimeoutError(), ExceptionGroup("y", [ValueError()])]),
            True,
        ),
        (timed_out, ExceptionGroup("x", [TimeoutError(), ValueError()]), False),
        (timed_out, ExceptionGroup("x", [TimeoutError()]), True),
        (ExceptionGroup, ExceptionGroup("x", [ValueError()]), True),
        ((KeyError, ExceptionGroup), ExceptionGroup("x", [ValueError()]), True),
        (ExceptionGroup, ValueError(), False),
        (
            Exception,
            BaseExceptionGroup("x", [ValueError(), KeyboardInterrupt()]),
            False,
        ),
    ],
)
def test_on_means_types_categories_and_predicates(
    on: On,
    error: BaseException,
    expected: bool,  # noqa: FBT001 -- what is expected
) -> None:
    """A group matches if all of its errors do."""
    assert matches(on, error) is expected


def test_what_a_predicate_raises_passes_through() -> None:
    """A broken predicate must not look like an answer."""

    def broken(exc: Exception) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        matches(broken, ValueError())


def test_categories_are_asked_of_the_classifier_that_is_given() -> None:
    """A policy's `classify=` holds for its `on=` too."""
    taught = Classifier().extend({StockError: CONFLICT})

    assert matches(Category.CONFLICT, StockError(), taught)
    assert not matches(Category.CONFLICT, StockError())


# ------------------------------------------------------------------ the generator


def test_no_driver_is_ever_imported() -> None:
    """Importing this library must not cost what it protects."""
    code = "import sys, seawall._classify; print(*sys.modules)"
    modules = subprocess.run(  # noqa: S603 -- our own interpreter and text
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    drivers = {"asyncpg", "valkey", "hvac", "requests", "urllib3", "aiokafka", "trio"}
    assert "seawall._classify" in modules
    assert not drivers & set(modules)
