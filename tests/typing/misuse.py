"""What a type checker must refuse. Read by checkers, never run.

Each line that ends in ``# E`` is a mistake that somebody will make; mypy and
basedpyright, both strict, must report it, and no other line.
"""

# pyright: strict

from __future__ import annotations

import asyncio

from seawall import (
    Breakers,
    Category,
    CircuitBreaker,
    Classifier,
    Consecutive,
    CredentialRefresh,
    Exponential,
    FailureRatio,
    Fallback,
    Issued,
    Pipeline,
    Retry,
    Snapshot,
    StaleCache,
    Step,
    Timeout,
    patterns,
)


async def fetch(url: str) -> bytes:
    """Be guarded."""
    return url.encode()


def parse(text: str) -> int:
    """Be guarded, synchronously."""
    return int(text)


def ready() -> bool:
    """Take no argument, and so be no predicate."""
    return True


retry = Retry()
breaker = CircuitBreaker("db")
hosts = Breakers[str](CircuitBreaker)

# ------------------------------------------------------------------ building policies

Retry(max_atempts=3)  # E
Retry(3)  # E
Retry(on=BaseException)  # E
Retry(on=asyncio.CancelledError)  # E
Retry(on=KeyboardInterrupt)  # E
Retry(on="timeout")  # E
Retry(on=ConnectionError())  # E
Retry(on=[ConnectionError, TimeoutError])  # E
Retry(max_attempts="three")  # E
Retry(backoff="fast")  # E
Retry(backoff=1.0)  # E
Retry(idempotent=None)  # E
Retry(clock=asyncio)  # E
Retry(budget=0.2)  # E
Retry(backoff=[None])  # E
Retry(backoff=lambda: 1.0)  # E
Retry(before_sleep=lambda: None)  # E
Retry(max_server_delay=None)  # E
Retry(wait_for_circuit="yes")  # E
Exponential(0.1)  # E
Exponential(jitter="lots")  # E
CircuitBreaker()  # E
CircuitBreaker("db", failures=5)  # E
CircuitBreaker("db", trip=5)  # E
CircuitBreaker("db", Consecutive(5))  # E
CircuitBreaker("db", break_duration="a minute")  # E
CircuitBreaker("db", break_duration=None)  # E
CircuitBreaker("db", break_duration=Exponential)  # E
CircuitBreaker("db", trip=0.5)  # E
CircuitBreaker("db", slow_after="2s")  # E
CircuitBreaker("db", cancelled_after=Consecutive(5))  # E
CircuitBreaker("db", max_server_delay=None)  # E
CircuitBreaker("db", enforce="no")  # E
CircuitBreaker("db", count_successes=None)  # E
CircuitBreaker("db", on_result=ConnectionError())  # E
CircuitBreaker("db", on_result=ready)  # E
CircuitBreaker("db", classify=Classifier)  # E
CircuitBreaker("db", classify=lambda _: Category.TIMEOUT)  # E
FailureRatio()  # E
FailureRatio(0.5, 32)  # E
FailureRatio("half", calls=32)  # E
FailureRatio(0.5, calls="32")  # E
FailureRatio(0.5, duration="30s")  # E
FailureRatio(0.5, min_calls=None)  # E
Breakers(breaker)  # E
Timeout()  # E
Timeout("1s")  # E
Step("cache")  # E
Step("cache", "value")  # E
Fallback("cache")  # E
Fallback(parse)  # E
Fallback(Step("zero", parse), on_result=True)  # E
Step("zero", parse, 0.2)  # E
StaleCache(parse, fresh_for=1, stale_if_error=1)  # E
StaleCache(key="url", fresh_for=1, stale_if_error=1)  # E
StaleCache(key=parse, fresh_for=1)  # E
Pipeline(3)  # E
Pipeline([retry, breaker])  # E
Pipeline(Retry, breaker)  # E
Pipeline(hosts)  # E

# ------------------------------------------------------------------ using policies

retry.max_attempts = 7  # E
breaker.config.success_threshold = 3  # E
breaker.config = breaker.config  # E
breaker.name = "other"  # E
breaker.reconfigure(slow_after=3)  # E
breaker.reconfigure(break_duration="a minute")  # E
breaker.reconfigure(Consecutive(3))  # E
breaker.stats().failures = 0  # E
hosts(fetch)  # E
hosts.by(fetch)  # E
hosts.get(7)  # E


class Mine(Retry):  # E
    """Policies are final: combine them instead."""


@Timeout(1.0)  # E
def interrupted() -> int:
    """Have nobody who could interrupt it."""
    return 1


@retry
async def guarded(url: str, *, limit: int = 3) -> bytes:
    """Keep its signature."""
    return url.encode() * limit


Retry(on=ready)  # E


async def calls() -> object:
    """Call in wrong ways."""
    await guarded(1)  # E
    await guarded()  # E
    await guarded("url", limt=3)  # E
    await retry.call(fetch)  # E
    await retry.call(fetch, 1)  # E
    await retry.call(fetch, "url", timeout=3)  # E
    await retry.call(fetch("url"))  # E
    await retry.call(parse, "1")  # E
    retry.call_sync(fetch, "url")  # E
    retry.call_sync(parse, 1)  # E
    retry.call(fetch, "url")  # E
    text: str = await retry.call(fetch, "url")  # E
    outcome = await Fallback(Step("cache", fetch)).outcome(fetch, "url")
    len(outcome.value)  # E
    await breaker.outcome(fetch, "url")  # E
    with breaker:  # E
        return text


# ------------------------------------------------------------------ credentials


async def login(current: Snapshot[str] | None) -> Issued[str]:
    """Log in."""
    return Issued("token", expires_in=30)


async def forgets_to_wrap(current: Snapshot[str] | None) -> str:
    """Return the bare token."""
    return "token"


async def takes_nothing() -> Issued[str]:
    """Take no snapshot."""
    return Issued("token")


async def read(token: str, path: str) -> str:
    """Need a credential."""
    return token + path


async def read_by_number(token: int) -> str:
    """Need another kind of credential."""
    return str(token)


async def credentials() -> None:
    """Refresh in wrong ways."""
    CredentialRefresh(forgets_to_wrap)  # E
    CredentialRefresh(takes_nothing)  # E
    CredentialRefresh("token")  # E
    token = CredentialRefresh(login)
    await token.call(read)  # E
    await token.call(read, "token", "path")  # E
    await token.call(read_by_number)  # E
    token.reject("token")  # E
    with token:  # E
        pass


# ------------------------------------------------------------------ the mission's names


async def operation() -> int:
    """Be what the patterns call."""
    return 1


async def the_patterns() -> object:
    """Call the functions in wrong ways."""
    await patterns.retry_with_exponential_backoff(operation())  # E
    await patterns.retry_with_exponential_backoff(fetch)  # E
    await patterns.with_fallback(operation)  # E
    await patterns.with_credential_refresh(operation, "token")  # E
    await patterns.resilient_operation(operation, breaker)  # E
    number: int = await patterns.with_fallback(operation, operation)  # E
    return number
