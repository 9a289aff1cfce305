"""One id for everything that one request causes."""

from __future__ import annotations

import contextvars
import dataclasses
import uuid
from collections.abc import Iterator
from uuid import UUID

import anyio
import anyio.to_thread
import pytest

from seawall._correlation import (
    correlation_scope,
    current_correlation_id,
    parse_correlation_id,
)

ID = UUID("0b0e9dc1-2f5c-4b6f-8f0a-6a8e3b9d1c11")


def test_a_scope_gives_and_takes_back_its_id() -> None:
    """Scopes nest, and end with their block whatever happens in it."""
    assert current_correlation_id() is None
    with correlation_scope(ID) as outer:
        with pytest.raises(LookupError), correlation_scope() as inner:
            assert current_correlation_id() == inner != outer
            raise LookupError
        assert current_correlation_id() == outer == ID
    assert current_correlation_id() is None


def test_a_scope_may_be_left_in_another_context() -> None:
    """Web frameworks close the generators of a request wherever they are."""

    def dependency() -> Iterator[UUID]:
        with correlation_scope(ID) as correlation_id:
            yield correlation_id

    opened = dependency()
    assert contextvars.copy_context().run(next, opened) == ID
    with correlation_scope() as outer:
        assert next(opened, None) is None
        assert current_correlation_id() == outer


def test_an_error_that_takes_no_attributes_leaves_it_as_it_is() -> None:
    """`contextlib` would answer a frozen dataclass with an error of its own."""

    @dataclasses.dataclass(frozen=True)
    class Frozen(Exception):
        code: int

    error = Frozen(7)
    with pytest.raises(Frozen) as caught, correlation_scope():
        raise error

    assert caught.value is error
    assert current_correlation_id() is None


@pytest.mark.parametrize("text", [str(ID), ID.hex, ID.urn, str(ID).upper()])
def test_three_spellings_of_an_id_are_accepted(text: str) -> None:
    """Dashed, 32 hexadecimal digits, and a urn."""
    assert parse_correlation_id(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "request-7",
        f"{{{ID}}}",
        f"{ID}\n",
        f" {ID}",
        f"urn:uuid:{ID.hex}",
        "0-b0e9dc12f5c4b6f8f0a6a8e3b9d1c11",
        "\N{ARABIC-INDIC DIGIT ZERO}" * 32,
        ID.hex + "0",
        "x" * 10_000_000,
    ],
)
def test_text_that_is_no_id_is_replaced_and_never_repeated(text: str) -> None:
    """A header comes from outside; `UUID` itself would take some of these."""
    with correlation_scope(text) as made:
        assert made != ID
        assert made.version == 4


def test_what_is_neither_text_nor_an_id_is_replaced_too() -> None:
    """A wrong type costs the id, not the request."""
    assert isinstance(parse_correlation_id(7), UUID)  # type: ignore[arg-type]


def test_nobody_pays_for_an_id_that_nobody_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A given id makes no new one."""
    monkeypatch.setattr(uuid, "uuid4", None)
    monkeypatch.setattr("seawall._correlation.uuid4", None)

    with correlation_scope(ID):
        assert current_correlation_id() is ID
    assert current_correlation_id() is None


@pytest.mark.anyio
async def test_the_id_goes_with_tasks_and_threads() -> None:
    """Both start with a copy of the context, and cannot change ours."""
    seen: list[UUID | None] = []

    async def child() -> None:
        seen.append(current_correlation_id())
        with correlation_scope():
            await anyio.sleep(1)

    with correlation_scope(ID):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
            await anyio.sleep(0.5)
            seen.append(current_correlation_id())
        seen.append(await anyio.to_thread.run_sync(current_correlation_id))

    assert seen == [ID, ID, ID]
