"""What a retry can be told, and what it refuses to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from ._attempt import Attempt
from ._backoff import Backoff, Exponential, check_backoff, frozen
from ._budget import RetryBudget, check_budget
from ._classify import Classify
from ._types import Clock, On, Seconds
from ._validate import (
    check_clock,
    check_flag,
    check_function,
    check_on,
    seconds,
    whole,
)

_DEFAULT_BACKOFF: Final = Exponential(base=1.0, factor=2.0, max_delay=60.0)
_FLAGS: Final = ("idempotent", "wait_for_circuit", "stop_early")


@attrs.frozen(kw_only=True)
class RetryOptions:
    """The options of a `Retry`, which says what they mean."""

    on: On | None = None
    # ONEX's error recovery patterns say five.
    max_attempts: int | None = 5
    backoff: Backoff = attrs.field(default=_DEFAULT_BACKOFF, converter=frozen)
    idempotent: bool = False
    budget: RetryBudget | None = None
    # A server that asks for more than five minutes wants nobody to wait for it; without
    # a limit, "Retry-After: 1000000000" holds a caller for 31 years.
    max_server_delay: Seconds = 300.0
    wait_for_circuit: bool = False
    stop_early: bool = True
    on_result: Callable[[Any], bool] | None = None
    before_sleep: Callable[[Attempt], object] | None = None
    classify: Classify | None = None
    clock: Clock | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what could never work."""
        if self.on is not None:
            check_on("on", self.on)
        if self.max_attempts is not None:
            whole("max_attempts", self.max_attempts, 1)
        check_backoff("backoff", self.backoff)
        for flag in _FLAGS:
            check_flag(flag, getattr(self, flag))
        if self.budget is not None:
            check_budget("budget", self.budget)
        seconds("max_server_delay", self.max_server_delay, finite=False)
        self._check_functions()
        if self.clock is not None:
            check_clock("clock", self.clock)

    def _check_functions(self) -> None:
        if self.on_result is not None:
            check_function("on_result", self.on_result, takes="result")
        if self.before_sleep is not None:
            check_function(
                "before_sleep", self.before_sleep, takes="attempt", awaited=True
            )
        if self.classify is not None:
            check_function("classify", self.classify, takes="error")
