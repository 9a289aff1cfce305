"""What credentials refuse, and what they say then."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from logins import Login
from seawall import CredentialRefresh, CredentialRefreshError, Issued, Snapshot

pytestmark = pytest.mark.anyio


async def login(current: Snapshot[str] | None) -> Issued[str]:
    """Work."""
    return Issued("hunter2")


async def no_argument() -> Issued[str]:
    """Forget the snapshot."""
    return Issued("hunter2")


async def two_arguments(current: object, other: object) -> Issued[str]:
    """Want too much."""
    return Issued("hunter2")


async def stream(current: object) -> AsyncIterator[Issued[str]]:
    """Yield in place of returning."""
    yield Issued("hunter2")


def generator(current: object) -> Iterator[Issued[str]]:
    """Yield in place of returning."""
    yield Issued("hunter2")


class Cred:
    """A credential where a source belongs."""

    is_expired = False

    async def refresh(self) -> None: ...


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("hunter2", r"not a str: write CredentialRefresh\(login\)"),
        (None, "not a NoneType"),
        (Login, r"not a type: write CredentialRefresh\(login\)"),
        (Cred(), r"write CredentialRefresh\(FromRefreshable\(\.\.\.\)\)"),
        (stream, "stream is a generator function"),
        (generator, "generator is a generator function"),
        (no_argument, "no_argument must take one argument"),
        (two_arguments, "two_arguments must take one argument"),
    ],
)
def test_a_source_that_cannot_work_is_refused_when_built(
    source: Any, words: str
) -> None:
    """Not at the first login, and without showing what may be a token."""
    with pytest.raises(TypeError, match=words) as caught:
        CredentialRefresh(source)
    assert "hunter2" not in str(caught.value)


def test_a_coroutine_is_no_source() -> None:
    """It can run once; and nobody is warned that it never did."""
    with pytest.raises(TypeError, match=r"write CredentialRefresh\(login\)"):
        CredentialRefresh(login(None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"atomic": 1}, TypeError, "atomic must be True or False, not 1"),
        ({"replay": "no"}, TypeError, "replay must be True or False, not 'no'"),
        ({"refresh_timeout": 0}, ValueError, "refresh_timeout must be greater than 0"),
        ({"refresh_timeout": -1.0}, ValueError, "refresh_timeout"),
        ({"refresh_timeout": math.nan}, ValueError, "refresh_timeout"),
        ({"refresh_timeout": math.inf}, ValueError, "refresh_timeout must be a finite"),
        ({"refresh_timeout": "30"}, TypeError, "refresh_timeout"),
        ({"clock": time}, TypeError, "clock must have monotonic"),
        ({"rejected": BaseException}, TypeError, "rejected=BaseException would also"),
        ({"rejected": ()}, ValueError, r"rejected=\(\) matches nothing"),
        ({"rejected": 401}, TypeError, "rejected=401"),
        ({"name": ""}, TypeError, "name must be text or None, not ''"),
        ({"name": 7}, TypeError, "name must be text or None, not 7"),
    ],
)
def test_an_option_that_cannot_work_is_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """By its name, with its value, and what to write."""
    with pytest.raises(error, match=words):
        CredentialRefresh(login, **options)


@pytest.mark.parametrize("option", ["advisory", "mandatory", "stale_grace"])
def test_there_is_no_option_that_does_nothing(option: str) -> None:
    """What is not there yet must not look as if it were."""
    with pytest.raises(TypeError, match=option):
        CredentialRefresh(login, **{option: 1.0})  # type: ignore[arg-type]


def test_is_named_after_its_source() -> None:
    """Unless it is given a name."""
    assert CredentialRefresh(login).name == "login"
    assert repr(CredentialRefresh(login)) == "<CredentialRefresh 'login' generation 0>"
    assert CredentialRefresh(login, name="idp").name == "idp"


def test_its_settings_can_be_read() -> None:
    """As given, durations in seconds."""
    config = CredentialRefresh(login, atomic=True, refresh_timeout=5).config
    assert (config.atomic, config.replay, config.refresh_timeout) == (True, True, 5.0)
    assert config.rejected is None


async def test_a_source_without_a_signature_is_tried() -> None:
    """Written in C, for example."""
    credentials: CredentialRefresh[Any] = CredentialRefresh(max)
    with pytest.raises(CredentialRefreshError):
        await credentials.get()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (lambda _: "hunter2", "returned str, which cannot be awaited"),
        (lambda _: Issued("hunter2"), "returned Issued, which cannot be awaited"),
    ],
)
async def test_a_source_that_does_not_wait_is_told_so(source: Any, words: str) -> None:
    """A login goes over the network."""
    with pytest.raises(CredentialRefreshError) as caught:
        await CredentialRefresh(source).get()
    assert isinstance(caught.value.__cause__, TypeError)
    assert words in str(caught.value.__cause__)
    assert "hunter2" not in str(caught.value.__cause__)


async def test_a_source_that_returns_the_bare_token_is_told_so() -> None:
    """Without saying how long it lasts."""

    async def bare(_: object) -> Any:
        return "hunter2"

    with pytest.raises(CredentialRefreshError) as caught:
        await CredentialRefresh(bare).get()
    assert "returned a str: return Issued(" in str(caught.value.__cause__)
    assert "hunter2" not in str(caught.value.__cause__)


async def test_only_a_snapshot_can_be_refused() -> None:
    """Whoever passes the token itself must not find it in the log."""
    credentials = CredentialRefresh(login)
    await credentials.get()
    with pytest.raises(TypeError, match="not a str") as caught:
        credentials.reject("hunter2")  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


async def test_an_operation_is_a_function() -> None:
    """Not its coroutine, which has no credential, and not its result."""
    credentials: CredentialRefresh[Any] = CredentialRefresh(login)

    async def read(_: str) -> str:
        return "secret"

    def plain(_: str) -> str:
        return "secret"

    with pytest.raises(TypeError, match=r"write `credentials\.call\(.*read, \.\.\.\)`"):
        await credentials.call(read("mine"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="call\\(\\) got a str"):
        await credentials.call("read")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="plain returned str, which cannot be awaited"):
        await credentials.call(plain)  # type: ignore[arg-type]


async def test_a_listener_is_a_function() -> None:
    """Else nobody would hear of it."""
    with pytest.raises(TypeError, match="callback must be a function"):
        CredentialRefresh(login).subscribe("print")  # type: ignore[arg-type]
