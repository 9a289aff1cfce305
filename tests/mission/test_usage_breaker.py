"""The document's example of a Kafka producer, on aiokafka and a real broker.

On asyncio only, because aiokafka is. Needs Java and Maven; without them it is skipped,
and says so.

The example awaits `kafka_producer.send`. aiokafka's own `send` returns when the message
is in its buffer, long before the broker has it, so `kafka_producer` here is a producer
whose `send` waits; and `KafkaConnectionError` is what that raises when the broker is
gone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from types import ModuleType
from uuid import uuid4

import anyio
import pytest

from mission._document import Pattern, usage
from mission._pairs import together
from seawall.patterns import (
    CircuitState,
    EnumInfraTransportType,
    InfraUnavailableError,
)
from seawall.testing import Kafka

aiokafka = pytest.importorskip("aiokafka")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.services,
    pytest.mark.real_time,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

BROKER_IS_GONE = (
    aiokafka.errors.KafkaConnectionError,
    aiokafka.errors.NodeNotReadyError,
    aiokafka.errors.KafkaTimeoutError,
    aiokafka.errors.RequestTimedOutError,
)


@pytest.fixture
def anyio_backend() -> str:
    """The one backend of aiokafka."""
    return "asyncio"


class Producer(aiokafka.AIOKafkaProducer):  # type: ignore[misc]
    """Publishes, instead of intending to."""

    async def send(self, topic: str, message: bytes) -> None:
        await (await super().send(topic, message))


class Later:
    """The machine's monotonic clock, set forth so that nobody waits for a break."""

    def __init__(self) -> None:
        self.by = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.by


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """The clock of every breaker that this test builds."""
    clock = Later()
    monkeypatch.setattr(
        "seawall._clock.SystemClock.monotonic", lambda _: clock.monotonic()
    )
    return clock


@pytest.fixture
async def producer(kafka: Kafka) -> AsyncIterator[Producer]:
    """The example's `kafka_producer`; a second is long on loopback."""
    async with Producer(
        bootstrap_servers=kafka.bootstrap,
        request_timeout_ms=1000,
        retry_backoff_ms=50,
    ) as producer:
        yield producer


@pytest.fixture
def example(producer: Producer, later: Later) -> ModuleType:
    """The document's module, with its breaker."""
    _ = later
    return usage(
        Pattern.BREAKER, kafka_producer=producer, KafkaConnectionError=BROKER_IS_GONE
    )


async def consume(kafka: Kafka, topic: str) -> list[bytes]:
    """Return what the broker has."""
    async with aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        batches = await consumer.getmany(timeout_ms=5000)
        return [record.value for batch in batches.values() for record in batch]


async def test_a_broker_that_is_there_gets_the_message(
    example: ModuleType, kafka: Kafka
) -> None:
    """The undisturbed example: published, and the circuit is closed."""
    await example.publish_with_circuit_breaker("orders", b"one", uuid4())
    assert await consume(kafka, "orders") == [b"one"]
    assert example.kafka_circuit_breaker.state is CircuitState.CLOSED


async def test_a_broker_that_is_gone_opens_the_circuit_until_it_is_back(
    example: ModuleType, kafka: Kafka, later: Later
) -> None:
    """Five failures, then nobody waits; after the break two probes close it."""
    publish, breaker = (
        example.publish_with_circuit_breaker,
        example.kafka_circuit_breaker,
    )
    await publish("bills", b"before", uuid4())
    await anyio.to_thread.run_sync(kafka.stop)

    given = uuid4()
    failures = await together(5, publish, "bills", b"lost", given)
    assert breaker.state is CircuitState.OPEN
    assert breaker.failure_count == 5
    for failure in failures:
        assert isinstance(failure, InfraUnavailableError)
        assert isinstance(failure.__cause__, BROKER_IS_GONE)
        assert failure.context.transport_type is EnumInfraTransportType.KAFKA
        assert failure.context.target_name == "kafka-topic-bills"
        assert failure.correlation_id == given

    begun = asyncio.get_running_loop().time()
    rejections = await together(100, publish, "bills", b"rejected", uuid4())
    assert asyncio.get_running_loop().time() - begun < 1.0
    assert len(rejections) == 100
    assert all(isinstance(e, InfraUnavailableError) for e in rejections)
    assert all("OPEN" in str(e) for e in rejections)
    assert all(0 < e.retry_after <= 30.0 for e in rejections)

    await anyio.to_thread.run_sync(kafka.start)
    later.by = 31.0
    await publish("bills", b"first probe", uuid4())
    assert breaker.state is CircuitState.HALF_OPEN
    await publish("bills", b"second probe", uuid4())
    assert breaker.state is CircuitState.CLOSED
    arrived = await consume(kafka, "bills")
    assert arrived[0] == b"before"
    assert arrived[-2:] == [b"first probe", b"second probe"]
    assert b"rejected" not in arrived
