"""The circuit breaker, on both backends, in virtual time."""

from __future__ import annotations

import contextlib
import contextvars
import copy
import functools
import gc
import pickle
import types
import weakref
from datetime import timedelta
from typing import Any

import anyio
import pytest

import seawall
from seawall import (
    Category,
    CircuitBreaker,
    CircuitClosed,
    CircuitEvent,
    CircuitHalfOpened,
    CircuitOpened,
    CircuitOpenError,
    CircuitState,
    Consecutive,
    CredentialRefreshError,
    InfraAuthenticationError,
    InfraConnectionError,
    InfraUnavailableError,
    Pipeline,
    Retry,
    SeawallWarning,
    Timeout,
)

pytestmark = pytest.mark.anyio

CLOSED, OPEN, HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)


async def works() -> str:
    """Answer."""
    return "ok"


async def fails() -> None:
    """Do not."""
    raise InfraConnectionError("down")


async def hangs() -> None:
    """Neither."""
    await anyio.sleep_forever()


async def broken(breaker: CircuitBreaker, times: int = 5) -> CircuitBreaker:
    """Open *breaker* by failing calls."""
    for _ in range(times):
        with pytest.raises(InfraConnectionError):
            await breaker.call(fails)
    return breaker


async def half_open(breaker: CircuitBreaker) -> CircuitBreaker:
    """Open *breaker* and let its break pass."""
    await broken(breaker)
    await anyio.sleep(breaker.config.break_duration)
    return breaker


async def test_opens_after_failures_in_a_row() -> None:
    """Five by default; the fifth opens it, not the sixth."""
    breaker = await broken(CircuitBreaker("db"), 4)
    assert breaker.state is CLOSED

    await broken(breaker, 1)

    assert breaker.state is OPEN


async def test_a_success_in_between_starts_anew() -> None:
    """In a row means in a row."""
    breaker = await broken(CircuitBreaker("db"), 4)
    await breaker.call(works)
    await broken(breaker, 4)

    assert breaker.state is CLOSED


async def test_a_rejection_says_what_is_open_for_how_long_and_why() -> None:
    """Whoever reads it needs no second look-up."""
    breaker = await broken(CircuitBreaker("orders-db", break_duration=60))
    await anyio.sleep(20)

    with pytest.raises(InfraUnavailableError) as caught:
        await breaker.call(works)

    error = caught.value
    assert isinstance(error, CircuitOpenError)
    assert error.breaker == "orders-db"
    assert error.state is OPEN
    assert error.retry_after == pytest.approx(40, abs=0.01)
    assert error.opened_by == "InfraConnectionError"
    assert "orders-db" in str(error)


async def test_rejections_do_not_share_a_traceback() -> None:
    """One growing traceback per breaker is a leak."""
    breaker = await broken(CircuitBreaker("db"))
    errors = []
    for _ in range(3):
        with pytest.raises(CircuitOpenError) as caught:
            await breaker.call(works)
        errors.append(caught.value)

    assert len({id(error) for error in errors}) == 3
    assert len({len(list(frames(error))) for error in errors}) == 1


def frames(error: BaseException) -> list[object]:
    """List the frames of a traceback."""
    found: list[object] = []
    traceback = error.__traceback__
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


async def test_recovers_by_itself() -> None:
    """The first call at or after the end of the break is the probe."""
    breaker = await half_open(CircuitBreaker("db", success_threshold=2))

    assert await breaker.call(works) == "ok"
    assert breaker.state is HALF_OPEN
    assert await breaker.call(works) == "ok"
    assert breaker.state is CLOSED


async def test_nobody_is_admitted_before_the_break_is_over() -> None:
    """A millisecond early is early."""
    breaker = await broken(CircuitBreaker("db", break_duration=60))
    await anyio.sleep(59.9)

    with pytest.raises(CircuitOpenError):
        await breaker.call(works)


async def test_a_failing_probe_opens_it_again() -> None:
    """For another break."""
    breaker = await half_open(CircuitBreaker("db"))
    await broken(breaker, 1)

    with pytest.raises(CircuitOpenError):
        await breaker.call(works)
    await anyio.sleep(60)
    assert await breaker.call(works) == "ok"


async def test_surplus_calls_are_rejected_while_a_probe_is_out() -> None:
    """1000 callers waiting for the database must not be its first 1000 calls."""
    breaker = await half_open(CircuitBreaker("db", max_probes=3))
    ran = rejected = 0

    async def caller() -> None:
        nonlocal ran, rejected
        try:
            await breaker.call(anyio.sleep, 1)
            ran += 1
        except CircuitOpenError as error:
            assert error.state is HALF_OPEN
            assert error.retry_after is None
            rejected += 1

    async with anyio.create_task_group() as group:
        for _ in range(1000):
            group.start_soon(caller)

    assert (ran, rejected) == (3, 997)


async def test_a_cancelled_probe_gives_its_place_back() -> None:
    """Otherwise the circuit would stay half-open for ever."""
    breaker = await half_open(CircuitBreaker("db", success_threshold=1))

    with anyio.move_on_after(1):
        await breaker.call(hangs)

    assert breaker.state is HALF_OPEN
    assert await breaker.call(works) == "ok"
    assert breaker.state is CLOSED


async def test_a_probe_ended_by_a_base_exception_gives_its_place_back() -> None:
    """An exit is no verdict on the database."""

    async def exits() -> None:
        raise SystemExit

    breaker = await half_open(CircuitBreaker("db"))

    with pytest.raises(SystemExit):
        await breaker.call(exits)
    assert await breaker.call(works) == "ok"


async def test_a_predicate_that_raises_gives_the_place_back() -> None:
    """And its error is not swallowed."""

    def predicate(error: Exception) -> bool:
        if isinstance(error, KeyError):
            raise RuntimeError("in the predicate")
        return True

    async def confuses() -> None:
        raise KeyError("own")

    breaker = await half_open(CircuitBreaker("db", on=predicate))

    with pytest.raises(RuntimeError, match="in the predicate") as caught:
        await breaker.call(confuses)
    assert isinstance(caught.value.__context__, KeyError)
    assert await breaker.call(works) == "ok"


async def test_a_listener_that_is_interrupted_gives_the_place_back() -> None:
    """Ctrl-C comes when it wants to, also between the permit and the call."""
    breaker = await half_open(CircuitBreaker("db"))

    def interrupted(_: CircuitEvent) -> None:
        raise KeyboardInterrupt

    unsubscribe = breaker.subscribe(interrupted)
    # Bound to a name, as by a debugger: nothing is collected.
    with pytest.raises(KeyboardInterrupt) as kept:
        await breaker.call(works)
    unsubscribe()

    assert await breaker.call(works) == "ok"
    assert kept.value


async def test_a_clock_that_raises_gives_the_place_back() -> None:
    """The error is the clock's, above the function's own; both reach the caller."""

    class Breaking:
        now = 0.0
        broken = False

        def monotonic(self) -> float:
            if self.broken:
                raise OSError("no time")
            return self.now

        def wall(self) -> float:
            raise AssertionError("asked for the wall clock")

        def sleep(self, duration: float, /) -> None:
            raise AssertionError("slept")

    clock = Breaking()
    breaker = await broken(CircuitBreaker("db", clock=clock))
    clock.now = 60

    async def breaks_the_clock() -> None:
        clock.broken = True
        raise InfraConnectionError("down")

    with pytest.raises(OSError, match="no time") as kept:
        await breaker.call(breaks_the_clock)
    assert isinstance(kept.value.__context__, InfraConnectionError)
    clock.broken = False

    assert await breaker.call(works) == "ok"


async def test_a_probe_that_never_returns_loses_its_lease() -> None:
    """Half-open can never be stuck."""
    breaker = await half_open(CircuitBreaker("db", probe_lease=10, success_threshold=1))

    async with anyio.create_task_group() as group:
        group.start_soon(breaker.call, hangs)
        await anyio.sleep(9)
        with pytest.raises(CircuitOpenError):
            await breaker.call(works)
        await anyio.sleep(2)
        assert await breaker.call(works) == "ok"
        assert breaker.state is CLOSED
        group.cancel_scope.cancel()


@pytest.mark.parametrize("decorated", [True, False])
@pytest.mark.parametrize("late", ["success", "failure", "cancellation"])
async def test_late_results_change_nothing(late: str, *, decorated: bool) -> None:
    """A call of the closed era says nothing about the probe round."""
    breaker = CircuitBreaker("db", success_threshold=1)
    gate = anyio.Event()

    async def slow() -> None:
        await gate.wait()
        if late == "failure":
            raise InfraConnectionError("late")

    scope = anyio.CancelScope()

    async def old_call() -> None:
        with scope, contextlib.suppress(InfraConnectionError):
            await (breaker(slow)() if decorated else breaker.call(slow))

    async with anyio.create_task_group() as group:
        group.start_soon(old_call)
        await anyio.sleep(1)
        await broken(breaker)
        await anyio.sleep(60)
        group.start_soon(breaker.call, anyio.sleep, 10)
        await anyio.sleep(1)
        assert breaker.state is HALF_OPEN
        if late == "cancellation":
            scope.cancel()
        gate.set()
        await anyio.sleep(1)
        assert breaker.state is HALF_OPEN
        with pytest.raises(CircuitOpenError):
            await breaker.call(works)
        await anyio.sleep(10)
        assert breaker.state is CLOSED


@pytest.mark.parametrize("generated", [True, False])
async def test_a_call_inside_a_probe_belongs_to_it(*, generated: bool) -> None:
    """Two helpers guarded by one breaker must not reject each other."""
    breaker = await half_open(CircuitBreaker("db", success_threshold=1))

    async def helper() -> str:
        return await (breaker(works)() if generated else breaker.call(works))

    assert await breaker.call(helper) == "ok"
    assert breaker.state is CLOSED


@pytest.mark.parametrize("generated", [True, False])
async def test_once_another_probe_closed_it_calls_inside_a_probe_count(
    *, generated: bool
) -> None:
    """A probe that goes on for long must not be blind to what happens in it."""
    breaker = await half_open(CircuitBreaker("db", max_probes=2, success_threshold=1))

    async def goes_on() -> None:
        await anyio.sleep(1)
        for _ in range(5):
            with pytest.raises(InfraConnectionError):
                await (breaker(fails)() if generated else breaker.call(fails))

    async with anyio.create_task_group() as group:
        group.start_soon(breaker.call, goes_on)
        await anyio.sleep(0.5)
        await breaker.call(works)
        assert breaker.state is CLOSED

    assert breaker.state is OPEN


async def test_a_series_inside_a_probe_is_a_single_attempt_too() -> None:
    """Whoever retries inside the probe would make it five."""
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    breaker = await half_open(CircuitBreaker("db"))
    nested = Pipeline(breaker, Retry())

    with pytest.raises(InfraConnectionError):
        await breaker.call(nested.call, counted)

    assert calls == 1
    assert breaker.state is OPEN


async def test_a_child_that_outlives_its_probe_is_an_ordinary_call() -> None:
    """The verdict is given; the child asks for a permit of its own."""
    breaker = await half_open(CircuitBreaker("db", success_threshold=2))
    outcomes: list[str] = []

    async def child() -> None:
        await anyio.sleep(5)
        try:
            outcomes.append(await breaker.call(works))
        except CircuitOpenError:
            outcomes.append("rejected")

    async with anyio.create_task_group() as group:

        async def probe() -> None:
            group.start_soon(child)

        await breaker.call(probe)
        group.start_soon(breaker.call, anyio.sleep, 100)
        await anyio.sleep(10)

    assert outcomes == ["rejected"]


async def test_a_child_that_outlives_its_probe_keeps_none_of_its_arguments() -> None:
    """The first call after an outage starts the pool, which lives for ever."""
    breaker = await half_open(CircuitBreaker("db"))

    class Payload:
        pass

    async with anyio.create_task_group() as group:

        async def starts_a_pool(_: Payload) -> None:
            group.start_soon(anyio.sleep_forever)

        payload = Payload()
        remembered = weakref.ref(payload)
        await breaker.call(starts_a_pool, payload)
        await anyio.sleep(1)
        del payload
        gc.collect()

        assert remembered() is None
        group.cancel_scope.cancel()


async def test_a_no_from_a_healthy_server_is_a_success() -> None:
    """Whoever says "wrong password" is alive."""

    async def refuses() -> None:
        raise InfraAuthenticationError("wrong password")

    breaker = await half_open(CircuitBreaker("db", success_threshold=1))

    with pytest.raises(InfraAuthenticationError):
        await breaker.call(refuses)

    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "error",
    [
        CredentialRefreshError("identity provider down"),
        CircuitOpenError(
            breaker="inner", state=CircuitState.OPEN, retry_after=1.0, opened_by=None
        ),
    ],
    ids=["credential", "inner breaker"],
)
async def test_somebody_elses_outage_does_not_open_it(error: Exception) -> None:
    """The dependency behind this breaker was never asked."""

    async def raises() -> None:
        raise error

    breaker = CircuitBreaker("db", trip=Consecutive(1))
    with pytest.raises(type(error)):
        await breaker.call(raises)
    assert breaker.state is CLOSED


@pytest.mark.parametrize("decorated", [True, False])
async def test_a_callers_mistake_says_nothing_about_the_dependency(
    *, decorated: bool
) -> None:
    """Wrong arguments, or a plain function that is awaited."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))

    async def takes_one(argument: int) -> int:
        return argument

    call = (
        breaker(takes_one) if decorated else functools.partial(breaker.call, takes_one)
    )
    for args in ((), (1, 2)):
        with pytest.raises(TypeError, match="takes_one"):
            await call(*args)
    with pytest.raises(TypeError, match="call_sync"):
        await breaker.call(str)
    with pytest.raises(TypeError, match="returned coroutine"):
        breaker.call_sync(lambda: works())
    assert breaker.state is CLOSED

    async def has_a_bug() -> None:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        await breaker.call(has_a_bug)
    assert breaker.state is OPEN


@pytest.mark.parametrize("decorated", [True, False])
def test_what_takes_anything_can_be_misused_all_the_same(*, decorated: bool) -> None:
    """A builtin without a signature says only when it is called what it wants."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    guarded: Any = functools.partial(breaker.call_sync, max)
    if decorated:
        guarded = breaker(max)

    with pytest.raises(TypeError, match="expected at least 1 argument"):
        guarded()

    assert breaker.state is CLOSED


async def test_on_decides_alone() -> None:
    """What matches fails; what does not is no verdict."""

    async def raises(error: Exception) -> None:
        raise error

    breaker = CircuitBreaker("db", trip=Consecutive(2), on=(KeyError, Category.TIMEOUT))
    for error in (KeyError(), InfraConnectionError(), InfraConnectionError()):
        with pytest.raises(type(error)):
            await breaker.call(raises, error)
    assert breaker.state is CLOSED

    with pytest.raises(TimeoutError):
        await breaker.call(raises, TimeoutError())
    assert breaker.state is OPEN


async def test_answered_still_counts_as_success_under_an_explicit_on() -> None:
    """The classification says what `on` leaves open."""

    async def raises(error: Exception) -> None:
        raise error

    breaker = CircuitBreaker("db", trip=Consecutive(2), on=KeyError)
    for error in (KeyError(), InfraAuthenticationError(), KeyError()):
        with pytest.raises(type(error)):
            await breaker.call(raises, error)

    assert breaker.state is CLOSED


async def test_two_breakers_with_different_failures() -> None:
    """Only the one that handles the error opens, whichever is outside."""
    keys = CircuitBreaker("keys", trip=Consecutive(1), on=KeyError)
    values = CircuitBreaker("values", trip=Consecutive(1), on=ValueError)

    async def raises() -> None:
        raise KeyError

    for order in ((keys, values), (values, keys)):
        with pytest.raises((KeyError, CircuitOpenError)):
            await Pipeline(*order).call(raises)

    assert keys.state is OPEN
    assert values.state is CLOSED


async def test_a_result_is_never_replaced_by_a_rejection() -> None:
    """Not even where one breaker stands twice, and opened while the call ran."""
    breaker = CircuitBreaker("db")
    with pytest.warns(SeawallWarning, match="stands twice"):
        guard = Pipeline(breaker, breaker)

    @guard
    async def fails_later(error: Exception) -> None:
        await anyio.sleep(1)
        raise error

    @guard
    async def is_cancelled() -> None:
        await anyio.sleep_forever()

    async def late() -> None:
        with pytest.raises(InfraConnectionError, match="mine"):
            await fails_later(InfraConnectionError("mine"))

    async with anyio.create_task_group() as group:
        group.start_soon(late)
        group.start_soon(is_cancelled)
        await anyio.sleep(0.5)
        await broken(breaker)
        await anyio.sleep(1)
        group.cancel_scope.cancel()


async def test_a_retry_outside_stops_at_the_rejection() -> None:
    """Three executions open it; the fourth attempt is rejected and ends the retry."""
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    breaker = CircuitBreaker("db", trip=Consecutive(3))
    guarded = Pipeline(Retry(max_attempts=7), breaker)(counted)

    with pytest.raises(InfraConnectionError) as caught:
        await guarded()

    assert calls == 3
    assert "circuit open" in caught.value.__notes__[0]


async def test_a_probe_makes_a_single_attempt() -> None:
    """With the retry inside, a half-open circuit would hit the database five times."""
    calls = 0

    async def counted() -> None:
        nonlocal calls
        calls += 1
        raise InfraConnectionError("down")

    breaker = await half_open(CircuitBreaker("db"))

    with pytest.raises(InfraConnectionError):
        await Pipeline(breaker, Retry()).call(counted)

    assert calls == 1


async def test_a_time_out_inside_is_a_failure() -> None:
    """A database that hangs is as dead as one that refuses."""
    breaker = CircuitBreaker("db", trip=Consecutive(2))
    guarded = Pipeline(breaker, Timeout(1))(hangs)

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await guarded()

    assert breaker.state is OPEN


async def test_the_callers_own_cancellation_counts_neither_way() -> None:
    """Impatient users must not open the circuit."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))

    with anyio.move_on_after(1):
        await breaker.call(hangs)

    assert breaker.state is CLOSED


async def test_a_cancellation_in_disguise_counts_neither_way() -> None:
    """A driver that turns it into ConnectionError says nothing about the server."""

    async def disguises() -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as cancelled:
            raise ConnectionError("lost it") from cancelled

    breaker = CircuitBreaker("db", trip=Consecutive(1))
    with anyio.move_on_after(1), pytest.raises(ConnectionError):
        await breaker(disguises)()

    assert breaker.state is CLOSED


async def test_events_come_once_each_and_in_order() -> None:
    """Opened, half-opened, opened, half-opened, closed; generations rise."""
    breaker = CircuitBreaker("db", break_duration=10, success_threshold=1)
    seen: list[CircuitEvent] = []
    breaker.subscribe(seen.append)

    await half_open(breaker)
    await broken(breaker, 1)
    await anyio.sleep(10)
    await breaker.call(works)

    assert [type(event) for event in seen] == [
        CircuitOpened,
        CircuitHalfOpened,
        CircuitOpened,
        CircuitHalfOpened,
        CircuitClosed,
    ]
    assert [event.generation for event in seen] == [1, 2, 3, 4, 5]
    opened = seen[0]
    assert isinstance(opened, CircuitOpened)
    assert (opened.breaker, opened.opened_by, opened.break_duration) == (
        "db",
        "InfraConnectionError",
        10,
    )


async def test_a_callback_may_call_back_and_may_raise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No deadlock, no corruption, and the other listeners still hear of it."""
    breaker = CircuitBreaker("db", trip=Consecutive(1))
    seen: list[CircuitState] = []

    def calls_back(_: CircuitEvent) -> None:
        seen.append(breaker.state)
        with pytest.raises(CircuitOpenError):
            breaker.call_sync(str)
        raise RuntimeError("in the listener")

    breaker.subscribe(calls_back)
    breaker.subscribe(lambda _: seen.append(breaker.state))

    await broken(breaker, 1)

    assert seen == [OPEN, OPEN]
    assert "a listener failed on CircuitOpened" in caplog.text


async def test_the_wall_clock_has_no_say() -> None:
    """An hour back or forth opens and closes nothing."""

    class Stepping:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def wall(self) -> float:
            raise AssertionError("asked for the wall clock")

        def sleep(self, duration: float, /) -> None:
            raise AssertionError("slept")

    clock = Stepping()
    breaker = await broken(CircuitBreaker("db", clock=clock))
    with pytest.raises(CircuitOpenError):
        await breaker.call(works)
    clock.now = 60
    assert await breaker.call(works) == "ok"


async def test_a_dropped_call_gives_its_place_back() -> None:
    """A coroutine that is never finished is collected, and so is its permit."""
    breaker = await half_open(CircuitBreaker("db", success_threshold=1))

    abandoned: Any = breaker.call(suspends)
    # As a task would: in a context of its own.
    contextvars.copy_context().run(abandoned.send, None)
    with pytest.raises(CircuitOpenError):
        await breaker.call(works)
    del abandoned
    gc.collect()

    assert await breaker.call(works) == "ok"


@types.coroutine
def suspends() -> Any:
    """Wait for whoever drives the coroutine by hand."""
    yield


def test_plain_functions_are_guarded_too() -> None:
    """The same breaker, the same rules."""
    breaker = CircuitBreaker("db", trip=Consecutive(2), success_threshold=1)

    @breaker
    def query(error: Exception | None) -> str:
        if error is not None:
            raise error
        return "ok"

    assert query(None) == "ok"
    for _ in range(2):
        with pytest.raises(InfraConnectionError):
            query(InfraConnectionError("down"))
    with pytest.raises(CircuitOpenError):
        query(None)


def test_a_break_of_no_time_probes_at_once() -> None:
    """Allowed, for who wants the rejections only between two calls."""
    breaker = CircuitBreaker(
        "db", trip=Consecutive(1), break_duration=timedelta(0), success_threshold=1
    )

    @breaker
    def query(*, ok: bool) -> None:
        if not ok:
            raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        query(ok=False)
    query(ok=True)
    assert breaker.state is CLOSED


def test_a_plain_probe_may_call_its_own_breaker() -> None:
    """Rule 2 holds without an event loop."""
    breaker = CircuitBreaker(
        "db", trip=Consecutive(1), break_duration=0, success_threshold=1
    )

    def outer() -> str:
        return breaker.call_sync(str, "ok")

    def raises() -> None:
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        breaker.call_sync(raises)
    assert breaker.call_sync(outer) == "ok"
    assert breaker.state is CLOSED


def test_it_is_neither_copied_nor_pickled() -> None:
    """A copy would protect nothing."""
    breaker = CircuitBreaker("db")

    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="build one in each"):
            duplicate(breaker)
    assert repr(breaker) == "<CircuitBreaker 'db' closed>"
    with pytest.raises(AttributeError):
        breaker.name = "other"  # type: ignore[misc]
    assert breaker.name == "db"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('CircuitBreaker("")', "name must be text"),
        ("CircuitBreaker(5)", "name must be text"),
        ('CircuitBreaker("x", trip=5)', "trip must be Consecutive"),
        ("Consecutive(0)", "failures must be at least 1"),
        ("Consecutive(1.5)", "failures must be a whole number"),
        ('CircuitBreaker("x", break_duration=-1)', "break_duration must be at"),
        ("CircuitBreaker('x', break_duration=float('nan'))", "break_duration"),
        ('CircuitBreaker("x", break_duration=4e7)', "break_duration must be at"),
        ('CircuitBreaker("x", success_threshold=0)', "success_threshold must"),
        ('CircuitBreaker("x", success_threshold=32)', "at most 31, not 32"),
        ('CircuitBreaker("x", max_probes=0)', "max_probes must be at least 1"),
        ('CircuitBreaker("x", max_probes=32)', "at most 31, not 32"),
        ('CircuitBreaker("x", probe_lease=0)', "probe_lease must be greater"),
        ('CircuitBreaker("x", probe_lease=1e6)', "probe_lease must be at most"),
        ('CircuitBreaker("x", on=BaseException)', "would also catch"),
        ('CircuitBreaker("x", clock=object)', "clock must have monotonic"),
    ],
)
def test_refuses_nonsense(code: str, message: str) -> None:
    """The message names the option and shows the value."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), **globals()})
