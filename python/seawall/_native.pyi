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

@final
class Rejection:
    @property
    def state(self) -> int: ...
    @property
    def retry_after(self) -> float | None: ...

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
    def success(self) -> Transition | None: ...
    def failure(self) -> Transition | None: ...
    def release(self) -> None: ...

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
    @property
    def failures(self) -> int: ...
    @property
    def successes(self) -> int: ...
    @property
    def permits_out(self) -> int: ...
    @property
    def retry_after(self) -> float | None: ...
    # Calls that were not admitted, and verdicts of an older generation; a success that
    # arrives while there is nothing to do is not looked at.
    @property
    def rejected(self) -> int: ...
    @property
    def late(self) -> int: ...

@final
class Breaker:
    def __new__(
        cls,
        *,
        failures: int,
        break_duration: int,
        success_threshold: int,
        max_probes: int,
        probe_lease: int,
        now: Callable[[], float] | None = None,
    ) -> Breaker: ...
    # `now` is read by `acquire` while not closed, by every `failure`, and by `snapshot`
    # while open. What it raises leaves the breaker as it was. None: CLOCK_MONOTONIC.
    def acquire(self) -> int | Permit | Rejection: ...
    # The same with an object in every state; what is nested in a probe is admitted, and
    # its verdict changes nothing.
    def permit(self, *, nested: bool) -> Permit | Rejection: ...
    def success(self, stamp: int, /) -> None: ...
    def failure(self, stamp: int, /) -> Transition | None: ...
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
