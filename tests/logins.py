"""A source of credentials to test with: it counts, waits, and fails on request."""

from __future__ import annotations

import threading

import anyio
import attrs

from seawall import Issued, Snapshot


class Unauthorized(Exception):
    """What a server says to an old token."""


class IdpDown(Exception):
    """What the identity provider says when it is in trouble."""


@attrs.define
class FakeClock:
    """Two clocks that go as they are told."""

    wall_time: float = 1_000_000.0
    monotonic_time: float = 5_000.0

    def wall(self) -> float:
        return self.wall_time

    def monotonic(self) -> float:
        return self.monotonic_time

    def sleep(self, duration: float) -> None:
        self.advance(duration)

    def advance(self, duration: float) -> None:
        self.wall_time += duration
        self.monotonic_time += duration


class Login:
    """Issue "token-1", "token-2", ..., each after *delay* seconds.

    Args:
        delay: Seconds that a login takes.
        life: Seconds that a token lasts; None: until it is refused.
    """

    def __init__(self, delay: float = 1.0, life: float | None = 3600.0) -> None:
        self.delay = delay
        self.life = life
        self.error: Exception | None = None
        self.started = 0
        self.finished = 0
        self.at_once = 0
        self.most_at_once = 0
        self.seen: list[int | None] = []
        self._lock = threading.Lock()

    async def __call__(self, current: Snapshot[str] | None) -> Issued[str]:
        with self._lock:
            self.started += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.seen.append(None if current is None else current.generation)
        try:
            await anyio.sleep(self.delay)
            if self.error is not None:
                raise self.error
            self.finished += 1
            return Issued(f"token-{self.finished}", expires_in=self.life)
        finally:
            with self._lock:
                self.at_once -= 1
