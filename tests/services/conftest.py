"""Everything in this folder talks to real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder talks to servers, in real time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture
def clients_may_block(blocking_calls: BlockBuster) -> Iterator[None]:
    """Let a client do in the event loop what the library itself must not."""
    blocking_calls.deactivate()
    yield
    blocking_calls.activate()
