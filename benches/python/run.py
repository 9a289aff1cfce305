"""Run the benches and print what they say.

python benches/python/run.py                 all of them, about two minutes
python benches/python/run.py --rounds 5      a quick look
python benches/python/run.py --check         exit 1 if a promise is broken
python benches/python/run.py -- -k retry     what follows -- goes to pytest
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from race import DEFAULT_ROUNDS
from report import Report

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "bench"


def main() -> int:
    """Run, print, judge."""
    options = parse()
    CACHE.mkdir(parents=True, exist_ok=True)
    raw = CACHE / "raw.json"
    raw.unlink(missing_ok=True)
    failed = measure(raw, options.rounds, options.pytest)
    if not raw.exists():
        return failed or 2
    report = Report.read(raw)
    report.write(options.json)
    report.print(Console(width=None if sys.stdout.isatty() else 120))
    broken = options.check and not all(bar.holds for bar in report.bars())
    return failed or int(broken)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    rounds = int(os.environ.get("SEAWALL_BENCH_ROUNDS", DEFAULT_ROUNDS))
    parser.add_argument(
        "--rounds", type=int, default=rounds, help="rounds of each case (%(default)s)"
    )
    parser.add_argument(
        "--check", action="store_true", help="exit 1 if a promise is broken"
    )
    parser.add_argument(
        "--json", type=Path, default=CACHE / "report.json", help="where to write it"
    )
    parser.add_argument("pytest", nargs="*", help="more arguments for pytest")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, not {options.rounds}")
    return options


def measure(raw: Path, rounds: int, more: list[str]) -> int:
    """Let pytest-benchmark run the rounds; a process of its own keeps both clean."""
    command = [sys.executable, "-m", "pytest", str(HERE), f"--benchmark-json={raw}"]
    environment = {**os.environ, "SEAWALL_BENCH_ROUNDS": str(rounds)}
    return subprocess.run(  # noqa: S603 -- our own command
        [*command, "--quiet", *more], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
