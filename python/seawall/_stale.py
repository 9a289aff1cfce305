"""Keep the last good values, and serve them while nobody has better ones.

A fresh value is returned without a call. An older one is asked for again, once for all
who want it; if that fails, the old one is served, and says that it is old. That is
``stale-if-error`` of RFC 5861, section 4, for functions: a value may be served for
`stale_if_error` seconds after it has ceased to be fresh, and never later.

The parts, each in a file of its own: `_stale_store` holds the values, `_stale_lead`
makes the call, `_flight` lets others wait for it, `_twin` gives each of them an error
of his own, `_provenance` knows what is a substitute.

Rule 1: only what the primary returned is kept. What a fallback said is not.

Rule 2: what says "no" is an answer. Nobody gets an old value because he was refused.

Rule 3: nobody waits for himself. What is called inside a call for a key, for that same
key, is a call of its own; and a thread that runs an event loop does not wait at all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from typing import Any, Final, NoReturn, final

import attrs

from ._call import Call, Inner, InnerSync, describe
from ._classify import Classify
from ._clock import SYSTEM_CLOCK
from ._decorate import Reporting, is_asynchronous
from ._errors import InfraTimeoutError
from ._events import Listeners, StaleServed
from ._flight import running_loop
from ._handled import DEFAULT_ON
from ._outcome import FRESH
from ._provenance import inside
from ._stale_lead import Lead, Serving, hand_out
from ._stale_store import (
    ABANDONED,
    Abandoned,
    Boarding,
    Entry,
    Failed,
    Landed,
    Store,
)
from ._twin import twin_of
from ._types import Clock, On, Seconds
from ._validate import check_classify, check_clock, check_on, seconds, whole

_YEAR: Final = 365 * 86400.0
_MOST: Final = 2**31


@final
@attrs.frozen(kw_only=True)
class StaleConfig:
    """The settings of a `StaleCache`, durations in seconds.

    Attributes:
        fresh_for: For how long a value is returned without a call.
        stale_if_error: For how long after that it is served when a call fails.
        max_entries: How many values are kept.
        on: Which failures it is served for.
        classify: Who classifies; None: `seawall.classify`.
    """

    fresh_for: float
    stale_if_error: float
    max_entries: int
    on: On
    classify: Classify | None


@final
class StaleCache(Reporting):
    """Return a fresh value without a call, and an old one if the call fails.

    ::

        cache = StaleCache(
            key=lambda user_id: user_id, fresh_for=30, stale_if_error=3600
        )


        @cache
        async def get_user(user_id: int) -> User: ...


        outcome = await cache.outcome(get_user, 42)  # .source .stale_for

    However many callers want a key at once, in whatever task, thread or event loop,
    there is one call for it. If it fails, each of them gets the old value, or an error
    of his own. Callers share what is returned: whoever changes it changes it for all.

    One cache is for one function: two that give the same key share its value.

    Args:
        key: Called with the arguments of each call; what it returns tells which calls
            are for the same thing. It should name all that the value depends on, the
            caller's rights among them.
        fresh_for: Seconds for which a value is returned without a call, at most a year.
            Zero: every call is made.
        stale_if_error: Seconds after that for which it is served when a call fails, at
            most a year. Zero: never.
        max_entries: How many values are kept; of more, those used last.
        on: Failures for which an old value is served: exception types, categories, or
            a predicate. None: time-outs, outages (an open circuit too) and lost
            connections. Never for what says "no": a credential or a permission that
            was refused, a request that was rejected.
        classify: A `Classifier`, or a function that gives an error its
            `Classification`. None: `seawall.classify`.
        clock: Where to read the time. None: the machine's.

    Raises:
        ValueError: If an option is out of range.
        TypeError: If an option has the wrong type.
    """

    __slots__ = ("__weakref__", "_key", "_serving", "config")

    def __init__(
        self,
        *,
        key: Callable[..., Hashable],
        fresh_for: Seconds,
        stale_if_error: Seconds,
        max_entries: int = 1024,
        on: On | None = None,
        classify: Classify | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check_key_function(key)
        if on is not None:
            check_on("on", on)
        if classify is not None:
            check_classify("classify", classify)
        if clock is not None:
            check_clock("clock", clock)
        self.config: StaleConfig = StaleConfig(
            fresh_for=seconds("fresh_for", fresh_for, maximum=_YEAR),
            stale_if_error=seconds("stale_if_error", stale_if_error, maximum=_YEAR),
            max_entries=whole("max_entries", max_entries, 1, _MOST),
            on=DEFAULT_ON if on is None else on,
            classify=classify,
        )
        self._key = key
        self._serving = Serving(
            self.config.on,
            classify,
            SYSTEM_CLOCK if clock is None else clock,
            _store_of(self.config),
            Listeners(),
        )

    def __repr__(self) -> str:
        """Show how many values there are, and none of them."""
        return f"<StaleCache with {len(self)} of {self.config.max_entries} entries>"

    def __len__(self) -> int:
        """Count the values that are kept, old ones too."""
        return len(self._serving.store)

    def __bool__(self) -> bool:
        """Be true, also when empty: it is a policy more than a collection."""
        return True

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: its values belong to one process."""
        raise TypeError(
            "a StaleCache cannot be pickled or copied: its values belong to one "
            "process; build one in each"
        )

    def invalidate(self, key: Hashable) -> None:
        """Forget the value of *key*, and do not keep what is under way for it.

        Args:
            key: What the key function returns.
        """
        _check_key(key)
        self._serving.store.invalidate(key)

    def clear(self) -> None:
        """Forget all values, and do not keep what is under way."""
        self._serving.store.clear()

    def subscribe(
        self, callback: Callable[[StaleServed], object], /
    ) -> Callable[[], None]:
        """Call *callback* whenever an old value is served; returns how to stop it."""
        return self._serving.listeners.subscribe(callback)

    def __fragment__(self) -> None:
        """Ask to see every call: each may be one that need not be made."""

    async def __run__(self, call: Call, inner: Inner, /) -> Any:
        """Return a fresh value, or run *inner*, or wait for whoever does."""
        key = self._key_of(call)
        found = self._board(key)
        while isinstance(found, Boarding) and self._waits(key, found, running_loop()):
            ending = await found.flight.outcome()
            if not isinstance(ending, Abandoned):
                return self._received(call, key, ending)
            found = self._board(key)
        if isinstance(found, Entry):
            return hand_out(call, FRESH, found.value)
        lead = Lead(self._serving, call, key, found)
        del found  # an error's traceback will hold this frame
        lead.flight.loop = running_loop()
        with lead:
            return lead.landed(await inner(call))
        return lead.served

    def __run_sync__(self, call: Call, inner: InnerSync, /) -> Any:
        """Return a fresh value, or run *inner*, or wait for whoever does."""
        key = self._key_of(call)
        found = self._board(key)
        while isinstance(found, Boarding) and self._waits(key, found, None):
            left = call.deadline - SYSTEM_CLOCK.monotonic()
            ending = found.flight.outcome_sync(left)
            if not isinstance(ending, Abandoned):
                return self._received(call, key, ending)
            found = self._board(key)
        if isinstance(found, Entry):
            return hand_out(call, FRESH, found.value)
        lead = Lead(self._serving, call, key, found)
        del found
        with lead:
            return lead.landed(inner(call))
        return lead.served

    def _key_of(self, call: Call) -> Hashable:
        key = self._key(*call.args, **call.kwargs)
        _check_key(key)
        return key

    def _board(self, key: Hashable) -> Entry | Boarding:
        return self._serving.store.board(key, self._serving.now())

    def _waits(self, key: Hashable, boarding: Boarding, loop: object | None) -> bool:
        """Tell whether to wait for what is under way, in *loop* or in a thread."""
        flight = boarding.flight
        if boarding.leads or inside(flight):
            return False
        if loop is None and _runs_a_loop():
            return False
        if flight.loop is not loop and flight.is_dead():
            self._serving.store.leave(key, flight)
            flight.end(ABANDONED)
        return True

    def _received(
        self, call: Call, key: Hashable, ending: Landed | Failed | None
    ) -> Any:
        """Return what somebody else's call brought; None: it took too long."""
        if isinstance(ending, Landed):
            return hand_out(call, ending.origin, ending.value)
        late = ending is None
        error = _too_late(call) if ending is None else ending.error
        try:
            old = self._serving.instead_of(error, call, key)
            if old is not None:
                return hand_out(call, old.origin, old.value)
            if late:
                raise error
            raise twin_of(error) from error
        finally:
            del error  # what is raised holds this frame


def _store_of(config: StaleConfig) -> Store:
    limit = config.fresh_for + config.stale_if_error
    return Store(config.max_entries, config.fresh_for, limit)


def _too_late(call: Call) -> InfraTimeoutError:
    return InfraTimeoutError(
        f"another call of {describe(call.fn)} for the same key has not ended in time"
    )


def _runs_a_loop() -> bool:
    """Tell whether this thread would stop an event loop if it waited."""
    try:
        running_loop()
    except RuntimeError:
        return False
    return True


def _check_key_function(key: object) -> None:
    if not callable(key):
        raise TypeError(
            f"key must be a function of a call's arguments, not {key!r}: write "
            f"StaleCache(key=lambda user_id: user_id, ...)"
        )
    if is_asynchronous(key):
        raise TypeError(
            f"key got {describe(key)}, a coroutine function, which nobody would await: "
            f"make it a plain function of the call's arguments"
        )


def _check_key(key: object) -> None:
    try:
        hash(key)
    except TypeError:
        raise TypeError(
            f"the key of a call must be hashable, and a {type(key).__name__} is not: "
            f"return text, a number or a tuple of them"
        ) from None
    if inspect.isawaitable(key):
        if inspect.iscoroutine(key):
            key.close()  # it will never be awaited; spare the user that warning too
        raise TypeError(
            f"the key function returned {type(key).__name__}, which is another one "
            f"every time: return text, a number or a tuple of them"
        )
