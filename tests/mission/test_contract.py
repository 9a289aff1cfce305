"""What programs written for the document rely on, and `seawall.patterns` keeps."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import warnings
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest

import seawall
from mission._pairs import (
    BREAK,
    TIMEOUT,
    Counted,
    Token,
    after,
    attempt,
    fail,
    half_opened,
    opened,
    succeed,
    theirs,
)
from seawall import (
    CircuitOpenError,
    attempts_of,
    correlation_scope,
    current_correlation_id,
    patterns,
)
from seawall.patterns import (
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitState,
    Credential,
    CredentialRefreshError,
    EnumInfraTransportType,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
    ModelInfraErrorContext,
    resilient_operation,
    retry_with_exponential_backoff,
    with_credential_refresh,
    with_fallback,
)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

both = pytest.mark.parametrize("library", [theirs(), patterns], ids=["theirs", "ours"])


def raising(error: Exception) -> Counted:
    """Return an operation that always raises *error*."""

    async def operation() -> None:
        raise error

    return Counted(operation)


# --- the names


def test_every_name_is_there() -> None:
    """`from seawall.patterns import *` gives the document's names, and two more."""
    assert all(hasattr(patterns, name) for name in patterns.__all__)
    assert patterns.__all__ == sorted(patterns.__all__)


def test_the_names_of_onex_are_our_classes() -> None:
    """An error raised through either name is caught through both."""
    assert ModelInfraErrorContext is seawall.ErrorContext
    assert EnumInfraTransportType is seawall.TransportType
    assert EnumInfraTransportType.DATABASE.value == "db"
    assert InfraTimeoutError is seawall.InfraTimeoutError


async def test_an_error_carries_the_context_it_was_raised_with() -> None:
    """Built with the document's keyword arguments, raised from the driver's error."""
    given = uuid4()
    context = ModelInfraErrorContext(
        transport_type=EnumInfraTransportType.KAFKA,
        operation="publish",
        target_name="kafka-topic-orders",
        correlation_id=given,
    )
    try:
        try:
            await fail()
        except ConnectionResetError as error:
            raise InfraUnavailableError("gone", context=context) from error
    except InfraUnavailableError as error:
        assert error.context == context
        assert error.correlation_id == given
        assert isinstance(error.__cause__, ConnectionResetError)


# --- retry_with_exponential_backoff


async def test_the_delays_double_up_to_the_cap_and_spread_by_half() -> None:
    """1, 2, 4, 8, 16, 32, 32 seconds, each within a half, and none above the cap."""
    times: list[float] = []

    async def operation() -> None:
        times.append(anyio.current_time())
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        await retry_with_exponential_backoff(operation, 8, 1.0, 32.0)
    delays = [b - a for a, b in pairwise(times)]
    middles = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 32.0]
    for delay, middle in zip(delays, middles, strict=True):
        assert middle / 2 <= delay + 1e-6
        assert delay <= min(1.5 * middle, 32.0) + 1e-6


@pytest.mark.parametrize("kind", [InfraConnectionError, ConnectionRefusedError])
async def test_a_lost_connection_is_retried_and_the_last_error_raised(
    kind: type[Exception],
) -> None:
    """Ours and the builtin one; the caller gets the very object."""
    error = kind("down")
    operation = raising(error)
    with pytest.raises(kind) as caught:
        await retry_with_exponential_backoff(operation)
    assert caught.value is error
    assert operation.calls == len(attempts_of(error)) == 5


@pytest.mark.parametrize(
    "error", [InfraTimeoutError(), InfraUnavailableError(), OSError(), ValueError()]
)
async def test_nothing_else_is_retried(error: Exception) -> None:
    """The document names two types, and two it is."""
    operation = raising(error)
    with pytest.raises(type(error)):
        await retry_with_exponential_backoff(operation)
    assert operation.calls == 1


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("max_attempts", -1, ValueError),
        ("max_attempts", None, TypeError),
        ("max_attempts", 2.5, TypeError),
        ("base_delay", float("nan"), ValueError),
        ("base_delay", "1", TypeError),
        ("max_delay", float("inf"), ValueError),
        ("correlation_id", 42, TypeError),
    ],
)
async def test_a_bad_option_is_named(
    option: str, value: Any, kind: type[Exception]
) -> None:
    """By its name in this signature, before anything was called."""
    operation = Counted(succeed)
    with pytest.raises(kind, match=f"{option} must be"):
        await retry_with_exponential_backoff(operation, **{option: value})
    assert operation.calls == 0


# --- CircuitBreaker


@both
async def test_the_counts_are_those_of_the_document(library: ModuleType) -> None:
    """Failures in a row while closed, else the threshold; successes of half-open."""
    config = library.CircuitBreakerConfig(3, 2, TIMEOUT)
    breaker = library.CircuitBreaker(config)
    seen = [(breaker.state.value, breaker.failure_count, breaker.success_count)]
    waits = {4: BREAK, 6: BREAK}
    steps = [fail, fail, fail, succeed, succeed, fail, succeed, succeed, fail]
    for number, operation in enumerate(steps):
        await anyio.sleep(waits.get(number, 0.0))
        await attempt(breaker, operation)
        seen.append((breaker.state.value, breaker.failure_count, breaker.success_count))
    assert seen == [
        ("closed", 0, 0),
        ("closed", 1, 0),
        ("closed", 2, 0),
        ("open", 3, 0),
        ("open", 3, 0),  # rejected
        ("half_open", 3, 1),
        ("open", 3, 1),
        ("half_open", 3, 1),
        ("closed", 0, 2),
        ("closed", 1, 2),
    ]
    assert breaker.config is config


async def test_a_success_resets_the_row() -> None:
    """Four failures, a success, four failures: closed."""
    breaker = CircuitBreaker(CircuitBreakerConfig())
    for operation in (*[fail] * 4, succeed, *[fail] * 4):
        await attempt(breaker, operation)
    assert (breaker.state, breaker.failure_count) == (CircuitState.CLOSED, 4)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("not found"),
        InfraAuthenticationError("refused"),
        seawall.InfraRateLimitedError("slow down"),
        CircuitOpenError(breaker="inner", state=CircuitState.OPEN),
        CredentialRefreshError("no token"),
        ExceptionGroup("two", [ValueError(), OSError()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_every_exception_is_a_failure(error: Exception) -> None:
    """Also what a policy of ours would call an answer, or none of its business."""
    breaker = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1))
    with pytest.raises(type(error)):
        await breaker.call(raising(error))
    assert breaker.state is CircuitState.OPEN


@both
async def test_a_break_of_zero_probes_at_once(library: ModuleType) -> None:
    """Open, and the very next call finds out."""
    breaker = await opened(library, timeout=timedelta(0))
    assert await breaker.call(succeed) == "ok"
    assert breaker.state.value == "half_open"


async def test_a_rejection_makes_no_call() -> None:
    """It is an `InfraUnavailableError` that says OPEN, and what opened it."""
    breaker = await opened(patterns)
    operation = Counted(succeed)
    with pytest.raises(InfraUnavailableError, match="OPEN.*ConnectionResetError"):
        await breaker.call(operation)
    assert operation.calls == 0


@both
async def test_a_probe_that_fails_opens_the_circuit_again(library: ModuleType) -> None:
    """With the whole break to wait."""
    breaker = await half_opened(library)
    await attempt(breaker, fail)
    await anyio.sleep(BREAK - 1.0)
    with pytest.raises(InfraUnavailableError):
        await breaker.call(succeed)
    await anyio.sleep(1.0)
    assert await breaker.call(succeed) == "ok"


async def test_the_time_of_the_last_failure_is_naive_utc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `utcnow` gave it, to the microsecond, and no warning with it."""
    now = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    monkeypatch.setattr("seawall._clock.SystemClock.wall", lambda _: now.timestamp())
    breaker = CircuitBreaker(CircuitBreakerConfig())
    assert breaker.last_failure_time is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await attempt(breaker, succeed)
        assert breaker.last_failure_time is None
        await attempt(breaker, fail)
    assert breaker.last_failure_time == datetime(2026, 7, 1, 12, 30)  # noqa: DTZ001


async def test_a_breaker_shows_what_it_is() -> None:
    """In a log, the state and the settings are what one wants to know."""
    breaker = CircuitBreaker(CircuitBreakerConfig(3))
    assert repr(breaker) == f"<CircuitBreaker closed {breaker.config!r}>"


@pytest.mark.parametrize(
    "config", [None, {"failure_threshold": 3}, CircuitBreakerConfig]
)
async def test_what_is_no_configuration_is_refused(config: Any) -> None:
    """The message shows what to write."""
    with pytest.raises(
        TypeError, match=r"write CircuitBreaker\(CircuitBreakerConfig\("
    ):
        CircuitBreaker(config)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("failure_threshold", "5"), ("success_threshold", 2.0), ("timeout", "1 min")],
)
async def test_a_setting_of_the_wrong_type_is_named(setting: str, value: Any) -> None:
    """The original fails at the first failure instead, and hides it."""
    with pytest.raises(TypeError, match=f"{setting} must be"):
        CircuitBreaker(dataclasses.replace(CircuitBreakerConfig(), **{setting: value}))


async def test_only_the_configuration_in_use_is_closed_to_changes() -> None:
    """What is made from it is another object, which nobody reads yet."""
    config = CircuitBreakerConfig()
    CircuitBreaker(config)
    for made in (copy.copy(config), copy.deepcopy(config), dataclasses.replace(config)):
        made.failure_threshold = 1
        assert made != config
    assert pickle.loads(pickle.dumps(config)) == config
    assert dataclasses.asdict(config) == dataclasses.asdict(CircuitBreakerConfig())


# --- with_fallback


@pytest.mark.parametrize("kind", [InfraTimeoutError, InfraUnavailableError])
async def test_the_fallback_answers_for_the_two(kind: type[Exception]) -> None:
    """And the second half of the answer says so."""
    assert await with_fallback(raising(kind("slow")), succeed) == ("ok", True)
    assert await with_fallback(succeed, raising(kind("unused"))) == ("ok", False)


async def test_an_open_circuit_has_a_fallback() -> None:
    """A rejection is an `InfraUnavailableError`."""
    breaker = await opened(patterns)
    answer = await with_fallback(lambda: breaker.call(fail), succeed)
    assert answer == ("ok", True)


@pytest.mark.parametrize(
    "error", [InfraConnectionError(), TimeoutError(), ConnectionError(), KeyError()]
)
async def test_no_other_error_has_a_fallback(error: Exception) -> None:
    """The document names two types, and two it is: a builtin time-out is none."""
    fallback = Counted(succeed)
    with pytest.raises(type(error)) as caught:
        await with_fallback(raising(error), fallback)
    assert caught.value is error
    assert fallback.calls == 0


@pytest.mark.parametrize("kind", [InfraTimeoutError, InfraUnavailableError, KeyError])
async def test_the_fallbacks_own_error_passes(kind: type[Exception]) -> None:
    """Of whatever kind; called once, and the primary's error is its cause."""
    slow, own = InfraTimeoutError("slow"), kind("also broken")
    fallback = raising(own)
    with pytest.raises(kind) as caught:
        await with_fallback(raising(slow), fallback)
    assert caught.value is own
    assert own.__cause__ is slow
    assert fallback.calls == 1


async def test_a_cause_that_the_fallback_gave_is_kept() -> None:
    """An error of ours is raised `from` the driver's, and that must not get lost."""
    driver = ConnectionResetError("cache gone")

    async def fallback() -> None:
        raise InfraConnectionError("no cache") from driver

    with pytest.raises(InfraConnectionError) as caught:
        await with_fallback(raising(InfraTimeoutError("slow")), fallback)
    assert caught.value.__cause__ is driver


# --- with_credential_refresh


async def test_a_credential_is_what_has_the_two_members() -> None:
    """Checked when it is used, not when the account is locked."""
    assert isinstance(Token(), Credential)
    with pytest.raises(TypeError, match=r"is_expired.*refresh|Credential"):
        await with_credential_refresh(succeed, object())  # type: ignore[arg-type]


async def test_an_expired_credential_is_refreshed_first() -> None:
    """The operation never sees the old one."""
    token = Token(expired=True)
    assert await with_credential_refresh(token.use, token) == 1
    assert token.logins == 1


async def test_a_refused_credential_is_refreshed_once() -> None:
    """And the operation called once more; refused again, that is the answer."""
    token = Token()
    token.revoke()
    assert await with_credential_refresh(token.use, token) == 1
    assert token.logins == 1

    refused = raising(InfraAuthenticationError("no such role"))
    token = Token()
    with pytest.raises(InfraAuthenticationError, match="no such role"):
        await with_credential_refresh(refused, token)
    assert (refused.calls, token.logins) == (2, 1)


async def test_any_other_error_leaves_the_credential_alone() -> None:
    """A connection that broke says nothing about the token."""
    token, operation = Token(), raising(ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await with_credential_refresh(operation, token)
    assert (operation.calls, token.logins) == (1, 0)


# --- resilient_operation


async def test_the_breaker_sees_one_result_of_three_attempts() -> None:
    """Two calls of three attempts each are two failures."""
    breaker = CircuitBreaker(CircuitBreakerConfig(failure_threshold=2))
    operation = Counted(fail)
    for failures in (1, 0):
        with pytest.raises(ConnectionResetError) as caught:
            await resilient_operation(operation, breaker)
        assert len(attempts_of(caught.value)) == 3
        assert breaker.failure_count in (failures, 2)
    assert operation.calls == 6
    assert breaker.state is CircuitState.OPEN
    assert breaker.last_failure_time is not None


async def test_a_success_after_a_retry_is_a_success() -> None:
    """The breaker never hears of the attempt that failed."""
    breaker = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1))
    assert await resilient_operation(Counted(fail, succeed), breaker) == "ok"
    assert (breaker.state, breaker.last_failure_time) == (CircuitState.CLOSED, None)


async def test_a_rejection_is_not_retried() -> None:
    """There is nothing to wait for within three attempts."""
    breaker = await opened(patterns)
    begun, operation = anyio.current_time(), Counted(succeed)
    with pytest.raises(InfraUnavailableError, match="OPEN"):
        await resilient_operation(operation, breaker)
    assert (operation.calls, anyio.current_time()) == (0, begun)


async def test_another_breaker_is_refused_with_the_way_to_go() -> None:
    """The policy of the same name has a pipeline for this."""
    policy: Any = seawall.CircuitBreaker("db")
    with pytest.raises(
        TypeError, match=r"Pipeline\(breaker, Retry\(max_attempts=3\)\)"
    ):
        await resilient_operation(succeed, policy)


# --- the correlation id


async def _current() -> UUID | None:
    return current_correlation_id()


async def test_a_given_id_is_the_current_one_inside() -> None:
    """In the operation of all four, and in the fallback; not after the call."""
    given = uuid4()
    breaker = CircuitBreaker(CircuitBreakerConfig())
    slow = raising(InfraTimeoutError())
    assert [
        await retry_with_exponential_backoff(_current, correlation_id=given),
        await with_fallback(_current, succeed, given),
        await with_fallback(slow, _current, correlation_id=given),
        await with_credential_refresh(_current, Token(), given),
        await resilient_operation(_current, breaker, given),
    ] == [given, (given, False), (given, True), given, given]
    assert current_correlation_id() is None


async def test_no_id_keeps_the_current_one() -> None:
    """One request is one id, however deep the call."""
    with correlation_scope() as current:
        assert await retry_with_exponential_backoff(_current) == current
        assert await with_fallback(_current, succeed) == (current, False)
        assert await with_credential_refresh(_current, Token()) == current
    assert await retry_with_exponential_backoff(_current) is None


async def test_a_rejection_has_the_id() -> None:
    """Also the error that is made without a call."""
    given = uuid4()
    breaker = await opened(patterns)
    with pytest.raises(InfraUnavailableError) as caught:
        await resilient_operation(succeed, breaker, given)
    assert caught.value.correlation_id == given


async def test_a_failed_refresh_has_the_id() -> None:
    """Whoever joined somebody else's refresh still has his own id."""
    token, given = Token(expired=True, error=OSError("down")), uuid4()
    with pytest.raises(CredentialRefreshError) as caught:
        await with_credential_refresh(token.use, token, given)
    assert caught.value.correlation_id == given


async def test_calls_side_by_side_keep_their_ids_apart() -> None:
    """A context, not a global."""
    seen: dict[UUID, UUID | None] = {}

    async def caller(given: UUID) -> None:
        seen[given] = await retry_with_exponential_backoff(
            after(1.0, _current), correlation_id=given
        )

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(caller, uuid4())
    assert len(seen) == 5
    assert all(given == found for given, found in seen.items())
