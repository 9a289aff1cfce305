"""Ask the newest release of every library of the table whether the table still fits.

``python tools/classification_newest.py`` installs each library into an environment of
its own below .venvs/classification, from the package index and nothing else, and says:

* which names of the table are no exception types there any more (exit status 1),
* which exception types there no row is for, not even for a base of theirs,
* which libraries could not be installed.

Arguments are the libraries to ask, by the name of their package; none: all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

ROOT: Final = Path(__file__).parent.parent
PLACE: Final = ROOT / ".venvs" / "classification"
TABLE: Final = ROOT / "python" / "seawall" / "_classification.py"

# What to install, and what to import so that all of its exceptions are there.
LIBRARIES: Final = {
    "aio-pika": ("aio_pika", "aio_pika.patterns", "aiormq"),
    "aiohttp": ("aiohttp", "aiohttp.http_exceptions"),
    "aiokafka": ("aiokafka", "aiokafka.errors"),
    "anthropic": ("anthropic",),
    "anyio": ("anyio",),
    "asyncpg": ("asyncpg",),
    "boto3": ("boto3", "boto3.exceptions", "botocore.exceptions", "botocore.parsers"),
    "confluent-kafka": ("confluent_kafka", "confluent_kafka.cimpl"),
    "coredis": ("coredis", "coredis.exceptions"),
    "elasticsearch": ("elasticsearch", "elastic_transport"),
    "google-api-core": ("google.api_core.exceptions",),
    "google-auth": ("google.auth.exceptions",),
    "grpcio": ("grpc", "grpc.aio"),
    "httpcore2": ("httpcore2",),
    "httpx": ("httpx", "httpcore"),
    "httpx2": ("httpx2",),
    "hvac": ("hvac",),
    "infisicalsdk": ("infisical_sdk",),
    "omnibase_infra": ("omnibase_infra.errors",),
    "openai": ("openai",),
    "psycopg[binary,pool]": ("psycopg", "psycopg.errors", "psycopg_pool"),
    "py-consul": ("consul", "consul.exceptions"),
    "pymongo": ("pymongo", "pymongo.errors"),
    "redis": ("redis", "redis.asyncio", "redis.auth.err", "redis.event"),
    "requests": ("requests",),
    "sqlalchemy[asyncio]": ("sqlalchemy.exc", "sqlalchemy.orm.exc"),
    "trio": ("trio",),
    "urllib3": ("urllib3", "urllib3.exceptions"),
    "valkey": ("valkey", "valkey.asyncio"),
}
# Modules whose code is another library's.
SHARED: Final = {"google"}

# Runs in the other environment: imports, and prints what it has found.
PROBE: Final = """
import importlib, importlib.util, json, sys

table, modules, names = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
spec = importlib.util.spec_from_file_location("table", table)
data = importlib.util.module_from_spec(spec)
spec.loader.exec_module(data)

for module in modules:
    importlib.import_module(module)


def name_of(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


def found(name):
    # Of these, only the compiled half knows its own name.
    parts = name.replace("cimpl.", "confluent_kafka.cimpl.").split(".")
    for size in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:size]))
            for part in parts[size:]:
                value = getattr(value, part)
        except (ImportError, AttributeError):
            continue
        return value


def below(kind):
    for each in type.__subclasses__(kind):
        yield each
        yield from below(each)


def is_here(name):
    return any(name.startswith(prefix) for prefix in prefixes)


prefixes = json.loads(sys.argv[4])
lost = [name for name in names if not isinstance(found(name), type)]
lost += [name for name in names if name not in lost and name_of(found(name)) != name]
unknown = {
    name_of(kind)
    for kind in below(Exception)
    if is_here(name_of(kind))
    and ".vendored." not in kind.__module__
    and not kind.__name__.startswith("_")
    and not any(name_of(base) in data.TYPES for base in kind.__mro__)
}
print(json.dumps({"lost": sorted(lost), "unknown": sorted(unknown)}))
"""


@attrs.frozen
class Answer:
    """What the newest release of a library says."""

    library: str
    version: str = ""
    lost: Sequence[str] = ()
    unknown: Sequence[str] = ()
    problem: str = ""


def names_of(modules: Sequence[str]) -> list[str]:
    """List the names of the table that *modules* must have."""
    prefixes = tuple(prefixes_of(modules))
    return [name for name in named() if name.startswith(prefixes)]


def prefixes_of(modules: Sequence[str]) -> Iterator[str]:
    """Say how the names of a library's own exceptions begin."""
    for module in modules:
        first = module.partition(".")[0]
        if first in SHARED:
            yield ".".join(module.split(".")[:2]) + "."
        else:
            yield f"{first}."
    if "confluent_kafka" in modules:
        yield "cimpl."


def named() -> list[str]:
    """List every name of the table, types and causes."""
    scope: dict[str, Any] = {}
    exec(compile(TABLE.read_text(), TABLE, "exec"), scope)  # noqa: S102 -- ours
    names: list[str] = []
    for name, rows in scope["TYPES"].items():
        rules = [rule.partition(":") for rule, _ in rows]
        causes = [what for kind, _, what in rules if kind in {"cause", "context"}]
        names += [name, *causes]
    return names


def ask(library: str) -> Answer:
    """Install *library* and compare the table with it."""
    modules = LIBRARIES[library]
    place = PLACE / library.partition("[")[0]
    try:
        install(library, place)
        asked = modules, names_of(modules), list(prefixes_of(modules))
        command = [
            place / "bin" / "python",
            "-c",
            PROBE,
            TABLE,
            *map(json.dumps, asked),
        ]
        answer = json.loads(run(command).splitlines()[-1])
    except subprocess.CalledProcessError as error:
        return Answer(library, problem=(error.stderr or "").strip()[-300:])
    return Answer(
        library, version_of(library, place), answer["lost"], answer["unknown"]
    )


def install(library: str, place: Path) -> None:
    """Bring the newest release, as wheels: nothing is built, and nothing else runs."""
    if not (place / "bin" / "python").exists():
        run([sys.executable, "-m", "venv", "--without-pip", place])
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    python = ["--python", str(place / "bin" / "python")]
    options = ["--upgrade", "--upgrade-strategy", "eager", "--only-binary", ":all:"]
    run([*pip, *python, "install", *options, library])


def version_of(library: str, place: Path) -> str:
    """Say which release that is."""
    name = library.partition("[")[0]
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return run([place / "bin" / "python", "-c", code]).strip()


def run(command: Sequence[str | Path]) -> str:
    """Run *command* and return what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def report(answer: Answer) -> None:
    """Print one library's lines."""
    if answer.problem:
        print(f"{answer.library}: could not be asked: {answer.problem}")
        return
    state = "fits" if not answer.lost and not answer.unknown else "differs"
    print(f"{answer.library} {answer.version}: {state}")
    for name in answer.lost:
        print(f"  gone: {name}")
    for name in answer.unknown:
        print(f"  no row: {name}")


def main() -> int:
    """Ask them one after the other."""
    parser = argparse.ArgumentParser(
        description="Ask the newest releases whether the table fits."
    )
    parser.add_argument("libraries", nargs="*", choices=[*LIBRARIES, []])
    asked = parser.parse_args().libraries or LIBRARIES
    lost = 0
    for library in asked:
        answer = ask(library)
        report(answer)
        lost += len(answer.lost)
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
