"""Telling a cancellation from a failure."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import anyio
import pytest

from seawall._cancel import is_cancellation

pytestmark = pytest.mark.anyio


async def test_an_ordinary_error_is_none() -> None:
    """On both backends, with a deadline around or not."""
    with anyio.fail_after(5):
        assert not is_cancellation(OSError())
    assert not is_cancellation(OSError())


def test_an_ordinary_error_is_none_without_an_event_loop() -> None:
    """Synchronous code has no scopes."""
    assert not is_cancellation(OSError())


async def test_an_ordinary_error_is_none_in_a_thread_with_a_tasks_context() -> None:
    """The context says which library runs the loop; in the thread there is none."""
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(context.run, is_cancellation, OSError()).result()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_trio_that_cannot_be_imported_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Programs block an import with None, and another thread may be half through it."""
    for trio in (None, ModuleType("trio")):
        monkeypatch.setitem(sys.modules, "trio", trio)
        assert not is_cancellation(OSError())


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(), GeneratorExit(), asyncio.CancelledError()],
)
def test_what_is_no_exception_always_is(error: BaseException) -> None:
    """It means: stop."""
    assert is_cancellation(error)


def test_a_group_with_such_a_leaf_is_too() -> None:
    """A child that was cancelled is among the failures."""
    assert is_cancellation(BaseExceptionGroup("", [OSError(), SystemExit()]))


async def test_any_error_that_leaves_a_cancelled_scope_is() -> None:
    """However the callee renamed it."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        assert is_cancellation(OSError())


async def test_inside_a_shield_it_is_none() -> None:
    """Clean-up that may take its time may also fail."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        with anyio.CancelScope(shield=True):
            assert not is_cancellation(OSError())


class HostileError(Exception):
    """Raises whatever it is asked."""

    def __getattribute__(self, name: str) -> Any:
        """Refuse."""
        if name == "__class__":  # which `isinstance` has to know
            return super().__getattribute__(name)
        raise ZeroDivisionError(name)


class HostileGroup(HostileError, ExceptionGroup[Exception]):
    """Says nothing of what is in it either."""


def disguises() -> list[Exception]:
    """Make errors that hide a native cancellation in every known way."""
    cause, context = OSError("cause"), OSError("context")
    cause.__cause__ = asyncio.CancelledError()
    context.__context__ = asyncio.CancelledError()
    deep = OSError("deep")
    deep.__cause__ = ExceptionGroup("", [KeyError(), context])
    deep.__cause__.__context__ = deep  # a cycle: walking it must end
    hostile = HostileError()
    hostile.__cause__ = HostileGroup("", [cause])
    return [cause, context, deep, hostile]


@pytest.mark.parametrize("number", range(4))
async def test_a_native_cancellation_is_found_behind_other_errors(
    number: int, anyio_backend_name: str
) -> None:
    """In causes, contexts and groups; only while the task is being cancelled."""
    error = disguises()[number]
    assert not is_cancellation(error)
    if anyio_backend_name == "trio":
        return  # without native cancellation

    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    assert is_cancellation(error)
    assert not is_cancellation(OSError("unrelated"))
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(0)
    task.uncancel()
