"""Credentials that refresh themselves: `is_expired`, and ``async refresh()``."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from seawall import (
    Credential,
    CredentialRefresh,
    CredentialRefreshError,
    FromRefreshable,
    InfraAuthenticationError,
)
from seawall._credentials import refreshable
from seawall._refreshable import Borrowed

pytestmark = pytest.mark.anyio


@dataclass
class VaultCredential:
    """The mission's: a dataclass, so not hashable."""

    is_expired: bool = False
    refreshes: int = 0
    stays_expired: bool = False
    error: Exception | None = None

    async def refresh(self) -> None:
        await anyio.sleep(1)
        self.refreshes += 1
        if self.error is not None:
            raise self.error
        self.is_expired = self.stays_expired


class Slotted:
    """Cannot be weakly referenced."""

    __slots__ = ("refreshes",)

    def __init__(self) -> None:
        self.refreshes = 0

    @property
    def is_expired(self) -> bool:
        return self.refreshes == 0

    async def refresh(self) -> None:
        self.refreshes += 1


def made(credential: Any) -> CredentialRefresh[Any]:
    """Build the ordinary case."""
    return CredentialRefresh(FromRefreshable(credential))


async def many(n: int, fn: Callable[[], Any]) -> None:
    """Call *fn* in *n* tasks."""
    async with anyio.create_task_group() as group:
        for _ in range(n):
            group.start_soon(fn)


# ---------------------------------------------------------------- as a source


async def test_a_valid_credential_is_used_as_it_is() -> None:
    """Nobody asked for a refresh."""
    credential = VaultCredential()
    snapshot = await made(credential).get()
    assert snapshot.value is credential
    assert credential.refreshes == 0


async def test_an_expired_one_is_refreshed_once_for_all() -> None:
    """The original refreshes ten times."""
    credential = VaultCredential(is_expired=True)
    await many(10, made(credential).get)
    assert credential.refreshes == 1


async def test_it_is_asked_every_time() -> None:
    """Only itself knows, and it is somebody else's to change."""
    credential = VaultCredential()
    credentials = made(credential)
    await credentials.get()
    credential.is_expired = True
    await credentials.get()
    credential.is_expired = False
    await credentials.get()
    assert credential.refreshes == 1


async def test_a_refused_one_is_refreshed_though_it_calls_itself_valid() -> None:
    """The server knows better."""
    credential = VaultCredential()

    async def read(current: VaultCredential, path: str) -> str:
        if current.refreshes == 0:
            raise InfraAuthenticationError
        return path

    assert await made(credential).call(read, "/") == "/"
    assert credential.refreshes == 1


async def test_its_own_word_is_believed_after_a_refresh_too() -> None:
    """It may call itself expired early, and is used all the same: no endless loop."""
    credential = VaultCredential(is_expired=True, stays_expired=True)
    credentials = made(credential)
    assert (await credentials.get()).value is credential
    assert (await credentials.get()).value is credential
    assert credential.refreshes == 2


async def test_a_failed_refresh_is_not_tried_again_at_once() -> None:
    """And the credential can still become valid by itself meanwhile."""
    credential = VaultCredential(is_expired=True, error=OSError())
    credentials = made(credential)
    for _ in range(5):
        with pytest.raises(CredentialRefreshError):
            await credentials.get()
    assert credential.refreshes == 1
    credential.is_expired = False
    assert (await credentials.get()).value is credential


async def test_called_as_a_source_it_refreshes_what_needs_it() -> None:
    """It can stand inside another source."""
    credential = VaultCredential()
    source = FromRefreshable(credential)
    await source(None)
    assert credential.refreshes == 0
    credential.is_expired = True
    issued = await source(None)
    assert (credential.refreshes, issued.value) == (1, credential)


# ---------------------------------------------------------------- misuse


class Moody:
    """Does not always know whether it is expired."""

    def __init__(self) -> None:
        self.answers: list[bool | Exception] = []

    @property
    def is_expired(self) -> bool:
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def refresh(self) -> None:
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("moment", range(4))
async def test_one_that_cannot_say_whether_it_is_expired_blocks_nobody(
    moment: int,
) -> None:
    """Whoever was about to refresh it leaves that to the next."""
    moody = Moody()
    credentials = made(moody)  # where it is looked at, and may be asked
    moody.answers = [True] * moment + [OSError("no answer")]

    with pytest.raises(OSError, match="no answer"):
        await credentials.get()
    moody.answers = [True] * 2
    with anyio.fail_after(60):
        await credentials.get()


class Method:
    """A credential whose property is none."""

    def is_expired(self) -> bool:
        return False

    async def refresh(self) -> None: ...


class Sync:
    """A credential that does not wait."""

    is_expired = True

    def refresh(self) -> None: ...


async def test_a_method_in_place_of_the_property_is_refused() -> None:
    """It is always true, so each use would refresh."""
    with pytest.raises(TypeError, match="is_expired of Method is a method"):
        FromRefreshable(Method())  # type: ignore[type-var]


@pytest.mark.parametrize("credential", ["hunter2", None, VaultCredential, object()])
async def test_what_is_no_credential_is_refused_without_showing_it(
    credential: Any,
) -> None:
    """It may be the token itself."""
    for refuse in (FromRefreshable, refreshable):
        with pytest.raises(TypeError, match="has not: for a function") as caught:
            refuse(credential)
        assert "hunter2" not in str(caught.value)


async def test_a_plain_refresh_is_refused_with_the_right_code() -> None:
    """It has blocked the event loop already; at least say so."""
    with pytest.raises(CredentialRefreshError) as caught:
        await made(Sync()).get()
    assert "Sync.refresh returned NoneType" in str(caught.value.__cause__)
    assert "async def refresh" in str(caught.value.__cause__)


async def test_the_protocol_can_be_asked_for() -> None:
    """As in the mission's document."""
    assert isinstance(VaultCredential(), Credential)
    assert not isinstance(object(), Credential)


# ---------------------------------------------------------------- shared by identity


class Reader:
    """An operation that has the credential already."""

    def __init__(self, credential: Any) -> None:
        self.credential = credential
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.credential.refreshes == 0:
            raise InfraAuthenticationError
        return "secret"


async def test_ten_callers_of_one_credential_cause_one_refresh() -> None:
    """Though each of them comes with nothing but the object."""
    credential = VaultCredential()
    reader = Reader(credential)
    await many(10, lambda: refreshable(credential).call(reader))
    assert (credential.refreshes, reader.calls) == (1, 11)  # nine waited


async def test_two_equal_credentials_are_two() -> None:
    """A dataclass compares its fields."""
    one, two = VaultCredential(True), VaultCredential(True)  # noqa: FBT003
    assert one == two
    assert refreshable(one) is not refreshable(two)
    assert refreshable(one) is refreshable(one)


async def test_a_failure_is_remembered_between_callers() -> None:
    """The original asks again at once, for each of them."""
    credential = VaultCredential(is_expired=True, error=OSError())
    reader = Reader(credential)
    for _ in range(5):
        with pytest.raises(CredentialRefreshError):
            await refreshable(credential).call(reader)
    assert (credential.refreshes, reader.calls) == (1, 0)


async def test_only_a_refused_credential_is_refreshed() -> None:
    """Not on what else the classification would refresh for."""
    credential = VaultCredential()

    async def fails() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        await refreshable(credential).call(fails)
    assert credential.refreshes == 0


async def test_a_credential_is_not_kept_alive() -> None:
    """Neither itself, nor what is known about it, nor its id."""
    credential = VaultCredential(is_expired=True)
    await refreshable(credential).call(Reader(credential))
    policy = weakref.ref(refreshable(credential)._operated.__self__)  # type: ignore[attr-defined]
    gone = weakref.ref(credential)
    del credential
    # Since Python 3.12 trio keeps the frames of a task's last sleep: make a later one.
    await anyio.sleep(1)
    gc.collect()
    assert gone() is None
    assert policy() is None


async def test_what_cannot_be_weakly_referenced_is_not_shared() -> None:
    """Nobody would know when to forget it; it is refreshed all the same."""
    credential = Slotted()
    assert refreshable(credential) is not refreshable(credential)
    assert await refreshable(credential).call(Reader(credential)) == "secret"
    assert credential.refreshes == 1


async def test_a_credential_that_is_gone_needs_nothing() -> None:
    """An operation that nobody waits for may outlive it."""
    credential = VaultCredential(is_expired=True)
    source = Borrowed(weakref.ref(credential))
    del credential
    gc.collect()
    assert source.expired() is False
    assert (await source(None)).value is None
