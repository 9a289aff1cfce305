"""One server of each kind for the whole run, handed out healthy to each test.

A plugin of its own, so that a folder can have the servers of the whole run, or import
these fixtures into its conftest and have its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.testing import (
    Kafka,
    OpenBao,
    PostgreSQL,
    ServerNotInstalledError,
    Valkey,
    fetch_kafka,
)

HERE = Path(__file__).parent
POM = HERE / "services" / "kafka" / "pom.xml"
CACHE = HERE.parent / ".cache" / "kafka"


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """The broker, brought by Maven once; a skip with the reason elsewhere."""
    try:
        return fetch_kafka(POM, CACHE)
    except ServerNotInstalledError as error:
        pytest.skip(f"no Kafka broker on this machine: {error}")


@pytest.fixture(scope="session")
def _postgres() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def _valkey() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def _openbao() -> Iterator[OpenBao]:
    with OpenBao() as server:
        yield server


@pytest.fixture(scope="session")
def _kafka(kafka_jars: Path) -> Iterator[Kafka]:
    with Kafka(kafka_jars) as server:
        yield server


@pytest.fixture
def postgres(_postgres: PostgreSQL) -> PostgreSQL:
    """A PostgreSQL that answers, whatever the test before did to it."""
    return _postgres.heal()


@pytest.fixture
def valkey_server(_valkey: Valkey) -> Valkey:
    """A Valkey that answers."""
    return _valkey.heal()


@pytest.fixture
def openbao(_openbao: OpenBao) -> OpenBao:
    """An OpenBao that answers."""
    return _openbao.heal()


@pytest.fixture
def kafka(_kafka: Kafka) -> Kafka:
    """A Kafka broker that answers."""
    return _kafka.heal()
