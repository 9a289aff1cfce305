"""Delivery of events; what they say is tested with the policies."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import seawall._events
from seawall._events import Listeners


def test_a_change_made_in_a_callback_is_told_after_the_current_one() -> None:
    """Everybody hears the events of one thread in the same order."""
    listeners: Listeners[int] = Listeners()
    first: list[int] = []
    second: list[int] = []

    def chains(event: int) -> None:
        first.append(event)
        if event < 3:
            listeners.emit(event + 1)

    listeners.subscribe(chains)
    listeners.subscribe(second.append)
    listeners.emit(1)

    assert first == second == [1, 2, 3]


def test_each_subscription_ends_by_itself() -> None:
    """Two of one callback are two; ending one twice is harmless."""
    listeners: Listeners[int] = Listeners()
    seen: list[int] = []
    end = listeners.subscribe(seen.append)
    listeners.subscribe(seen.append)
    end()
    end()
    listeners.emit(1)

    assert seen == [1]
    assert listeners


def at_every_call_of_the_module(run: Callable[[], Any], then: Callable[[], Any]) -> int:
    """Do *then*, once, at each call that *run* makes there, as the collector might."""

    def interrupts(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls, left
        if event == "call" and frame.f_code.co_filename == seawall._events.__file__:
            calls += 1
            left -= 1
            if left == 0:
                then()

    turns, calls = 0, 1
    while turns < calls:
        turns, calls, left = turns + 1, 0, turns + 1
        sys.setprofile(interrupts)
        try:
            run()
        finally:
            sys.setprofile(None)
    return turns


def test_a_subscription_may_end_in_the_middle_of_another_change() -> None:
    """A finalizer runs wherever the collector does, and a signal handler anywhere."""
    listeners: Listeners[int] = Listeners()
    ends: list[Callable[[], None]] = []
    turns: list[int] = []

    def change() -> None:
        ends.append(listeners.subscribe(lambda _: None))
        listeners.subscribe(lambda _: None)()

    def end_all() -> None:
        while ends:
            ends.pop()()

    def body() -> None:
        turns.append(at_every_call_of_the_module(change, end_all))

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(10)
    assert turns, "it waits for itself"
    end_all()

    assert turns[0] > 3
    assert not listeners


def test_threads_do_not_wait_for_each_other() -> None:
    """A slow listener in one thread delays no event of another."""
    listeners: Listeners[str] = Listeners()
    entered, done = threading.Event(), threading.Event()
    seen: list[str] = []

    def slow_on_a(event: str) -> None:
        if event == "a":
            entered.set()
            assert done.wait(10)
        seen.append(event)

    listeners.subscribe(slow_on_a)
    thread = threading.Thread(target=listeners.emit, args=("a",))
    thread.start()
    assert entered.wait(10)
    listeners.emit("b")
    done.set()
    thread.join()

    assert seen == ["b", "a"]


def test_a_listener_must_be_callable() -> None:
    """Said when it is subscribed, not when the database dies."""
    with pytest.raises(TypeError, match="callback must be a function"):
        Listeners[int]().subscribe(3)  # type: ignore[arg-type]


def test_a_coroutine_function_is_no_listener() -> None:
    """Nobody would await it."""

    async def listener(_: int) -> None: ...

    with pytest.raises(TypeError, match="is a coroutine function"):
        Listeners[int]().subscribe(listener)


def test_pickled_policies_leave_their_listeners_at_home() -> None:
    """A callback belongs to its process."""
    listeners: Listeners[int] = Listeners()
    listeners.subscribe(print)

    assert not pickle.loads(pickle.dumps(listeners))
