"""What the end of a call means to a circuit.

Rule: "failure", "answered" (the dependency lives, whatever it said) or "ignored" (that
says nothing about the dependency). The classification decides; an explicit `on`
overrules it for what matches.
"""

from __future__ import annotations

from ._breaker_config import BreakerConfig
from ._classify import Verdict, classify, matches


def verdict_of(config: BreakerConfig, error: Exception) -> Verdict:
    """Say what *error*, which is no cancellation, is to the circuit."""
    standard = classify(error).breaker
    if config.on is None:
        return standard
    if matches(config.on, error, classify):
        return "failure"
    return "answered" if standard == "answered" else "ignored"
