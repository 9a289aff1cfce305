"""Fallback, on both backends, in virtual time."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import sys
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

import seawall
from seawall import (
    Category,
    CircuitBreaker,
    CircuitOpenError,
    CircuitState,
    Classification,
    Classifier,
    Consecutive,
    Constant,
    Failure,
    Fallback,
    FallbackExhaustedError,
    FallbackSkip,
    FallbackUsed,
    InfraAuthenticationError,
    InfraTimeoutError,
    InfraUnavailableError,
    Pipeline,
    Retry,
    SeawallWarning,
    Step,
    Timeout,
    attempts_of,
)

pytestmark = pytest.mark.anyio


async def primary(error: Exception | None = None) -> str:
    """Fail with *error*, or answer."""
    if error is not None:
        raise error
    return "primary"


async def from_cache(_: Exception | None = None) -> str:
    """Answer from the cache."""
    return "cached"


def static(_: Exception | None = None) -> str:
    """Answer without waiting for anything."""
    return "static"


async def skips(_: Exception | None = None) -> str:
    """Have nothing to offer."""
    raise FallbackSkip


async def fails_too(_: Exception | None = None) -> str:
    """Be down as well."""
    raise InfraUnavailableError("cache down")


CACHE, STATIC = Step("cache", from_cache), Step("static", static)


async def test_the_primary_answers_while_it_can() -> None:
    """No step is called."""
    outcome = await Fallback(CACHE).outcome(primary)

    assert outcome.unwrap() == "primary"
    assert (outcome.source, outcome.used_fallback, outcome.ok) == (
        "primary",
        False,
        True,
    )


@pytest.mark.parametrize(
    "error",
    [
        InfraTimeoutError("slow"),
        InfraUnavailableError("down"),
        TimeoutError(),
        ConnectionRefusedError(),
        CircuitOpenError(
            breaker="db", state=CircuitState.OPEN, retry_after=1.0, opened_by=None
        ),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_step_answers_when_the_dependency_is_not_there(
    error: Exception,
) -> None:
    """And the outcome says who answered."""
    outcome = await Fallback(CACHE).outcome(primary, error)

    assert (outcome.value, outcome.source, outcome.used_fallback) == (
        "cached",
        "cache",
        True,
    )
    assert outcome.attempts == 1


@pytest.mark.parametrize("error", [KeyError("bug"), InfraAuthenticationError("no")])
async def test_what_on_does_not_name_passes(error: Exception) -> None:
    """A bug, or a refusal, is not papered over."""
    with pytest.raises(type(error)):
        await Fallback(CACHE).call(primary, error)


async def test_wrong_arguments_have_no_substitute() -> None:
    """The caller's mistake would look like an outage, for as long as nobody looks."""

    async def takes_one(argument: int) -> int:
        return argument

    with pytest.raises(TypeError, match="takes_one"):
        await Fallback(CACHE, on=Exception).call(takes_one)  # type: ignore[call-arg]


async def test_steps_run_in_order_until_one_answers() -> None:
    """A miss and a failing cache are no answers."""
    fallback = Fallback(Step("a", skips), Step("b", fails_too), STATIC, CACHE)

    outcome = await fallback.outcome(primary, InfraTimeoutError())

    assert (outcome.value, outcome.source) == ("static", "static")


async def test_a_step_can_be_for_some_failures_only() -> None:
    """A slow database and a dead one may have different substitutes."""
    fallback = Fallback(Step("slow", static, on=Category.TIMEOUT), CACHE)

    assert await fallback.call(primary, InfraTimeoutError()) == "static"
    assert await fallback.call(primary, InfraUnavailableError()) == "cached"


async def test_if_all_fail_the_caller_gets_the_primarys_own_error() -> None:
    """Who wrote `except InfraTimeoutError` keeps working; notes tell the rest."""
    error = InfraTimeoutError("real")
    fallback = Fallback(Step("a", skips), Step("b", fails_too))

    with pytest.raises(InfraTimeoutError) as caught:
        await fallback.call(primary, error)

    assert caught.value is error
    assert error.__notes__ == [
        "fallback 'a' had nothing to offer",
        "fallback 'b' failed too: InfraUnavailableError",
    ]


async def test_the_primarys_error_keeps_its_context() -> None:
    """Not what the caller is handling at the time, which is still behind it."""

    async def down() -> str:
        try:
            raise KeyError("what the driver met")  # noqa: TRY301
        except KeyError:
            raise InfraTimeoutError("late")  # noqa: B904 -- its context is the point

    with pytest.raises(InfraTimeoutError) as caught:
        try:
            raise RuntimeError("the caller's")  # noqa: TRY301
        except RuntimeError:
            await Fallback(Step("a", skips)).call(down)

    context = caught.value.__context__
    assert isinstance(context, KeyError)
    assert isinstance(context.__context__, RuntimeError)


async def test_the_retrys_history_survives_failing_steps() -> None:
    """It is the primary's error, with everything on it."""
    guard = Pipeline(Fallback(Step("a", skips)), Retry(max_attempts=2))

    with pytest.raises(InfraUnavailableError) as caught:
        await guard.call(primary, InfraUnavailableError())

    assert len(attempts_of(caught.value)) == 2


async def test_an_error_that_refuses_notes_is_raised_all_the_same() -> None:
    """Notes are best effort; the error is not."""

    class Frozen(InfraTimeoutError):
        def add_note(self, _note: str, /) -> None:
            raise TypeError("frozen")

    with pytest.raises(Frozen):
        await Fallback(Step("a", skips)).call(primary, Frozen())


async def test_a_bug_in_a_step_ends_the_chain() -> None:
    """It is raised as it is, the primary's error as its cause; nobody is next."""
    called = 0

    async def buggy(_: Exception) -> str:
        raise KeyError("bug")

    async def counted(_: Exception) -> str:
        nonlocal called
        called += 1
        return "never"

    error = InfraTimeoutError()
    with pytest.raises(KeyError, match="bug") as caught:
        await Fallback(Step("buggy", buggy), Step("next", counted)).call(primary, error)

    assert caught.value.__cause__ is error
    assert called == 0


async def test_a_bug_that_takes_no_attributes_is_raised_all_the_same() -> None:
    """With the primary's error as its cause, like any other."""

    @dataclasses.dataclass(frozen=True)
    class Frozen(Exception):
        code: int

    async def buggy(_: Exception) -> str:
        raise Frozen(7)

    error = InfraTimeoutError()
    with pytest.raises(Frozen) as caught:
        await Fallback(Step("buggy", buggy)).call(primary, error)

    assert caught.value.__cause__ is error


async def test_a_step_that_raises_the_primarys_own_error_makes_no_cycle() -> None:
    """An error that is its own cause would hang whoever prints it."""
    error = InfraTimeoutError()

    async def again(failure: Exception) -> str:
        raise failure

    with pytest.raises(InfraTimeoutError) as caught:
        await Fallback(Step("again", again), on=lambda e: not e.__notes__).call(
            primary, noted(error)
        )

    assert caught.value.__cause__ is None


def noted(error: Exception) -> Exception:
    """Give *error* an empty list of notes."""
    error.add_note("x")
    error.__notes__.clear()
    return error


async def test_cancellation_is_never_answered() -> None:
    """Not in the primary, not in a step, not in disguise."""

    async def disguises(_: Exception | None = None) -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as cancelled:
            raise InfraTimeoutError("lost it") from cancelled

    async def hangs(_: Exception | None = None) -> None:
        await anyio.sleep_forever()

    for fn in (hangs, disguises):
        with anyio.move_on_after(1) as scope:
            try:
                assert await Fallback(CACHE).call(fn)
            except InfraTimeoutError:
                await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        with anyio.move_on_after(1) as scope:
            try:
                await Fallback(Step("hangs", fn), CACHE).call(
                    primary, InfraTimeoutError()
                )
            except InfraTimeoutError:
                await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught


async def test_a_step_sees_no_error_being_handled() -> None:
    """A bare `raise` or a log of `exc_info` inside it means its own."""
    seen: list[object] = []

    def looks(_: Exception) -> str:
        seen.append(sys.exc_info()[1])
        return "ok"

    await Fallback(Step("looks", looks)).call(primary, InfraTimeoutError())

    assert seen == [None]


async def test_a_predicate_may_decide() -> None:
    """On is the same everywhere."""
    fallback = Fallback(CACHE, on=lambda error: "soft" in str(error))

    assert await fallback.call(primary, ValueError("soft")) == "cached"
    with pytest.raises(ValueError, match="hard"):
        await fallback.call(primary, ValueError("hard"))


async def test_a_steps_predicate_that_raises_hides_nothing() -> None:
    """What it was asked about stands above its own error."""

    def broken(_: Exception) -> bool:
        raise KeyError("predicate")

    error = InfraTimeoutError()
    fallback = Fallback(Step("cache", static, on=broken))
    with pytest.raises(KeyError, match="predicate") as caught:
        await fallback.call(primary, error)
    assert caught.value.__context__ is error

    with pytest.raises(KeyError, match="predicate") as caught:
        fallback.call_sync(raises, error)
    assert caught.value.__context__ is error


def raises(error: Exception) -> str:
    """Raise *error*."""
    raise error


async def test_listeners_hear_which_step_answered() -> None:
    """After it did, with the primary's category."""
    fallback = Fallback(CACHE)
    seen: list[FallbackUsed] = []
    unsubscribe = fallback.subscribe(seen.append)

    await fallback.call(primary, InfraTimeoutError())
    unsubscribe()
    await fallback.call(primary, InfraTimeoutError())

    assert [(e.step, e.category) for e in seen] == [("cache", Category.TIMEOUT)]


def test_plain_functions_have_fallbacks_too() -> None:
    """The same rules; a step must be plain as well."""

    def query(error: Exception | None) -> str:
        if error is not None:
            raise error
        return "primary"

    def skips_sync(_: Exception) -> str:
        raise FallbackSkip

    fallback = Fallback(Step("skips", skips_sync), STATIC)
    assert fallback(query)(None) == "primary"
    assert fallback(query)(InfraTimeoutError()) == "static"
    assert fallback.outcome_sync(query, InfraTimeoutError()).source == "static"
    assert fallback.outcome_sync(query, KeyError()).error is not None
    with pytest.raises(KeyError):
        fallback(query)(KeyError())
    with pytest.raises(InfraTimeoutError):
        Fallback(Step("skips", skips_sync))(query)(InfraTimeoutError())
    with pytest.raises(TypeError, match="step 'cache' is a coroutine function, but"):
        Fallback(CACHE)(query)
    lazy = Step("lazy", lambda _: from_cache())
    with pytest.raises(TypeError, match="returned coroutine"):
        Fallback(lazy)(query)(InfraTimeoutError())


async def items(_: Exception) -> AsyncIterator[int]:
    """Yield."""
    yield 1


def test_a_generator_is_no_step() -> None:
    """It would be served as the answer, without ever having run."""
    with pytest.raises(TypeError, match="items is an async generator function"):
        Step("items", items)


async def test_an_outcome_reports_errors_instead_of_raising() -> None:
    """And raises them when asked."""
    outcome = await Fallback(CACHE).outcome(primary, KeyError("bug"))

    assert not outcome.ok
    with pytest.raises(KeyError):
        outcome.unwrap()


# ---------------------------------------------------------------- refused values


async def empty(_: object = None) -> str:
    """Answer, with nothing."""
    return ""


def is_empty(value: str) -> bool:
    """Say what is no answer."""
    return not value


@pytest.mark.parametrize("decorated", [True, False], ids=["decorated", "called"])
async def test_a_refused_value_is_answered_for(*, decorated: bool) -> None:
    """Not every failure is an exception."""
    fallback = Fallback(STATIC, on_result=is_empty)

    if decorated:
        assert await fallback(empty)() == "static"
        assert await fallback(primary)() == "primary"
    else:
        assert (await fallback.outcome(empty)).source == "static"
        assert (await fallback.outcome(primary)).source == "primary"


async def test_if_nothing_answers_for_a_refused_value_there_is_an_error() -> None:
    """With a note per step, and the history of a retry inside."""
    guard = Pipeline(
        Fallback(
            Step("a", static, on=Category.TIMEOUT),
            Step("b", skips),
            Step("c", fails_too),
            on_result=is_empty,
        ),
        Retry(max_attempts=3, backoff=Constant(0)),
    )
    failures = [InfraUnavailableError()]

    async def recovers_to_nothing() -> str:
        if failures:
            raise failures.pop()
        return ""

    with pytest.raises(FallbackExhaustedError, match="refused what .*nothing") as e:
        await guard.call(recovers_to_nothing)

    assert len(attempts_of(e.value)) == 1
    assert e.value.__notes__ == [
        "fallback 'a' is for other failures",
        "fallback 'b' had nothing to offer",
        "fallback 'c' failed too: InfraUnavailableError",
    ]


@pytest.mark.parametrize("inside", [True, False], ids=["a time-out", "a reserve"])
async def test_the_history_of_refused_values_survives_a_limit(*, inside: bool) -> None:
    """A scope between the retry and the fallback has no attempts of its own."""

    def refused(value: str) -> bool:
        return value == "refused"

    async def primary() -> str:
        return "refused"

    retry = Retry(max_attempts=3, backoff=Constant(0), on_result=refused)
    step = Step("a", skips, reserve=0.0 if inside else 0.5)
    fallback = Fallback(step, on_result=refused)
    stages = (fallback, Timeout(5), retry) if inside else (Timeout(5), fallback, retry)

    with pytest.raises(FallbackExhaustedError) as caught:
        await Pipeline(*stages).call(primary)

    assert [record.number for record in attempts_of(caught.value)] == [1, 2, 3]


async def test_a_bug_in_a_step_for_a_refused_value_has_no_cause() -> None:
    """There is no error of the primary."""
    fallback = Fallback(Step("bug", lambda: {}["bug"]), on_result=is_empty)

    with pytest.raises(KeyError, match="bug") as caught:
        await fallback.call(empty)

    assert caught.value.__cause__ is None


async def test_what_on_result_raises_is_raised() -> None:
    """And no step runs for it, whatever *on* says."""
    fallback = Fallback(STATIC, on=Exception, on_result=lambda value: value / 0)

    with pytest.raises(TypeError):
        await fallback.call(primary)
    with pytest.raises(TypeError):
        fallback.call_sync(lambda: "primary")


def test_plain_functions_have_refused_values_too() -> None:
    """The same rules."""
    fallback = Fallback(STATIC, on_result=is_empty)

    assert fallback(lambda: "")() == "static"
    assert fallback(lambda: "primary")() == "primary"


# ---------------------------------------------------------------- what a step is told


async def test_a_step_may_ask_for_the_failure() -> None:
    """In front of the arguments; the others get these alone."""
    seen: list[Failure] = []

    def looks(failure: Failure, _: object = None) -> str:
        seen.append(failure)
        raise FallbackSkip

    steps = Step("looks", looks, with_failure=True), STATIC
    error = InfraTimeoutError()
    guard = Pipeline(Fallback(*steps), Retry(max_attempts=2, on=InfraTimeoutError))

    assert await guard.call(primary, error) == "static"
    assert await Fallback(*steps, on_result=is_empty).call(empty) == "static"

    assert seen == [Failure(error, None, 2), Failure(None, "", 1)]


async def test_a_classifier_of_ones_own_decides() -> None:
    """For the fallback's kinds, a step's kinds, and in the event."""
    busy = Classifier().extend({KeyError: Classification(Category.UNAVAILABLE)})
    fallback = Fallback(
        Step("slow", static, on=Category.TIMEOUT),
        Step("busy", from_cache, on=Category.UNAVAILABLE),
        classify=busy,
    )
    seen: list[FallbackUsed] = []
    fallback.subscribe(seen.append)

    outcome = await fallback.outcome(primary, KeyError("busy"))

    assert outcome.source == "busy"
    assert [event.category for event in seen] == [Category.UNAVAILABLE]
    with pytest.raises(TypeError, match="returned None for an error"):
        await Fallback(CACHE, classify=lambda _: None).call(primary, KeyError())


async def test_listeners_hear_of_a_refused_value() -> None:
    """Which has no category; and of nothing, where no step answers."""
    seen: list[FallbackUsed] = []
    for fallback in (
        Fallback(STATIC, on_result=is_empty),
        Fallback(Step("a", skips), on_result=is_empty),
    ):
        fallback.subscribe(seen.append)
        await fallback.outcome(empty)

    assert seen == [FallbackUsed(step="static", category=None, correlation_id=None)]


@pytest.mark.parametrize("end", ["answered", "exhausted", "bug"])
async def test_an_error_leaves_no_cycle(end: str) -> None:
    """Its traceback holds the frames, and they must not hold it."""
    steps = {
        "answered": STATIC,
        "exhausted": Step("a", skips),
        "bug": Step("b", lambda: {}["bug"]),
    }
    fallback = Fallback(steps[end])

    class Noted(InfraTimeoutError):
        pass

    async def fails() -> str:
        raise Noted

    async def run() -> None:
        try:
            await fallback.call(fails)
        except Exception:  # noqa: BLE001, S110 -- it is to go
            pass

    gc.collect()
    gc.disable()
    try:
        await run()
        assert not [each for each in gc.get_objects() if isinstance(each, Noted)]
    finally:
        gc.enable()


async def test_notes_do_not_pile_up_on_a_shared_error() -> None:
    """Some clients raise one object again and again."""
    error = InfraTimeoutError()
    fallback = Fallback(Step("a", skips))

    for _ in range(3):
        assert not (await fallback.outcome(primary, error)).ok

    assert error.__notes__ == ["fallback 'a' had nothing to offer"]


# ---------------------------------------------------------------- a deadline outside


async def hangs(_: object = None) -> str:
    """Never answer."""
    await anyio.sleep_forever()
    raise AssertionError


async def slow(_: object = None) -> str:
    """Answer after half a second."""
    await anyio.sleep(0.5)
    return "slow"


async def test_the_primary_is_cut_off_where_the_reserve_begins() -> None:
    """So that a call that hangs is answered within the total deadline."""
    guard = Pipeline(
        Timeout(5), Fallback(Step("slow", slow, reserve=1), Step("x", static))
    )
    began = anyio.current_time()

    outcome = await guard.outcome(hangs)

    assert (outcome.value, outcome.source) == ("slow", "slow")
    assert anyio.current_time() - began == pytest.approx(4.5)


async def test_reserves_add_up() -> None:
    """Each step has its own."""
    fallback = Fallback(Step("a", slow, reserve=1), Step("b", static, reserve=0.5))
    began = anyio.current_time()

    assert fallback.reserve == 1.5
    await Pipeline(Timeout(5), fallback).call(hangs)

    assert anyio.current_time() - began == pytest.approx(4)


async def test_the_cut_is_a_time_out_with_its_reason() -> None:
    """It is an error like any other: noted, caused by the last attempt's."""
    down = InfraUnavailableError("down")
    guard = Pipeline(
        Timeout(5),
        Fallback(Step("a", skips, reserve=1)),
        Retry(max_attempts=9, backoff=Constant(0.1)),
    )
    failures = [down]

    async def fails_then_hangs() -> str:
        if failures:
            raise failures.pop()
        return await hangs()

    with pytest.raises(InfraTimeoutError) as caught:
        await guard.call(fails_then_hangs)

    assert str(caught.value) == (
        "no answer within 4 s, which leaves the fallback the 1 s that it reserves"
    )
    assert caught.value.__cause__ is down
    assert len(attempts_of(caught.value)) == 1


async def test_a_value_that_comes_in_time_is_not_lost() -> None:
    """The reserve is nobody's while the primary answers."""
    guard = Pipeline(Timeout(5), Fallback(Step("x", static, reserve=4)))

    assert await guard.call(slow) == "slow"


async def test_a_reserve_without_a_time_out_cuts_nothing() -> None:
    """There is nothing to split, be it decorated or called."""
    fallback = Fallback(Step("x", static, reserve=4))

    with anyio.move_on_after(5) as scope:
        await fallback(hangs)()
    assert scope.cancelled_caught
    with anyio.move_on_after(5) as scope:
        await fallback.call(hangs)
    assert scope.cancelled_caught


async def test_a_reserve_larger_than_what_is_left_leaves_the_primary_one_step() -> None:
    """What it has at once is taken; it is not waited for."""
    guard = Pipeline(Timeout(1), Fallback(Step("x", static, reserve=4)))

    assert await guard.call(primary) == "primary"
    assert await guard.call(slow) == "static"


async def test_a_breaker_inside_hears_of_the_cut() -> None:
    """As of any other time-out of its pipeline."""
    breaker = CircuitBreaker("db", trip=Consecutive(1), cancelled_after=1)
    guard = Pipeline(Timeout(5), Fallback(Step("x", static, reserve=1)), breaker)

    assert await guard.call(hangs) == "static"

    assert breaker.state is CircuitState.OPEN


async def test_a_step_that_has_too_little_time_is_not_begun() -> None:
    """The next one may need less."""
    guard = Pipeline(
        Timeout(5),
        Fallback(Step("slow", slow, min_time=2), Step("quick", static, min_time=0.5)),
        Timeout(4),
    )

    outcome = await guard.outcome(hangs)

    assert outcome.source == "quick"


async def test_what_was_not_begun_is_noted() -> None:
    """The number is the one in the program, so that the note is always the same."""
    guard = Pipeline(Timeout(5), Fallback(Step("a", slow, min_time=2)), Timeout(4))

    with pytest.raises(InfraTimeoutError) as caught:
        await guard.call(hangs)

    assert caught.value.__notes__ == [
        "fallback 'a' was not begun: less than its 2 s were left"
    ]


async def test_without_a_deadline_there_is_always_time() -> None:
    """An infinite one is none."""
    fallback = Fallback(Step("a", static, min_time=100, reserve=100))

    assert await fallback.call(primary, InfraTimeoutError()) == "static"
    assert fallback.call_sync(raises, InfraTimeoutError()) == "static"


@pytest.mark.real_time
def test_a_plain_functions_retry_leaves_the_reserve() -> None:
    """It cannot be interrupted, but what it does not begin it need not end."""
    calls = 0

    def fails() -> str:
        nonlocal calls
        calls += 1
        raise InfraUnavailableError("down")

    steps = (
        Step("long", lambda: "long", min_time=61),
        Step("x", str, reserve=50, min_time=30),
    )
    guard = Pipeline(
        Timeout(60), Fallback(*steps), Retry(max_attempts=3, backoff=Constant(20))
    )

    outcome = guard.outcome_sync(fails)

    assert (outcome.value, outcome.source, calls) == ("", "x", 1)


async def test_a_fallback_that_could_never_run_is_warned_about() -> None:
    """A call that hangs uses up the whole deadline."""
    plain = Fallback(STATIC)
    with pytest.warns(SeawallWarning, match="no step could ever run"):
        Pipeline(Timeout(5), plain, Retry())

    Pipeline(Timeout(5), Fallback(Step("x", static, reserve=0.1)))
    Pipeline(Timeout(5), plain, Timeout(1))
    Pipeline(Timeout(float("inf")), plain)
    Pipeline(plain, Retry())


# ---------------------------------------------------------------- breakers outside


@pytest.mark.parametrize("decorated", [True, False], ids=["decorated", "called"])
async def test_its_success_is_no_success_of_the_primary(*, decorated: bool) -> None:
    """A breaker around it would close on an answer from elsewhere."""
    breaker = CircuitBreaker(
        "db", trip=Consecutive(1), break_duration=5, success_threshold=1
    )
    guard = Pipeline(breaker, Fallback(STATIC))
    with pytest.raises(KeyError):
        await guard.call(primary, KeyError())
    await anyio.sleep(6)

    probe = guard(primary) if decorated else lambda e: guard.call(primary, e)
    assert await probe(InfraTimeoutError()) == "static"
    assert breaker.state is CircuitState.HALF_OPEN

    assert await probe(None) == "primary"
    assert breaker.state is CircuitState.CLOSED


def test_it_is_a_value() -> None:
    """It compares, hashes and pickles; listeners stay at home."""
    fallback = Fallback(CACHE, STATIC)
    fallback.subscribe(print)

    assert pickle.loads(pickle.dumps(fallback)) == fallback
    assert hash(Fallback(CACHE)) == hash(Fallback(CACHE))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Fallback()", "at least one step"),
        ("Fallback(CACHE, CACHE)", "two steps are named 'cache'"),
        ("Fallback(from_cache)", "a fallback is made of steps"),
        ("Fallback(CACHE, on=BaseException)", "would also catch"),
        ("Fallback(CACHE, on_result=3)", "on_result must be a function"),
        ("Fallback(CACHE, on_result=fails_too)", "coroutine function"),
        ("Fallback(CACHE, classify=3)", "classify must be a Classifier"),
        ('Step("x", static, reserve=-1)', "reserve must be at least 0"),
        ('Step("x", static, min_time="1")', "min_time must be a number"),
        ('Step("x", static, with_failure=1)', "with_failure must be True or False"),
        ('Step("", static)', "name must tell"),
        ('Step("primary", static)', "name must tell"),
        ('Step(static, "cache")', "name must be text"),
        ('Step("x", "static")', "must be a function"),
        ('Step("x", static, on=KeyboardInterrupt)', "on=KeyboardInterrupt"),
    ],
)
def test_refuses_nonsense(code: str, message: str) -> None:
    """The message shows what was given and what to write."""
    with pytest.raises((TypeError, ValueError), match=message):
        eval(code, {**vars(seawall), **globals()})
