# The Rust core as Python sees it: numbers and small frozen objects. Durations are
# whole nanoseconds going in and float seconds coming out. The docstrings are with the
# code, in rust/binding.

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Final, final

__all__ = [
    "CLOSED",
    "DISABLED",
    "HALF_OPEN",
    "ISOLATED",
    "OPEN",
    "Backoff",
    "Breaker",
    "Budget",
    "Hold",
    "Permit",
    "Rejection",
    "Settings",
    "Snapshot",
    "Transition",
    "__version__",
    "build_info",
]

__version__: str

CLOSED: Final = 0
OPEN: Final = 1
HALF_OPEN: Final = 2
ISOLATED: Final = 3
DISABLED: Final = 4

def build_info() -> Mapping[str, str]: ...

@final
class Transition:
    @property
    def old(self) -> int: ...
    @property
    def new(self) -> int: ...
    @property
    def generation(self) -> int: ...
    # Seconds, as computed; None unless the circuit opened.
    @property
    def break_duration(self) -> float | None: ...

@final
class Rejection:
    @property
    def state(self) -> int: ...
    @property
    def retry_after(self) -> float | None: ...
    # If this very admission found too many calls hanging, and opened the circuit.
    @property
    def transition(self) -> Transition | None: ...

@final
class Permit:
    # Takes one verdict, a second is a RuntimeError; dropped without one it is released.
    @property
    def generation(self) -> int: ...
    @property
    def transition(self) -> Transition | None: ...
    @property
    def probe(self) -> bool: ...
    @property
    def used(self) -> bool: ...
    # A call that was slow has failed.
    def success(self) -> Transition | None: ...
    # *hint* is the break that the other side asked for: it only lengthens.
    def failure(self, hint: int | None = None, /) -> Transition | None: ...
    def release(self) -> None: ...
    # From outside: a failure if the call ran `cancelled_after` or more, else a release.
    def cancelled(self) -> Transition | None: ...

@final
class Hold:
    # Released once; a second time is None, and so is one that a reset has dropped.
    @property
    def transition(self) -> Transition | None: ...
    def release(self) -> Transition | None: ...

@final
class Snapshot:
    @property
    def state(self) -> int: ...
    @property
    def generation(self) -> int: ...
    # What the clock said when the state began; None if it never changed.
    @property
    def since(self) -> float | None: ...
    # Failures in a row, while closed; successful probes and permits, while half-open.
    @property
    def failures(self) -> int: ...
    @property
    def successes(self) -> int: ...
    @property
    def permits_out(self) -> int: ...
    @property
    def retry_after(self) -> float | None: ...
    # Outcomes that a ratio is told of, while closed, and failures among them.
    @property
    def window_calls(self) -> int: ...
    @property
    def window_failures(self) -> int: ...
    # Since it was built. Calls that were not admitted, or in shadow mode would not have
    # been, and verdicts of an older generation; a success that arrives while there is
    # nothing to do is not looked at.
    @property
    def rejected(self) -> int: ...
    @property
    def late(self) -> int: ...
    # The verdicts that were taken: failures, none, successes (None unless counted).
    # Those of a disabled circuit are not among them.
    @property
    def failed(self) -> int: ...
    @property
    def ignored(self) -> int: ...
    @property
    def succeeded(self) -> int | None: ...

@final
class Settings:
    # Every option is checked; a ValueError names it. What opens the circuit: *failures*
    # in a row, or a *ratio* of the last *calls* or of those within *duration*.
    def __new__(
        cls,
        *,
        failures: int | None,
        ratio: float | None,
        calls: int | None,
        duration: int | None,
        min_calls: int,
        breaks: Backoff,
        success_threshold: int,
        max_probes: int,
        probe_lease: int,
        slow_after: int | None,
        cancelled_after: int | None,
        enforce: bool,
        count_successes: bool,
    ) -> Settings: ...

@final
class Breaker:
    def __new__(
        cls, settings: Settings, *, now: Callable[[], float] | None = None
    ) -> Breaker: ...
    # Keeps the state and what was counted; a ValueError for a window of another shape
    # and for another `slow_after`.
    def reconfigure(self, settings: Settings, /) -> None: ...
    # `now` is read by `acquire` while not closed or where calls are timed, by every
    # failure and command, by a success that a window of time counts or that may close
    # the circuit, and by `snapshot` while open or for a window of time. What it raises
    # leaves the breaker as it was. None: CLOCK_MONOTONIC.
    #
    # A stamp means admitted, with nothing to give back. Where calls are timed (with
    # `slow_after` or `cancelled_after`) it is a permit in every state. In shadow mode
    # it is one instead of a rejection, unless it is an operator who rejects, and its
    # verdict changes nothing.
    def acquire(self) -> int | Permit | Rejection: ...
    # The same with an object in every state; what is nested in a probe is admitted, and
    # its verdict changes nothing.
    def permit(self, *, nested: bool) -> Permit | Rejection: ...
    def success(self, stamp: int, /) -> None: ...
    def failure(self, stamp: int, hint: int | None = None, /) -> Transition | None: ...
    def release(self, stamp: int, /) -> None: ...
    def isolate(self) -> Hold: ...
    def disable(self) -> Transition | None: ...
    def enable(self) -> Transition | None: ...
    def reset(self) -> Transition | None: ...
    def snapshot(self) -> Snapshot: ...
    # Keeps two names in the globals of *wrapper* up to date, as long as it lives: *tok*
    # is the stamp of whoever is admitted now, None if `acquire` has to be asked;
    # *note* is None while a success has nothing to do, else True.
    def attach(self, wrapper: FunctionType, tok: str, note: str, /) -> None: ...

@final
class Backoff:
    @staticmethod
    def exponential(
        base: int, factor: float, max_delay: int, jitter: str | float, seed: int | None
    ) -> Backoff: ...
    @staticmethod
    def linear(
        base: int, step: int, max_delay: int, jitter: str | float, seed: int | None
    ) -> Backoff: ...
    @staticmethod
    def constant(delay: int, jitter: str | float, seed: int | None) -> Backoff: ...
    def delay(self, retry: int, previous: float | None, /) -> float: ...

@final
class Budget:
    def __new__(cls, ratio: float, capacity: float, /) -> Budget: ...
    def deposit(self) -> None: ...
    def withdraw(self) -> bool: ...
    @property
    def level(self) -> float: ...
    # Calls of `withdraw`, by what they answered.
    @property
    def withdrawn(self) -> int: ...
    @property
    def refused(self) -> int: ...
    # As for a breaker: *tok* is None while a call has a deposit to make.
    def attach(self, wrapper: FunctionType, tok: str, /) -> None: ...
