"""What a result says about when to call again.

Clients that return a refusal instead of raising it have the same headers on it. Rule:
looking at somebody else's object never raises; nonsense is no hint.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from ._hints import retry_after
from ._rules import attribute, number
from ._validate import hint

_TOO_MANY: Final = 429


def hint_of(result: object) -> float | None:
    """Return the seconds for which *result* asks not to be called again, or None.

    Read from an attribute `retry_after`, or from the headers of an answer of HTTP.
    """
    with suppress(Exception):
        wait = hint(attribute(result, "retry_after"))
        if wait is not None:
            return wait
    return retry_after(attribute(result, "headers"), limited=_is_too_many(result))


def _is_too_many(result: object) -> bool:
    # httpx and requests say `status_code`, aiohttp and http.client `status`.
    names = ("status_code", "status")
    return any(number(attribute(result, name)) == _TOO_MANY for name in names)
