"""The four recovery patterns as plain functions, and one class.

These are the names and signatures of the document "Error Recovery Patterns": a program
written for it runs unchanged, except for its import lines. Each is a thin face over a
policy, which is what new code should use:

================================ ============================
`retry_with_exponential_backoff` `Retry`
`CircuitBreaker`                 `seawall.CircuitBreaker`
`with_fallback`                  `Fallback`
`with_credential_refresh`        `CredentialRefresh`
`resilient_operation`            `Pipeline(breaker, Retry())`
================================ ============================

Where these differ from what the document prints, the printed one has a defect. Each
difference is listed, with its reason and its test, in
``docs/explanation/deviations.md``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Generic, TypeVar, final
from uuid import UUID

from ._backoff import Exponential
from ._breaker import CircuitBreaker as Breaker
from ._classify import classify, matches
from ._clock import SYSTEM_CLOCK
from ._correlation import correlation_scope
from ._credentials import Credential, refreshable
from ._errors import (
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
)
from ._errors import ErrorContext as ModelInfraErrorContext
from ._events import CircuitClosed, CircuitEvent
from ._fallback import Fallback
from ._pipeline import Pipeline
from ._retry import Retry
from ._step import Step
from ._trip import Consecutive
from ._types import CircuitState
from ._types import TransportType as EnumInfraTransportType
from ._validate import seconds, whole

__all__ = [
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitState",
    "Credential",
    "CredentialRefreshError",
    "EnumInfraTransportType",
    "InfraAuthenticationError",
    "InfraConnectionError",
    "InfraTimeoutError",
    "InfraUnavailableError",
    "ModelInfraErrorContext",
    "resilient_operation",
    "retry_with_exponential_backoff",
    "with_credential_refresh",
    "with_fallback",
]

T = TypeVar("T")

# The core counts probes and their successes in five bits each.
_MAX_PROBES: Final = 31
_YEAR: Final = 365 * 86400.0


async def retry_with_exponential_backoff(
    operation: Callable[[], Awaitable[T]],
    max_attempts: int = 5,
    base_delay: float = 1.0,
    max_delay: float = 60.0,
    correlation_id: UUID | None = None,
) -> T:
    """Call *operation* again while the connection fails, later each time.

    ::

        connection = await retry_with_exponential_backoff(connect, max_attempts=3)

    The delay after the n-th attempt is ``min(base_delay * 2**(n - 1), max_delay)``,
    spread by half in both directions and never longer than *max_delay*. A delay that
    would outlast the deadline around the call is not begun.

    Args:
        operation: Retried on `InfraConnectionError` and `ConnectionError` only.
        max_attempts: Calls in total, the first one included.
        base_delay: Seconds after the first attempt, before spreading.
        max_delay: Seconds; no delay is longer.
        correlation_id: The current id while *operation* runs. None: as it is.

    Raises:
        ConnectionError: What the last attempt raised, the same object.
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """
    with _correlated(correlation_id):
        retry = _retry(
            whole("max_attempts", max_attempts, 1),
            seconds("base_delay", base_delay),
            seconds("max_delay", max_delay),
        )
        return await retry.call(operation)


@lru_cache(maxsize=128)
def _retry(max_attempts: int, base_delay: float, max_delay: float) -> Retry:
    """Build the policy of these settings once; a program has few and calls it often."""
    backoff = Exponential(base=base_delay, factor=2.0, max_delay=max_delay, jitter=0.5)
    return Retry(
        on=(InfraConnectionError, ConnectionError),
        max_attempts=max_attempts,
        backoff=backoff,
    )


@dataclass
class CircuitBreakerConfig:
    """The settings of a `CircuitBreaker`.

    Read once, when the breaker is built: after that its fields cannot be assigned.

    Args:
        failure_threshold: Failures in a row that open the circuit, at least 1.
        success_threshold: Successes that close it from half-open, 1 to 31.
        timeout: From opening to the first probe, at most a year; may be zero.
    """

    failure_threshold: int = 5
    success_threshold: int = 2
    timeout: timedelta = timedelta(seconds=60)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse a change that no breaker would ever see."""
        if vars(self).get("_read") == id(self):  # a copy is another object, unread
            raise AttributeError(
                f"{name} was read when the breaker was built and is not read again: "
                f"build a new one, "
                f"CircuitBreaker(dataclasses.replace(config, {name}={value!r}))"
            )
        super().__setattr__(name, value)


@final
class CircuitBreaker:
    """Reject calls to a dependency that is down, and let it recover.

    ::

        breaker = CircuitBreaker(CircuitBreakerConfig(timeout=timedelta(seconds=30)))
        await breaker.call(publish)

    Every `Exception` of the operation is a failure. Cancellation is not: it counts
    neither way and gives a probe's place back, also when the operation turned it into
    an ordinary error.

    Args:
        config: The thresholds and the break. No more than 31 probes run at once.

    Raises:
        ValueError: If a setting is out of range.
        TypeError: If *config* or a setting has the wrong type.
    """

    __slots__ = ("__weakref__", "_breaker", "_config", "_last_failure", "_successes")

    def __init__(self, config: CircuitBreakerConfig) -> None:
        if not isinstance(config, CircuitBreakerConfig):
            raise TypeError(
                f"config must be a CircuitBreakerConfig, not {config!r}: write "
                f"CircuitBreaker(CircuitBreakerConfig(failure_threshold=5))"
            )
        failures = whole("failure_threshold", config.failure_threshold, 1, 2**31)
        successes = whole("success_threshold", config.success_threshold, 1, _MAX_PROBES)
        self._breaker = Breaker(
            "circuit-breaker",
            trip=Consecutive(failures),
            break_duration=seconds("timeout", config.timeout, maximum=_YEAR),
            success_threshold=successes,
            max_probes=_MAX_PROBES,
            on=self._is_failure,
        )
        self._breaker.subscribe(self._moved)
        self._config = config
        self._last_failure: float | None = None
        self._successes = 0
        vars(config)["_read"] = id(config)

    def __repr__(self) -> str:
        """Show the state and the settings."""
        return f"<CircuitBreaker {self.state.value} {self._config!r}>"

    @property
    def config(self) -> CircuitBreakerConfig:
        """The settings it was built with."""
        return self._config

    @property
    def state(self) -> CircuitState:
        """What the next call meets; open stays open until a call comes to probe."""
        return self._breaker.state

    @property
    def failure_count(self) -> int:
        """Failures in a row while closed; else the threshold, which they reached."""
        failures, _ = self._counts()
        if failures or self.state is CircuitState.CLOSED:
            return failures
        return self._config.failure_threshold

    @property
    def success_count(self) -> int:
        """Successful probes of the current half-open state, or of the last one."""
        if self.state is CircuitState.HALF_OPEN:
            return self._counts()[1]
        return self._successes

    @property
    def last_failure_time(self) -> datetime | None:
        """When the operation last failed, in UTC without a time zone, or None.

        For people to read. The breaker itself never looks at the wall clock.
        """
        if self._last_failure is None:
            return None
        return datetime.fromtimestamp(self._last_failure, UTC).replace(tzinfo=None)

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Await *operation*, unless the circuit is open.

        Raises:
            InfraUnavailableError: Without a call, because the circuit is open or all
                probes are out: a `CircuitOpenError`, whose message says "OPEN" and
                whose `retry_after` says for how long.
            Exception: What *operation* raised.
        """
        return await self._breaker.call(operation)

    def _counts(self) -> tuple[int, int]:
        """Read failures in a row while closed, and successes while half-open."""
        # The policy itself shows no counts; this face of it has to.
        core = self._breaker._core  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        snapshot = core.snapshot()
        return snapshot.failures, snapshot.successes

    def _is_failure(self, _error: Exception) -> bool:
        """Say yes; and note what is over once the circuit opens again.

        The breaker asks after it has told failures from cancellations, and before it
        changes its state.
        """
        self._last_failure = SYSTEM_CLOCK.wall()
        self._successes = self.success_count
        return True

    def _moved(self, event: CircuitEvent) -> None:
        if isinstance(event, CircuitClosed):
            self._successes = self._config.success_threshold


async def with_fallback(
    primary: Callable[[], Awaitable[T]],
    fallback: Callable[[], Awaitable[T]],
    correlation_id: UUID | None = None,
) -> tuple[T, bool]:
    """Answer with *fallback* when *primary* times out or is unavailable.

    ::

        user, used_cache = await with_fallback(from_database, from_cache)

    A fallback that has nothing to offer raises `seawall.FallbackSkip`; the caller then
    gets the primary's error instead of an empty value that looks like an answer.

    Args:
        primary: Answered for on `InfraTimeoutError` and `InfraUnavailableError` only,
            a rejection by an open circuit among them.
        fallback: Called at most once, and never after a cancellation.
        correlation_id: The current id while both run. None: as it is.

    Returns:
        The value, and whether it is the fallback's.

    Raises:
        Exception: What *fallback* raised, caused by the primary's error; or what
            *primary* raised, if it is of another kind.
    """
    degraded = _Degraded(fallback)
    policy = Fallback(Step("fallback", degraded.answer), on=degraded.is_asked)
    with _correlated(correlation_id):
        value = await policy.call(primary)
    return value, degraded.used


class _Degraded(Generic[T]):
    """The fallback of one call, which is asked once and never for its own error."""

    __slots__ = ("fallback", "used")

    def __init__(self, fallback: Callable[[], Awaitable[T]]) -> None:
        self.fallback = fallback
        self.used = False

    def is_asked(self, error: Exception) -> bool:
        return not self.used and matches(_DEGRADABLE, error, classify)

    async def answer(self) -> T:
        self.used = True
        return await self.fallback()


_DEGRADABLE: Final = (InfraTimeoutError, InfraUnavailableError)


async def with_credential_refresh(
    operation: Callable[[], Awaitable[T]],
    credential: Credential,
    correlation_id: UUID | None = None,
) -> T:
    """Call *operation* with a credential that is refreshed when it must be.

    ::

        secret = await with_credential_refresh(read_secret, vault_credential)

    The credential is refreshed before the call if it is expired. If the operation
    raises `InfraAuthenticationError` it is refreshed once, and the operation is called
    once more. However many callers need it at that moment, one of them refreshes and
    the others wait for it.

    Args:
        operation: Reads the credential itself, each time it is called.
        credential: Anything with `is_expired` and ``async refresh()``. Shared between
            callers by identity, if it can be weakly referenced.
        correlation_id: The current id while both run. None: as it is.

    Raises:
        CredentialRefreshError: If the refresh failed; its cause says why. It is not
            tried again at once.
        Exception: What *operation* raised in the end.
        TypeError: If *credential* is none.
    """
    with _correlated(correlation_id):
        return await refreshable(credential).call(operation)


async def resilient_operation(
    operation: Callable[[], Awaitable[T]],
    circuit_breaker: CircuitBreaker,
    correlation_id: UUID | None = None,
) -> T:
    """Retry a failing connection three times, behind a circuit breaker.

    ::

        await resilient_operation(connect, breaker)

    The breaker sees one result for all attempts together. A probe of a half-open
    circuit makes one attempt: a dependency that just came back is not asked thrice.

    Args:
        operation: Retried as by `retry_with_exponential_backoff`.
        circuit_breaker: Shared by everything that calls this dependency.
        correlation_id: The current id while *operation* runs. None: as it is.

    Raises:
        InfraUnavailableError: Without a call, because the circuit is open.
        Exception: What the last attempt raised, the same object.
        TypeError: If *circuit_breaker* is no `CircuitBreaker` of this module.
    """
    if not isinstance(circuit_breaker, CircuitBreaker):
        raise TypeError(
            f"circuit_breaker must be a seawall.patterns.CircuitBreaker, not "
            f"{circuit_breaker!r}: for a seawall.CircuitBreaker write "
            f"`await Pipeline(breaker, Retry(max_attempts=3)).call(operation)`"
        )
    guard = Pipeline(circuit_breaker._breaker, _THREE_ATTEMPTS)  # noqa: SLF001
    with _correlated(correlation_id):
        return await guard.call(operation)


_THREE_ATTEMPTS: Final = _retry(max_attempts=3, base_delay=1.0, max_delay=60.0)


def _correlated(correlation_id: UUID | None) -> AbstractContextManager[object]:
    """Make *correlation_id* the current one; None leaves the current one in place."""
    if correlation_id is None:
        return nullcontext()
    if not isinstance(correlation_id, UUID | str):
        raise TypeError(
            f"correlation_id must be a UUID, not {correlation_id!r}: write "
            f"correlation_id=uuid4(), or leave it out to keep the current one"
        )
    return correlation_scope(correlation_id)
