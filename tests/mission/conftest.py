"""The mission's examples use clients that block, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster

# Servers of its own: what these tests prepare in them, others would kill or overwrite.
from servers import (  # noqa: F401 -- pytest finds fixtures by their names
    _kafka,
    _openbao,
    _postgres,
    _valkey,
    kafka,
    kafka_jars,
    openbao,
    postgres,
    valkey_server,
)


@pytest.fixture
def clients_may_block(blocking_calls: BlockBuster) -> Iterator[None]:
    """Let a client do in the event loop what the library itself must not."""
    blocking_calls.deactivate()
    yield
    blocking_calls.activate()
