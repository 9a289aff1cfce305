"""Kafka's jars are brought once, or it is said why not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.testing import Kafka, ServerNotInstalledError, _kafka, fetch_kafka

Program = Callable[[str, str], None]

FETCH = """
for argument; do
    case $argument in -DoutputDirectory=*) folder=${argument#*=};; esac
done
touch $folder/kafka.jar
echo run >> $COUNT
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes programs, on a PATH that has no others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for real in ("sh", "touch"):
        found = next(
            Path(place, real)
            for place in os.environ["PATH"].split(":")
            if Path(place, real).exists()
        )
        (folder / real).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/usr/bin/env sh\n{script}")
        (folder / name).chmod(0o755)

    return make


@pytest.fixture
def pom(tmp_path: Path) -> Path:
    """Any file; Maven is not real here."""
    path = tmp_path / "pom.xml"
    path.write_text("<project/>")
    return path


def test_maven_is_asked_once(program: Program, pom: Path, tmp_path: Path) -> None:
    """The jars are the same until the file is another."""
    program("java", "")
    program("mvn", FETCH)
    cache = tmp_path / "cache"

    first = fetch_kafka(pom, cache)
    assert fetch_kafka(pom, cache) == first
    assert [jar.name for jar in first.iterdir()] == ["kafka.jar"]
    pom.write_text("<project></project>")
    assert fetch_kafka(pom, cache) != first

    assert (tmp_path / "count").read_text() == "run\n" * 2
    assert len(list(cache.iterdir())) == 2


def test_another_process_may_be_faster(
    program: Program, pom: Path, tmp_path: Path
) -> None:
    """Its copy is as good; ours goes."""
    program("java", "")
    program(
        "mvn", f"{FETCH}\ntouch_in=${{folder%.*}}\nmkdir $touch_in\ntouch $touch_in/x"
    )
    program("mkdir", 'exec /bin/mkdir "$@"')
    cache = tmp_path / "cache"

    jars = fetch_kafka(pom, cache)

    assert [jar.name for jar in jars.iterdir()] == ["x"]
    assert list(cache.iterdir()) == [jars]


def test_a_copy_that_cannot_be_moved_is_an_error(
    program: Program, pom: Path, tmp_path: Path
) -> None:
    """And is not left lying about."""
    program("java", "")
    program("mvn", f"{FETCH}\ntouch ${{folder%.*}}")
    cache = tmp_path / "cache"

    with pytest.raises(NotADirectoryError):
        fetch_kafka(pom, cache)

    assert [path.is_dir() for path in cache.iterdir()] == [False]


def test_what_maven_says_is_the_reason(
    program: Program, pom: Path, tmp_path: Path
) -> None:
    """Whoever reads the skip wants to know it."""
    program("java", "")
    program("mvn", "echo no network; exit 1")

    with pytest.raises(ServerNotInstalledError, match="did not bring.*: no network"):
        fetch_kafka(pom, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("missing", ["java", "mvn"])
def test_a_missing_program_is_named(
    program: Program, pom: Path, tmp_path: Path, missing: str
) -> None:
    """Both are needed."""
    for name in {"java", "mvn"} - {missing}:
        program(name, "")

    with pytest.raises(ServerNotInstalledError, match=f"needs {missing}, which is not"):
        fetch_kafka(pom, tmp_path / "cache")


def test_a_broker_without_java_is_refused_at_once(program: Program) -> None:
    """Before there is a directory to remove."""
    del program
    with pytest.raises(ServerNotInstalledError, match="needs java"):
        Kafka(Path("jars"))


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    """One in 64 random ones begins with a dash."""
    ids = {_kafka._cluster_id() for _ in range(200)}

    assert len(ids) == 200
    assert all(len(id_) == 22 and id_.startswith("A") for id_ in ids)
