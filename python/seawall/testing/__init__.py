"""What seawall is tested with, for the tests of whoever uses it.

Time that costs nothing
    :class:`VirtualLoop` (asyncio) and :class:`VirtualClock` (trio): sleeping, delays
    and breaks end at once, in the right order, without a false time-out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.testing._virtual_time import VirtualLoop

if TYPE_CHECKING:
    from seawall.testing._virtual_trio import VirtualClock

__all__ = [
    "VirtualClock",
    "VirtualLoop",
]


def __getattr__(name: str) -> object:
    # trio is an extra, and its clock is a subclass of trio's: made when asked for.
    if name != "VirtualClock":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from seawall.testing._virtual_trio import VirtualClock  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "trio":
            raise
        raise ModuleNotFoundError(
            "VirtualClock is a clock of trio, which is not installed: "
            "pip install 'seawall[trio]'",
            name="trio",
        ) from error
    return VirtualClock
