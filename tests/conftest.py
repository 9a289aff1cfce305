"""Every test on both backends, in virtual time, with blocking calls caught."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

from seawall.testing import VirtualClock, VirtualLoop

pytest_plugins = ["servers"]

# Deadlines of hypothesis measure the machine, not the code. An anyio_backend per test,
# not per example, is what we want: time goes on from one example to the next.
settings.register_profile(
    "default",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "ci", parent=settings.get_profile("default"), max_examples=300, print_blob=True
)
settings.register_profile(
    "soak", parent=settings.get_profile("default"), max_examples=10_000
)
settings.load_profile(os.environ.get("SEAWALL_HYPOTHESIS", "default"))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A new loop in virtual time; in real time where the test is marked so."""
    marks = {mark.name for mark in request.node.iter_markers()}
    if marks & {"real_time", "services"}:
        return request.param, {}
    if request.param == "asyncio":
        return "asyncio", {"loop_factory": VirtualLoop}
    clock = VirtualClock()
    return "trio", {"clock": clock, "instruments": [clock]}


@pytest.fixture(scope="session", autouse=True)
def blocking_calls() -> Iterator[BlockBuster]:
    """No module of the library blocks an event loop (servers are started by hand)."""
    with blockbuster_ctx("seawall", excluded_modules=["seawall.testing"]) as caught:
        # coverage looks up each thread's first frame under a lock of its own.
        caught.functions["threading.Lock.acquire"].can_block_in(
            "coverage/collector.py", "lock_data"
        )
        yield caught
