"""What every bench needs: the rounds to run, and a build worth measuring."""

from __future__ import annotations

import gc
import os
import platform
from importlib import metadata
from typing import Any

import pytest

import peers
import seawall
from race import DEFAULT_ROUNDS, Lane, stopwatch


def pytest_configure() -> None:
    """Refuse to measure what nobody ships."""
    profile = seawall.build_info()["profile"]
    if profile != "release":
        pytest.exit(
            f"seawall is a {profile} build, whose costs say nothing: "
            f"build it with `maturin develop --release`",
            returncode=2,
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every bench the stopwatch; what is loaded by now is nobody's garbage."""
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=stopwatch))
    gc.collect()
    gc.freeze()


def pytest_benchmark_generate_machine_info() -> dict[str, Any]:
    """Name what was measured, and no machine: the figures are ratios."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "seawall": dict(seawall.build_info()),
        "generated_wrappers": os.environ.get("SEAWALL_GENERATE", "1") != "0",
        "peers": {name: metadata.version(name) for name in peers.DISTRIBUTIONS},
    }


def pytest_benchmark_generate_commit_info() -> dict[str, Any]:
    """Leave the repository out of it."""
    return {}


@pytest.fixture
def rounds() -> int:
    """How many rounds each case gets: SEAWALL_BENCH_ROUNDS, or `run.py --rounds`."""
    return int(os.environ.get("SEAWALL_BENCH_ROUNDS", DEFAULT_ROUNDS))


@pytest.fixture
def run(benchmark: Any, rounds: int) -> Any:
    """Run one lane."""

    def run(lane: Lane) -> None:
        lane.run(benchmark, rounds)

    return run
