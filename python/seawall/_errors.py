"""Every exception of this library, in one tree.

* SeawallError
  x InfraError                    -- a dependency failed; carries an ErrorContext
    + InfraConnectionError        -- also a ConnectionError
    + InfraTimeoutError           -- also a TimeoutError
    + InfraUnavailableError
      - CircuitOpenError          -- the call was *not* made
    + InfraRateLimitedError
    + InfraAuthenticationError
      - CredentialRefreshError
  x FallbackExhaustedError        -- nothing was left to fall back to
  x FallbackSkip                  -- one step has nothing to offer

Rule 1: what an error holds is redacted when it is made. The secret is not in `args`,
not in the details, not in a pickle.
Rule 2: nothing here runs a constructor twice. Pickling and copying restore the state
as it is, so a subclass is free to have any signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, NoReturn, cast, final
from uuid import UUID, uuid4

import attrs

from ._correlation import current_correlation_id
from ._redact import redact, redact_text
from ._types import Category, CircuitState, TransportType
from ._validate import hint


def _redacted(text: str | None) -> str | None:
    return None if text is None else str(redact(text))


@final
@attrs.frozen
class ErrorContext:
    """Where an error happened: what was done, to whom, over what, for which request.

    ::

        ErrorContext(TransportType.DATABASE, "fetch_user", "postgresql-primary")

    Args:
        transport_type: Through what the operation spoke to its dependency.
        operation: What was tried.
        target_name: The dependency; the password of a connection string is removed.
        correlation_id: The request's id. None: the current one, when there is one.
    """

    transport_type: TransportType | None = None
    operation: str | None = attrs.field(default=None, converter=_redacted)
    target_name: str | None = attrs.field(default=None, converter=_redacted)
    correlation_id: UUID | None = None


_NO_CONTEXT: Final = ErrorContext()
_NO_DETAILS: Final[Mapping[str, object]] = MappingProxyType({})


class SeawallError(Exception):
    """Base class of everything this library raises itself.

    What the guarded function raises is never wrapped; it passes as it is.
    """


class InfraError(SeawallError):
    """A dependency failed.

    ::

        raise InfraError("invoice not stored", context, status=503) from error

    ``str(error)`` shows the context and the details, with secrets removed.

    Args:
        message: What happened.
        context: Where it happened.
        retry_after: Seconds before which the dependency asked not to be called
            again; a header's text will do if it is a plain number. None: it did not
            say. Whatever else comes (a date, "soon", a negative number) counts as
            None: an error that is under way must not become another one.
        details: Anything else worth reading in a log.

    Raises:
        TypeError: If *context* is no `ErrorContext`.
    """

    # Defaults on the class: an error that says nothing stores nothing, and subclasses
    # that never call this constructor still work.
    _context: ErrorContext = _NO_CONTEXT
    _retry_after: float | None = None
    _details: Mapping[str, object] = _NO_DETAILS
    _correlation_id: UUID | None = None

    def __init__(
        self,
        message: str = "",
        context: ErrorContext | None = None,
        *,
        retry_after: float | str | None = None,
        **details: object,
    ) -> None:
        # One argument at most: an OSError reads two as errno and text.
        super().__init__(*([str(redact(message))] if message else []))
        if context is not None:
            self._context = _checked(context)
        if retry_after is not None:
            self._retry_after = hint(retry_after)
        if details:
            self._details = cast("dict[str, object]", redact(details))
        current = current_correlation_id()
        if current is not None:
            self._correlation_id = current

    @property
    def message(self) -> str:
        """What happened, without context and without secrets."""
        return str(self.args[0]) if self.args else ""

    @property
    def context(self) -> ErrorContext:
        """Where it happened; its `correlation_id` is None until there is one."""
        if self._context.correlation_id is None and self._correlation_id is not None:
            self._context = attrs.evolve(
                self._context, correlation_id=self._correlation_id
            )
        return self._context

    @property
    def retry_after(self) -> float | None:
        """Seconds before which the dependency does not want to be called again."""
        return self._retry_after

    @property
    def details(self) -> Mapping[str, object]:
        """The other keyword arguments, without secrets."""
        return MappingProxyType(dict(self._details))

    @property
    def correlation_id(self) -> UUID:
        """The id of the request this error belongs to, made now if it has none."""
        known = self.context.correlation_id
        if known is None:
            # `setdefault`: two threads that ask at once get the same answer.
            known = cast("UUID", self.__dict__.setdefault("_correlation_id", uuid4()))
        return known

    def __str__(self) -> str:
        """Return the message, followed by the context in brackets."""
        where = " ".join(f"{name}={value}" for name, value in self._described())
        return f"{self.message} [{where}]".lstrip() if where else self.message

    def _described(self) -> Iterable[tuple[str, object]]:
        context = attrs.asdict(self.context)
        yield from ((name, value) for name, value in context.items() if value)
        yield from self._details.items()

    def __repr__(self) -> str:
        """Return the class and what `str` shows."""
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep everything but the traceback and the cause, which Python drops too."""
        state = dict(self.__dict__)
        # An OSError keeps these outside of its __dict__.
        for name in ("errno", "strerror", "filename"):
            value = getattr(self, name, None)
            if value is not None:
                state[name] = value
        return _restore, (type(self), self.args), state


def _checked(context: object) -> ErrorContext:
    if isinstance(context, ErrorContext):
        return context
    raise TypeError(
        f"context must be an ErrorContext, not {type(context).__name__}: "
        f"write context=ErrorContext(operation=...)"
    )


def _restore(kind: type[InfraError], args: tuple[object, ...]) -> InfraError:
    error = kind.__new__(kind)
    # An OSError's __new__ does not take them.
    error.args = args
    return error


class InfraConnectionError(InfraError, ConnectionError):
    """The network failed; also a `ConnectionError`.

    The one error of the tree that is retried whether or not the request may have been
    executed: whoever raises it says that calling again is right.
    """


class InfraTimeoutError(InfraError, TimeoutError):
    """An answer did not come in time; also a `TimeoutError`."""


class InfraUnavailableError(InfraError):
    """The dependency is down or says that it cannot serve now."""


class CircuitOpenError(InfraUnavailableError):
    """The call was not made, because a circuit breaker rejected it.

    Args:
        breaker: The circuit breaker's name.
        state: Why it rejects: open, half-open without a free probe, or isolated.
        retry_after: Seconds until a call may be admitted. None: nobody knows.
        opened_by: What opened it, as text: the class of an error, or such as
            "slow calls". None: nobody said.
    """

    breaker: str
    state: CircuitState
    opened_by: str | None

    # Rejections must be cheaper than failures, so the base class's constructor is
    # skipped and the message is written when it is read.
    def __init__(  # pyright: ignore[reportMissingSuperCall] -- see above
        self,
        *,
        breaker: str,
        state: CircuitState,
        retry_after: float | None = None,
        opened_by: str | None = None,
    ) -> None:
        self.breaker = breaker
        self.state = state
        self._retry_after = retry_after
        self.opened_by = opened_by
        current = current_correlation_id()
        if current is not None:
            self._correlation_id = current

    @property
    def message(self) -> str:
        """Which circuit is in which state, for how long, and what opened it."""
        text = f"circuit {self.breaker!r} is {self.state.name}{self._until()}"
        if self.opened_by is not None:
            text += f", opened by {self.opened_by}"
        return redact_text(text)

    def _until(self) -> str:
        if self.state is CircuitState.ISOLATED:
            return ", held OPEN by an operator until released"
        if self._retry_after is not None:
            return f", retry in {self._retry_after:.1f} s"
        return " and all probes are out" if self.state is _HALF_OPEN else ""


_HALF_OPEN: Final = CircuitState.HALF_OPEN


class InfraRateLimitedError(InfraError):
    """The dependency is well, and has had enough calls from us for now."""


class InfraAuthenticationError(InfraError):
    """The dependency refused the credential.

    Not a `PermissionError`: that is an `OSError`, and code around files catches it.
    """


class CredentialRefreshError(InfraAuthenticationError):
    """A new credential could not be had.

    Args:
        message: What happened.
        context: Where it happened.
        permanent: Whether asking again is pointless, as with a disabled account.
        retry_after: Seconds before which the source asked not to be called again.
        details: Anything else worth reading in a log.
    """

    permanent: bool = False

    def __init__(
        self,
        message: str = "",
        context: ErrorContext | None = None,
        *,
        permanent: bool = False,
        retry_after: float | str | None = None,
        **details: object,
    ) -> None:
        super().__init__(message, context, retry_after=retry_after, **details)
        self.permanent = permanent


class FallbackExhaustedError(SeawallError):
    """No step had a value, and the primary raised no error that could be raised."""


class FallbackSkip(SeawallError):  # noqa: N818 -- a step raises it; nothing is wrong
    """Raise this in a fallback step that has nothing to offer; the next one is asked.

    ::

        async def from_cache(user_id: int) -> User:
            user = await cache.get(user_id)
            if user is None:
                raise FallbackSkip
            return user
    """


class SeawallWarning(UserWarning):
    """Policies are combined in a way that does not do what it seems to do."""


@final
@attrs.frozen
class AttemptRecord:
    """One call of a retried function, for the history that `attempts_of` returns.

    Args:
        number: 1 for the first call.
        error_type: The error's type, as ``module.qualname``. None: it returned.
        category: What the error was classified as. None: it returned.
        delay: Seconds waited after it. None: it was the last one.
        elapsed: Seconds from the start of the first call to the end of this one.
    """

    number: int
    error_type: str | None
    category: Category | None
    delay: float | None
    elapsed: float


_ATTEMPTS: Final = "_seawall_attempts"


def attempts_of(exc: BaseException, /) -> tuple[AttemptRecord, ...]:
    """Return how often and when the failed call was made, oldest first.

    Empty for an error that no retry gave up on, and for one that takes no attributes,
    such as a frozen dataclass.
    """
    with suppress(Exception):
        records = getattr(exc, _ATTEMPTS, None)
        if isinstance(records, tuple):
            return cast("tuple[AttemptRecord, ...]", records)
    return ()


def remember_attempts(exc: BaseException, records: Iterable[AttemptRecord]) -> None:
    """Attach *records* to *exc* for `attempts_of`, replacing earlier ones."""
    with suppress(Exception):
        setattr(exc, _ATTEMPTS, tuple(records))


def raise_again(error: BaseException) -> NoReturn:
    """Raise what was raised before, and leave the context that it had then.

    Where something else is being handled, in the caller's code, ``raise`` would put
    that in the place of what the error itself came from.
    """
    # Past attributes of its own: a frozen exception refuses even this one.
    context = object.__getattribute__(error, "__context__")
    try:
        raise error
    finally:
        object.__setattr__(error, "__context__", context)
        del error, context  # its traceback holds this frame
