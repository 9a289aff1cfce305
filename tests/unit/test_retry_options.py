"""What a retry can be told: whom to obey, whom to ask, whom to tell."""

from __future__ import annotations

import functools
import gc
import logging
import math
import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import anyio
import pytest

from seawall import (
    Attempt,
    Category,
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    Constant,
    Exponential,
    InfraConnectionError,
    InfraRateLimitedError,
    InfraTimeoutError,
    Pipeline,
    Retry,
    RetryBudget,
    RetryGaveUp,
    RetryScheduled,
    Timeout,
    attempts_of,
)
from seawall._backoff import delays_of

pytestmark = pytest.mark.anyio

DOWN = InfraConnectionError("down")


class Script:
    """A function that does what it is told to, call by call, and then returns "ok"."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)
        self.calls = 0

    async def __call__(self) -> Any:
        """Do the next step."""
        return self.sync()

    def sync(self) -> Any:
        """Do the next step, in synchronous code."""
        self.calls += 1
        step = self.steps.pop(0) if self.steps else "ok"
        if isinstance(step, Exception):
            raise step
        return step


async def elapsed(awaitable: Awaitable[object]) -> float:
    """Tell how long it takes."""
    started = anyio.current_time()
    await awaitable
    return anyio.current_time() - started


# max_server_delay


@pytest.mark.parametrize(
    ("longest", "asked", "waits"),
    [
        (300.0, 300.0, True),
        (300.0, 300.1, False),
        (timedelta(seconds=1), 2.0, False),
        (math.inf, 1e6, True),
        (0, 0.1, False),
        (0, 0.0, True),
    ],
)
async def test_a_server_is_obeyed_up_to_a_limit(
    longest: Any, asked: float, *, waits: bool
) -> None:
    """What it asks beyond that, nobody waits for."""
    retry = Retry(max_server_delay=longest, backoff=Constant(0))
    script = Script(InfraRateLimitedError("slow down", retry_after=asked))

    if waits:
        assert asked <= await elapsed(retry.call(script)) <= asked * 1.1 + 1e-6
    else:
        with pytest.raises(InfraRateLimitedError) as caught:
            await retry.call(script)
        assert caught.value.__notes__[0].endswith(": server delay")


async def test_a_hint_past_the_deadline_ends_the_retry_now() -> None:
    """It would not be waited for to its end."""
    script = Script(InfraRateLimitedError("slow down", retry_after=20.0))

    with anyio.fail_after(10), pytest.raises(InfraRateLimitedError) as caught:
        await Retry(backoff=Constant(0)).call(script)

    assert caught.value.__notes__[0].endswith(": deadline")


# wait_for_circuit


def circuit(pause: float = 10.0) -> CircuitBreaker:
    """Return a breaker that opens at the first failure."""
    return CircuitBreaker("db", trip=Consecutive(1), break_duration=pause)


async def test_an_open_circuit_is_waited_out_if_asked_for() -> None:
    """As long as its break lasts, and each wait is an attempt."""
    retry = Retry(max_attempts=3, backoff=Constant(1), wait_for_circuit=True)
    script = Script(DOWN)
    seen: list[RetryScheduled] = []
    retry.subscribe(lambda e: seen.append(e) if isinstance(e, RetryScheduled) else None)

    took = await elapsed(Pipeline(retry, circuit()).call(script))

    assert script.calls == 2
    assert [event.attempt for event in seen] == [1, 2]
    assert 10.0 <= took <= 10.0 + 0.9 + 1e-6  # 9 s are left, and a tenth of them


async def test_an_isolated_circuit_is_waited_for_by_the_backoff() -> None:
    """Nobody knows when an operator lets go of it."""
    breaker = circuit()
    held = breaker.isolate()
    retry = Retry(max_attempts=3, backoff=Constant(7), wait_for_circuit=True)

    async def let_go() -> None:
        await anyio.sleep(10)
        held.release()

    async with anyio.create_task_group() as group:
        group.start_soon(let_go)
        took = await elapsed(Pipeline(retry, breaker).call(Script()))
    assert took == pytest.approx(14)


@pytest.mark.parametrize(
    "nonsense", [math.nan, math.inf, -1.0], ids=["nan", "infinite", "negative"]
)
async def test_a_rejection_that_asks_for_nonsense_is_waited_for_by_the_backoff(
    nonsense: float,
) -> None:
    """It may come from anybody's breaker, and must not turn into another error."""
    rejection = CircuitOpenError(
        breaker="theirs", state=CircuitState.OPEN, retry_after=nonsense
    )
    retry = Retry(
        max_attempts=3,
        backoff=Constant(7),
        wait_for_circuit=True,
        max_server_delay=math.inf,
    )
    script = Script(rejection)

    assert await elapsed(retry.call(script)) == pytest.approx(7)


async def test_who_waited_in_vain_gets_the_functions_own_error() -> None:
    """And is told how many calls were made: one, and two waits."""
    breaker = circuit()
    retry = Retry(max_attempts=3, backoff=Constant(1), wait_for_circuit=True)
    seen: list[RetryGaveUp] = []
    retry.subscribe(lambda e: seen.append(e) if isinstance(e, RetryGaveUp) else None)

    async def fails_and_holds() -> None:
        breaker.isolate()
        raise DOWN

    with pytest.raises(InfraConnectionError) as caught:
        await Pipeline(retry, breaker).call(fails_and_holds)

    assert caught.value.__notes__[0] == (
        "gave up after 1 attempt in 2 s: attempts exhausted"
    )
    assert [r.error_type for r in attempts_of(caught.value)] == [
        "seawall.InfraConnectionError",
        "seawall.CircuitOpenError",
        "seawall.CircuitOpenError",
    ]
    assert [(event.attempts, event.reason) for event in seen] == [(1, "attempts")]


async def test_who_was_never_admitted_gets_the_rejection() -> None:
    """There is nothing of the function's own to be raised."""
    breaker = circuit()
    breaker.isolate()
    retry = Retry(max_attempts=2, backoff=Constant(1), wait_for_circuit=True)

    with pytest.raises(CircuitOpenError) as caught:
        await Pipeline(retry, breaker).call(Script())

    assert "gave up after 0 attempts in 1 s" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("limit", "within", "reason"),
    [(math.inf, 5.0, "deadline"), (5.0, math.inf, "circuit open")],
    ids=["the deadline", "max_server_delay"],
)
async def test_a_break_that_does_not_fit_is_not_waited_out(
    limit: float, within: float, reason: str
) -> None:
    """Before the deadline, and shorter than anything is waited for."""
    retry = Retry(backoff=Constant(1), wait_for_circuit=True, max_server_delay=limit)
    started = anyio.current_time()

    with anyio.fail_after(within), pytest.raises(InfraConnectionError) as caught:
        await Pipeline(retry, circuit()).call(Script(InfraConnectionError("down")))

    assert anyio.current_time() - started == pytest.approx(1)
    assert caught.value.__notes__[0].endswith(f": {reason}")


async def test_a_probe_is_a_single_attempt() -> None:
    """A half-open circuit asked for one call, not for a series of them."""
    breaker = circuit()
    down = Script(*[InfraConnectionError("down")] * 9)
    guard = Pipeline(breaker, Retry(max_attempts=3, backoff=Constant(1)))

    with pytest.raises(InfraConnectionError):
        await guard.call(down)
    assert down.calls == 3
    await anyio.sleep(10)
    with pytest.raises(InfraConnectionError) as caught:
        await guard.call(down)
    assert down.calls == 4
    assert caught.value.__notes__[0].endswith(": attempts exhausted")


# stop_early


async def test_the_deadline_may_interrupt_the_sleep_instead() -> None:
    """For whoever would rather be late than early."""
    started = anyio.current_time()
    retry = Retry(backoff=Constant(60), stop_early=False)

    with pytest.raises(InfraTimeoutError) as caught:
        await Pipeline(Timeout(10), retry).call(Script(DOWN))

    assert anyio.current_time() - started == pytest.approx(10)
    assert caught.value.__cause__ is DOWN
    assert len(attempts_of(caught.value)) == 1


def test_a_time_out_needs_a_retry_that_stops_early() -> None:
    """Around a plain function nothing else could heed it."""
    Pipeline(Timeout(5), Retry()).call_sync(Script().sync)
    with pytest.raises(TypeError, match="cannot interrupt"):
        Pipeline(Timeout(5), Retry(stop_early=False)).call_sync(Script().sync)


# on_result


class Answer:
    """What a server said."""

    def __init__(self, status: int, retry_after: object = None) -> None:
        self.status = status
        if retry_after is not None:
            self.retry_after = retry_after


def refused(answer: Answer) -> bool:
    """Say whether to ask again."""
    return answer.status != 200


@pytest.mark.parametrize("decorated", [True, False], ids=["decorated", "called"])
async def test_a_result_can_ask_for_another_attempt(*, decorated: bool) -> None:
    """Clients that answer 503 instead of raising."""
    retry = Retry(on_result=refused, backoff=Constant(1))
    good = Answer(200)
    script = Script(Answer(503), Answer(503), good)

    assert await (retry(script)() if decorated else retry.call(script)) is good
    assert script.calls == 3


async def test_the_last_result_is_returned_in_the_end() -> None:
    """There is no error to raise; listeners and the log learn of it."""
    retry = Retry(on_result=refused, max_attempts=2, backoff=Constant(1))
    seen: list[Any] = []
    retry.subscribe(seen.append)
    last = Answer(503)

    assert await retry.call(Script(Answer(500), last)) is last

    assert [type(event) for event in seen] == [RetryScheduled, RetryGaveUp]
    assert [event.category for event in seen] == [None, None]
    assert seen[1].attempts == 2


async def test_refused_results_are_logged_without_a_category(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line, and nothing of the result in it."""
    retry = Retry(on_result=lambda text: text == "secret", max_attempts=1)

    with caplog.at_level(logging.WARNING, "seawall"):
        assert await retry.call(Script("secret")) == "secret"

    (record,) = caplog.records
    assert record.getMessage() == (
        "retry gave up after 1 attempt in 0 s: attempts (a refused result)"
    )
    assert record.__dict__["seawall"]["policy"] == "retry"


async def test_errors_and_results_are_one_series() -> None:
    """The limit counts both, and the history tells both."""
    retry = Retry(on_result=refused, max_attempts=3, backoff=Constant(1))

    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(Script(Answer(503), DOWN, InfraConnectionError("at last")))

    assert str(caught.value) == "at last"
    assert [(r.error_type, r.category) for r in attempts_of(caught.value)] == [
        (None, None),
        ("seawall.InfraConnectionError", Category.CONNECTION),
        ("seawall.InfraConnectionError", Category.CONNECTION),
    ]


async def test_a_rejection_does_not_hide_a_result_either() -> None:
    """The function's own last word is what it returned."""
    own = Answer(503)
    rejection = CircuitOpenError(breaker="db", state=CircuitState.OPEN)
    retry = Retry(on_result=refused, backoff=Constant(1))

    assert await retry.call(Script(own, rejection)) is own
    again = Script(DOWN, own, rejection)
    assert await retry.call(again) is own


def test_a_rejection_hides_no_result_of_a_plain_function() -> None:
    """The same rule."""
    own = Answer(503)
    rejection = CircuitOpenError(breaker="db", state=CircuitState.OPEN)
    retry = Retry(on_result=refused, backoff=Constant(0))

    assert retry.call_sync(Script(own, rejection).sync) is own


@pytest.mark.parametrize(
    ("hint", "low", "high"),
    [(5.0, 5.0, 5.5), (0.5, 1.0, 1.05), (-5, 1, 1), (math.nan, 1, 1), ("soon", 1, 1)],
)
async def test_a_results_hint_is_honoured_like_an_errors(
    hint: object, low: float, high: float
) -> None:
    """Never earlier than it says, and nonsense is ignored."""
    retry = Retry(on_result=refused, backoff=Constant(1))

    took = await elapsed(retry.call(Script(Answer(429, hint), Answer(200))))

    assert low <= took + 1e-6
    assert took <= high + 1e-6


async def test_a_result_whose_attributes_raise_has_no_hint() -> None:
    """Looking at somebody else's object never raises."""

    class Hostile:
        def __getattr__(self, name: str) -> object:
            raise ZeroDivisionError(name)

    retry = Retry(on_result=lambda r: isinstance(r, Hostile), backoff=Constant(1))

    assert await retry.call(Script(Hostile())) == "ok"


async def test_a_result_with_a_hint_of_years_is_returned() -> None:
    """As an error with such a hint is raised."""
    retry = Retry(on_result=refused)
    answer = Answer(429, 1e9)

    assert await retry.call(Script(answer)) is answer


async def test_a_result_before_the_deadline_is_not_lost() -> None:
    """Neither to a sleep that would outlast it, nor to a cancellation under way."""
    retry = Retry(on_result=refused, backoff=Constant(60))
    answer = Answer(503)
    scope = anyio.CancelScope()

    async def cancels() -> Answer:
        scope.cancel()
        return answer

    with anyio.fail_after(10):
        assert await retry.call(Script(answer)) is answer
    seen: list[object] = []
    retry.subscribe(seen.append)
    with scope:
        assert await retry.call(cancels) is answer
    assert not seen


async def test_a_predicate_of_results_that_raises_is_heard() -> None:
    """It neither hangs nor is swallowed."""
    with pytest.raises(ZeroDivisionError):
        await Retry(on_result=lambda _: 1 // 0 == 0).call(Script())


def test_plain_results_are_looked_at_too() -> None:
    """The same rules, sleeping through the clock."""
    retry = Retry(on_result=refused, max_attempts=2, backoff=Constant(0))
    last = Answer(503)

    assert retry(Script(Answer(503), Answer(200)).sync)().status == 200
    assert retry(Script(Answer(503), last).sync)() is last


# before_sleep


async def test_a_callback_learns_what_is_about_to_happen() -> None:
    """Before each delay, outside of any handling of the error."""
    seen: list[tuple[Attempt, object, float]] = []
    begun = anyio.current_time()

    def tell(attempt: Attempt) -> None:
        now = anyio.current_time() - begun
        seen.append((attempt, sys.exc_info()[1], now))

    retry = Retry(before_sleep=tell, backoff=[1.0, 2.0])
    await retry.call(Script(DOWN, DOWN))

    assert [when for _, _, when in seen] == pytest.approx([0, 1])
    assert [handled for _, handled, _ in seen] == [None, None]
    first, second = (attempt for attempt, _, _ in seen)
    assert (first.number, first.delay, first.error) == (1, 1.0, DOWN)
    assert (second.number, second.delay, second.elapsed) == (2, 2.0, pytest.approx(1))


async def test_an_asynchronous_callback_is_awaited() -> None:
    """To bring a connection back, for instance; the delay begins after it."""

    async def reconnect(_: Attempt) -> None:
        await anyio.sleep(5)

    for callback in (reconnect, lambda attempt: reconnect(attempt)):
        retry = Retry(before_sleep=callback, backoff=Constant(1))
        assert await elapsed(retry.call(Script(DOWN))) == pytest.approx(6)


async def test_what_a_callback_raises_ends_the_call() -> None:
    """With the function's own error below it, for that is why it was called."""
    refusal = RuntimeError("do not go on")

    def refuse(_: Attempt) -> None:
        raise refusal

    async def refuse_later(_: Attempt) -> None:
        raise refusal

    for callback in (refuse, refuse_later):
        refusal.__context__ = None
        script = Script(DOWN)
        with pytest.raises(RuntimeError, match="do not go on"):
            await Retry(before_sleep=callback).call(script)
        assert refusal.__context__ is DOWN
        assert script.calls == 1


async def test_a_context_of_the_callbacks_own_is_kept() -> None:
    """It knows better what it was doing."""

    def refuse(_: Attempt) -> None:
        try:
            _ = {}["no"]
        except KeyError:
            raise RuntimeError("do not go on")  # noqa: B904 -- its context is the point

    with pytest.raises(RuntimeError) as caught:
        await Retry(before_sleep=refuse).call(Script(DOWN))
    assert isinstance(caught.value.__context__, KeyError)


async def test_cancellation_passes_a_callback() -> None:
    """It is no failure of the callback's."""

    async def waits(_: Attempt) -> None:
        await anyio.sleep(100)

    script = Script(DOWN)
    with anyio.move_on_after(1) as scope:
        await Retry(before_sleep=waits, stop_early=False).call(script)

    assert scope.cancelled_caught
    assert script.calls == 1


def test_plain_functions_refuse_an_asynchronous_callback() -> None:
    """Nobody would await it, so it would do nothing, in silence."""

    async def later(_: Attempt) -> None: ...

    script = Script(DOWN)
    for callback in (later, functools.partial(later)):
        with pytest.raises(TypeError, match="asynchronous, and synchronous code"):
            Retry(before_sleep=callback)(script.sync)
        with pytest.raises(TypeError, match="asynchronous, and synchronous code"):
            Retry(before_sleep=callback).call_sync(script.sync)
    assert script.calls == 0
    hidden = Retry(before_sleep=lambda attempt: later(attempt))
    with pytest.raises(TypeError, match="asynchronous, and synchronous code"):
        hidden.call_sync(script.sync)


def test_plain_functions_refuse_any_awaitable() -> None:
    """A future has nothing to be closed."""

    class Future:
        def __await__(self) -> Iterator[None]:
            raise NotImplementedError

    retry = Retry(before_sleep=lambda _: Future())
    with pytest.raises(TypeError, match="asynchronous, and synchronous code"):
        retry.call_sync(Script(DOWN).sync)


def test_plain_functions_tell_a_plain_callback() -> None:
    """The same attempt."""
    seen: list[int] = []
    retry = Retry(before_sleep=lambda a: seen.append(a.number), backoff=Constant(0))

    assert retry.call_sync(Script(DOWN, DOWN).sync) == "ok"
    assert seen == [1, 2]


# classify


class Strange(Exception):
    """What no table knows."""


async def test_a_classifier_of_ones_own_decides() -> None:
    """It was taught an error that the library does not know."""
    mine = Classifier().extend({Strange: Classification(Category.UNAVAILABLE)})

    with pytest.raises(Strange):
        await Retry().call(Script(Strange()))
    assert await Retry(classify=mine).call(Script(Strange())) == "ok"
    by_category = Retry(classify=mine, on=Category.UNAVAILABLE)
    assert await by_category.call(Script(Strange())) == "ok"


async def test_a_function_may_classify_as_well() -> None:
    """Anything that takes an error and says what it means."""

    def classify(_: BaseException) -> Classification:
        return Classification(Category.RATE_LIMITED, retry_after=5.0)

    retry = Retry(classify=classify, backoff=Constant(0))

    assert await elapsed(retry.call(Script(KeyError()))) >= 5.0


async def test_a_classifier_that_says_nothing_is_told_so() -> None:
    """Where it was asked, with the function's own error below."""
    retry = Retry(classify=lambda _: None)  # type: ignore[arg-type,return-value]

    with pytest.raises(TypeError, match="classify returned None") as caught:
        await retry.call(Script(DOWN))
    assert caught.value.__context__ is DOWN


# Backoffs


async def test_a_decorrelated_delay_grows_from_the_one_before() -> None:
    """From the backoff's own, not from what a server asked for in between."""
    backoff = Exponential(base=1, max_delay=1e6, jitter="decorrelated", seed=11)
    retry = Retry(backoff=backoff, max_attempts=5)
    limited = InfraRateLimitedError("slow down", retry_after=200.0)
    delays, previous, expected = delays_of(backoff), None, []
    for number in range(1, 5):
        previous = delays.delay(number, previous)
        expected.append(previous)

    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(Script(DOWN, limited, DOWN, DOWN, DOWN))

    waited = [record.delay for record in attempts_of(caught.value)]
    assert waited[0] == expected[0]
    assert waited[1] is not None
    assert waited[1] >= 200.0
    assert waited[2:] == [*expected[2:], None]


async def test_a_list_says_each_delay_and_its_last_repeats() -> None:
    """For who knows the rhythm."""
    delays: list[float] = [0.5, 2, 4]
    retry = Retry(backoff=[timedelta(seconds=0.5), *delays[1:]], max_attempts=6)

    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(Script(*[InfraConnectionError("down")] * 6))

    waited = [record.delay for record in attempts_of(caught.value)]
    assert waited == [0.5, 2, 4, 4, 4, None]


async def test_a_list_is_copied() -> None:
    """What the caller does to it later changes no policy; and a policy is a value."""
    delays: list[Any] = [1.0]
    retry = Retry(backoff=delays)
    delays[0] = "soon"

    assert retry.backoff == (1.0,)
    assert hash(retry) == hash(Retry(backoff=(1.0,)))
    assert await elapsed(retry.call(Script(DOWN))) == pytest.approx(1)


async def test_a_function_of_the_attempt_says_how_long() -> None:
    """It sees the attempt that failed, its error, and the delay before it."""
    seen: list[Attempt] = []

    def growing(attempt: Attempt) -> float:
        seen.append(attempt)
        return attempt.delay * 2 + 1

    assert await elapsed(
        Retry(backoff=growing).call(Script(DOWN, DOWN, DOWN))
    ) == pytest.approx(1 + 3 + 7)
    assert [attempt.number for attempt in seen] == [1, 2, 3]
    assert {attempt.error for attempt in seen} == {DOWN}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (-1, "backoff must be at least 0"),
        (math.nan, "backoff must be a finite"),
        (math.inf, "backoff must be a finite"),
        (None, "backoff must be a number of seconds"),
    ],
)
async def test_a_function_that_answers_nonsense_is_told_so(
    answer: Any, message: str
) -> None:
    """Where it is asked, with the function's own error below."""
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        await Retry(backoff=lambda _: answer).call(Script(DOWN))
    assert caught.value.__context__ is DOWN


# Arguments that can be read once


async def test_a_generator_that_was_read_is_not_sent_again() -> None:
    """It would be empty, and a server may well say "thank you" to that."""
    received: list[bytes] = []

    async def upload(body: Iterator[bytes]) -> None:
        received.append(b"".join(body))
        raise InfraConnectionError("down")

    retry = Retry(on=Exception)
    with pytest.raises(InfraConnectionError) as caught:
        await retry.call(upload, (part for part in [b"hello"]))

    assert received == [b"hello"]
    (note,) = caught.value.__notes__
    assert note.startswith("not retried: argument 1 is a generator that has been read")


async def test_a_generator_that_was_read_in_part_is_not_sent_again_either() -> None:
    """The server would get the second half of what was meant for it."""
    calls = 0

    async def upload(body: Iterator[bytes]) -> None:
        nonlocal calls
        calls += 1
        next(body)
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError):
        await Retry().call(upload, (part for part in [b"hel", b"lo"]))
    assert calls == 1


async def test_a_generator_that_nobody_has_read_is_sent_again() -> None:
    """The connection was refused before the body was needed."""
    received: list[bytes] = []

    async def upload(*, body: Iterator[bytes]) -> None:
        if retries:
            raise retries.pop()
        received.append(b"".join(body))

    retries = [InfraConnectionError("down")]
    await Retry()(upload)(body=(part for part in [b"hello"]))

    assert received == [b"hello"]


async def test_an_asynchronous_generator_is_read_once_too() -> None:
    """The way in which clients stream."""
    calls = 0

    async def parts() -> AsyncIterator[bytes]:
        yield b"hello"

    async def upload(*, body: AsyncIterator[bytes]) -> None:
        nonlocal calls
        calls += 1
        async for _ in body:
            pass
        raise InfraConnectionError("down")

    with pytest.raises(InfraConnectionError) as caught:
        await Retry().call(upload, body=parts())

    assert calls == 1
    assert "argument 'body' is a generator" in caught.value.__notes__[0]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 does not tell")
async def test_an_asynchronous_generator_that_nobody_has_read_is_sent_again() -> None:
    """As a plain one is."""
    retries = [InfraConnectionError("down")]

    async def parts() -> AsyncIterator[bytes]:
        yield b"hello"

    async def upload(body: AsyncIterator[bytes]) -> list[bytes]:
        if retries:
            raise retries.pop()
        return [part async for part in body]

    assert await Retry().call(upload, parts()) == [b"hello"]


async def test_reading_begins_in_a_later_attempt() -> None:
    """Then it was given up, after attempts that were worth repeating."""
    errors = [InfraConnectionError("a"), InfraConnectionError("b")]

    async def upload(body: Iterator[bytes]) -> None:
        if len(errors) == 1:
            list(body)
        raise errors.pop()

    with pytest.raises(InfraConnectionError) as caught:
        await Retry().call(upload, (part for part in [b"hello"]))

    assert "gave up after 2 attempts" in caught.value.__notes__[0]
    assert caught.value.__notes__[0].endswith(": not retryable")


async def test_a_refused_result_of_a_read_generator_is_returned() -> None:
    """There is no error to put a note on."""
    retry = Retry(on_result=lambda count: count > 0)

    async def count(body: Iterator[int]) -> int:
        return sum(body)

    assert await retry.call(count, (number for number in [1, 2])) == 3


# All of them


async def test_nothing_stays_alive_whatever_was_asked_for() -> None:
    """No cycle through tracebacks or results: freed at once, without the collector."""

    class Argument:
        pass

    async def fails(_: Argument) -> None:
        raise InfraConnectionError("down")

    def refuses(_: Attempt) -> None:
        raise ZeroDivisionError

    async def answers(argument: Argument) -> Argument:
        return argument

    at_once = Constant(0)
    calls: list[tuple[Retry, Callable[..., Any]]] = [
        (Retry(max_attempts=2, backoff=[0]), fails),
        (Retry(max_attempts=2, backoff=lambda _: 0), fails),
        (Retry(max_attempts=2, backoff=at_once, budget=RetryBudget()), fails),
        (Retry(before_sleep=refuses), fails),
        (Retry(on_result=lambda _: True, max_attempts=2, backoff=at_once), answers),
    ]
    gc.collect()
    gc.disable()
    try:
        for retry, fn in calls:
            argument = Argument()
            alive = weakref.ref(argument)
            try:
                await retry(fn)(argument)
            except (InfraConnectionError, ZeroDivisionError):
                pass
            del argument
            assert alive() is None, retry
    finally:
        gc.enable()


class Later:
    """A callable object that is asynchronous."""

    async def __call__(self, _: object) -> float:
        """Answer later."""
        return 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_server_delay": -1}, "max_server_delay must be at least 0"),
        ({"max_server_delay": math.nan}, "max_server_delay must be a finite"),
        ({"wait_for_circuit": 1}, "wait_for_circuit must be True or False, not 1"),
        ({"stop_early": None}, "stop_early must be True or False, not None"),
        ({"on_result": True}, "on_result must be a function, not True"),
        ({"on_result": Later()}, "on_result got a coroutine function"),
        ({"on_result": lambda: True}, "take one argument, the result"),
        ({"before_sleep": "log"}, "before_sleep must be a function, not 'log'"),
        ({"before_sleep": lambda: None}, "take one argument, the attempt"),
        ({"classify": Classifier}, "classify must be a function"),
        ({"classify": Later()}, "classify got a coroutine function"),
        ({"backoff": []}, "backoff must hold at least one delay"),
        ({"backoff": [1, -1]}, r"backoff\[1\] must be at least 0"),
        ({"backoff": [math.inf]}, r"backoff\[0\] must be a finite"),
        ({"backoff": ["1"]}, r"backoff\[0\] must be a number of seconds"),
        ({"backoff": iter([1, 2])}, "must not be an iterator"),
        ({"backoff": Constant}, "backoff must be Exponential"),
        ({"backoff": Later()}, "backoff got a coroutine function"),
        ({"backoff": lambda: 1}, "take one argument, the attempt"),
    ],
    ids=lambda value: str(value)[:40].partition(" at 0x")[0],
)
def test_refuses_what_could_never_work(
    options: dict[str, object], message: str
) -> None:
    """When it is built, with the option, the value and the right code."""
    with pytest.raises((TypeError, ValueError), match=message):
        Retry(**options)  # type: ignore[arg-type]
