"""Millions of random operations, on the core's breaker and on its model alike.

`make model-soak` runs it. The seed is printed, so that whatever happens can be
repeated; how far it is goes to stderr. A difference is cut down to the shortest history
that still shows it, and ends with status 1.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from models import soak


def main() -> int:
    """Run, tell on the way, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ops", type=int, default=10**7, help="operations")
    parser.add_argument("--seed", type=int, help="whole number; a random one if none")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)

    began, done = time.monotonic(), 0
    moves: Counter[str] = Counter()
    for report in soak.run(seed, options.ops, options.processes):
        _show_progress(done, done + report.operations, options.ops, began)
        done += report.operations
        moves += report.moves
        if report.found is not None:
            print(f"\ndiverged after {done:,} operations\n{report.found}")
            return 1
    _tell(done, moves)
    return 0


def _show_progress(before: int, done: int, wanted: int, began: float) -> None:
    """One line that is written over; in a file, one for each tenth."""
    elapsed = time.monotonic() - began
    text = f"{done:>12,} of {wanted:,} operations, {elapsed:.0f} s"
    if sys.stderr.isatty():
        end = "\r" if done < wanted else "\n"
        print(text, end=end, file=sys.stderr, flush=True)
    elif before * 10 // wanted != done * 10 // wanted:
        print(text, file=sys.stderr, flush=True)


def _tell(done: int, moves: Counter[str]) -> None:
    """What has been there to differ in, and that nothing did."""
    for name, count in moves.most_common():
        print(f"{count:>12,}  {name}")
    print(f"{done:,} operations, 0 divergences")


if __name__ == "__main__":
    sys.exit(main())
