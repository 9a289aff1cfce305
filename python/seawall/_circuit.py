"""A circuit at work: who is admitted, and what each verdict changes.

The states, permits and deadlines are the core's (`rust/core/src/breaker`). This module
asks it, hands it each verdict (`_verdict`), and has it announced (`_announcer`).

Rule 1: a verdict is given exactly once per permit: success, failure, or none. No
verdict is what cancellation gets, and whatever says nothing about the dependency.

Rule 2: what a cancellation means may depend on who asked for it, and only a time-out
outside knows that it did. Such a verdict is left with the call.

Rule 3: a call made inside a probe of the same breaker belongs to that probe. Two
helpers guarded by one breaker must not reject each other while it is half-open.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, final

import anyio

from ._announcer import Announcer
from ._breaker_config import BreakerConfig, core_of
from ._call import Call
from ._cancel import is_cancellation, is_from_outside
from ._native import (  # noqa: TID251 -- the state machine is the core's
    HALF_OPEN,
    OPEN,
    Permit,
    Rejection,
    Transition,
)
from ._probe import Probe, inside_probe
from ._types import Clock
from ._verdict import classified, is_failure, verdict_of

_PROBED: Final = (OPEN, HALF_OPEN)
# What opened a circuit, where it was no error: "opened by ...".
_BAD_RESULT: Final = "a bad result"
_TIMED_OUT: Final = "a total time-out"
# The event loop's clock is a float, so half of a time-out may come out a little less.
_ROUNDING: Final = 1e-6


@final
class Circuit:
    """What the calls of one breaker share: its core, settings and listeners."""

    __slots__ = ("announcer", "config", "core")

    def __init__(self, name: str, config: BreakerConfig, clock: Clock) -> None:
        self.config = config
        self.core = core_of(config, clock)
        self.announcer = Announcer(name)

    def admit(self, call: Call) -> int | Permit | None:
        """Take a permit or raise; None for a call inside a probe of this very one."""
        if call.replayed is not None:
            # What has already happened cannot be rejected, least of all a cancellation.
            return call.stamps[self.core]
        if self._in_probe():
            return None
        answer = self.core.acquire()
        if isinstance(answer, Rejection):
            raise self.announcer.rejection(answer)
        if not isinstance(answer, int):
            self._announce(answer)
        return answer

    def take(self) -> Permit | Rejection:
        """Take a permit that somebody will hold in hand."""
        answer = self.core.permit(nested=self._in_probe())
        if not isinstance(answer, Rejection):
            self._announce(answer)
        return answer

    def probe(self, permit: int | Permit | None, call: Call) -> Probe | None:
        """Mark what runs under *permit*, if it is a probe or belongs to one."""
        return None if isinstance(permit, int) else Probe(self, call)

    def returned(self, permit: int | Permit | None, result: Any) -> None:
        """Give the verdict that *result*, the value of a call, stands for."""
        if permit is None:
            return  # the probe around it gives the verdict
        try:
            failure = is_failure(self.config, result)
        except BaseException:
            self._released(permit)
            raise
        if failure:
            self._failure(permit, _BAD_RESULT)
        else:
            self.succeeded(permit)

    def ended(self, permit: Permit, error: BaseException | None) -> None:
        """Give *permit* the verdict of a block that ended with *error*, or without."""
        if error is None:
            self.succeeded(permit)
        else:
            self.failed(permit, error)

    def succeeded(self, permit: int | Permit) -> None:
        """Count a success."""
        if isinstance(permit, int):
            self.core.success(permit)
        elif (moved := permit.success()) is not None:
            self._moved(moved)

    def failed(
        self,
        permit: int | Permit | None,
        error: BaseException,
        call: Call | None = None,
    ) -> None:
        """Give the verdict that *error* stands for, if it is one."""
        if permit is None:
            return  # the probe around it gives the verdict
        if call is not None and call.misused:
            self._released(permit)
            return
        if is_cancellation(error):
            self._cancelled(permit, error, call)
            return
        assert isinstance(error, Exception)  # noqa: S101 -- the rest is cancellation
        try:
            verdict = verdict_of(self.config, error, classified(self.config, error))
        except BaseException:
            self._released(permit)
            raise
        self.settle(permit, verdict, error)

    def _cancelled(
        self, permit: int | Permit, error: BaseException, call: Call | None
    ) -> None:
        if not is_from_outside(error):
            self._released(permit)
        elif call is None or call.cut is None:
            self._stopped(permit)
        else:
            chance = _had_its_chance(call)
            call.cut.append(partial(self._cut, permit, had_its_chance=chance))

    def _cut(
        self, permit: int | Permit, *, had_its_chance: bool, timed_out: bool
    ) -> None:
        if timed_out and had_its_chance:
            self._failure(permit, _TIMED_OUT)
        else:
            self._stopped(permit)

    def _stopped(self, permit: int | Permit) -> None:
        self._released(permit)

    def settle(
        self, permit: int | Permit, verdict: str, error: Exception | None = None, /
    ) -> None:
        """Give *permit* a verdict; rejections will name *error*."""
        if verdict == "answered":
            self.succeeded(permit)
        elif verdict == "ignored":
            self._released(permit)
        else:
            self._failure(permit, None if error is None else type(error).__qualname__)

    def commanded(self, change: Transition | None) -> None:
        """Tell listeners what an operator changed, if it is another state now."""
        if change is not None and change.old != change.new:
            self._moved(change)

    def _announce(self, permit: Permit) -> None:
        if permit.transition is None:
            return
        try:
            self._moved(permit.transition)
        except BaseException:  # Ctrl-C in a listener
            permit.release()
            raise

    def _in_probe(self) -> bool:
        if not inside_probe(self):
            return False
        # Closed by another probe, it is closed for calls in this one too; and what an
        # operator said since then holds for them as for all others.
        return self.core.snapshot().state in _PROBED

    def _failure(self, permit: int | Permit, reason: str | None) -> None:
        moved = self._record(permit)
        if moved is not None:
            self._moved(moved, opened_by=reason)

    def _record(self, permit: int | Permit) -> Transition | None:
        if isinstance(permit, int):
            return self.core.failure(permit)
        try:
            return permit.failure()
        except Exception:
            if not permit.used:  # the clock's; the verdict is not given yet
                permit.release()
            raise

    @staticmethod
    def _released(permit: int | Permit) -> None:
        # A stamp of the closed state holds nothing that could be given back.
        if not isinstance(permit, int):
            permit.release()

    def _moved(self, change: Transition, *, opened_by: str | None = None) -> None:
        self.announcer.moved(change, self.config.break_duration, opened_by)


def _had_its_chance(call: Call) -> bool:
    """Tell whether the attempt under way got half of the time that it was given."""
    if call.attempt is None:
        return False
    begun, limit = call.attempt
    return anyio.current_time() - begun >= limit / 2 - _ROUNDING
