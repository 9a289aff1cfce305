"""Log in once for everybody, and before the old credential is gone.

The parts, each in a file of its own: `_credential_life` says how long a credential
lasts, `_credential_ledger` which one is current, `_flight` how many wait for one piece
of work, `_credential_supply` how the next one is fetched, `_credential_stage` how it
comes into a pipeline. Here they are put around an operation.

Rule 1: nothing of a refresh happens inside the ``try`` around an operation. A refused
login is no refused operation, and must not cause a second login.

Rule 2: an operation is called at most twice, the second time with a newer credential.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import (
    Any,
    Concatenate,
    Final,
    Generic,
    NoReturn,
    ParamSpec,
    TypeVar,
    cast,
    final,
)
from weakref import ReferenceType, ref

import attrs
from anyio.lowlevel import checkpoint_if_cancelled

from ._call import describe
from ._cancel import is_cancellation
from ._classify import classify, leaves, matches
from ._clock import SYSTEM_CLOCK
from ._credential_ledger import Ledger
from ._credential_life import Issued, Snapshot, Source
from ._credential_misuse import (
    awaitable,
    check_keyword_name,
    check_name,
    check_operation,
    check_snapshot,
    check_source,
    flag,
)
from ._credential_stage import Injected
from ._credential_supply import Knowing, Supply
from ._errors import CredentialRefreshError, InfraAuthenticationError
from ._events import CredentialRefreshed, CredentialRefreshFailed, Listeners
from ._flight import Owner
from ._refreshable import Borrowed, Credential, FromRefreshable, check_credential
from ._types import Clock, On, Seconds
from ._validate import check_clock, check_on, seconds

__all__ = [
    "Credential",
    "CredentialRefresh",
    "FromRefreshable",
    "Injected",
    "Issued",
    "RefreshConfig",
    "Snapshot",
    "Source",
    "refreshable",
]

C = TypeVar("C")
T = TypeVar("T")
P = ParamSpec("P")


@final
@attrs.frozen(kw_only=True)
class RefreshConfig:
    """The settings of a `CredentialRefresh`, durations in seconds."""

    atomic: bool
    rejected: On | None
    replay: bool
    refresh_timeout: float


@final
class CredentialRefresh(Generic[C]):
    """Keep a credential that expires, and replace it once for all who use it.

    ::

        async def login(current: Snapshot[str] | None) -> Issued[str]:
            answer = await client.post("/token", data=form)
            return Issued(answer["access_token"], expires_in=answer["expires_in"])


        async with CredentialRefresh(login) as token:
            await token.call(read_secret, "path")  # read_secret(credential, "path")

    However many operations are refused at once, there is one login, and each of them
    is called once more with what it brought. A credential that is about to expire is
    replaced ahead of time, and stays in use if that fails. After a failure nobody
    tries again for a while: half a second at first, a minute in the end.

    ``async with`` is optional, and recommended: inside the block a refresh outlives the
    caller that started it, so that deadlines shorter than a refresh cannot keep it
    from ever being finished. Leaving the block cancels what is under way.

    One object serves any number of tasks, threads and event loops.

    Args:
        source: Called with the current `Snapshot`, or None at first; returns `Issued`.
        atomic: Whether a refresh cut in two loses something, as with a refresh token
            that is replaced at every use. It is then finished, whoever is cancelled.
        rejected: Which errors of an operation mean that its credential was refused:
            exception types, categories, a tuple of both, or a predicate. None: what
            the classification says, such as `InfraAuthenticationError` and HTTP 401.
        replay: Whether a refused operation is called once more. False for streams,
            and what else cannot be repeated.
        refresh_timeout: Seconds for one call of *source*.
        clock: Where to read the time. None: the machine's.
        name: What errors and events call it. None: the name of *source*.

    Raises:
        TypeError: If *source* is no function of one argument, or an option has the
            wrong type.
        ValueError: If *refresh_timeout* is zero, negative or infinite.
    """

    __slots__ = ("__weakref__", "_block", "_ledger", "_supply", "config", "name")

    def __init__(
        self,
        source: Source[C],
        *,
        atomic: bool = False,
        rejected: On | None = None,
        replay: bool = True,
        refresh_timeout: Seconds = 30.0,
        clock: Clock | None = None,
        name: str | None = None,
    ) -> None:
        knows = isinstance(source, Credential)
        check_source(source, "FromRefreshable(...)" if knows else "login")
        if rejected is not None:
            check_on("rejected", rejected)
        if name is not None:
            check_name(name)
        if clock is not None:
            check_clock("clock", clock)
        self.name: str = describe(source) if name is None else name
        self.config: RefreshConfig = RefreshConfig(
            atomic=flag("atomic", atomic),
            rejected=rejected,
            replay=flag("replay", replay),
            refresh_timeout=seconds("refresh_timeout", refresh_timeout, exclusive=True),
        )
        self._supply = self._supplied(source, SYSTEM_CLOCK if clock is None else clock)
        self._ledger = self._supply.ledger
        self._block: Owner | None = None

    def _supplied(self, source: Source[C], clock: Clock) -> Supply[C]:
        knowing = _knowing(source)
        # The credential exists already: what a login would bring is there.
        first = None if knowing is None else Snapshot(knowing.first(), 1)
        return Supply(
            name=self.name,
            source=source,
            knows=knowing,
            atomic=self.config.atomic,
            limit=self.config.refresh_timeout,
            clock=clock,
            ledger=Ledger(first),
            listeners=Listeners(),
        )

    def __repr__(self) -> str:
        """Show the name and the number of the newest credential."""
        return f"<CredentialRefresh {self.name!r} generation {self._ledger.generation}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: it holds a secret, and a copy would log in again."""
        raise TypeError(
            f"the credentials {self.name!r} cannot be pickled or copied: build one "
            f"CredentialRefresh in each process"
        )

    # ------------------------------------------------------------ the block

    async def __aenter__(self) -> CredentialRefresh[C]:
        """Give refreshes a task group of their own.

        Raises:
            RuntimeError: If it is entered already.
        """
        owner = Owner()
        if not self._ledger.adopt(owner):
            raise RuntimeError(
                f"the credentials {self.name!r} are entered already: one block owns "
                f"the refreshes, others use the object without `async with`"
            )
        self._block = owner
        await owner.enter()
        return self

    async def __aexit__(
        self, _: object, error: BaseException | None, __: object, /
    ) -> None:
        """Cancel what is under way, wait for its end, and let the error pass."""
        owner, self._block = self._block, None
        if owner is None:
            raise RuntimeError(f"the credentials {self.name!r} were never entered")
        self._ledger.disown(owner)
        try:
            await owner.leave()
        finally:
            self._ledger.orphan(owner)
        if error is None:
            await checkpoint_if_cancelled()  # what the wait was shielded from

    # ------------------------------------------------------------ using it

    async def get(self) -> Snapshot[C]:
        """Return a credential that may be used now, fetching one if there is none.

        Raises:
            CredentialRefreshError: If none could be had. Its cause is what the source
                raised; there is none while nobody asks the source.
        """
        await checkpoint_if_cancelled()
        snapshot = self._ledger.fresh(self._supply.now())
        while snapshot is None:
            snapshot = await self._supply.fetched()
        return snapshot

    def reject(self, snapshot: Snapshot[C], /) -> bool:
        """Say that the server refused *snapshot*; the next `get` fetches a new one.

        A report about an old credential changes nothing. Returns whether this one was
        news.

        Raises:
            TypeError: If *snapshot* is no `Snapshot`.
        """
        check_snapshot(snapshot, Snapshot)
        return self._ledger.reject(snapshot.generation, self._supply.now())

    async def call(
        self,
        fn: Callable[Concatenate[C, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Await ``fn(credential, *args, **kwargs)``; once more if that was refused.

        Raises:
            CredentialRefreshError: If there is no credential to be had.
            Exception: What *fn* raised in the end.
            TypeError: If *fn* is no function that returns an awaitable.
        """
        check_operation(fn)

        async def operate(snapshot: Snapshot[C]) -> T:
            return await awaitable(fn, fn(snapshot.value, *args, **kwargs))

        return await self._operated(operate)

    def into(self, keyword: str, /) -> Injected:
        """Return a policy that passes the credential on as *keyword*.

        ::

            guard = Pipeline(Retry(), breaker, credentials.into("token"))


            @guard
            async def read(path: str, *, token: str = "") -> bytes: ...

        The keyword must have a default, for callers leave it out.

        Raises:
            TypeError: If *keyword* is no name.
        """
        check_keyword_name(keyword)
        return Injected(self._operated, self.name, keyword)

    def _around(self) -> Injected:
        """Return a policy for functions that have their credential already."""
        return Injected(self._operated, self.name, None)

    def subscribe(
        self,
        callback: Callable[[CredentialRefreshed | CredentialRefreshFailed], object],
        /,
    ) -> Callable[[], None]:
        """Call *callback* after every refresh; returns the way to stop it."""
        return self._supply.listeners.subscribe(callback)

    # ------------------------------------------------------------ around an operation

    async def _operated(self, operate: Callable[[Snapshot[C]], Awaitable[T]]) -> T:
        snapshot = await self.get()
        try:
            result = await operate(snapshot)
        except Exception as error:
            if not self._may_replay(error, snapshot):
                raise
            refusal = type(error).__qualname__
        else:
            self._ledger.prove(snapshot.generation)
            return result
        newer = await self._newer(snapshot, refusal)
        try:
            result = await operate(newer)
        except Exception as error:
            self._may_replay(error, newer)  # it may not, but the ledger must know
            raise
        self._ledger.prove(newer.generation)
        return result

    def _may_replay(self, error: Exception, snapshot: Snapshot[C]) -> bool:
        """Tell the ledger if *error* means a refusal, and say if it means only that."""
        if is_cancellation(error):
            return False
        refused = [self._is_refusal(each) for each in _errors_in(error)]
        if any(refused):
            self.reject(snapshot)
        return all(refused) and self.config.replay

    def _is_refusal(self, error: BaseException) -> bool:
        # Somebody else's credential, which a new one of ours does not help.
        if isinstance(error, CredentialRefreshError):
            return False
        if self.config.rejected is None:
            return classify(error).retry == "refresh"
        return matches(self.config.rejected, error, classify)

    async def _newer(self, refused: Snapshot[C], refusal: str) -> Snapshot[C]:
        try:
            return await self.get()
        except CredentialRefreshError as error:
            error.add_note(
                f"needed because generation {refused.generation} was refused: {refusal}"
            )
            raise


def _knowing(source: object) -> Knowing | None:
    known = isinstance(source, FromRefreshable | Borrowed)
    return cast("Knowing", source) if known else None


def _errors_in(error: Exception) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return list(leaves(cast("BaseExceptionGroup[BaseException]", error)))
    return [error]


# By id, because a credential need not be hashable, nor equal to itself only. The key is
# dropped before the id can be used again: by the weak reference, when the object goes.
_shared: Final[dict[int, tuple[ReferenceType[Credential], Injected]]] = {}


def refreshable(credential: Credential, /) -> Injected:  # used by patterns
    """Return the one policy that refreshes *credential*, whoever asks for it.

    It passes nothing to the function, which has the credential already. What cannot be
    weakly referenced is not shared: nobody would know when to forget it.

    Raises:
        TypeError: If *credential* is none.
    """
    key = id(credential)
    if (known := _shared.get(key)) is not None:
        return known[1]
    check_credential(credential)
    try:
        weak = ref(credential, lambda _: _shared.pop(key, None))
    except TypeError:
        return _refreshing(FromRefreshable(credential), credential)
    # `setdefault`: two threads that come at once must end up with the same one.
    return _shared.setdefault(key, (weak, _refreshing(Borrowed(weak), credential)))[1]


def _refreshing(source: Source[Any], credential: Credential) -> Injected:
    credentials = CredentialRefresh(
        source, rejected=InfraAuthenticationError, name=type(credential).__name__
    )
    return credentials._around()  # noqa: SLF001
