"""The mission's examples talk to the same real servers as tests/services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster

from services.conftest import (  # noqa: F401 -- pytest finds fixtures by their names
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
