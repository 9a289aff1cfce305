"""How long a credential lasts, when to replace it, and when to ask again.

Rule 1: a credential's age is read on two clocks, both started before the request that
brought it. The older reading counts: the wall clock notices a suspended machine, the
other one a wall clock that was set back.

Rule 2: what its age means is fixed when it is published. Nothing later makes a fresh
credential old but time.

Rule 3: nothing here reads a clock, waits, or keeps an exception.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, NoReturn, TypeAlias, TypeVar, final

import attrs

from ._backoff import Constant, Exponential, delays_of
from ._types import Category, Seconds
from ._validate import seconds

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)

# Windows by lifetime: those of the AWS SDKs, 2026. (longest lifetime, window)
_WINDOWS: Final = ((20 * 60.0, 5 * 60.0), (90 * 60.0, 15 * 60.0), (math.inf, 3600.0))
_MANDATORY: Final = 60.0
# A source that hints "refresh at once" must not make every `get` a refresh.
_MIN_FRESH: Final = 1.0

# Half to all of the delay: 0.5-1 s, 1-2 s, 2-4 s, ... 30-60 s.
_TRANSIENT: Final = Exponential(base=1.0, factor=2.0, max_delay=60.0, jitter="equal")
# 1-5 s: asking is pointless, and cheap enough to notice soon that it no longer is.
_PERMANENT: Final = Constant(3.0, jitter=2 / 3)
# Half to all of a window, drawn once per credential, so that a fleet that logged in
# together does not do so again together.
_SPREAD: Final = Constant(1.0, jitter="equal")
# An identity provider that says "come back next year" has a typo in its settings.
MAX_HINT: Final = 3600.0

# The answer will be the same until somebody repairs something.
_PERMANENT_KINDS: Final = frozenset(
    {Category.AUTHENTICATION, Category.REJECTED, Category.MISUSE}
)


class State(Enum):
    """What a credential is good for."""

    FRESH = "fresh"
    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    EXPIRED = "expired"
    REJECTED = "rejected"
    MISSING = "missing"

    @property
    def valid(self) -> bool:
        """Whether it may be served if there is no better one."""
        return self in _VALID


_VALID: Final = frozenset({State.FRESH, State.ADVISORY, State.MANDATORY})


@final
@attrs.frozen
class Moment:
    """One reading of both clocks.

    Attributes:
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.
        expired: What a credential that knows for itself said at that moment.
    """

    wall: float
    monotonic: float
    expired: bool = False

    def since(self, earlier: Moment) -> float:
        """Seconds from *earlier* to now, on the clock that saw more of them."""
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)


@final
@attrs.frozen
class Life:
    """The ages, in seconds, at which a credential changes its state."""

    began: Moment = Moment(0.0, 0.0)
    advisory: float = math.inf
    mandatory: float = math.inf
    expires: float = math.inf

    def state(self, now: Moment) -> State:
        """Say what the credential is good for at the moment *now*."""
        age = now.since(self.began)
        if now.expired or age >= self.expires:
            return State.EXPIRED
        if age >= self.mandatory:
            return State.MANDATORY
        return State.ADVISORY if age >= self.advisory else State.FRESH


FOREVER: Final = Life()


def _expires_in(value: Seconds | None) -> float | None:
    return None if value is None else _duration("expires_in", value)


def _refresh_in(value: Seconds | None) -> float | None:
    return None if value is None else _duration("refresh_in", value)


def _duration(option: str, value: Seconds) -> float:
    # Negative ones too: what a server says is judged when it is published.
    return seconds(option, value, minimum=-math.inf, finite=False)


def _zoned(_: object, option: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    if not isinstance(value, datetime):
        raise TypeError(
            f"{option.name} must be a datetime, not {value!r}: for seconds from now "
            f"write expires_in=..., for a timestamp datetime.fromtimestamp(..., UTC)"
        )
    if value.utcoffset() is None:
        raise ValueError(
            f"{option.name} must have a time zone, not {value!r}: write "
            f"datetime.now(UTC) + ..., for `utcnow` means another hour elsewhere"
        )


def _refuse_pickling(self: object) -> NoReturn:
    raise TypeError(
        f"a {type(self).__name__} holds a credential and is neither pickled nor "
        f"copied: pass the object on"
    )


@final
@attrs.frozen(eq=False)
class Issued(Generic[C_co]):
    """What a source returns: a credential, and how long it lasts.

    ::

        async def login(current: Snapshot[str] | None) -> Issued[str]:
            answer = await client.post("/token", data=form)
            return Issued(answer["access_token"], expires_in=answer["expires_in"])

    Seconds count from before the source was called, so a slow answer is no longer
    believed than the server meant it. Of two expiries the earlier one counts; with
    none, the credential lasts until it is refused.

    Args:
        value: The credential; never shown by ``repr``.
        expires_in: Seconds, or a timedelta. None: not said.
        expires_at: A datetime with a time zone. None: not said.
        refresh_in: When the server wants it to be replaced, in seconds. None: 5, 15 or
            60 minutes ahead of its end, depending on its lifetime.

    Raises:
        TypeError: If a duration is no number of seconds, or *expires_at* no datetime.
        ValueError: If a duration is NaN, or *expires_at* has no time zone.
    """

    value: C_co = attrs.field(repr=False)
    expires_in: float | None = attrs.field(
        default=None, kw_only=True, converter=_expires_in
    )
    expires_at: datetime | None = attrs.field(
        default=None, kw_only=True, validator=_zoned
    )
    refresh_in: float | None = attrs.field(
        default=None, kw_only=True, converter=_refresh_in
    )

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle is a file in the making."""
        _refuse_pickling(self)


@final
@attrs.frozen(eq=False)
class Snapshot(Generic[C_co]):
    """A credential as an operation holds it: it never changes under its hands.

    Attributes:
        value: The credential; never shown by ``repr``.
        generation: Its number, from 1.
        life: How long it lasts.
    """

    value: C_co = attrs.field(repr=False)
    generation: int
    life: Life = attrs.field(default=FOREVER, repr=False)

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle is a file in the making."""
        _refuse_pickling(self)


Source: TypeAlias = Callable[[Snapshot[C] | None], Awaitable[Issued[C]]]
"""Where credentials come from: called with the current one, or None at first."""


@final
@attrs.frozen
class Failure:
    """Why there is no refresh for a while. Without the error, whose frames it keeps.

    Attributes:
        reason: For the message: the type of the source's error, and how often.
        permanent: Whether asking again is pointless.
        failures: How many in a row.
        until: When the next refresh may start, on the monotonic clock.
    """

    reason: str
    permanent: bool
    failures: int
    until: float


def life_of(issued: Issued[object], began: Moment, now: Moment) -> Life:
    """Fix the windows of what is published *now* and was asked for when it *began*."""
    lasts, age = _lifetime(issued, began), now.since(began)
    if lasts == math.inf and issued.refresh_in is None:
        return Life(began)
    left = max(lasts - age, 0.0)
    if issued.refresh_in is None:
        window = min(_window(lasts), lasts / 2) * spread()
        # A slow source may have used up the time before the window.
        advisory = lasts - min(window, left / 2)
    else:
        soonest = age + min(_MIN_FRESH, left / 2)
        advisory = min(max(issued.refresh_in, soonest), lasts)
    # The second half of the window at most: in the first one nobody waits.
    mandatory = lasts - min(_MANDATORY, (lasts - advisory) / 2)
    return Life(began, advisory, mandatory, lasts)


def _lifetime(issued: Issued[object], began: Moment) -> float:
    lasts = math.inf if issued.expires_in is None else issued.expires_in
    if issued.expires_at is not None:
        lasts = min(lasts, issued.expires_at.timestamp() - began.wall)
    return lasts


def _window(lifetime: float) -> float:
    return next(window for longest, window in _WINDOWS if lifetime <= longest)


def spread() -> float:
    """Draw a share from 0.5 to 1."""
    return delays_of(_SPREAD).delay(1, None)


def is_permanent(category: Category) -> bool:
    """Say whether an error of this kind comes again until somebody acts."""
    return category in _PERMANENT_KINDS


def pause_after(
    failures: int, *, permanent: bool = False, hint: float | None = None
) -> float:
    """Seconds without a refresh after so many *failures* in a row."""
    backoff = _PERMANENT if permanent else _TRANSIENT
    pause = delays_of(backoff).delay(failures, None)
    return pause if hint is None else max(pause, min(hint, MAX_HINT))
