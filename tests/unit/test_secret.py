"""A value that does not show itself."""

from __future__ import annotations

import copy
import hmac
import json
import pickle
import traceback
import weakref
from typing import Any

import pytest

from seawall._secret import Secret


def test_a_secret_shows_nothing_however_it_is_printed() -> None:
    """The value is not in any text made from the object."""
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>30}", f"{secret!r}"]

    assert not any("hunter2" in text for text in shown)
    assert f"{[secret]}" == "[Secret([redacted])]"


def test_a_secret_is_revealed_only_when_asked() -> None:
    """The same object comes out that went in."""
    value = object()
    assert Secret(value).reveal() is value


def test_a_secret_is_not_in_a_traceback_that_shows_locals() -> None:
    """Tools that capture frames print the repr of what they find."""

    def fails(secret: Secret[str]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        fails(Secret("hunter2"))

    shown = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert "[redacted]" in "".join(shown.format())
    assert not any("hunter2" in f"{frame.locals}" for frame in shown.stack[1:])


@pytest.mark.parametrize("operation", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_refuses_to_leave_the_process(operation: Any) -> None:
    """A pickle is a file in the making."""
    with pytest.raises(TypeError, match="a Secret is neither pickled nor copied"):
        operation(Secret("hunter2"))


def test_json_does_not_take_a_secret() -> None:
    """It is no str, on purpose."""
    with pytest.raises(TypeError):
        json.dumps({"token": Secret("hunter2")})


def test_secrets_are_compared_by_value() -> None:
    """Text, bytes and anything else; never equal to the bare value."""
    assert Secret("a") == Secret("a")
    assert Secret("ä\ud800") == Secret("ä\ud800")
    assert Secret(b"a") == Secret(b"a")
    assert Secret(7) == Secret(7)
    assert Secret("a") != Secret("b")
    assert Secret("a") != Secret(b"a")
    assert Secret("a") != "a"


def test_texts_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `==` of text takes tells where the first difference is."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert Secret("a") != Secret("a")
    assert Secret(b"a") != Secret(b"b")
    assert compared == [(b"a", b"a"), (b"a", b"b")]


def test_a_secret_has_no_hash_and_no_attributes() -> None:
    """A hash says something about the value; so would a __dict__."""
    secret = Secret("hunter2")
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)
    assert not hasattr(secret, "__dict__")
    assert weakref.ref(secret)() is secret
