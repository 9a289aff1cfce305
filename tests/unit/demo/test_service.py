"""The service of the demo, guarded and bare, in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from seawall import CircuitState
from seawall.demo._service import BREAK, Answer, Look, bare, guarded

if TYPE_CHECKING:
    from .conftest import FakeClients

pytestmark = pytest.mark.anyio


async def _ask_ten(look: Look) -> list[Answer]:
    answers: list[Answer] = []

    async def ask(user_id: int) -> None:
        answers.append(await look(user_id))

    async with anyio.create_task_group() as callers:
        for user_id in range(10):
            callers.start_soon(ask, user_id)
    return answers


async def test_both_answer_alike_while_all_is_well(clients: FakeClients) -> None:
    """The same service: what guards it changes no answer."""
    async with guarded(clients, clients.lane) as ours, bare(clients) as theirs:
        assert await ours.answer(3) == await theirs.answer(3)
        assert (ours.permits_out(), theirs.permits_out()) == (0, 0)


async def test_a_stale_answer_says_so(clients: FakeClients) -> None:
    """From the cache, with the time at which it was true, and marked."""
    async with guarded(clients, clients.lane) as service:
        fresh = await service.answer(3)
        clients.world.kill()
        stale = await service.answer(3)

    assert not fresh.stale
    assert fresh.user.kept_at is None
    assert stale.stale
    assert stale.user.kept_at is not None
    assert stale.seal == fresh.seal


async def test_who_was_never_looked_up_gets_the_error(clients: FakeClients) -> None:
    """A cache miss is no answer."""
    clients.world.kill()
    async with guarded(clients, clients.lane) as service:
        with pytest.raises(ConnectionRefusedError):
            await service.answer(3)


async def test_a_hanging_database_costs_nobody_his_deadline(
    clients: FakeClients,
) -> None:
    """Two attempts, then the cache; without, as long as it hangs."""
    async with guarded(clients, clients.lane) as service:
        await service.answer(3)
        clients.world.hang()
        begun = anyio.current_time()
        assert (await service.answer(3)).stale
        assert anyio.current_time() - begun < 1.0


async def test_the_circuit_opens_and_closes_by_itself(clients: FakeClients) -> None:
    """And its moves are noted."""
    async with guarded(clients, clients.lane) as service:
        await _ask_ten(service.answer)
        clients.world.kill()
        await _ask_ten(service.answer)
        reached = len(clients.lane.attempts)
        await _ask_ten(service.answer)
        assert len(clients.lane.attempts) == reached

        clients.world.back()
        await anyio.sleep(BREAK)
        await service.answer(1)
        await service.answer(2)
        assert not (await service.answer(3)).stale

    assert [state for _, state in clients.lane.circuit] == [
        CircuitState.OPEN,
        CircuitState.HALF_OPEN,
        CircuitState.CLOSED,
    ]
    assert clients.lane.retries


async def test_ten_refusals_are_one_login(clients: FakeClients) -> None:
    """The bare service logs in ten times for the same."""
    async with guarded(clients, clients.lane) as ours, bare(clients) as theirs:
        for service, expected in ((ours, 1), (theirs, 10)):
            await service.answer(0)
            clients.world.revoke()
            clients.lane.logins.clear()
            await _ask_ten(service.answer)
            assert len(clients.lane.logins) == expected


async def test_a_token_is_renewed_before_it_ends(clients: FakeClients) -> None:
    """Nobody is refused because of its age."""
    refused = 0
    key = clients.key

    async def counting(*, token: str = "") -> bytes:
        nonlocal refused
        try:
            return await key(token=token)
        except clients.token_refused:
            refused += 1
            raise

    clients.key = counting  # type: ignore[method-assign]
    async with guarded(clients, clients.lane) as service:
        for _ in range(100):
            await service.answer(1)
            await anyio.sleep(0.1)

    assert refused == 0
    assert 5 <= len(clients.lane.logins) <= 9


async def test_what_the_bare_service_says_of_a_dead_database(
    clients: FakeClients,
) -> None:
    """The driver's error, at once, to everybody."""
    async with bare(clients) as service:
        clients.world.kill()
        with pytest.raises(ConnectionRefusedError):
            await service.answer(3)
