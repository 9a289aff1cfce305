"""What an answer of HTTP says about when to come back.

Rule 1: a hint comes from the outside. Nonsense is no hint; nothing is ever raised.
Rule 2: no clock is read. A date counts from the answer's own `Date`, so it does not
matter whose clock is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from ._rules import text
from ._validate import hint

# Longer than any date; what is longer is not looked at.
_MAX_TEXT: Final = 64
# Go's way of writing durations, as OpenAI sends them: 6m0s, 1.5s, 20ms.
_DURATION: Final = re.compile(
    r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{0,9})?)s)?"
    r"(?:(\d{1,9}(?:\.\d{0,9})?)ms)?",
    re.ASCII,
)
_UNITS: Final = (3_600.0, 60.0, 1.0, 0.001)
# A larger number is a moment since 1970, a smaller one seconds from now.
_FIRST_MOMENT: Final = 1_000_000_000.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RESETS: Final = ("", "-requests", "-tokens")

Header = Callable[[str], str | None]


def retry_after(headers: Any, *, limited: bool) -> float | None:
    """Return the seconds for which *headers* ask not to be called, or None.

    Args:
        headers: Of an answer, with a method `get`.
        limited: Whether the answer was "too many": services say when the limit is
            reset on every answer, and it is a hint on this one only.
    """
    with suppress(Exception):
        header = _reader(headers)
        waits = map(hint, _hints(header, limited=limited))
        return next((wait for wait in waits if wait is not None), None)
    return None


def _reader(headers: Any) -> Header:
    def read(name: str) -> str | None:
        value = headers.get(name)
        if value is None:
            # A plain dictionary tells upper case from lower.
            value = headers.get(name.title())
        found = text(value)
        return found.strip() if found is not None and len(found) <= _MAX_TEXT else None

    return read


def _hints(header: Header, *, limited: bool) -> Iterator[float | None]:
    milliseconds = hint(header("retry-after-ms"))
    yield None if milliseconds is None else milliseconds / 1_000.0
    yield _seconds_or_date(header("retry-after"), header("date"))
    if limited:
        yield max(_resets(header), default=None)


def _seconds_or_date(value: str | None, now: str | None) -> float | None:
    seconds = hint(value)
    return _between(now, _moment(value)) if seconds is None else seconds


def _between(now: str | None, then: datetime | None) -> float | None:
    begin = _moment(now)
    return None if begin is None or then is None else (then - begin).total_seconds()


def _moment(value: str | None) -> datetime | None:
    with suppress(Exception):
        moment = parsedate_to_datetime(value or "")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _resets(header: Header) -> Iterator[float]:
    """Yield when each limit that was reached is lifted."""
    for which in _RESETS:
        # Several limits are told at once; the ones with something left are not it.
        if header(f"x-ratelimit-remaining{which}") in (None, "0"):
            wait = _reset(header(f"x-ratelimit-reset{which}"), header("date"))
            if wait is not None:
                yield wait


def _reset(value: str | None, now: str | None) -> float | None:
    seconds = hint(value)
    if seconds is None:
        return _duration(value)
    if seconds < _FIRST_MOMENT:
        return seconds
    return _between(now, _EPOCH + timedelta(seconds=seconds))


def _duration(value: str | None) -> float | None:
    match = _DURATION.fullmatch(value) if value else None
    if match is None:
        return None
    parts = zip(match.groups(), _UNITS, strict=True)
    return sum(float(part) * unit for part, unit in parts if part)
