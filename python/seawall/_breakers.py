"""One breaker per host, tenant or topic, and not one for each that ever was.

Rule: a breaker that somebody uses is the breaker of its key. The registry holds the
ones used last; one that fell out and is still held elsewhere comes back as itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from typing import Any, Final, Generic, Never, NoReturn, TypeVar, final
from weakref import WeakValueDictionary

from ._breaker import CircuitBreaker
from ._call import Call, Inner, InnerSync, describe
from ._clock import SYSTEM_CLOCK
from ._decorate import Guarded
from ._types import CircuitState, Seconds
from ._validate import seconds, whole

K = TypeVar("K", bound=Hashable)

_MOST: Final = 2**31
_YEAR: Final = 365 * 86400.0
_LAMBDA: Final = "key=lambda host, *_, **__: host"
_BY: Final = f"breakers.by({_LAMBDA})"
_NO_KEY: Any = None
# Where nearly all are open, an eviction gives up rather than look at all of them.
_LOOKS: Final = 32


@final
class Breakers(Generic[K]):
    """Keep one `CircuitBreaker` per key: per host, tenant or topic.

    A dead host does not cost the others their calls::

        hosts = Breakers(lambda host: CircuitBreaker(f"api {host}"))


        @hosts.by(key=lambda url, *_, **__: urlsplit(url).netloc)
        async def fetch(url: str) -> bytes: ...

    ``hosts[key]`` makes what is missing and counts as use. Who only looks uses `get`,
    ``in``, `items` or a loop over the keys, which make nothing.

    Only the breakers used last are kept. One that is open, isolated or disabled is not
    dropped, so while many are down there may be more of them than *max_size*. A breaker
    that was dropped begins anew as a closed one.

    Args:
        factory: Makes the breaker of a key. Threads that ask for a new key at once may
            each make one; all of them get the same.
        max_size: How many to keep, at least 1.
        idle_ttl: Seconds after which one that nobody asked for is dropped, at most a
            year; looked at when somebody asks for another. None: never.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """

    __slots__ = ("_alive", "_changing", "_factory", "_idle_ttl", "_kept", "_max_size")

    def __init__(
        self,
        factory: Callable[[K], CircuitBreaker],
        *,
        max_size: int = 1024,
        idle_ttl: Seconds | None = None,
    ) -> None:
        _check_factory(factory)
        self._factory = factory
        self._max_size = whole("max_size", max_size, 1, _MOST)
        self._idle_ttl: float | None = None
        if idle_ttl is not None:
            self._idle_ttl = seconds(
                "idle_ttl", idle_ttl, exclusive=True, maximum=_YEAR
            )
        # The breaker, and when it was asked for; the one asked for last is at the end.
        self._kept: OrderedDict[K, tuple[CircuitBreaker, float]] = OrderedDict()
        self._alive: WeakValueDictionary[K, CircuitBreaker] = WeakValueDictionary()
        self._changing = threading.RLock()  # a breaker's clock may ask for a breaker

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, as breakers do."""
        raise TypeError(
            "breakers cannot be pickled or copied: their state belongs to one process; "
            "build them in each"
        )

    def __len__(self) -> int:
        """Count the breakers that are kept."""
        return len(self._kept)

    def __iter__(self) -> Iterator[K]:
        """List the keys of the breakers that are kept now, the ones used last last."""
        return iter([key for key, _ in self.items()])

    def __contains__(self, key: object) -> bool:
        """Tell whether the breaker of *key* is kept; makes none."""
        with self._changing:
            return key in self._kept

    def items(self) -> tuple[tuple[K, CircuitBreaker], ...]:
        """List the breakers that are kept now, with their keys."""
        with self._changing:
            return tuple((key, breaker) for key, (breaker, _) in self._kept.items())

    def get(self, key: K) -> CircuitBreaker | None:
        """Find the breaker of *key* if it is kept; makes none."""
        with self._changing:
            kept = self._kept.get(key)
        return None if kept is None else kept[0]

    def __getitem__(self, key: K) -> CircuitBreaker:
        """Find the breaker of *key*, or make it."""
        now = 0.0 if self._idle_ttl is None else SYSTEM_CLOCK.monotonic()
        with self._changing:
            found = self._alive.get(key)
            if found is not None:
                self._keep(key, found, now)
                return found
        made = self._factory(key)  # without the lock: it is not our code
        if not isinstance(made, CircuitBreaker):
            raise TypeError(f"factory must return a CircuitBreaker, not {made!r}")
        with self._changing:
            made = self._alive.setdefault(key, made)
            self._keep(key, made, now)
            return made

    def __call__(self, *_: Never, **__: Never) -> object:
        """Refuse to guard a function: nobody has said how to tell the key of a call."""
        raise TypeError(f"{self!r} needs to know the key of each call: write @{_BY}")

    def by(self, *_misplaced: Never, key: Callable[..., K] = _NO_KEY) -> Guarded:
        """Make a policy that guards each call with the breaker of its key.

        Args:
            key: Called with the arguments of each call, those with defaults only if
                they are given: ``lambda host, *_, **__: host`` takes them all.

        Raises:
            TypeError: If *key* is missing or cannot be called.
        """
        if _misplaced or not callable(key):
            given = f"{_misplaced[0]!r} by position" if _misplaced else repr(key)
            raise TypeError(
                f"key must be a function of a call's arguments, not {given}: write "
                f"{_BY}"
            )
        return Keyed(self, key)

    def _keep(self, key: K, breaker: CircuitBreaker, now: float) -> None:
        self._put_last(key, breaker, now)
        self._drop_surplus(key, now)
        # Behind those that had to stay. A clock that was asked meanwhile may have
        # asked for others, and those have made it go.
        self._put_last(key, breaker, now)

    def _put_last(self, key: K, breaker: CircuitBreaker, now: float) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (breaker, now)

    def _drop_surplus(self, newest: K, now: float) -> None:
        for _ in range(_LOOKS):
            oldest, (candidate, used) = next(iter(self._kept.items()))
            if oldest == newest or not self._is_surplus(used, now):
                return
            goes = _may_go(candidate)
            self._kept.pop(oldest, None)
            if not goes:
                self._kept[oldest] = (candidate, used)

    def _is_surplus(self, used: float, now: float) -> bool:
        if len(self._kept) > self._max_size:
            return True
        return self._idle_ttl is not None and now - used >= self._idle_ttl


def _check_factory(factory: object) -> None:
    if isinstance(factory, CircuitBreaker):
        name = factory.name
        raise TypeError(
            f"factory is a CircuitBreaker, so all keys would share it: write "
            f"Breakers(lambda key: CircuitBreaker(f'{name} {{key}}'))"
        )
    if not callable(factory):
        raise TypeError(
            f"factory must be a function of a key, not {factory!r}: write "
            f"Breakers(lambda host: CircuitBreaker(host))"
        )


def _may_go(breaker: CircuitBreaker) -> bool:
    """Tell whether a closed one in its place would do the same."""
    stats = breaker.stats()
    if stats.state is CircuitState.OPEN:
        return stats.half_open_in == 0
    return stats.state in (CircuitState.CLOSED, CircuitState.HALF_OPEN)


@final
class Keyed(Guarded):
    """The stage that looks its breaker up for each call."""

    __slots__ = ("_breakers", "_key", "name")

    def __init__(self, breakers: Breakers[Any], key: Callable[..., Hashable]) -> None:
        self._breakers = breakers
        self._key = key
        told = getattr(key, "__name__", "")
        self.name: str = f"by {told if told.isidentifier() else 'key'}"

    def __repr__(self) -> str:
        """Show what tells the keys."""
        return f"<Breakers {self.name}>"

    def __fragment__(self) -> None:
        """Be asked each time: before the arguments are known there is no breaker."""

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Run *inner* through the breaker of this call."""
        return await self._breaker(call).__run__(call, inner)

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Run *inner* through the breaker of this call."""
        return self._breaker(call).__run_sync__(call, inner)

    def _breaker(self, call: Call) -> CircuitBreaker:
        try:
            key = self._key(*call.args, **call.kwargs)
        except Exception as error:
            with suppress(Exception):  # it may take no notes
                error.add_note(
                    f"raised by the key= of {describe(call.fn)}, which gets the "
                    f"arguments of each call: write {_LAMBDA}"
                )
            raise
        return self._breakers[key]
