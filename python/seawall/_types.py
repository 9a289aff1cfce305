"""The small words that every layer shares.

Nothing here decides anything; `_validate` says which values are acceptable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Literal, Protocol, TypeAlias

Seconds: TypeAlias = float | timedelta
"""A duration: seconds as a number, or a `datetime.timedelta`."""

Jitter: TypeAlias = Literal["none", "full", "equal", "decorrelated"] | float
"""How a delay is spread; a float such as 0.5 means plus or minus that share."""


class Category(StrEnum):
    """What kind of failure an exception stands for, whatever library raised it.

    A category may stand wherever an exception type may::

        Retry(on=(Category.TIMEOUT, ConnectionError))
    """

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    AUTHENTICATION = "authentication"
    PROTOCOL = "protocol"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    LOCAL_SATURATION = "local_saturation"
    MISUSE = "misuse"
    OTHER = "other"


Kind: TypeAlias = type[Exception] | Category
"""One kind of failure: an exception type, or a category."""

On: TypeAlias = Kind | tuple[Kind, ...] | Callable[[Exception], bool]
"""Which failures a policy acts on: a kind, several, or a predicate."""


class TransportType(StrEnum):
    """Through what a failing operation spoke to its dependency."""

    HTTP = "http"
    DATABASE = "db"
    KAFKA = "kafka"
    CONSUL = "consul"
    VAULT = "vault"
    INFISICAL = "infisical"
    VALKEY = "valkey"
    GRPC = "grpc"
    RUNTIME = "runtime"
    MCP = "mcp"
    FILESYSTEM = "filesystem"
    INMEMORY = "inmemory"
    QDRANT = "qdrant"
    GRAPH = "graph"
    LLM = "llm"
    BRIDGE = "bridge"


class CircuitState(Enum):
    """What a circuit breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    ISOLATED = "isolated"
    DISABLED = "disabled"


class Clock(Protocol):
    """Where a policy reads the time and, in synchronous code, waits.

    Asynchronous waits go through anyio and follow the event loop's own clock.
    """

    def monotonic(self) -> float:
        """Return seconds that never go back and never jump."""
        ...

    def wall(self) -> float:
        """Return seconds since the epoch, as the machine believes them to be."""
        ...

    def sleep(self, duration: float, /) -> None:
        """Block the calling thread for *duration* seconds."""
        ...
