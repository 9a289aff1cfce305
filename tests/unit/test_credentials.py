"""One login for everybody, on both backends, in virtual time."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import traceback
import weakref
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from logins import FakeClock, IdpDown, Login, Unauthorized
from seawall import (
    Category,
    CredentialRefresh,
    CredentialRefreshed,
    CredentialRefreshError,
    CredentialRefreshFailed,
    InfraAuthenticationError,
    InfraRateLimitedError,
    InfraTimeoutError,
    Issued,
    Snapshot,
    correlation_scope,
    current_correlation_id,
)

pytestmark = pytest.mark.anyio


def made(login: Login, **options: Any) -> CredentialRefresh[str]:
    """Build what most tests use."""
    return CredentialRefresh(login, rejected=Unauthorized, name="idp", **options)


class Server:
    """Accepts some tokens, refuses the others, and counts."""

    def __init__(self, *accepted: str) -> None:
        self.accepted = accepted
        self.calls: list[str] = []

    async def read(self, token: str, path: str = "/") -> str:
        self.calls.append(token)
        await anyio.sleep(0.1)
        if token not in self.accepted:
            raise Unauthorized
        return f"{path} for {token}"


async def together(n: int, fn: Callable[[], Awaitable[object]]) -> list[object]:
    """Call *fn* in *n* tasks; what each returned or raised."""
    results: list[object] = []

    async def one() -> None:
        try:
            results.append(await fn())
        except Exception as error:  # noqa: BLE001 -- collected
            results.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(n):
            group.start_soon(one)
    return results


# ---------------------------------------------------------------- getting one


async def test_logs_in_when_first_asked_and_not_again() -> None:
    """What is valid is served without the source."""
    login = Login()
    credentials = made(login)
    assert login.started == 0
    first = await credentials.get()
    assert (first.value, first.generation) == ("token-1", 1)
    assert await credentials.get() is first
    assert login.seen == [None]


async def test_who_is_cancelled_gets_none() -> None:
    """Neither one that is there already."""
    credentials = made(Login())
    await credentials.get()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await credentials.get()
        raise AssertionError
    assert scope.cancelled_caught


async def test_the_source_sees_what_is_current() -> None:
    """A refresh token is part of the old credential."""
    login = Login()
    credentials = made(login)
    credentials.reject(await credentials.get())
    await credentials.get()
    assert login.seen == [None, 1]


async def test_ten_who_need_it_cause_one_login() -> None:
    """Eight, ten and twenty of them in the peers."""
    login = Login()
    snapshots = await together(10, made(login).get)
    assert login.started == 1
    assert len({id(snapshot) for snapshot in snapshots}) == 1


async def test_an_expired_credential_is_replaced() -> None:
    """Without anybody being refused first."""
    login = Login(life=60.0)
    credentials = made(login)
    await credentials.get()
    await anyio.sleep(60)
    assert (await credentials.get()).value == "token-2"


async def test_the_life_of_a_credential_begins_before_the_login() -> None:
    """The server counts from when it answered; nobody knows when that was."""
    login = Login(delay=20.0, life=100.0)
    credentials = made(login)
    first = await credentials.get()
    login.error, login.delay = IdpDown(), 0.0
    await anyio.sleep(79)
    assert await credentials.get() is first
    await anyio.sleep(1.1)
    with pytest.raises(CredentialRefreshError):
        await credentials.get()


@pytest.mark.parametrize("jump", [(101.0, 0.0), (-7200.0, 101.0)])
async def test_a_stepped_clock_and_a_suspended_machine_are_noticed(
    jump: tuple[float, float],
) -> None:
    """Either of the two clocks is enough."""
    clock = FakeClock()
    credentials = made(Login(life=100.0), clock=clock)
    await credentials.get()
    clock.wall_time += jump[0]
    clock.monotonic_time += jump[1]
    assert (await credentials.get()).generation == 2


async def test_a_life_shorter_than_the_login_is_no_endless_loop() -> None:
    """Each `get` gets what it waited for, due again or not."""
    clock, login = FakeClock(), Login(delay=0.0, life=None)
    credentials = made(login, clock=clock)

    async def slow(_: Snapshot[str] | None) -> Issued[str]:
        issued = await login(None)
        clock.advance(50)
        return Issued(issued.value, expires_in=100)

    credentials = CredentialRefresh(slow, clock=clock)
    first = await credentials.get()
    assert await credentials.get() is first
    assert login.started == 1


async def test_a_life_shorter_than_a_task_switch_is_no_endless_loop() -> None:
    """It is gone before those who waited for it have looked at it."""
    clock, login = FakeClock(), Login(life=0.001)
    credentials = made(login, clock=clock)
    ends = credentials.subscribe(lambda _: clock.advance(1))
    snapshots = await together(5, credentials.get)
    ends()
    assert {getattr(each, "value", each) for each in snapshots} == {"token-1"}
    assert login.started == 1


async def test_what_was_refused_before_it_was_looked_at_is_not_served() -> None:
    """Whoever waited for it waits for the next one."""
    login = Login()
    credentials = made(login)
    refused: list[bool] = []

    def refuse(event: object) -> None:
        if isinstance(event, CredentialRefreshed) and event.generation == 1:
            refused.append(credentials.reject(Snapshot("token-1", 1)))

    credentials.subscribe(refuse)
    assert (await credentials.get()).generation == 2
    assert refused == [True]


# ---------------------------------------------------------------- refresh ahead


async def test_without_an_owner_one_pays_ahead_and_the_others_do_not_wait() -> None:
    """The current credential is still good for minutes."""
    login = Login()
    credentials = made(login)
    first = await credentials.get()
    await anyio.sleep(3500)
    results = await together(5, credentials.get)
    assert results[:4] == [first] * 4
    assert isinstance(results[4], Snapshot)
    assert results[4].generation == 2


async def test_with_an_owner_nobody_waits_for_a_refresh_ahead() -> None:
    """It happens beside them."""
    login = Login()
    async with made(login) as credentials:
        first = await credentials.get()
        await anyio.sleep(3500)
        began = anyio.current_time()
        assert await together(5, credentials.get) == [first] * 5
        assert anyio.current_time() == began
        await anyio.sleep(1.1)
        assert (await credentials.get()).generation == 2
    assert login.started == 2


async def test_in_the_last_minute_all_wait_for_the_new_one() -> None:
    """What they hold may be gone before it arrives."""
    login = Login()
    async with made(login) as credentials:
        await credentials.get()
        await anyio.sleep(3570)
        results = await together(5, credentials.get)
    assert {getattr(each, "generation", each) for each in results} == {2}
    assert login.started == 2


@pytest.mark.parametrize("before_expiry", [540.0, 30.0])
@pytest.mark.parametrize("owned", [False, True])
async def test_a_failed_refresh_takes_no_valid_credential_away(
    before_expiry: float, *, owned: bool
) -> None:
    """With nine minutes of life left, 20 of 20 callers failed in a peer."""
    clock, login = FakeClock(), Login(life=7200.0)
    credentials = made(login, clock=clock)
    first = await credentials.get()
    login.error = IdpDown()
    clock.advance(7200 - before_expiry)
    if owned:
        async with credentials:
            assert await together(20, credentials.get) == [first] * 20
            await anyio.sleep(1.1)
            assert await credentials.get() is first
    else:
        assert await together(20, credentials.get) == [first] * 20
    assert login.started == 2
    clock.advance(before_expiry)
    with pytest.raises(CredentialRefreshError):
        await credentials.get()


# ---------------------------------------------------------------- failing


async def test_waiters_of_one_failed_flight_get_errors_of_their_own() -> None:
    """One attempt, ten errors, one cause: a shared error collects tracebacks."""
    login = Login()
    login.error = IdpDown("with a secret inside")
    errors = await together(10, made(login).get)
    assert login.started == 1
    assert all(isinstance(error, CredentialRefreshError) for error in errors)
    assert len({id(error) for error in errors}) == 10
    causes = {id(getattr(error, "__cause__", None)) for error in errors}
    assert causes == {id(login.error)}
    depths = {len(traceback.extract_tb(_raised(e).__traceback__)) for e in errors}
    assert max(depths) <= 4


def _raised(error: object) -> BaseException:
    assert isinstance(error, BaseException)
    return error


async def test_a_message_names_the_type_of_the_error_and_not_its_text() -> None:
    """Identity providers repeat what they were sent."""
    login = Login()
    login.error = IdpDown("password hunter2 is wrong")
    with pytest.raises(CredentialRefreshError) as caught:
        await made(login).get()
    assert "hunter2" not in str(caught.value)
    assert "no new credential from 'idp' (IdpDown, 1 in a row)" in str(caught.value)


@pytest.mark.parametrize("name", ["VaultToken", "api_key", "password"])
async def test_a_name_that_sounds_like_a_secret_hides_no_reason(name: str) -> None:
    """Redaction takes what follows "token:", so nothing of use may stand there."""
    login = Login()
    login.error = IdpDown()
    with pytest.raises(CredentialRefreshError, match=r"\(IdpDown, 1 in a row\)"):
        await CredentialRefresh(login, name=name).get()


async def test_after_a_failure_nobody_asks_for_a_while() -> None:
    """The negative answer is kept, the error and its frames are not."""
    login = Login()
    login.error = IdpDown()
    credentials = made(login)
    for _ in range(20):
        with pytest.raises(CredentialRefreshError) as caught:
            await credentials.get()
    assert login.started == 1
    assert caught.value.__cause__ is None
    assert caught.value.retry_after is not None
    await anyio.sleep(caught.value.retry_after)
    login.error = None
    assert (await credentials.get()).generation == 1


async def test_a_failed_flight_keeps_nothing_alive() -> None:
    """A login has the password among its locals."""
    gc.collect()
    gc.disable()
    try:
        login = Login()
        login.delay = 0  # since Python 3.12 trio keeps frames of the last sleep
        login.error = IdpDown()
        credentials = made(login)
        with pytest.raises(CredentialRefreshError):
            await credentials.get()
        gone = weakref.ref(login.error)
        login.error.__traceback__ = None  # our own frame, by way of `pytest.raises`
        login.error = None
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (InfraAuthenticationError("no such user"), True),
        (IdpDown(), False),
        (InfraTimeoutError(), False),
    ],
)
async def test_says_whether_asking_again_is_pointless(
    error: Exception, *, permanent: bool
) -> None:
    """A retry outside must not wait for a locked account."""
    login = Login()
    login.error = error
    with pytest.raises(CredentialRefreshError) as caught:
        await made(login).get()
    assert caught.value.permanent is permanent


async def test_a_source_that_says_when_is_believed() -> None:
    """At least Retry-After."""
    login = Login()
    login.error = InfraRateLimitedError(retry_after=90.0)
    with pytest.raises(CredentialRefreshError) as caught:
        await made(login).get()
    assert caught.value.retry_after == pytest.approx(90.0)


async def test_58_failures_in_a_row_are_no_overflow() -> None:
    """And the 59th attempt may succeed."""
    clock, login = FakeClock(), Login(delay=0.0)
    login.error = IdpDown()
    credentials = made(login, clock=clock)
    for failures in range(1, 59):
        with pytest.raises(CredentialRefreshError, match=f"{failures} in a row"):
            await credentials.get()
        clock.advance(60)
    login.error = None
    assert (await credentials.get()).generation == 1


async def test_a_login_that_hangs_is_a_failure() -> None:
    """After `refresh_timeout`, not after the caller's patience."""
    login = Login(delay=3600.0)
    began = anyio.current_time()
    with pytest.raises(CredentialRefreshError) as caught:
        await made(login, refresh_timeout=timedelta(seconds=5)).get()
    assert anyio.current_time() - began == pytest.approx(5.0)
    assert isinstance(caught.value.__cause__, InfraTimeoutError)
    assert "within 5 s" in str(caught.value.__cause__)


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_login_that_disguises_its_time_out_is_a_failure(
    *, atomic: bool
) -> None:
    """Clients turn a cancellation into an error of theirs; this one was ours."""

    async def login(_: Snapshot[str] | None) -> Issued[str]:
        try:
            await anyio.sleep(3600)
        except BaseException as error:
            raise IdpDown from error
        raise AssertionError

    credentials = CredentialRefresh(login, refresh_timeout=5.0, atomic=atomic)
    with pytest.raises(CredentialRefreshError) as caught:
        await credentials.get()
    assert isinstance(caught.value.__cause__, IdpDown)


async def test_a_login_that_is_in_time_at_the_last_moment_counts() -> None:
    """A token that was issued must not be lost."""

    async def login(_: Snapshot[str] | None) -> Issued[str]:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(6)
        return Issued("late")

    credentials = CredentialRefresh(login, refresh_timeout=5.0)
    assert (await credentials.get()).value == "late"


async def test_a_refreshed_but_expired_credential_is_refused() -> None:
    """It would be refused by the server, and replace one that is not."""
    clock, login = FakeClock(), Login()
    credentials = made(login, clock=clock)
    first = await credentials.get()
    login.life = -5.0
    clock.advance(3500)
    assert await credentials.get() is first
    clock.advance(100)
    with pytest.raises(CredentialRefreshError) as caught:
        await credentials.get()
    assert "expired 5.0 s ago" in str(caught.value.__cause__)


# ---------------------------------------------------------------- operations


async def test_an_operation_gets_the_credential_first() -> None:
    """And the caller's arguments after it."""
    credentials, server = made(Login()), Server("token-1")
    assert await credentials.call(server.read, "/a") == "/a for token-1"
    assert await credentials.call(server.read, path="/b") == "/b for token-1"


async def test_ten_concurrent_401s_cause_one_login() -> None:
    """8, 10 and 20 in the peers."""
    login, server = Login(), Server("token-2")
    credentials = made(login)
    await credentials.get()
    results = await together(10, lambda: credentials.call(server.read))
    assert results == ["/ for token-2"] * 10
    assert login.started == 2
    assert login.most_at_once == 1
    assert len(server.calls) == 20


async def test_a_late_401_of_an_old_token_kills_nothing() -> None:
    """The slow operation learns of it when all others have the new one."""
    login, server = Login(), Server("token-2")
    credentials = made(login)
    old = await credentials.get()
    assert credentials.reject(old) is True
    new = await credentials.get()
    assert credentials.reject(old) is False
    assert await credentials.get() is new
    assert await credentials.call(server.read) == "/ for token-2"
    assert login.started == 2


async def test_an_operation_is_called_twice_at_most() -> None:
    """What it raises then is raised."""
    login, server = Login(), Server()
    with pytest.raises(Unauthorized):
        await made(login).call(server.read)
    assert server.calls == ["token-1", "token-2"]


async def test_a_disabled_account_does_not_log_in_in_a_loop() -> None:
    """Two generations that served nothing, and there is a pause."""
    login, server = Login(), Server()
    credentials = made(login)
    with pytest.raises(Unauthorized):
        await credentials.call(server.read)
    for _ in range(20):
        with pytest.raises(CredentialRefreshError, match="the last 2 were refused"):
            await credentials.call(server.read)
    assert login.started == 2
    assert server.calls == ["token-1", "token-2"]
    await anyio.sleep(1.1)
    with pytest.raises(CredentialRefreshError, match="the last 3 were refused") as e:
        await credentials.call(server.read)
    assert e.value.__notes__ == [
        "needed because generation 3 was refused: Unauthorized"
    ]
    assert login.started == 3


async def test_a_success_says_that_the_account_is_well() -> None:
    """Revoked once a minute, it may be replaced at once, each time."""
    login, server = Login(delay=0.0), Server()
    credentials = made(login)
    for number in range(1, 10):
        server.accepted = (f"token-{number}",)
        assert await credentials.call(server.read) == f"/ for token-{number}"
    assert login.started == 9


async def test_a_success_at_the_first_try_says_so_too() -> None:
    """As most of them are."""
    login, server = Login(delay=0.0), Server(*(f"token-{n}" for n in range(1, 10)))
    credentials = made(login)
    for _ in range(9):
        await credentials.call(server.read)
        credentials.reject(await credentials.get())
    assert login.started == 9


@pytest.mark.parametrize("owned", [False, True])
async def test_a_refused_login_is_no_refused_operation(*, owned: bool) -> None:
    """It would cause a second one, and a third."""
    login, server = Login(), Server()
    login.error = Unauthorized()
    credentials = made(login)
    if owned:
        async with credentials:
            (error,) = await together(1, lambda: credentials.call(server.read))
    else:
        (error,) = await together(1, lambda: credentials.call(server.read))
    assert isinstance(error, CredentialRefreshError)
    assert error.__cause__ is login.error
    assert (login.started, server.calls) == (1, [])


@pytest.mark.parametrize("rejected", [None, InfraAuthenticationError, Exception])
async def test_somebody_elses_credential_is_not_ours(rejected: Any) -> None:
    """A `CredentialRefreshError` inside an operation is about another one."""
    login = Login()
    credentials = CredentialRefresh(login, rejected=rejected)

    async def fails(_: str) -> None:
        raise CredentialRefreshError("of another login")

    with pytest.raises(CredentialRefreshError, match="of another login"):
        await credentials.call(fails)
    await credentials.get()
    assert login.started == 1


async def test_what_cannot_be_repeated_is_not() -> None:
    """But the next operation gets a new credential."""
    login, server = Login(), Server("token-2")
    credentials = made(login, replay=False)
    with pytest.raises(Unauthorized):
        await credentials.call(server.read)
    assert login.started == 1
    assert await credentials.call(server.read) == "/ for token-2"


async def test_another_error_is_none_of_its_business() -> None:
    """It passes as it is, and the credential stays."""
    login = Login()
    credentials = made(login)

    async def fails(_: str) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await credentials.call(fails)
    await credentials.get()
    assert login.started == 1


class Answering:
    """Raise *error* for the first token, answer for every other one."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    async def __call__(self, token: str) -> str:
        self.calls += 1
        if token == "token-1":  # noqa: S105 -- none
            raise self.error
        return "ok"


@pytest.mark.parametrize(
    ("rejected", "error"),
    [
        (None, InfraAuthenticationError()),
        (Unauthorized, Unauthorized()),
        ((Unauthorized, KeyError), KeyError()),
        (Category.AUTHENTICATION, InfraAuthenticationError()),
        (lambda error: str(error) == "401", OSError("401")),
    ],
)
async def test_what_counts_as_refused_can_be_said(
    rejected: Any, error: Exception
) -> None:
    """By type, category or predicate; or by the classification."""
    credentials = CredentialRefresh(Login(), rejected=rejected)
    assert await credentials.call(Answering(error)) == "ok"


async def test_a_group_of_refusals_only_is_repeated() -> None:
    """Nothing in it may have been done."""
    inner = ExceptionGroup("inner", [Unauthorized()])
    answering = Answering(ExceptionGroup("outer", [Unauthorized(), inner]))
    assert await made(Login()).call(answering) == "ok"
    assert answering.calls == 2


async def test_a_mixed_group_is_not_repeated() -> None:
    """Half of it may have been done; but the token was refused."""
    login = Login()
    answering = Answering(ExceptionGroup("", [Unauthorized(), ValueError()]))
    credentials = made(login)
    with pytest.raises(ExceptionGroup):
        await credentials.call(answering)
    assert answering.calls == 1
    assert (await credentials.get()).generation == 2


async def test_a_predicate_that_raises_is_heard() -> None:
    """Its bug must be seen, with the error it was asked about."""

    def predicate(error: Exception) -> bool:
        raise ZeroDivisionError from error

    credentials = CredentialRefresh(Login(), rejected=predicate)
    with pytest.raises(ZeroDivisionError):
        await credentials.call(Answering(Unauthorized()))


async def test_a_cancellation_in_disguise_is_no_refusal() -> None:
    """The token was not at fault, and nothing is called again."""
    login = Login(delay=0.0)
    credentials = made(login)
    calls: list[str] = []

    async def disguises(token: str) -> None:
        calls.append(token)
        try:
            await anyio.sleep(10)
        except BaseException as error:
            raise Unauthorized from error

    with anyio.move_on_after(1), pytest.raises(Unauthorized):
        await credentials.call(disguises)
    await credentials.get()
    assert (calls, login.started) == (["token-1"], 1)


# ---------------------------------------------------------------- telling


async def test_listeners_hear_of_every_refresh() -> None:
    """After the fact, and with what an operator needs."""
    login, events = Login(), list[object]()
    credentials = made(login)
    stop = credentials.subscribe(events.append)
    login.error = IdpDown("secret")
    with pytest.raises(CredentialRefreshError) as caught:
        await credentials.get()
    login.error = None
    await anyio.sleep(1)
    await credentials.get()
    stop()
    credentials.reject(await credentials.get())
    await credentials.get()
    failed, refreshed = events
    assert isinstance(failed, CredentialRefreshFailed)
    assert (failed.credential, failed.error_type) == ("idp", "IdpDown")
    assert (failed.failures, failed.retry_after) == (1, caught.value.retry_after)
    assert refreshed == CredentialRefreshed(credential="idp", generation=1)


async def test_a_failed_refresh_is_logged_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It may go unnoticed by every caller."""
    login = Login()
    login.error = IdpDown("hunter2")
    with pytest.raises(CredentialRefreshError):
        await made(login).get()
    (record,) = (r for r in caplog.records if r.name == "seawall")
    assert record.levelno == logging.WARNING
    assert "no new credential from 'idp' (IdpDown" in record.getMessage()
    assert "hunter2" not in str(vars(record))


@pytest.mark.parametrize("owned", [False, True])
async def test_an_error_carries_the_id_of_the_request(*, owned: bool) -> None:
    """Each waiter's own."""
    login = Login()
    login.error = IdpDown()
    credentials = made(login)
    with correlation_scope() as correlation_id:
        if owned:
            async with credentials:
                (error,) = await together(1, credentials.get)
        else:
            (error,) = await together(1, credentials.get)
    assert isinstance(error, CredentialRefreshError)
    assert error.correlation_id == correlation_id


@pytest.mark.parametrize("owned", [False, True])
async def test_a_login_carries_the_id_of_the_request_that_needs_it(
    *, owned: bool
) -> None:
    """Its own log records can then be found."""
    seen: list[object] = []

    async def login(_: Snapshot[str] | None) -> Issued[str]:
        seen.append(current_correlation_id())
        return Issued("token")

    credentials = CredentialRefresh(login)
    async with credentials if owned else nullcontext():
        with correlation_scope() as correlation_id:
            await credentials.get()
    assert seen == [correlation_id]


async def test_no_token_in_what_is_printed_or_stored() -> None:
    """Neither in our frames, when a traceback comes with locals."""
    credentials, server = made(Login()), Server()
    snapshot = await credentials.get()

    async def refuse(_: str) -> None:
        await anyio.lowlevel.checkpoint()
        raise Unauthorized

    with pytest.raises(Unauthorized) as caught:
        await credentials.call(refuse)
    with pytest.raises(CredentialRefreshError) as refused:
        await credentials.call(server.read)
    printed = [
        f"{credentials!r} {credentials} {snapshot!r} {snapshot}",
        *(_with_locals(e) for e in (caught.value, refused.value)),
    ]
    assert [text for text in printed if "token-" in text] == []
    for let_out in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            let_out(credentials)


def _with_locals(error: BaseException) -> str:
    """Print the library's own frames; what a test holds is its own affair."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    whole.stack[:] = [frame for frame in whole.stack if "/seawall/" in frame.filename]
    assert len(whole.stack) > 0
    return "".join(whole.format())


# ---------------------------------------------------------------- the block


async def test_the_block_yields_the_object_itself() -> None:
    """Which is usable before, inside and after."""
    credentials = made(Login())
    async with credentials as entered:
        assert entered is credentials
        await entered.get()
    await credentials.get()
    async with credentials:
        await credentials.get()


async def test_entering_twice_is_refused() -> None:
    """One block owns the refreshes."""
    credentials = made(Login())
    async with credentials:
        with pytest.raises(RuntimeError, match="'idp' are entered already"):
            async with credentials:
                pass
        await credentials.get()


async def test_leaving_without_entering_is_refused() -> None:
    """An exit stack used wrongly."""
    with pytest.raises(RuntimeError, match="never entered"):
        await made(Login()).__aexit__(None, None, None)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_the_error_of_the_block_passes_unchanged(*, cancelled: bool) -> None:
    """Never wrapped in a group, whatever flies, and whoever is cancelled meanwhile."""
    credentials, error = made(Login()), KeyError("mine")
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope, pytest.raises(KeyError) as caught:
            async with credentials:
                group.start_soon(together, 3, credentials.get)
                await anyio.sleep(0.5)
                if cancelled:
                    scope.cancel()
                raise error
    assert caught.value is error
    assert error.__context__ is None


async def test_a_cancelled_block_is_cancelled() -> None:
    """It neither swallows that, nor turns it into a group."""
    async with anyio.create_task_group() as group:
        with anyio.move_on_after(0.5) as scope:
            async with made(Login()) as credentials:
                group.start_soon(together, 3, credentials.get)
                await anyio.sleep(10)
    assert scope.cancelled_caught


async def test_a_cancellation_while_the_block_is_left_is_not_lost() -> None:
    """The wait is shielded from it; what comes after the block is not reached."""
    with anyio.CancelScope() as scope:
        async with made(Login()):
            scope.cancel()
        raise AssertionError
    assert scope.cancelled_caught


async def test_nothing_outlives_the_block() -> None:
    """The refresh under way is cancelled, and waited for."""
    login = Login()
    async with anyio.create_task_group() as group, made(login) as credentials:
        group.start_soon(credentials.get)
        await anyio.sleep(0.5)
        assert login.at_once == 1
        group.cancel_scope.cancel()
        # the waiter is gone, the refresh is the block's
        assert login.at_once == 1
    assert (login.started, login.at_once) == (1, 0)


async def test_waiters_outside_take_over_when_the_block_is_left() -> None:
    """Nobody hangs because somebody else is done."""
    login = Login()
    results: list[Snapshot[str]] = []

    async def outside() -> None:
        results.append(await credentials.get())

    async with anyio.create_task_group() as group, made(login) as credentials:
        for _ in range(3):
            group.start_soon(outside)
        await anyio.sleep(0.5)
    assert [snapshot.generation for snapshot in results] == [1, 1, 1]
    assert (login.started, login.finished, login.most_at_once) == (2, 1, 1)


async def test_an_atomic_refresh_is_finished_before_the_block_is_left() -> None:
    """Cut in two it would lose the refresh token."""
    login = Login()
    async with (
        anyio.create_task_group() as group,
        made(login, atomic=True) as credentials,
    ):
        group.start_soon(credentials.get)
        await anyio.sleep(0.5)
    assert (login.started, login.finished) == (1, 1)


async def test_the_identity_providers_trouble_is_not_the_blocks() -> None:
    """A child that fails would cancel whoever shares its group."""

    async def disguises(_: Snapshot[str] | None) -> Issued[str]:
        try:
            await anyio.sleep(10)
        except BaseException as error:
            raise IdpDown from error
        raise AssertionError

    credentials = CredentialRefresh(disguises)
    async with anyio.create_task_group() as group:
        async with credentials:
            group.start_soon(together, 3, credentials.get)
            await anyio.sleep(0.5)
        group.cancel_scope.cancel()
