"""Retry, on both backends, in virtual time."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import pickle
import sys
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import attrs
import pytest

from seawall import (
    Attempt,
    Category,
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    Constant,
    Exponential,
    Fallback,
    FallbackSkip,
    InfraConnectionError,
    InfraRateLimitedError,
    Linear,
    Pipeline,
    Retry,
    RetryGaveUp,
    RetryScheduled,
    Step,
    Timeout,
    attempts_of,
    correlation_scope,
)
from seawall._clock import SystemClock

pytestmark = pytest.mark.anyio


class Flaky:
    """Fail *times* times, then return "ok"."""

    def __init__(self, times: float, error: Exception | type[Exception]) -> None:
        self.times = times
        self.error = error
        self.calls = 0

    async def __call__(self) -> str:
        return self.sync()

    def sync(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return "ok"


async def test_calls_again_until_it_succeeds() -> None:
    """The whole point."""
    flaky = Flaky(2, InfraConnectionError("down"))

    assert await Retry(max_attempts=3).call(flaky) == "ok"
    assert flaky.calls == 3


async def test_waits_between_attempts_but_not_after_the_last() -> None:
    """Three attempts have two gaps."""
    started = anyio.current_time()
    flaky = Flaky(math.inf, InfraConnectionError("down"))

    with pytest.raises(InfraConnectionError):
        await Retry(max_attempts=3, backoff=Constant(600)).call(flaky)

    assert anyio.current_time() - started == pytest.approx(1200)


async def test_backoff_grows_and_is_capped() -> None:
    """Doubling, and no delay above the cap."""
    seen: list[float] = []
    backoff = Exponential(base=1, factor=2, max_delay=3, jitter="none")
    retry = Retry(max_attempts=5, backoff=backoff)
    retry.subscribe(
        lambda e: seen.append(e.delay) if isinstance(e, RetryScheduled) else None
    )

    with pytest.raises(InfraConnectionError):
        await retry.call(Flaky(math.inf, InfraConnectionError("down")))

    assert seen == [1, 2, 3, 3]


async def test_linear_backoff_adds_its_step() -> None:
    """One second more each time."""
    seen: list[float] = []
    backoff = Linear(base=timedelta(seconds=1), step=2, jitter="none")
    retry = Retry(max_attempts=4, backoff=backoff)
    retry.subscribe(
        lambda e: seen.append(e.delay) if isinstance(e, RetryScheduled) else None
    )

    with pytest.raises(InfraConnectionError):
        await retry.call(Flaky(math.inf, InfraConnectionError("down")))

    assert seen == [1, 3, 5]


async def test_the_caller_gets_the_functions_own_last_error() -> None:
    """Same object, so that `except` clauses, causes and attributes keep working."""
    error = InfraConnectionError("down")
    error.__cause__ = cause = OSError("the driver's")

    with pytest.raises(InfraConnectionError) as caught:
        await Retry(max_attempts=2).call(Flaky(math.inf, error))

    assert caught.value is error
    assert error.__cause__ is cause
    assert error.__notes__[0].startswith("gave up after 2 attempts in")
    assert error.__notes__[0].endswith("s: attempts exhausted")


async def test_the_history_is_on_the_error() -> None:
    """Who reads a traceback wants to know what was tried."""
    retry = Retry(max_attempts=3, backoff=Constant(2))

    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(Flaky(math.inf, InfraConnectionError("down")))

    records = attempts_of(caught.value)
    assert [r.number for r in records] == [1, 2, 3]
    assert [r.delay for r in records] == [2, 2, None]
    assert [r.elapsed for r in records] == pytest.approx([0, 2, 4])
    assert {r.category for r in records} == {Category.CONNECTION}
    assert {r.error_type for r in records} == {"seawall.InfraConnectionError"}


async def test_an_error_that_refuses_notes_is_raised_as_it_is() -> None:
    """Notes are best effort; the error is not."""

    class Frozen(Exception):
        __slots__ = ()

        def add_note(self, _note: str, /) -> None:
            raise TypeError("frozen")

    with pytest.raises(Frozen):
        await Retry(on=Frozen, max_attempts=2).call(Flaky(math.inf, Frozen))


async def test_an_error_raised_twice_carries_one_note() -> None:
    """A shared error object would collect a note per call."""
    error = InfraConnectionError("down")

    for _ in range(3):
        with pytest.raises(InfraConnectionError):
            await Retry(max_attempts=2).call(Flaky(math.inf, error))

    assert len(error.__notes__) == 1


async def test_what_is_not_worth_it_is_raised_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bug is not transient; a note says why, and nothing was given up."""
    retry = Retry()
    seen: list[object] = []
    retry.subscribe(seen.append)
    flaky = Flaky(math.inf, KeyError("bug"))

    with pytest.raises(KeyError) as caught:
        await retry.call(flaky)

    assert flaky.calls == 1
    assert caught.value.__notes__ == [
        "not retried: classified as other; name it in `on` if it may be repeated"
    ]
    assert not seen
    assert not caplog.records
    with pytest.raises(KeyError) as caught:
        await Retry(on=OSError).call(Flaky(math.inf, KeyError("bug")))
    assert caught.value.__notes__ == ["not retried: `on` does not name it"]


@pytest.mark.parametrize("decorated", [True, False])
async def test_wrong_arguments_are_not_tried_again(*, decorated: bool) -> None:
    """They are as wrong the second time, whatever `on` says."""

    async def takes_one(argument: int) -> int:
        return argument

    retry = Retry(on=Exception, max_attempts=None)
    with pytest.raises(TypeError, match="takes_one") as caught:
        await (retry(takes_one)() if decorated else retry.call(takes_one))  # type: ignore[call-arg]
    assert not hasattr(caught.value, "__notes__")


async def test_a_rejection_is_no_attempt() -> None:
    """It is in the history, but the function was not called."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    retry = Retry(backoff=Constant(1))
    given_up: list[int] = []
    retry.subscribe(
        lambda e: given_up.append(e.attempts) if isinstance(e, RetryGaveUp) else None
    )

    guarded = Pipeline(retry, breaker)(Flaky(math.inf, InfraConnectionError("down")))
    with pytest.raises(InfraConnectionError) as caught:
        await guarded()

    assert given_up == [1]
    assert "gave up after 1 attempt in" in caught.value.__notes__[0]
    assert len(attempts_of(caught.value)) == 2


async def test_possibly_executed_requests_need_idempotent() -> None:
    """A reset connection may have lost the answer, not the request."""
    careful, bold = (Flaky(1, ConnectionResetError("reset")) for _ in range(2))

    with pytest.raises(ConnectionResetError, match="reset") as caught:
        await Retry().call(careful)
    assert await Retry(idempotent=True).call(bold) == "ok"

    assert careful.calls == 1
    assert "not idempotent" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    "on",
    [KeyError, (OSError, KeyError), Category.OTHER, lambda e: isinstance(e, KeyError)],
    ids=["type", "tuple", "category", "predicate"],
)
async def test_on_says_what_is_retried(on: object) -> None:
    """Types, categories, tuples and predicates."""
    flaky = Flaky(1, KeyError("again"))

    assert await Retry(on=on).call(flaky) == "ok"  # type: ignore[arg-type]


async def test_a_group_is_retried_only_if_all_of_it_is() -> None:
    """One leaf that must not be repeated forbids it for all."""
    same = ExceptionGroup("", [InfraConnectionError("a"), InfraConnectionError("b")])
    mixed = ExceptionGroup("", [InfraConnectionError("a"), KeyError("b")])
    retried, passed = Flaky(1, same), Flaky(1, mixed)

    assert await Retry().call(retried) == "ok"
    with pytest.raises(ExceptionGroup):
        await Retry().call(passed)
    assert passed.calls == 1


async def test_a_raising_predicate_neither_hangs_nor_is_swallowed() -> None:
    """Its error propagates, with the function's own below it."""

    def predicate(_: Exception) -> bool:
        raise RuntimeError("in the predicate")

    with pytest.raises(RuntimeError, match="in the predicate") as caught:
        await Retry(on=predicate).call(Flaky(1, KeyError("own")))

    assert isinstance(caught.value.__context__, KeyError)


async def test_cancellation_ends_the_sleep_at_once() -> None:
    """A deadline of the caller's own beats the delay inside it."""
    flaky = Flaky(math.inf, InfraConnectionError("down"))
    scope = anyio.CancelScope()

    async with anyio.create_task_group() as group:
        with scope:
            group.start_soon(anyio.sleep, 10)
            group.start_soon(self_cancel, scope, 10)
            await Retry(backoff=Constant(600)).call(flaky)

    assert scope.cancelled_caught
    assert anyio.current_time() < 700
    assert flaky.calls == 1


async def self_cancel(scope: anyio.CancelScope, after: float) -> None:
    """Cancel *scope* in a while."""
    await anyio.sleep(after)
    scope.cancel()


async def test_a_cancellation_in_disguise_is_not_retried() -> None:
    """A callee that turns it into ConnectionError does not start a new attempt."""
    calls = 0

    async def disguises() -> None:
        nonlocal calls
        calls += 1
        try:
            await anyio.sleep(1000)
        except anyio.get_cancelled_exc_class() as cancelled:
            raise ConnectionError("lost it") from cancelled

    with anyio.move_on_after(1), pytest.raises(ConnectionError) as caught:
        await Retry(on=ConnectionError, max_attempts=None).call(disguises)

    assert calls == 1
    assert not hasattr(caught.value, "__notes__")  # nothing was given up


async def test_a_native_cancellation_in_disguise_is_not_retried(
    anyio_backend_name: str,
) -> None:
    """After `task.cancel()` there is no scope to ask, and still nobody tries again."""
    if anyio_backend_name == "trio":
        return  # which has nothing besides its scopes
    calls = 0

    async def disguises() -> None:
        nonlocal calls
        calls += 1
        try:
            await anyio.sleep(1000)
        except asyncio.CancelledError as cancelled:
            raise ConnectionError("lost it") from cancelled

    retry = Retry(on=ConnectionError, max_attempts=None)
    task = asyncio.ensure_future(retry.call(disguises))
    await anyio.sleep(1)
    task.cancel()

    with pytest.raises(ConnectionError):
        await task
    assert calls == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancellation_disguised_as_a_rejection_has_no_substitute(
    anyio_backend: str,
) -> None:
    """An earlier error in its place would not show that the caller must stop."""
    errors: list[Exception] = [InfraConnectionError("the first attempt's")]
    answered: list[str] = []

    async def fetch() -> str:
        if errors:
            raise errors.pop()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError as error:
            raise CircuitOpenError(breaker="db", state=CircuitState.OPEN) from error
        return "late"

    fallback = Fallback(Step("static", lambda: answered.append("static")))
    retry = Retry(max_attempts=3, backoff=Constant(0))
    task = asyncio.create_task(Pipeline(fallback, retry).call(fetch))
    await asyncio.sleep(0.05)
    task.cancel()

    with pytest.raises(CircuitOpenError):
        await task
    assert answered == []


async def test_a_sleep_that_would_outlast_the_deadline_is_not_begun() -> None:
    """Waiting for a deadline to pass helps nobody."""
    started = anyio.current_time()
    flaky = Flaky(math.inf, InfraConnectionError("down"))

    with pytest.raises(InfraConnectionError) as caught, anyio.fail_after(10):
        await Retry(backoff=Constant(60)).call(flaky)

    assert anyio.current_time() == started
    assert caught.value.__notes__[0].endswith("deadline")


async def test_a_server_that_says_when_is_believed() -> None:
    """Never earlier than the hint, and not everybody at that very moment."""
    waits: set[float] = set()
    for _ in range(20):
        started = anyio.current_time()
        flaky = Flaky(1, InfraRateLimitedError("slow down", retry_after=5.0))
        await Retry(backoff=Constant(1)).call(flaky)
        waits.add(anyio.current_time() - started)

    assert all(5.0 <= wait <= 5.5 + 1e-6 for wait in waits)
    assert len(waits) > 10


async def test_nested_retries_tell_their_own_history() -> None:
    """The outer one's attempts are not mixed with those of the inner one."""
    nested = Pipeline(
        Retry(max_attempts=2, backoff=Constant(1)),
        Retry(max_attempts=3, backoff=Constant(1), on=InfraConnectionError),
    )
    flaky = Flaky(math.inf, InfraConnectionError("down"))

    with pytest.raises(InfraConnectionError) as caught:
        await nested.call(flaky)

    assert flaky.calls == 6
    assert [r.number for r in attempts_of(caught.value)] == [1, 2]


async def test_a_server_that_asks_for_years_ends_the_retry() -> None:
    """Nobody waits 31 years for an answer."""
    flaky = Flaky(1, InfraRateLimitedError("slow down", retry_after=1e9))

    with pytest.raises(InfraRateLimitedError) as caught:
        await Retry().call(flaky)

    assert caught.value.__notes__[0].endswith("server delay")


async def test_an_open_circuit_is_not_retried_and_hides_nothing() -> None:
    """The caller learns what is wrong with the server, not with the breaker."""
    rejection = CircuitOpenError(
        breaker="db", state=CircuitState.OPEN, retry_after=1.0, opened_by=None
    )
    errors: list[Exception] = [rejection, InfraConnectionError("own"), rejection]

    async def raises() -> None:
        raise errors.pop()

    retry = Retry(on=Exception)
    with pytest.raises(CircuitOpenError):
        await retry.call(raises)
    with pytest.raises(InfraConnectionError, match="own"):
        errors[:] = [rejection, InfraConnectionError("own")]
        await retry.call(raises)
    assert not errors


async def test_attempts_without_a_limit() -> None:
    """None means: until it works."""
    flaky = Flaky(2000, InfraConnectionError("down"))

    assert await Retry(max_attempts=None).call(flaky) == "ok"


async def test_a_long_history_is_told_from_both_ends() -> None:
    """Without a limit of attempts it would grow without one as well."""
    flaky = Flaky(math.inf, InfraConnectionError("down"))

    with pytest.raises(InfraConnectionError) as caught:
        await Retry(max_attempts=1000, backoff=Constant(1)).call(flaky)

    numbers = [record.number for record in attempts_of(caught.value)]
    assert numbers == [*range(1, 51), *range(951, 1001)]


async def test_a_seeded_sequence_repeats_whatever_else_runs() -> None:
    """Each call has its own sequence."""
    retry = Retry(max_attempts=4, backoff=Exponential(seed=7))
    both: list[list[float | None]] = []

    async def run() -> None:
        with pytest.raises(InfraConnectionError) as caught:
            await retry.call(Flaky(math.inf, InfraConnectionError("down")))
        both.append([record.delay for record in attempts_of(caught.value)])

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        group.start_soon(run)

    assert both[0] == both[1]
    assert len(set(both[0])) == 4


async def test_one_policy_serves_many_tasks() -> None:
    """No state is shared between calls."""
    retry = Retry(max_attempts=3)
    flakies = [Flaky(2, InfraConnectionError("down")) for _ in range(50)]

    async with anyio.create_task_group() as group:
        for flaky in flakies:
            group.start_soon(retry.call, flaky)

    assert {flaky.calls for flaky in flakies} == {3}


async def test_nothing_stays_alive_after_the_call() -> None:
    """No cycle through the traceback: freed at once, without the collector."""

    class Argument:
        pass

    async def fails(_: Argument) -> None:
        raise InfraConnectionError("down")

    async def skips(_: Argument) -> None:
        raise FallbackSkip

    async def answers(_: Argument) -> None:
        return None

    # No pause: since Python 3.12 a bare `trio.sleep` keeps its caller's frames until
    # the collector comes, whoever calls it.
    retry = Retry(max_attempts=2, backoff=Constant(0))
    gc.collect()
    gc.disable()
    try:
        for guard in (
            retry,
            Pipeline(Timeout(50), retry),
            Pipeline(Fallback(Step("skips", skips)), CircuitBreaker("x")),
            Fallback(Step("answers", answers)),
        ):
            guarded = guard(fails)
            argument = Argument()
            alive = weakref.ref(argument)
            try:
                await guarded(argument)
            except InfraConnectionError:
                pass
            del argument
            assert alive() is None
    finally:
        gc.enable()


async def test_nothing_is_being_handled_during_the_next_attempt() -> None:
    """Otherwise every error would show its predecessors as its context."""
    handled: list[object] = []

    async def fails() -> None:
        handled.append(sys.exc_info()[1])
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        await Retry(max_attempts=3)(fails)()

    assert handled == [None, None, None]


async def test_giving_up_is_logged_once_and_tells_no_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A call that is given up leaves one line, without arguments or driver text."""
    with (
        caplog.at_level(logging.WARNING, "seawall"),
        correlation_scope() as correlation_id,
        pytest.raises(InfraConnectionError),
    ):
        await Retry(max_attempts=2).call(
            Flaky(math.inf, InfraConnectionError("postgres://u:secret@db"))
        )

    (record,) = caplog.records
    assert "secret" not in record.getMessage()
    assert "2 attempts" in record.getMessage()
    assert record.__dict__["seawall"]["correlation_id"] == correlation_id


async def test_a_record_factory_with_ids_of_its_own_keeps_them(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many programs set `correlation_id` there; logging then refuses ours."""

    class Record(logging.LogRecord):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.correlation_id = "theirs"

    monkeypatch.setattr(logging, "_logRecordFactory", Record)
    with (
        caplog.at_level(logging.WARNING, "seawall"),
        pytest.raises(InfraConnectionError),
    ):
        await Retry(max_attempts=1).call(Flaky(1, InfraConnectionError("real")))

    (record,) = caplog.records
    assert record.__dict__["correlation_id"] == "theirs"
    assert record.__dict__["seawall"]["attempts"] == 1


async def test_logging_that_raises_does_not_replace_the_error() -> None:
    """A filter is the user's code, and runs in the middle of ours."""

    def broken(_: logging.LogRecord) -> bool:
        raise ZeroDivisionError

    logger = logging.getLogger("seawall")
    logger.addFilter(broken)
    try:
        with pytest.raises(InfraConnectionError, match="real"):
            await Retry(max_attempts=1).call(Flaky(1, InfraConnectionError("real")))
    finally:
        logger.removeFilter(broken)


async def test_events_tell_what_happened() -> None:
    """One per retry, one for the surrender; none after unsubscribing."""
    retry = Retry(max_attempts=2, backoff=Constant(1))
    seen: list[object] = []
    unsubscribe = retry.subscribe(seen.append)

    for _ in range(2):
        with pytest.raises(InfraConnectionError):
            await retry.call(Flaky(math.inf, InfraConnectionError("down")))
        unsubscribe()

    assert [type(event) for event in seen] == [RetryScheduled, RetryGaveUp]


def test_plain_functions_are_retried_too() -> None:
    """The same rules, sleeping through the clock."""

    class FakeClock:
        def __init__(self) -> None:
            self.now = 0.0

        def monotonic(self) -> float:
            return self.now

        wall = monotonic

        def sleep(self, duration: float) -> None:
            self.now += duration

    clock = FakeClock()
    retry = Retry(max_attempts=3, backoff=Constant(600), clock=clock)
    flaky = Flaky(2, InfraConnectionError("down"))

    assert retry(flaky.sync)() == "ok"
    assert clock.now == 1200


def test_a_plain_function_is_not_retried_past_a_time_out() -> None:
    """Nobody can interrupt it, but nobody needs to start it again either."""
    flaky = Flaky(math.inf, InfraConnectionError("down"))

    with pytest.raises(InfraConnectionError) as caught:
        Pipeline(Timeout(5), Retry(backoff=Constant(60))).call_sync(flaky.sync)

    assert flaky.calls == 1
    assert caught.value.__notes__[0].endswith("deadline")


class SlowCallback:
    """A callback that takes *duration* seconds of the time that is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, duration: float) -> None:
        self.duration = duration
        self.now = 0.0
        self.slept: list[float] = []
        monkeypatch.setattr(SystemClock, "monotonic", lambda _: self.now)
        monkeypatch.setattr(SystemClock, "sleep", lambda _, delay: self.sleep(delay))

    def __call__(self, attempt: Attempt) -> None:
        self.now += self.duration

    def sleep(self, delay: float) -> None:
        self.slept.append(delay)
        self.now += delay


def rejected() -> str:
    """Be rejected by somebody's breaker."""
    raise CircuitOpenError(breaker="db", state=CircuitState.OPEN, retry_after=1.0)


def disconnected() -> str:
    """Fail."""
    raise InfraConnectionError("down")


@pytest.mark.parametrize(
    ("fn", "made"), [(disconnected, 1), (rejected, 0)], ids=["failed", "rejected"]
)
def test_a_callback_that_takes_too_long_leaves_no_time_for_a_sleep(
    fn: Callable[[], str], made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was in time before it is not after it, and nobody interrupts a sleep."""
    callback = SlowCallback(monkeypatch, 5.0)
    retry = Retry(backoff=Constant(1), before_sleep=callback, wait_for_circuit=True)

    with pytest.raises((InfraConnectionError, CircuitOpenError)) as caught:
        Pipeline(Timeout(5), retry).call_sync(fn)

    assert callback.slept == []
    many = "attempt" if made == 1 else "attempts"
    assert caught.value.__notes__ == [f"gave up after {made} {many} in 5 s: deadline"]
    assert [record.delay for record in attempts_of(caught.value)] == [None]


def test_a_refused_result_is_returned_if_a_callback_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it is wherever there is no further attempt."""
    callback = SlowCallback(monkeypatch, 5.0)
    retry = Retry(backoff=Constant(1), before_sleep=callback, on_result=lambda _: True)

    assert Pipeline(Timeout(5), retry).call_sync(lambda: "refused") == "refused"
    assert callback.slept == []


def test_a_callback_that_is_quick_enough_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The delay follows it, in full."""
    callback = SlowCallback(monkeypatch, 1.0)
    retry = Retry(backoff=Constant(1), before_sleep=callback, max_attempts=2)

    with pytest.raises(InfraConnectionError):
        Pipeline(Timeout(5), retry).call_sync(disconnected)

    assert callback.slept == [1]


def test_a_rejection_hides_nothing_from_plain_functions_either() -> None:
    """The same rule as for coroutine functions."""
    errors: list[Exception] = [
        CircuitOpenError(
            breaker="db", state=CircuitState.OPEN, retry_after=1.0, opened_by=None
        ),
        InfraConnectionError("own"),
    ]

    def raises() -> None:
        raise errors.pop()

    with pytest.raises(InfraConnectionError, match="own"):
        Retry(on=Exception, backoff=Constant(0)).call_sync(raises)


def test_a_bare_decorator_is_refused() -> None:
    """The likeliest mistake of all."""
    with pytest.raises(TypeError, match=r"write @Retry\(\) to decorate"):
        Retry(anyio.sleep)  # type: ignore[call-arg]


def test_policies_are_values() -> None:
    """They compare, hash, pickle and evolve; listeners are not part of that."""
    retry = Retry(max_attempts=3, backoff=Exponential(base=2))
    retry.subscribe(print)

    assert pickle.loads(pickle.dumps(retry)) == retry
    assert hash(attrs.evolve(retry)) == hash(retry)
    assert attrs.evolve(retry, max_attempts=4) != retry


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_attempts": 0}, "max_attempts must be at least 1, not 0"),
        ({"max_attempts": math.nan}, "max_attempts must be a whole number"),
        ({"max_attempts": True}, "max_attempts must be a whole number"),
        ({"on": BaseException}, "on=BaseException would also catch cancellation"),
        ({"on": KeyboardInterrupt}, "on=KeyboardInterrupt"),
        ({"on": ()}, "matches nothing"),
        ({"on": "timeout"}, "Category.TIMEOUT"),
        ({"on": [OSError]}, "on got a list: write a tuple"),
        ({"on": lambda: True}, "does not take one argument"),
        ({"backoff": "fast"}, "backoff must be Exponential"),
        ({"backoff": 3}, "backoff must be Exponential"),
        ({"idempotent": "yes"}, "idempotent must be True or False"),
        ({"clock": time}, "clock must have monotonic"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_refuses_what_could_never_work(
    options: dict[str, object], message: str
) -> None:
    """When it is built, with the option, the value and the right code."""
    with pytest.raises((TypeError, ValueError), match=message):
        Retry(**options)  # type: ignore[arg-type]
