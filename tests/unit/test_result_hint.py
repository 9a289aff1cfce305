"""What a result says about when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from seawall._result_hint import hint_of


def answer(headers: Mapping[str, str], **more: object) -> SimpleNamespace:
    """Make what a client of HTTP returns."""
    return SimpleNamespace(headers=headers, **more)


RESET = {"x-ratelimit-reset": "30"}


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        (answer({"Retry-After": "7"}), 7.0),
        (answer({"retry-after-ms": "1500"}), 1.5),
        (SimpleNamespace(retry_after=2.5), 2.5),
        (answer({"Retry-After": "7"}, retry_after=2.5), 2.5),
        (answer({"Retry-After": "7"}, retry_after="soon"), 7.0),
        (answer({"Retry-After": "-7"}), None),
        (answer({"Retry-After": "soon"}), None),
        (answer(RESET, status_code=429), 30.0),
        (answer(RESET, status=429), 30.0),
        (answer(RESET, status_code=200), None),
        (answer({}), None),
        ("text", None),
        (None, None),
    ],
    ids=repr,
)
def test_a_results_hint_is_found(result: object, seconds: float | None) -> None:
    """An attribute of its own first, then the headers; nonsense is none."""
    assert hint_of(result) == seconds


def test_looking_at_a_result_never_raises() -> None:
    """It is somebody else's object."""

    class Hostile:
        def __getattribute__(self, name: str) -> object:
            raise ZeroDivisionError(name)

    class Stranger(float):
        def __ge__(self, other: object) -> bool:
            raise ZeroDivisionError

        __float__ = __le__ = __ge__  # type: ignore[assignment]

    assert hint_of(Hostile()) is None
    assert hint_of(SimpleNamespace(retry_after=Stranger())) is None
