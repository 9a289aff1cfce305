"""One id for everything that one request causes.

The id travels in a `ContextVar`, which anyio copies into task groups and worker
threads. Nobody pays for an id before somebody asks for one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from contextvars import ContextVar
from typing import final
from uuid import UUID, uuid4

_current: ContextVar[UUID | None] = ContextVar("seawall_correlation_id", default=None)

# Narrower than `UUID(text)`, which forgives braces and hyphens anywhere.
_DASHED = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ACCEPTED = re.compile(rf"(?:urn:uuid:)?{_DASHED}|[0-9a-fA-F]{{32}}")


def parse_correlation_id(value: UUID | str | None) -> UUID:
    """Return *value* as a `UUID`, or a new one if it is not an id.

    Accepted are a `UUID` and text that is dashed, 32 hexadecimal digits, or a
    ``urn:uuid:``. Anything else comes from somewhere that cannot be trusted, so it
    is neither used nor repeated.
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _ACCEPTED.fullmatch(value):
        return UUID(value)
    return uuid4()


def current_correlation_id() -> UUID | None:
    """Return the id of the innermost `correlation_scope`, or None outside of one."""
    return _current.get()


def correlation_scope(
    id: UUID | str | None = None,  # noqa: A002 -- positional-only; nobody writes it
    /,
) -> Scope:
    """Give every error, event and log record of this block the same id.

    ::

        with correlation_scope(request.headers.get("x-correlation-id")) as request_id:
            await handle(request)

    Text that is no id is replaced by a new id and never repeated, so a header can be
    passed as it came. None asks for a new id, inside another scope too.
    """
    return Scope(id)


@final
class Scope:
    """What `correlation_scope` returns."""

    # No generator: `contextlib` assigns to the error that leaves one, and an error that
    # is a frozen dataclass would be replaced by the complaint about that.

    __slots__ = ("_id", "_token")

    def __init__(self, id: UUID | str | None) -> None:  # noqa: A002 -- as above
        self._id = id

    def __enter__(self) -> UUID:
        """Begin the scope; its id is what ``as`` gives."""
        correlation_id = parse_correlation_id(self._id)
        self._token = _current.set(correlation_id)
        return correlation_id

    def __exit__(self, *_: object) -> None:
        """Go back to the id outside."""
        # An abandoned coroutine is closed by whoever collects it, and a generator in
        # the context of another request: there is nothing to go back from.
        with suppress(ValueError):
            _current.reset(self._token)
