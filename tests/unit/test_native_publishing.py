"""What wrappers are told, and that it is never out of date."""

from __future__ import annotations

import random
import sys
import weakref
from types import FunctionType
from typing import Any

import pytest

from cores import (
    SECOND,
    ManualClock,
    admitted,
    breaker_of,
    breaks_of,
    in_threads,
    opened,
    permitted,
    probing,
    told,
    wrapper_of,
)
from seawall import _native
from seawall._native import Breaker, Permit, Rejection


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at 100 s."""
    return ManualClock()


def test_a_wrapper_is_told_at_once_and_on_every_change(clock: ManualClock) -> None:
    """It reads two names instead of making two calls."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)
    assert told(wrapper) == (0, None)

    breaker.failure(0)
    assert told(wrapper) == (0, True)
    breaker.success(0)
    assert told(wrapper) == (0, None)

    breaker.failure(0)
    breaker.failure(0)
    assert told(wrapper) == (None, True)
    clock.seconds += 1.0
    permit = permitted(breaker)
    assert told(wrapper) == (None, True)
    permit.success()
    assert told(wrapper) == (3, None)


def test_a_wrapper_is_told_of_every_command(clock: ManualClock) -> None:
    """Otherwise an isolated circuit would go on admitting its decorated functions."""
    breaker = breaker_of(clock)
    wrapper = wrapper_of(breaker)

    first, second = breaker.isolate(), breaker.isolate()
    assert told(wrapper) == (None, True)
    first.release()
    assert told(wrapper) == (None, True)
    second.release()
    assert told(wrapper) == (2, None)
    breaker.disable()
    assert told(wrapper) == (3, None)
    breaker.failure(3)
    assert told(wrapper) == (3, None)
    breaker.enable()
    assert told(wrapper) == (4, None)
    breaker.failure(4)
    assert told(wrapper) == (4, True)
    breaker.reset()
    assert told(wrapper) == (5, None)


def test_a_late_wrapper_is_told_what_the_others_know(clock: ManualClock) -> None:
    """Functions are decorated at any time, also while the circuit is open."""
    breaker = opened(clock)

    assert told(wrapper_of(breaker)) == (None, True)


def test_the_note_is_written_before_the_stamp(clock: ManualClock) -> None:
    """Whoever is admitted with a new stamp finds the note that belongs to it."""
    breaker = probing(clock)
    wrapper = wrapper_of(breaker)
    assert list(wrapper.__globals__) == ["note", "tok"]

    wrapper.__globals__.clear()
    permitted(breaker).success()

    assert list(wrapper.__globals__) == ["note", "tok"]


def test_all_wrappers_of_a_breaker_share_one_stamp(clock: ManualClock) -> None:
    """A thousand functions behind one breaker need one number."""
    breaker = breaker_of(clock, failures=1, breaks=breaks_of(0))
    wrappers = [wrapper_of(breaker) for _ in range(3)]
    for _ in range(100):  # beyond the small integers, which are shared anyway
        breaker.failure(admitted(breaker))
        permitted(breaker).success()
    wrappers.append(wrapper_of(breaker))

    stamps = [told(wrapper)[0] for wrapper in wrappers]

    assert stamps == [300] * 4
    assert len({id(stamp) for stamp in stamps}) == 1


def test_a_breaker_does_not_keep_its_wrappers(clock: ManualClock) -> None:
    """Functions that are decorated and thrown away leave nothing behind."""
    breaker = breaker_of(clock)
    kept, dropped = wrapper_of(breaker), wrapper_of(breaker)
    breaker.failure(0)
    gone = weakref.ref(dropped)

    del dropped

    assert gone() is None
    breaker.success(0)
    assert told(kept) == (0, None)


def test_references_to_dead_wrappers_are_cleared_out(clock: ManualClock) -> None:
    """Also where the circuit never changes and only `attach` is called."""
    breaker = breaker_of(clock)
    reference = weakref.ref(wrapper_of(breaker))
    assert sys.getrefcount(reference) > 2, "the breaker holds this very reference"

    _other = wrapper_of(breaker)

    assert sys.getrefcount(reference) == 2


@pytest.mark.parametrize("no_function", [len, object(), Breaker, breaker_of])
def test_only_functions_written_in_python_can_be_told(no_function: Any) -> None:
    """Anything else has no globals, or runs code when it is asked for them."""
    if isinstance(no_function, FunctionType):
        no_function = no_function.__get__(1)  # a bound method

    with pytest.raises(TypeError, match="attach needs a function written in Python"):
        breaker_of().attach(no_function, "tok", "note")


class TwoCalls:
    """The plain protocol: ask, run, report. Always."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker

    def begin(self) -> int | Permit | Rejection:
        """Ask whether the call may run."""
        return self.breaker.acquire()

    def succeed(self, ticket: int | Permit) -> None:
        """Report a success."""
        if isinstance(ticket, Permit):
            ticket.success()
        else:
            self.breaker.success(ticket)

    def fail(self, ticket: int | Permit) -> None:
        """Report a failure."""
        if isinstance(ticket, Permit):
            ticket.failure()
        else:
            self.breaker.failure(ticket)

    def state(self) -> tuple[int, ...]:
        """Everything the word says but its times."""
        seen = self.breaker.snapshot()
        counts = (seen.failures, seen.successes, seen.permits_out)
        return (seen.state, seen.generation, *counts)


class TwoNames(TwoCalls):
    """What a generated wrapper does: no call while there is nothing to say."""

    def __init__(self, breaker: Breaker) -> None:
        super().__init__(breaker)
        self.wrapper = wrapper_of(breaker)

    def begin(self) -> int | Permit | Rejection:
        """Take the stamp that lies there, or ask."""
        stamp: int | None = self.wrapper.__globals__["tok"]
        return super().begin() if stamp is None else stamp

    def succeed(self, ticket: int | Permit) -> None:
        """Report a success to whom it means something."""
        if isinstance(ticket, Permit) or self.wrapper.__globals__["note"] is not None:
            super().succeed(ticket)


def test_two_names_decide_what_two_calls_decide() -> None:
    """2,000 random interleavings of up to 8 calls: no divergence."""
    for seed in range(2000):
        rng = random.Random(seed)
        clock = ManualClock()
        options = {
            "failures": rng.randint(1, 3),
            "success_threshold": rng.randint(1, 2),
            "max_probes": rng.randint(1, 2),
            "probe_lease": 2 * SECOND,
        }
        plain = TwoCalls(breaker_of(clock, **options))
        published = TwoNames(breaker_of(clock, **options))
        interleave(rng, clock, plain, published)


def interleave(
    rng: random.Random, clock: ManualClock, plain: TwoCalls, published: TwoCalls
) -> None:
    """Begin and end calls in any order, and compare after every step."""
    running: list[tuple[Any, Any]] = []
    for _ in range(40):
        step = rng.choice(["begin", "succeed", "fail", "cancel", "wait"])
        if step == "wait":
            clock.seconds += rng.choice([0.3, 1.0, 2.5])
        elif step == "begin" and len(running) < 8:
            pair = (plain.begin(), published.begin())
            assert type(pair[0]) is type(pair[1])
            if not isinstance(pair[0], Rejection):
                running.append(pair)
        elif step != "begin" and running:
            one, other = running.pop(rng.randrange(len(running)))
            if step != "cancel":
                getattr(plain, step)(one)
                getattr(published, step)(other)
            del one, other
        assert plain.state() == published.state()


@pytest.mark.parametrize(
    "trip",
    [{"failures": 2**31}, {"ratio": 1.0, "calls": 6}, {"ratio": 1.0, "calls": 44}],
    ids=["consecutive", "word", "ring"],
)
def test_the_last_word_of_any_thread_is_published(trip: dict[str, Any]) -> None:
    """A stale note after a failure would lose the success that resets it."""
    breaker = breaker_of(min_calls=6, **trip)
    wrapper = wrapper_of(breaker)

    def work(seed: int) -> list[tuple[int, float]]:
        rng = random.Random(seed)
        for _ in range(2000):
            stamp = told(wrapper)[0]
            if isinstance(stamp, int):
                rng.choice([*[breaker.success] * 9, breaker.failure])(stamp)
            else:
                breaker.reset()
        return []

    for _ in in_threads(work):
        seen = breaker.snapshot()
        full = seen.window_calls == trip.get("calls", 0)
        quiet = full and seen.failures == seen.window_failures == 0
        stamp = seen.generation if seen.state == _native.CLOSED else None
        assert told(wrapper) == (stamp, None if quiet else True)


def test_a_window_is_quiet_once_it_is_full_of_successes(clock: ManualClock) -> None:
    """Then one more changes nothing, and nobody need be called."""
    breaker = breaker_of(clock, ratio=0.5, calls=3)
    wrapper = wrapper_of(breaker)

    notes = [told(wrapper)[1]]
    for _ in range(3):
        breaker.success(0)
        notes.append(told(wrapper)[1])
    breaker.failure(0)
    notes.append(told(wrapper)[1])

    assert notes == [True, True, True, None, True]


def test_a_window_of_time_hears_of_every_success(clock: ManualClock) -> None:
    """It forgets by itself, so it is never so full that one more is nothing."""
    breaker = breaker_of(clock, ratio=0.5, duration=SECOND)
    wrapper = wrapper_of(breaker)
    for _ in range(100):
        breaker.success(0)

    assert told(wrapper) == (0, True)


def test_no_news_are_not_told_again(clock: ManualClock) -> None:
    """A window of time asks after every call; most of them change nothing."""
    breaker = breaker_of(clock, ratio=0.5, duration=SECOND)
    wrapper = wrapper_of(breaker)
    wrapper.__globals__["tok"] = "untouched"

    breaker.success(0)
    wrapper_of(breaker)
    assert told(wrapper) == ("untouched", True)
    breaker.reset()
    assert told(wrapper) == (1, True)
