"""What a type checker makes of correct programs. Read by checkers, never run.

`test_typing.py` has mypy and basedpyright, both strict, read this file without a word.
"""

# pyright: strict

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias, assert_type
from uuid import UUID, uuid4

from seawall import (
    Attempt,
    AttemptBlock,
    AttemptRecord,
    BreakerConfig,
    Breakers,
    Category,
    CircuitBreaker,
    CircuitEvent,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    CircuitStats,
    Classification,
    Classifier,
    Clock,
    Consecutive,
    Constant,
    CredentialRefresh,
    Exponential,
    Failure,
    FailureRatio,
    Fallback,
    FallbackUsed,
    InfraError,
    Isolation,
    Issued,
    Linear,
    On,
    Outcome,
    Permit,
    Pipeline,
    Retry,
    RetryBudget,
    RetryGaveUp,
    RetryScheduled,
    Secret,
    Snapshot,
    StaleCache,
    StaleConfig,
    StaleServed,
    Step,
    Timeout,
    attempts_of,
    build_info,
    classify,
    correlation_scope,
    current_correlation_id,
    patterns,
)


@dataclass
class User:
    """What the functions below are about."""

    name: str


Fetch: TypeAlias = Callable[[str, int], Coroutine[Any, Any, User]]

# ------------------------------------------------------------------ building policies

retry = Retry(max_attempts=3, idempotent=True)
breaker = CircuitBreaker("db", trip=Consecutive(3), break_duration=timedelta(seconds=5))
timeout = Timeout(timedelta(seconds=1))
credentials_or_timeout: On = (Category.AUTHENTICATION, TimeoutError)
Retry(on=ConnectionError)
Retry(on=(ConnectionError, Category.TIMEOUT))
Retry(on=lambda error: "again" in str(error))
Retry(max_attempts=None, backoff=Linear(base=0.1, step=0.1))
Retry(backoff=Exponential(jitter="full"), clock=None)
Retry(backoff=Exponential(jitter=0.5, seed=7))
Retry(backoff=Constant(0.5))
Retry(backoff=[0.1, 1, timedelta(seconds=5)])
Retry(backoff=lambda attempt: 2.0**attempt.number)
Retry(budget=RetryBudget(0.2, capacity=10), max_server_delay=timedelta(minutes=1))
Retry(wait_for_circuit=True, stop_early=False)
Retry(on_result=lambda answer: answer.status == 503)
Retry(classify=Classifier().extend({KeyError: Classification(Category.TIMEOUT)}))
CircuitBreaker("db", on=ConnectionError, max_probes=2, probe_lease=10)
CircuitBreaker("db", trip=FailureRatio(0.5, calls=32, min_calls=5))
CircuitBreaker("db", trip=FailureRatio(1, duration=timedelta(seconds=30)))
CircuitBreaker("db", break_duration=Exponential(base=5.0), max_server_delay=60)
CircuitBreaker("db", break_duration=Linear(), probe_lease=None)
CircuitBreaker("db", break_duration=Constant(5.0, jitter=0.1))
CircuitBreaker("db", slow_after=2.5, cancelled_after=timedelta(seconds=5))
CircuitBreaker("db", enforce=False, count_successes=True)
CircuitBreaker("db", on_result=lambda reply: reply is None)
CircuitBreaker("db", on_result=callable)
CircuitBreaker("db", classify=Classifier().extend({}))
CircuitBreaker("db", classify=lambda _: Classification(Category.OTHER))


class Frozen:
    """A clock of somebody's own."""

    def monotonic(self) -> float:
        """Stand still."""
        return 0.0

    def wall(self) -> float:
        """Stand still."""
        return 0.0

    def sleep(self, duration: float, /) -> None:
        """Do not wait."""


clock: Clock = Frozen()
Retry(clock=Frozen())

# ------------------------------------------------------------------ decorating


@retry
async def fetch(url: str, *, limit: int = 10) -> User:
    """Be a coroutine function after all."""
    return User(url * limit)


@breaker
def read(path: str, mode: str = "r") -> bytes:
    """Be a plain function after all."""
    return (path + mode).encode()


@timeout
async def wait(seconds: float) -> float:
    """Be limited."""
    return seconds


def by_url(url: str, **_: object) -> str:
    """Tell what is asked for."""
    return url


cache = StaleCache(key=by_url, fresh_for=30, stale_if_error=timedelta(hours=1))
StaleCache(
    key=str,
    fresh_for=0,
    stale_if_error=60.0,
    max_entries=10,
    on=ConnectionError,
    classify=classify,
    clock=None,
)
Fallback(
    Step("a", len, on=TimeoutError, reserve=0.2, min_time=timedelta(seconds=1)),
    Step("b", len, with_failure=True),
    on=(ConnectionError, Category.TIMEOUT),
    on_result=lambda found: found is None,
    classify=classify,
)
guard = Pipeline(timeout, Fallback(Step("cache", fetch)), retry, breaker, Timeout(1.0))


@guard
async def guarded(url: str, count: int) -> User:
    """Be guarded by everything."""
    return User(url * count)


plain: Fetch = guarded


@cache
async def cached(url: str) -> User:
    """Be served from memory."""
    return User(url)


class Repository:
    """Methods keep their self, and their types."""

    @retry
    async def find(self, name: str) -> User:
        """Be a method."""
        return User(name)

    @staticmethod
    @breaker
    def count(kind: str) -> int:
        """Be static."""
        return len(kind)

    @classmethod
    @retry
    async def first(cls) -> User:
        """Be a method of the class."""
        return User(cls.__name__)


async def decorated() -> None:
    """Call what was decorated above."""
    assert_type(await fetch("url", limit=3), User)
    assert_type(read("path", mode="w"), bytes)
    assert_type(await wait(0.5), float)
    assert_type(await cached("url"), User)
    assert_type(await guarded("url", 3), User)
    assert_type(await Repository().find("name"), User)
    assert_type(Repository.count("kind"), int)
    assert_type(await Repository.first(), User)


# ------------------------------------------------------------------ loops


def told(attempt: Attempt) -> None:
    """Be told of a delay."""
    assert_type(attempt.error, Exception | None)
    assert_type(attempt.delay, float)


async def told_later(attempt: Attempt) -> None:
    """Be told of a delay, and do something about it."""


Retry(before_sleep=told)
Retry(before_sleep=told_later)


async def looped(url: str) -> User:
    """Return from inside; a checker cannot know that the loop ends in no other way."""
    async for attempt in retry:
        with attempt:
            assert_type(attempt, AttemptBlock)
            assert_type(attempt.number, int)
            return await fetch(url)
    raise AssertionError


def looped_plainly(path: str) -> bytes:
    """Do the same in synchronous code."""
    for attempt in retry:
        with attempt:
            return read(path)
    raise AssertionError


# ------------------------------------------------------------------ calling directly


async def called() -> None:
    """Let `call` infer what the function returns."""

    async def download(url: str, *, chunk: int = 1) -> bytes:
        return url.encode() * chunk

    def parse(text: str) -> int:
        return int(text)

    assert_type(await retry.call(download, "url", chunk=2), bytes)
    assert_type(await breaker.call(download, "url"), bytes)
    assert_type(await timeout.call(download, "url"), bytes)
    assert_type(await guard.call(download, "url"), bytes)
    assert_type(retry.call_sync(parse, "1"), int)
    assert_type(breaker.call_sync(parse, "1"), int)
    outcome = await guard.outcome(download, "url")
    assert_type(outcome, Outcome[bytes])
    assert_type(outcome.value, bytes | None)
    assert_type(outcome.error, Exception | None)
    assert_type(outcome.unwrap(), bytes)
    assert_type(Fallback(Step("zero", parse)).outcome_sync(parse, "1"), Outcome[int])
    assert_type(cache.outcome_sync(parse, "1"), Outcome[int])
    assert_type(cache.outcome_sync(parse, "1").stale_for, float | None)
    assert_type(cache.call_sync(parse, "1"), int)
    covariant: Outcome[object] = outcome
    assert_type(covariant.source, str)


# ------------------------------------------------------------------ credentials


async def login(current: Snapshot[str] | None) -> Issued[str]:
    """Log in."""
    return Issued("token" if current is None else current.value, expires_in=30)


async def with_credentials() -> None:
    """Keep the type of the credential, and of the operation."""

    async def read_secret(token: str, path: str, *, version: int = 1) -> dict[str, int]:
        return {token + path: version}

    async with CredentialRefresh(login, refresh_timeout=5, name="vault") as token:
        assert_type(token, CredentialRefresh[str])
        assert_type(await token.call(read_secret, "path", version=2), dict[str, int])
        snapshot = await token.get()
        assert_type(snapshot, Snapshot[str])
        assert_type(token.reject(snapshot), bool)

        @Pipeline(retry, token.into("token"))
        async def read(path: str, *, token: str = "") -> str:
            return token + path

        assert_type(await read("path"), str)


# ------------------------------------------------------------------ errors and events


def errors(error: Exception) -> None:
    """Ask errors what they know."""
    assert_type(classify(error), Classification)
    assert_type(classify(error).category, Category)
    assert_type(attempts_of(error), tuple[AttemptRecord, ...])
    if isinstance(error, CircuitOpenError):
        assert_type(error.breaker, str)
        assert_type(error.retry_after, float | None)
        base: InfraError = error
        assert_type(base.correlation_id, UUID)


def events() -> None:
    """Listen, and stop listening."""

    def on_circuit(event: CircuitEvent) -> None:
        if isinstance(event, CircuitOpened):
            assert_type(event.opened_by, str | None)

    def on_retry(event: RetryScheduled | RetryGaveUp) -> None:
        if isinstance(event, RetryScheduled):
            assert_type(event.delay, float)

    def on_fallback(event: FallbackUsed) -> None:
        assert_type(event.step, str)

    stop = breaker.subscribe(on_circuit)
    assert_type(stop, Callable[[], None])
    retry.subscribe(on_retry)

    def on_stale(event: StaleServed) -> None:
        assert_type(event.stale_for, float)
        assert_type(event.category, Category)

    def told(failure: Failure, url: str) -> User:
        assert_type(failure.error, Exception | None)
        assert_type(failure.attempts, int)
        return User(url)

    Fallback(Step("cache", fetch)).subscribe(on_fallback)
    Fallback(Step("told", told, with_failure=True)).subscribe(on_fallback)
    cache.subscribe(on_stale)
    assert_type(cache.config, StaleConfig)
    assert_type(cache.invalidate("url"), None)
    assert_type(cache.clear(), None)
    assert_type(len(cache), int)
    assert_type(breaker.state, CircuitState)


def by_hand() -> None:
    """Ask a breaker without a function, command it, and look at it."""
    with breaker.acquire() as permit:
        assert_type(permit, Permit)
        permit.failure(ConnectionError())
    assert_type(breaker.try_acquire(), Permit | None)
    with breaker.isolate() as isolation:
        assert_type(isolation, Isolation)
    breaker.disable()
    breaker.reconfigure(trip=Consecutive(7), break_duration=timedelta(seconds=5))
    breaker.reconfigure(success_threshold=1, max_probes=3, probe_lease=None)
    breaker.reconfigure(cancelled_after=None, max_server_delay=60, enforce=False)
    assert_type(breaker.config, BreakerConfig)
    assert_type(breaker.config.trip, Consecutive | FailureRatio)
    assert_type(breaker.config.slow_after, float | None)
    assert_type(breaker.stats(), CircuitStats)
    assert_type(breaker.stats().half_open_in, float | None)
    assert_type(breaker.stats().successes, int | None)
    assert_type(breaker.stats().since, float | None)


def one_per_key(hosts: Breakers[str]) -> None:
    """Keep a breaker for each host, and look at those that there are."""
    assert_type(hosts["a"], CircuitBreaker)
    assert_type(hosts.get("a"), CircuitBreaker | None)
    assert_type("a" in hosts, bool)
    assert_type(list(hosts), list[str])
    assert_type(hosts.items(), tuple[tuple[str, CircuitBreaker], ...])
    assert_type(hosts.by(key=str)(read)("a", mode="r"), bytes)


def the_rest() -> None:
    """Use what stands beside the policies."""
    with correlation_scope() as correlation_id:
        assert_type(correlation_id, UUID)
    assert_type(current_correlation_id(), UUID | None)
    assert_type(Secret("hush").reveal(), str)
    assert_type(build_info(), Mapping[str, str])


# ------------------------------------------------------------------ the mission's names


class Token:
    """A credential as `patterns` wants it."""

    @property
    def is_expired(self) -> bool:
        """Never."""
        return False

    async def refresh(self) -> None:
        """Get a new one."""


async def the_patterns() -> None:
    """Call each of the functions."""

    async def operation() -> User:
        return User("operation")

    circuit = patterns.CircuitBreaker(patterns.CircuitBreakerConfig())
    assert_type(await circuit.call(operation), User)
    retried = patterns.retry_with_exponential_backoff(operation, max_attempts=3)
    assert_type(await retried, User)
    answer = await patterns.with_fallback(operation, operation, correlation_id=uuid4())
    assert_type(answer, tuple[User, bool])
    assert_type(await patterns.with_credential_refresh(operation, Token()), User)
    assert_type(await patterns.resilient_operation(operation, circuit), User)
