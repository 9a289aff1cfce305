"""What the end of a call changes.

Rule 1: a verdict is given exactly once per permit: success, failure, or none. No
verdict is what says nothing about the dependency; it is counted, and gives a probe's
place back. So does whatever raises on the way to a verdict.

Rule 2: what a cancellation means may depend on who asked for it, and only a time-out
outside knows that it did. Such a verdict is left with the call (`Call.cut`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import anyio

from ._call import Call
from ._cancel import is_cancellation, is_from_outside
from ._circuit import Circuit
from ._native import Permit, Transition  # noqa: TID251 -- verdicts are the core's
from ._outcome import PRIMARY
from ._verdict import classified, hint_of, is_failure, verdict_of

# What opened a circuit, where it was no error: "opened by ...".
_BAD_RESULT: Final = "a bad result"
_SLOW: Final = "slow calls"
_CANCELLED: Final = "cancelled calls"
_TIMED_OUT: Final = "a total time-out"
# The event loop's clock is a float, so half of a time-out may come out a little less.
_ROUNDING: Final = 1e-6


def returned(
    circuit: Circuit, permit: int | Permit | None, result: Any, call: Call | None = None
) -> None:
    """Give the verdict that *result*, the value of a call, stands for."""
    if permit is None:
        return  # the probe around it gives the verdict
    if call is not None and call.origin is not PRIMARY:
        released(circuit, permit)  # a substitute says nothing about the dependency
        return
    try:
        failure = is_failure(circuit.config, result)
    except BaseException:
        released(circuit, permit)
        raise
    if failure:
        _failed(circuit, permit, None, _BAD_RESULT)
    else:
        succeeded(circuit, permit)


def raised(
    circuit: Circuit,
    permit: int | Permit | None,
    error: BaseException,
    call: Call | None = None,
) -> None:
    """Give the verdict that *error* stands for, if it is one; no *call*: of a block."""
    if permit is None:
        return  # the probe around it gives the verdict
    if call is not None and call.misused:
        released(circuit, permit)
    elif is_cancellation(error):
        _cancelled(circuit, permit, error, call)
    else:
        assert isinstance(error, Exception)  # noqa: S101 -- the rest is cancellation
        _judged(circuit, permit, error)


def succeeded(circuit: Circuit, permit: int | Permit) -> None:
    """Count a success; the core may find that it took too long to be one."""
    if isinstance(permit, int):
        circuit.core.success(permit)
    else:
        _told(circuit, _given(permit, permit.success), _SLOW)


def failed(circuit: Circuit, permit: Permit, error: Exception | None) -> None:
    """Count a failure, whatever the verdict on *error* would be."""
    if error is None:
        _failed(circuit, permit, None, None)
        return
    try:
        hint = hint_of(circuit.config, classified(circuit.config, error))
    except BaseException:
        released(circuit, permit)
        raise
    _failed(circuit, permit, hint, _name(error))


def released(circuit: Circuit, permit: int | Permit) -> None:
    """Count that the call said nothing."""
    if isinstance(permit, int):
        circuit.core.release(permit)
    else:
        permit.release()


def _judged(circuit: Circuit, permit: int | Permit, error: Exception) -> None:
    try:
        found = classified(circuit.config, error)
        verdict = verdict_of(circuit.config, error, found)
    except BaseException:
        released(circuit, permit)
        raise
    if verdict == "failure":
        _failed(circuit, permit, hint_of(circuit.config, found), _name(error))
    elif verdict == "answered":
        succeeded(circuit, permit)
    else:
        released(circuit, permit)


def _failed(
    circuit: Circuit, permit: int | Permit, hint: int | None, reason: str | None
) -> None:
    if isinstance(permit, int):
        moved = circuit.core.failure(permit, hint)
    else:
        moved = _given(permit, partial(permit.failure, hint))
    _told(circuit, moved, reason)


def _cancelled(
    circuit: Circuit, permit: int | Permit, error: BaseException, call: Call | None
) -> None:
    if not is_from_outside(error):
        released(circuit, permit)
    elif call is None or call.cut is None:
        _stopped(circuit, permit, _CANCELLED)
    else:
        chance = _had_its_chance(call)
        call.cut.append(partial(_cut, circuit, permit, had_its_chance=chance))


def _cut(
    circuit: Circuit, permit: int | Permit, *, had_its_chance: bool, timed_out: bool
) -> None:
    """Give the verdict on a call that somebody outside has cut off."""
    if timed_out and had_its_chance:
        _failed(circuit, permit, None, _TIMED_OUT)
    else:
        _stopped(circuit, permit, _TIMED_OUT if timed_out else _CANCELLED)


def _stopped(circuit: Circuit, permit: int | Permit, reason: str) -> None:
    if isinstance(permit, int):
        released(circuit, permit)
    else:  # the core knows how long it ran
        _told(circuit, _given(permit, permit.cancelled), reason)


def _given(
    permit: Permit, verdict: Callable[[], Transition | None]
) -> Transition | None:
    try:
        return verdict()
    except BaseException:
        if not permit.used:  # the clock's; the verdict is not given yet
            permit.release()
        raise


def _told(circuit: Circuit, change: Transition | None, opened_by: str | None) -> None:
    if change is not None:
        circuit.announcer.moved(change, opened_by)


def _had_its_chance(call: Call) -> bool:
    """Tell whether the attempt under way got half of the time that it was given."""
    if call.attempt is None:
        return False
    begun, limit = call.attempt
    return anyio.current_time() - begun >= limit / 2 - _ROUNDING


def _name(error: Exception) -> str:
    return type(error).__qualname__
