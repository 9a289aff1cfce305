"""Clients of Kafka, and what their errors mean: each really raised."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import Any

import anyio
import pytest
from aiokafka import AIOKafkaProducer, errors
from confluent_kafka import Consumer, KafkaException

from loopback import Answer, Loopback, closed, garbage, hang
from meanings import MAYBE, SLOW, free_port, row_of, said, sources
from seawall import CircuitBreaker, CircuitState, Consecutive
from seawall.testing import Kafka

pytestmark = pytest.mark.real_time

PATIENCE = 0.5
NEVER = 20.0


def check(what: str, exc: BaseException, expected: str) -> None:
    """It means what is expected, and its row was settled by provoking it."""
    assert said(exc) == expected, (what, row_of(exc), repr(exc))
    assert sources()[row_of(exc)].startswith("provoked:kafka."), (what, row_of(exc))


# ---------------------------------------------------------------- nobody's broker


async def by_aiokafka(port: int) -> None:
    """Ask by aiokafka, once."""
    milliseconds = int(PATIENCE * 1_000)
    producer = AIOKafkaProducer(
        bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=milliseconds
    )
    try:
        await producer.start()
    finally:
        await producer.stop()


NOBODY: dict[str, Answer] = {"hang": hang, "closed": closed, "garbage": garbage}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", ["refused", *NOBODY])
async def test_aiokafka_says_of_every_broker_that_is_not_one_the_same(
    what: str,
) -> None:
    """Refused, hanging and closed alike, so nothing more than this can be known."""
    with (
        Loopback(NOBODY.get(what, closed)) as nobody,
        pytest.raises(errors.KafkaError) as caught,
    ):
        await by_aiokafka(free_port() if what == "refused" else nobody.port)

    check(what, caught.value, MAYBE)


@pytest.mark.parametrize("what", ["refused", "hang", "closed"])
def test_confluents_client_says_of_every_broker_that_is_not_one_the_same(
    what: str,
) -> None:
    """Its own retriable() says no, and it is."""
    with Loopback(NOBODY.get(what, closed)) as nobody:
        port = free_port() if what == "refused" else nobody.port
        address = f"127.0.0.1:{port}"
        client = Consumer(
            {"bootstrap.servers": address, "group.id": "x", "log_level": 0}
        )
        # Only a client that can be closed stops trying that port.
        with closing(client), pytest.raises(KafkaException) as caught:
            client.list_topics(timeout=PATIENCE)

    check(what, caught.value, MAYBE)


# ---------------------------------------------------------------- a real one


@asynccontextmanager
async def producing(kafka: Kafka, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A producer of aiokafka's, let go of in time."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, **options)
    await producer.start()
    try:
        yield producer
    finally:
        with anyio.move_on_after(5):
            await producer.stop()


async def too_large(kafka: Kafka) -> None:
    """The broker does not take it."""
    async with producing(kafka, max_request_size=10_000_000) as producer:
        await producer.send_and_wait("classified", b"x" * 5_000_000)


async def too_large_for_us(kafka: Kafka) -> None:
    """The client does not even send it."""
    async with producing(kafka) as producer:
        await producer.send_and_wait("classified", b"x" * 5_000_000)


async def hanging(kafka: Kafka) -> None:
    """The broker hangs."""
    async with producing(kafka, request_timeout_ms=2_000) as producer:
        await producer.send_and_wait("classified", b"x")
        await anyio.to_thread.run_sync(kafka.pause)
        try:
            await producer.send_and_wait("classified", b"x")
        finally:
            await anyio.to_thread.run_sync(kafka.resume)


BROKER: dict[str, tuple[Callable[[Kafka], Awaitable[None]], str]] = {
    "too large": (too_large, "rejected no answered no"),
    "too large for us": (too_large_for_us, "rejected no answered no"),
    "hang": (hanging, SLOW),
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("what", BROKER)
async def test_aiokafka_says_what_happened(what: str, kafka: Kafka) -> None:
    """Whatever hangs or dies is a time-out there: delivered or not, it cannot say."""
    situation, expected = BROKER[what]

    with pytest.raises(errors.KafkaError) as caught, anyio.fail_after(NEVER):
        await situation(kafka)

    check(what, caught.value, expected)


# ---------------------------------------------------------------- circuits


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.usefixtures("clients_may_block")
async def test_answers_leave_a_circuit_closed_and_a_dead_broker_opens_it(
    kafka: Kafka,
) -> None:
    """Five messages that are too large, and five that find no broker."""
    breaker = CircuitBreaker("kafka", trip=Consecutive(5))

    for _ in range(5):
        with pytest.raises(errors.KafkaError):
            await breaker.call(too_large, kafka)
    assert breaker.state is CircuitState.CLOSED

    for _ in range(5):
        with pytest.raises(errors.KafkaConnectionError):
            await breaker.call(by_aiokafka, free_port())
    assert breaker.state is CircuitState.OPEN
