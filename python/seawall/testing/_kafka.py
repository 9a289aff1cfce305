"""A real Kafka broker on loopback, for machines with Java and Maven."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from seawall.testing._ports import free_port
from seawall.testing._servers import Server, ServerNotInstalledError

_JAVA_OPTIONS: Final = (
    "-Xmx256m",
    "-Xms64m",
    "-XX:+UseSerialGC",
    # Starts twice as fast, and nobody measures the broker.
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


@final
class Kafka(Server):
    """A Kafka broker of one node that can crash and hang; its topics survive both.

    Example::

        jars = fetch_kafka(Path("kafka/pom.xml"), Path(".cache/kafka"))
        with Kafka(jars) as server:
            producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap)

    Args:
        jars: The folder that :func:`fetch_kafka` returns.
        advertised_port: The port that clients are told, in place of the broker's own:
            a proxy's, to put every byte of theirs through it.
    """

    name = "kafka"

    def __init__(self, jars: Path, *, advertised_port: int | None = None) -> None:
        self._java: Final = _program("java")
        self._jars: Final = jars
        super().__init__()
        self._advertised_port = advertised_port or self.port
        self._controller_port = free_port()

    @property
    def bootstrap(self) -> str:
        """The address, as aiokafka reads it."""
        return f"127.0.0.1:{self._advertised_port}"

    def _prepare(self) -> None:
        settings = self._settings().items()
        self._configuration.write_text(
            "".join(f"{name}={value}\n" for name, value in settings)
        )
        self._run(
            [
                *self._run_class("kafka.tools.StorageTool"),
                *("format", "--ignore-formatted", "-t", _cluster_id()),
                *("-c", self._configuration),
            ]
        )

    def _command(self) -> Sequence[str | Path]:
        return [*self._run_class("kafka.Kafka"), self._configuration]

    def _is_ready(self) -> bool:
        # ApiVersions, version 0, from a client without a name. The port opens late:
        # whoever answers this has joined the cluster.
        request = b"\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff"
        answer = self._ask(len(request).to_bytes(4, "big") + request, 8)
        return answer[4:] == b"\x00\x00\x00\x07"

    @property
    def _configuration(self) -> Path:
        return self.directory / "server.properties"

    def _run_class(self, name: str) -> Sequence[str | Path]:
        return [self._java, *_JAVA_OPTIONS, "-cp", f"{self._jars}/*", name]

    def _settings(self) -> dict[str, object]:
        broker = f"PLAINTEXT://127.0.0.1:{self.port}"
        controller = f"127.0.0.1:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "log.dirs": self.directory / "data",
            "num.partitions": 1,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            # By default a restart after a crash waits nine seconds for the session of
            # the broker that died.
            "broker.session.timeout.ms": 1000,
            "broker.heartbeat.interval.ms": 200,
        }


def fetch_kafka(pom: Path, cache: Path) -> Path:
    """Bring the jars that *pom* names into *cache*, once, and say where they are.

    Raises:
        ServerNotInstalledError: If there is no Java or no Maven, or Maven cannot have
            the jars; with the reason.
    """
    _program("java")
    # A folder per content of the file: a new version is a new folder.
    jars = cache / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if jars.is_dir():
        return jars
    maven = _program("mvn")
    # Renamed when complete: a copy that was interrupted is never taken for one.
    unfinished = cache / f"{jars.name}.{os.getpid()}"
    unfinished.mkdir(parents=True, exist_ok=True)
    goal = "dependency:copy-dependencies"
    command = [maven, "-q", "-B", "-f", str(pom.resolve()), goal]
    try:
        subprocess.run(  # noqa: S603 (Maven, with our own arguments)
            [*command, f"-DoutputDirectory={unfinished.resolve()}"],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
        )
        _rename_unless_there(unfinished, jars)
    except subprocess.SubprocessError as error:
        output: bytes = getattr(error, "stdout", None) or b""
        raise ServerNotInstalledError(
            f"Maven did not bring Kafka ({error}): {output.decode()[-1000:].strip()}"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return jars


def _rename_unless_there(unfinished: Path, finished: Path) -> None:
    try:
        unfinished.rename(finished)
    except OSError:
        # Another process was faster; its copy is as good.
        if not finished.is_dir():
            raise


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ServerNotInstalledError(
            f"Kafka needs {name}, which is not on the PATH: install Java 17 and Maven"
        )
    return found


def _cluster_id() -> str:
    # Sixteen bytes, of which the first is zero: an id that began with a dash would be
    # read as an option.
    return base64.urlsafe_b64encode(bytes(1) + secrets.token_bytes(15)).decode()[:22]
