"""What the end of a call means to a circuit.

Rule: "failure", "answered" (the dependency lives, whatever it said) or "ignored" (that
says nothing about the dependency). The classification decides; an explicit `on`
overrules it for what matches, and `on_result` says which values are failures.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ._backoff import nanos
from ._breaker_config import BreakerConfig
from ._classify import classify, matches
from ._meaning import Classification, Verdict


def classified(config: BreakerConfig, error: Exception) -> Classification:
    """Classify *error* as the breaker's user would.

    Raises:
        TypeError: If the user's function returns something else.
    """
    if config.classify is None:
        return classify(error)
    found: object = config.classify(error)
    if not isinstance(found, Classification):
        raise TypeError(
            f"classify={config.classify!r} returned {found!r} for an error: return a "
            f"Classification, such as Classification(Category.OTHER)"
        )
    return found


def verdict_of(
    config: BreakerConfig, error: Exception, found: Classification
) -> Verdict:
    """Say what *error*, which is no cancellation and classified, is to the circuit."""
    if config.on is None:
        return found.breaker
    if matches(config.on, error, partial(classified, config)):
        return "failure"
    return "answered" if found.breaker == "answered" else "ignored"


def hint_of(config: BreakerConfig, found: Classification) -> int | None:
    """Tell how long the other side asks to be left alone, in the core's unit."""
    if found.retry_after is None:
        return None
    return nanos(min(found.retry_after, config.max_server_delay))


def is_failure(config: BreakerConfig, result: Any) -> bool:
    """Ask the user whether *result*, a returned value, is a failure."""
    return config.on_result is not None and bool(config.on_result(result))
