"""Where the document's code goes wrong, and ours does not: one pair per deviation.

Each test runs one scenario twice: on the functions that the document prints, where it
shows the defect, and on `seawall.patterns`, where the promise in the test's name holds.
The list with the reasons is docs/explanation/deviations.md.

The original retry sleeps with `asyncio.sleep`: where a scenario waits inside it, the
original is looked at on asyncio only, and ours on both.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
import sys
import warnings
import weakref
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest

from mission._document import Pattern, originals, usage
from mission._pairs import (
    BREAK,
    TIMEOUT,
    Counted,
    Token,
    WallClock,
    after,
    attempt,
    disguised,
    fail,
    hang,
    opened,
    succeed,
    theirs,
    together,
)
from seawall import FallbackSkip
from seawall import patterns as ours
from seawall.patterns import (
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraTimeoutError,
    InfraUnavailableError,
)

pytestmark = [
    pytest.mark.anyio,
    # `test_the_time_of_a_failure_raises_no_warning` makes it an error again.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


@pytest.fixture
def on_asyncio(anyio_backend_name: str) -> bool:
    """Whether the original can wait between two attempts."""
    return anyio_backend_name == "asyncio"


# --- retry_with_exponential_backoff


async def _gaps(library: ModuleType, error: Exception, **options: Any) -> list[float]:
    times: list[float] = []

    async def operation() -> None:
        times.append(anyio.current_time())
        raise error

    with pytest.raises(type(error)):
        await library.retry_with_exponential_backoff(operation, **options)
    return [later - earlier for earlier, later in pairwise(times)]


async def test_no_delay_is_longer_than_max_delay(*, on_asyncio: bool) -> None:
    """A cap that half of the delays exceed, by up to half, is no cap."""
    options = {"max_attempts": 200, "base_delay": 8.0, "max_delay": 8.0}
    down = InfraConnectionError("down")
    if on_asyncio:
        assert max(await _gaps(theirs(), down, **options)) > 10.0
    gaps = await _gaps(ours, down, **options)
    assert max(gaps) <= 8.0 + 1e-6
    assert min(gaps) < 5.0  # and the spread did not collapse onto it
    assert sum(gap > 7.9 for gap in gaps) < 20


async def test_the_backoff_waits_on_any_event_loop(*, on_asyncio: bool) -> None:
    """On trio `asyncio.sleep` raises, in place of the error that it was to wait out."""
    down = InfraConnectionError("down")
    if on_asyncio:
        assert len(await _gaps(theirs(), down)) == 4
    else:
        with pytest.raises(RuntimeError, match="no running event loop"):
            await theirs().retry_with_exponential_backoff(fail)
    assert len(await _gaps(ours, down)) == 4


async def _cancelled(library: ModuleType) -> tuple[int, float]:
    """Cancel a task whose client makes a connection error of that: calls, seconds."""
    operation = Counted(disguised(ConnectionResetError("closed while waiting")))
    task = asyncio.create_task(library.retry_with_exponential_backoff(operation))
    await anyio.sleep(1.0)
    task.cancel()
    begun = anyio.current_time()
    with suppress(ConnectionResetError):
        await task
    return operation.calls, anyio.current_time() - begun


async def test_a_cancelled_task_is_not_retried(*, on_asyncio: bool) -> None:
    """A task that was told to stop went on, for as long as its callee took."""
    if on_asyncio:
        calls, seconds = await _cancelled(theirs())
        assert calls == 2
        assert seconds > 10.0
        assert await _cancelled(ours) == (1, 0.0)
    operation = Counted(disguised(ConnectionResetError("closed while waiting")))
    with anyio.move_on_after(1.0), suppress(ConnectionResetError):
        await ours.retry_with_exponential_backoff(operation)
    assert operation.calls == 1


async def _in_five_seconds(library: ModuleType) -> tuple[type[Exception], float]:
    begun = anyio.current_time()
    try:
        with anyio.fail_after(5.0):
            await library.retry_with_exponential_backoff(fail, base_delay=20.0)
    except (TimeoutError, ConnectionResetError) as error:
        return type(error), anyio.current_time() - begun
    raise AssertionError


async def test_a_sleep_past_the_deadline_is_not_begun(*, on_asyncio: bool) -> None:
    """Waiting for nothing, the original turns the error into a mere time-out."""
    if on_asyncio:
        assert await _in_five_seconds(theirs()) == (TimeoutError, 5.0)
    assert await _in_five_seconds(ours) == (ConnectionResetError, 0.0)


async def test_a_servers_not_before_is_heeded(*, on_asyncio: bool) -> None:
    """Whoever says "in 30 seconds" is asked four times within one."""
    busy = InfraConnectionError("restarting", retry_after=30.0)
    options = {"base_delay": 0.1, "max_delay": 0.2}
    if on_asyncio:
        assert max(await _gaps(theirs(), busy, **options)) < 1.0
    assert min(await _gaps(ours, busy, **options)) >= 30.0


async def test_a_group_of_connection_errors_is_retried() -> None:
    """A task group inside the operation wraps what would have been retried."""
    both = ExceptionGroup("both", [ConnectionResetError(), InfraConnectionError("b")])

    def once() -> Counted:
        return Counted(fail, succeed, error=both)

    with pytest.raises(ExceptionGroup):
        await theirs().retry_with_exponential_backoff(once())
    assert await ours.retry_with_exponential_backoff(once()) == "ok"


async def test_any_number_of_attempts_has_a_delay(*, on_asyncio: bool) -> None:
    """From attempt 1025 on, `2 ** attempt` is more than a float can hold."""
    options = {"max_attempts": 1100, "max_delay": 1.0}
    if on_asyncio:
        with pytest.raises(OverflowError):
            await theirs().retry_with_exponential_backoff(fail, **options)
    assert len(await _gaps(ours, InfraConnectionError("down"), **options)) == 1099


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_attempts", 0), ("base_delay", -1.0), ("max_delay", -1.0)],
)
async def test_an_option_that_makes_no_sense_is_refused(
    option: str, value: float, *, on_asyncio: bool
) -> None:
    """Zero attempts are a `RuntimeError` without a call, negative delays no delay."""
    if option == "max_attempts":
        operation = Counted(succeed)
        with pytest.raises(RuntimeError, match="Unexpected retry failure"):
            await theirs().retry_with_exponential_backoff(operation, max_attempts=0)
        assert operation.calls == 0
    elif on_asyncio:
        down = InfraConnectionError("down")
        assert await _gaps(theirs(), down, **{option: value}) == [0.0] * 4
    with pytest.raises(ValueError, match=f"{option} must be"):
        await ours.retry_with_exponential_backoff(succeed, **{option: value})


async def _keeps_alive(library: ModuleType) -> bool:
    """Say whether an argument outlives a call that succeeded at the second attempt."""

    class Request:
        pass

    def start() -> tuple[weakref.ref[Request], Any]:
        request = Request()
        answers = Counted(fail, succeed)

        async def operation() -> Any:
            return await answers(request)

        # Without a pause: a sleep of trio's ends by an exception of its own, which
        # holds the frames of everybody who waited, ours or not (Python 3.12 and up).
        retrying = library.retry_with_exponential_backoff(operation, base_delay=0.0)
        return weakref.ref(request), retrying

    gc.collect()
    gc.disable()
    try:
        alive, running = start()
        await running
        del running
        return alive() is not None
    finally:
        gc.enable()


async def test_a_finished_call_keeps_nothing_alive(*, on_asyncio: bool) -> None:
    """Frame, error and traceback hold each other until the collector comes by."""
    if on_asyncio:
        assert await _keeps_alive(theirs())
    assert not await _keeps_alive(ours)


# --- the correlation id, of all four functions


async def _id_of_the_error(library: ModuleType, name: str, given: UUID) -> UUID:
    async def down() -> None:
        raise InfraConnectionError("down")

    async def slow() -> None:
        raise InfraTimeoutError("slow")

    breaker = library.CircuitBreaker(library.CircuitBreakerConfig(1))
    call = {
        "retry_with_exponential_backoff": lambda retry: retry(
            down, 1, 1.0, 60.0, given
        ),
        "with_fallback": lambda fallback: fallback(slow, down, given),
        "with_credential_refresh": lambda refresh: refresh(down, Token(), given),
        "resilient_operation": lambda resilient: resilient(down, breaker, given),
    }[name]
    with pytest.raises(InfraConnectionError) as caught:
        await call(getattr(library, name))
    return caught.value.correlation_id


@pytest.mark.parametrize(
    "name",
    [
        "retry_with_exponential_backoff",
        "with_fallback",
        "with_credential_refresh",
        "resilient_operation",
    ],
)
async def test_the_correlation_id_arrives(name: str, *, on_asyncio: bool) -> None:
    """All four take an id and none does anything with it."""
    given = uuid4()
    if on_asyncio or name != "resilient_operation":
        assert await _id_of_the_error(theirs(), name, given) != given
    assert await _id_of_the_error(ours, name, given) == given


async def test_giving_up_is_logged_with_the_id(
    caplog: pytest.LogCaptureFixture, *, on_asyncio: bool
) -> None:
    """The argument is documented as "for logging"; nothing is ever logged."""
    given = uuid4()
    caplog.set_level(logging.INFO)
    options = {"max_attempts": 2, "correlation_id": given}
    if on_asyncio:
        await _gaps(theirs(), InfraConnectionError("down"), **options)
        assert not caplog.records
    await _gaps(ours, InfraConnectionError("down"), **options)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.__dict__["seawall"]["correlation_id"] == given


# --- CircuitBreaker


async def test_half_open_admits_no_herd() -> None:
    """Everybody who waited for the break to end hits what has just come back."""
    for library, reached in ((theirs(), 200), (ours, 31)):
        breaker = await opened(library)
        await anyio.sleep(BREAK)
        operation = Counted(after(1.0, succeed))
        errors = await together(200, breaker.call, operation)
        assert operation.calls == reached
        assert len(errors) == 200 - reached
        assert all(isinstance(error, InfraUnavailableError) for error in errors)


async def test_a_cancelled_probe_leaves_the_dependency_guarded() -> None:
    """Nobody counts it, so the original stays half-open and admits everyone for good.

    As long as the dependency hangs and callers give up, that is each of them.
    """
    for library, reached in ((theirs(), 3 * 80), (ours, 3 * 31)):
        breaker = await opened(library)
        await anyio.sleep(BREAK)
        with anyio.move_on_after(1.0):
            await breaker.call(hang)
        assert breaker.state.value == "half_open"
        operation = Counted(hang)
        for _ in range(3):
            with anyio.move_on_after(1.0):
                await together(80, breaker.call, operation)
        assert operation.calls == reached
        for _ in range(2):  # no probe's place was lost
            assert await breaker.call(succeed) == "ok"
        assert breaker.state.value == "closed"


async def _late(library: ModuleType, late: Any) -> str:
    """Say in which state a call leaves a half-open circuit that began while closed."""
    config = library.CircuitBreakerConfig(success_threshold=1, timeout=TIMEOUT)
    breaker = library.CircuitBreaker(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attempt, breaker, after(BREAK + 10.0, late))
        await anyio.sleep(1.0)
        for _ in range(5):
            await attempt(breaker, fail)
        await anyio.sleep(BREAK)
        tasks.start_soon(attempt, breaker, hang)  # the probe
        await anyio.sleep(15.0)
        state: str = breaker.state.value
        tasks.cancel_scope.cancel()
    return state


async def test_a_late_success_does_not_close_the_circuit() -> None:
    """A call that began before the outage says nothing about its end."""
    assert await _late(theirs(), succeed) == "closed"
    assert await _late(ours, succeed) == "half_open"


async def test_a_late_failure_does_not_open_the_circuit_again() -> None:
    """A call that began before the outage says nothing about the probe."""
    assert await _late(theirs(), fail) == "open"
    assert await _late(ours, fail) == "half_open"


async def _admitted_after_the_break(library: ModuleType) -> bool:
    config = library.CircuitBreakerConfig(timeout=TIMEOUT)
    breaker = library.CircuitBreaker(config)
    probe = Counted(succeed)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attempt, breaker, after(50.0, fail))
        await anyio.sleep(1.0)
        for _ in range(5):
            await attempt(breaker, fail)
        await anyio.sleep(BREAK)
        await attempt(breaker, probe)
    return probe.calls == 1


async def test_the_break_counts_from_the_opening() -> None:
    """Each call that was under way and fails late makes the original's break longer."""
    assert not await _admitted_after_the_break(theirs())
    assert await _admitted_after_the_break(ours)


async def _after_late_probes(library: ModuleType) -> tuple[str, int]:
    breaker = await opened(library)
    await anyio.sleep(BREAK)
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(attempt, breaker, after(2.0, fail))
        for _ in range(2):
            tasks.start_soon(attempt, breaker, after(1.0, succeed))
    return breaker.state.value, breaker.failure_count


async def test_probes_that_fail_after_the_closing_are_late() -> None:
    """The circuit has closed; what was sent while it had not is old news."""
    assert await _after_late_probes(theirs()) == ("open", 5)
    assert await _after_late_probes(ours) == ("closed", 0)


async def _failures_after_a_late_success(library: ModuleType) -> int:
    config = library.CircuitBreakerConfig(success_threshold=1, timeout=TIMEOUT)
    breaker = library.CircuitBreaker(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attempt, breaker, after(BREAK + 10.0, succeed))
        await anyio.sleep(1.0)
        for _ in range(5):
            await attempt(breaker, fail)
        await anyio.sleep(BREAK)
        await attempt(breaker, succeed)  # closed again
        for _ in range(4):
            await attempt(breaker, fail)
    failures: int = breaker.failure_count
    return failures


async def test_a_late_success_does_not_reset_the_count() -> None:
    """A success from before the last outage is no sign of health now."""
    assert await _failures_after_a_late_success(theirs()) == 0
    assert await _failures_after_a_late_success(ours) == 4


@pytest.mark.parametrize(
    ("step", "slept", "admitted"),
    [(timedelta(hours=1), 1.0, True), (timedelta(hours=-1), BREAK, False)],
    ids=["forth", "back"],
)
async def test_setting_the_wall_clock_changes_nothing(
    step: timedelta, slept: float, monkeypatch: pytest.MonkeyPatch, *, admitted: bool
) -> None:
    """Set forth, the break ends at once; set back, it lasts an hour longer."""
    for library, expected in ((theirs(), admitted), (ours, not admitted)):
        monkeypatch.setattr(WallClock, "step", timedelta(0))
        breaker = await opened(library)
        wall = anyio.current_time() + step.total_seconds()
        monkeypatch.setattr(WallClock, "step", step)
        monkeypatch.setattr("time.time", lambda wall=wall: wall)
        monkeypatch.setattr("seawall._clock.SystemClock.wall", lambda _, w=wall: w)
        await anyio.sleep(slept)
        probe = Counted(succeed)
        await attempt(breaker, probe)
        assert (probe.calls == 1) is expected


async def test_a_cancellation_in_disguise_is_no_failure() -> None:
    """Five impatient callers open the circuit of a healthy dependency."""
    for library, state, failures in ((theirs(), "open", 5), (ours, "closed", 0)):
        breaker = library.CircuitBreaker(library.CircuitBreakerConfig())
        for _ in range(5):
            with anyio.move_on_after(1.0):
                await attempt(breaker, disguised(ConnectionResetError("closed")))
        assert (breaker.state.value, breaker.failure_count) == (state, failures)


async def test_a_call_within_a_probe_is_part_of_it() -> None:
    """Two helpers guarded by one breaker count one probe as two."""
    for library, state in ((theirs(), "closed"), (ours, "half_open")):
        breaker = await opened(library, success_threshold=2)
        await anyio.sleep(BREAK)

        async def outer(breaker: Any = breaker) -> Any:
            return await breaker.call(succeed)

        assert await breaker.call(outer) == "ok"
        assert breaker.state.value == state


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("failure_threshold", 0),
        ("success_threshold", 0),
        ("timeout", timedelta(seconds=-1)),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused(
    setting: str, value: Any
) -> None:
    """A break of less than nothing is a circuit breaker that never rejects."""
    theirs().CircuitBreaker(theirs().CircuitBreakerConfig(**{setting: value}))
    with pytest.raises(ValueError, match=f"{setting} must be"):
        ours.CircuitBreaker(ours.CircuitBreakerConfig(**{setting: value}))


@pytest.mark.parametrize(
    ("setting", "value", "limit"),
    [
        ("success_threshold", 32, "31"),
        ("failure_threshold", 2**32, "2147483648"),
        ("timeout", timedelta(days=366), r"a year \(31536000 s\)"),
    ],
)
async def test_a_setting_fits_the_word_of_the_core(
    setting: str, value: Any, limit: str
) -> None:
    """State, counts and deadline are one atomic word, which is what makes them exact.

    The original takes any number, and counts without a lock.
    """
    config = theirs().CircuitBreakerConfig(**{setting: value})
    assert getattr(theirs().CircuitBreaker(config).config, setting) == value
    with pytest.raises(ValueError, match=f"{setting} must be at most {limit}, not"):
        ours.CircuitBreaker(ours.CircuitBreakerConfig(**{setting: value}))


async def test_a_rejection_says_when_to_come_back() -> None:
    """The original's says that the circuit is open, and nothing about which or why."""
    for library, wait in ((theirs(), None), (ours, BREAK - 10.0)):
        breaker = await opened(library)
        await anyio.sleep(10.0)
        with pytest.raises(InfraUnavailableError, match="OPEN") as caught:
            await breaker.call(succeed)
        assert caught.value.retry_after == (wait and pytest.approx(wait, abs=0.01))


async def test_a_configuration_in_use_cannot_be_changed() -> None:
    """One assignment changes every breaker that shares the object, mid-outage too."""
    config = theirs().CircuitBreakerConfig()
    orders, users = theirs().CircuitBreaker(config), theirs().CircuitBreaker(config)
    orders.config.failure_threshold = 1
    assert users.config.failure_threshold == 1

    config = ours.CircuitBreakerConfig()
    config.failure_threshold = 4  # nobody reads it yet
    orders, users = ours.CircuitBreaker(config), ours.CircuitBreaker(config)
    with pytest.raises(AttributeError, match=r"replace\(config, failure_threshold=1\)"):
        orders.config.failure_threshold = 1
    assert users.config == dataclasses.replace(config, failure_threshold=4)


async def test_the_state_cannot_be_assigned() -> None:
    """Opened by hand, without a time of failure, the original never closes again."""
    breaker = theirs().CircuitBreaker(theirs().CircuitBreakerConfig())
    breaker.state = type(breaker.state).OPEN
    await anyio.sleep(10 * BREAK)
    with pytest.raises(InfraUnavailableError):
        await breaker.call(succeed)

    breaker = ours.CircuitBreaker(ours.CircuitBreakerConfig())
    with pytest.raises(AttributeError):
        breaker.state = ours.CircuitState.OPEN


async def test_the_time_of_a_failure_raises_no_warning() -> None:
    """Where warnings are errors, `utcnow` takes the place of the real error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if sys.version_info >= (3, 12):
            library = originals()
            breaker = library.CircuitBreaker(library.CircuitBreakerConfig())
            with pytest.raises(DeprecationWarning):
                await breaker.call(fail)
        breaker = ours.CircuitBreaker(ours.CircuitBreakerConfig())
        with pytest.raises(ConnectionResetError):
            await breaker.call(fail)
        assert breaker.last_failure_time is not None


# --- with_fallback


async def test_no_fallback_runs_after_a_cancellation() -> None:
    """A caller who is gone wants no second-best answer."""
    for library, runs in ((theirs(), 1), (ours, 0)):
        fallback = Counted(succeed)
        with anyio.move_on_after(1.0), suppress(InfraTimeoutError):
            await library.with_fallback(
                disguised(InfraTimeoutError("query cancelled")), fallback, uuid4()
            )
        assert fallback.calls == runs


class _Cancelled(Exception):
    """The database gave up on a query."""


async def _gave_up(_query: str, _user_id: str) -> None:
    raise _Cancelled


async def _nothing_cached(_key: str) -> None:
    return None


async def test_a_miss_is_not_an_answer() -> None:
    """The printed example answers `{}` for a user who exists, and calls it a success.

    The example can do no better, because `with_fallback` knows no miss. Ours does.
    """
    example = usage(
        Pattern.FALLBACK,
        theirs(),
        asyncpg=SimpleNamespace(QueryCanceledError=_Cancelled),
        db=SimpleNamespace(fetchrow=_gave_up),
        json=SimpleNamespace(),
        logger=logging.getLogger("mission"),
        valkey=SimpleNamespace(get=_nothing_cached),
    )
    assert await example.get_user_data("42", uuid4()) == {}

    async def from_cache() -> Any:
        raise FallbackSkip

    async def slow() -> Any:
        raise InfraTimeoutError("database query timeout")

    with pytest.raises(FallbackSkip):
        await theirs().with_fallback(slow, from_cache, uuid4())
    with pytest.raises(InfraTimeoutError, match="database query timeout"):
        await ours.with_fallback(slow, from_cache, uuid4())


async def test_a_group_of_timeouts_has_a_fallback() -> None:
    """A task group inside the primary wraps what would have been answered for."""

    async def primary() -> Any:
        raise ExceptionGroup("both", [InfraTimeoutError(), InfraUnavailableError()])

    with pytest.raises(ExceptionGroup):
        await theirs().with_fallback(primary, succeed, uuid4())
    assert await ours.with_fallback(primary, succeed, uuid4()) == ("ok", True)


async def test_a_fallback_handles_no_error() -> None:
    """Whatever the fallback logs with `exc_info` is about the primary's error."""

    async def primary() -> Any:
        raise InfraTimeoutError("slow")

    async def fallback() -> Any:
        return sys.exc_info()[0]

    answer = await theirs().with_fallback(primary, fallback, uuid4())
    assert answer == (InfraTimeoutError, True)
    assert await ours.with_fallback(primary, fallback, uuid4()) == (None, True)


# --- with_credential_refresh


@pytest.mark.parametrize("reason", ["expired", "revoked"])
async def test_ten_callers_log_in_once(reason: str) -> None:
    """Ten log-ins of one account in one second is how accounts are locked."""
    for library, logins in ((theirs(), 10), (ours, 1)):
        token = Token(expired=reason == "expired")
        if reason == "revoked":
            token.revoke()
        errors = await together(
            10, library.with_credential_refresh, token.use, token, None
        )
        assert not errors
        assert token.logins == logins


async def test_a_refused_login_is_no_rejection() -> None:
    """The refresh stands inside the `try`: refused, the original logs in again."""
    refused = InfraAuthenticationError("account disabled")
    token = Token(expired=True, error=refused)
    with pytest.raises(InfraAuthenticationError):
        await theirs().with_credential_refresh(token.use, token, uuid4())
    assert token.logins == 2

    token = Token(expired=True, error=refused)
    with pytest.raises(CredentialRefreshError) as caught:
        await ours.with_credential_refresh(token.use, token, uuid4())
    assert token.logins == 1
    assert caught.value.__cause__ is refused


async def test_a_failed_refresh_is_shared_and_not_tried_at_once() -> None:
    """Ten callers ask a dead identity provider ten times, and each next one again."""
    down = ConnectionResetError("identity provider down")
    for library, logins in ((theirs(), 11), (ours, 1)):
        token = Token(expired=True, error=down)
        errors = await together(
            10, library.with_credential_refresh, token.use, token, None
        )
        with pytest.raises((ConnectionResetError, CredentialRefreshError)):
            await library.with_credential_refresh(token.use, token, uuid4())
        assert token.logins == logins
        assert len(errors) == 10
    assert {type(error) for error in errors} == {CredentialRefreshError}
    assert len({id(error) for error in errors}) == 10
    assert {error.__cause__ for error in errors} == {down}


async def _logins_after_a_late_rejection(library: ModuleType) -> int:
    token = Token()
    token.revoke()

    async def late() -> int:
        used = token.value
        await anyio.sleep(10.0)
        if used < token.accepted:
            raise InfraAuthenticationError("token refused")
        return used

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(library.with_credential_refresh, late, token, None)
        await anyio.sleep(1.0)
        assert await library.with_credential_refresh(token.use, token, None) == 1
    return token.logins


async def test_a_late_rejection_spares_the_newer_token() -> None:
    """The token that was refused is gone already; the original throws away its heir."""
    assert await _logins_after_a_late_rejection(theirs()) == 2
    assert await _logins_after_a_late_rejection(ours) == 1


async def test_another_credentials_failure_is_no_rejection() -> None:
    """An operation may log in elsewhere; that this failed is not our token's fault."""

    async def operation() -> Any:
        raise CredentialRefreshError("the other identity provider is down")

    for library, logins in ((theirs(), 1), (ours, 0)):
        token = Token()
        with pytest.raises(CredentialRefreshError, match="the other"):
            await library.with_credential_refresh(operation, token, uuid4())
        assert token.logins == logins


async def test_a_token_that_nobody_accepts_is_not_minted_in_a_loop() -> None:
    """Each call logs in anew although no token is any use: a disabled account does."""

    async def operation() -> Any:
        raise InfraAuthenticationError("account disabled")

    for library, fewest, most in ((theirs(), 20, 20), (ours, 1, 3)):
        token = Token()
        for _ in range(20):
            with pytest.raises(InfraAuthenticationError):
                await library.with_credential_refresh(operation, token, uuid4())
        assert fewest <= token.logins <= most


async def test_a_cancelled_operation_costs_no_login() -> None:
    """A client that was cut off in the middle may call that a refusal."""
    for library, logins in ((theirs(), 1), (ours, 0)):
        token = Token()
        cut_off = disguised(InfraAuthenticationError("connection closed"))
        with anyio.move_on_after(1.0), suppress(InfraAuthenticationError):
            await library.with_credential_refresh(cut_off, token, uuid4())
        await anyio.sleep(5.0)
        assert token.logins == logins


# --- resilient_operation


async def test_a_probe_makes_one_attempt(*, on_asyncio: bool) -> None:
    """The original asks a dependency that is barely back three times, for seconds."""
    for library, calls in ((theirs(), 3), (ours, 1)):
        if library is not ours and not on_asyncio:
            continue
        breaker = await opened(library)
        await anyio.sleep(BREAK)
        operation = Counted(fail)
        with pytest.raises(ConnectionResetError):
            await library.resilient_operation(operation, breaker, uuid4())
        assert operation.calls == calls
        assert breaker.state.value == "open"
