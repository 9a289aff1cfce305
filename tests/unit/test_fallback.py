"""Fallback, on both backends, in virtual time."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

import seawall
from seawall import (
    Category,
    CircuitOpenError,
    CircuitState,
    Fallback,
    FallbackSkip,
    FallbackUsed,
    InfraAuthenticationError,
    InfraTimeoutError,
    InfraUnavailableError,
    Pipeline,
    Retry,
    Step,
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
