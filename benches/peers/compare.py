"""Ask seawall and its peers the same questions, and print what they do.

python benches/peers/compare.py              tables for people, about a minute
python benches/peers/compare.py --markdown   for a README
python benches/peers/compare.py --json       for programs
python benches/peers/compare.py --write      refresh the tables of README.md here
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import warnings
from pathlib import Path
from typing import Final

from rich.console import Console

from breaking import BREAKER_ROWS
from libraries import BREAKING, RETRYING
from retrying import RETRY_ROWS
from table import Table, as_json, as_markdown, asked, subject, with_speed

README: Final = Path(__file__).parent / "README.md"
MARKED: Final = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- /table -->)", re.DOTALL)


def main() -> None:
    """Ask, then print or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for form in ("markdown", "json", "write"):
        parser.add_argument(f"--{form}", dest="form", action="store_const", const=form)
    form = parser.parse_args().form
    logging.disable()  # thousands of retries are made on purpose
    warnings.simplefilter("ignore")  # what peers warn of is their own affair
    tables = compare()
    if form == "json":
        print(as_json(tables))
    elif form == "markdown":
        print(as_markdown(tables))
    else:
        show(tables)
    if form == "write":
        write(README, as_markdown(tables))


def compare() -> tuple[Table, ...]:
    """Ask everybody everything."""
    return (
        with_speed(asked("retry", RETRY_ROWS, RETRYING), "retry, first try succeeds"),
        with_speed(
            asked("circuit breaker", BREAKER_ROWS, BREAKING), "breaker, circuit closed"
        ),
    )


def show(tables: tuple[Table, ...]) -> None:
    """Print for people."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    for table in tables:
        table.print(console)
    console.print(subject(), style="dim")


def write(readme: Path, markdown: str) -> None:
    """Replace what stands between the markers."""
    text = readme.read_text(encoding="utf-8")
    if not MARKED.search(text):
        raise SystemExit(f"{readme} has no <!-- table --> ... <!-- /table -->")
    fresh = MARKED.sub(lambda _: f"\n{markdown}\n\n", text)
    readme.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
