"""The types are part of the API: correct programs pass, and mistakes are reported."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.timeout(300)

HERE: Final = Path(__file__).parent
API: Final = HERE / "api.py"
MISUSE: Final = HERE / "misuse.py"
REPORTED: Final = re.compile(r"(?:^|[\\/ ])(\w+\.py):(\d+)(?::\d+)?\b.*?\berror\b.*")


def mypy(path: Path, cache: Path) -> list[str]:
    """Run mypy strictly, with no settings but its own."""
    options = ["--strict", "--config-file=", f"--cache-dir={cache}", "--no-pretty"]
    return _errors([sys.executable, "-m", "mypy", *options, str(path)], path)


def basedpyright(path: Path, cache: Path) -> list[str]:
    """Run basedpyright; the file itself asks for strictness."""
    settings = cache / "pyrightconfig.json"
    settings.write_text(f'{{"include": ["{path}"], "typeCheckingMode": "strict"}}')
    options = ["--project", str(settings), "--pythonpath", sys.executable]
    return _errors([sys.executable, "-m", "basedpyright", *options], path)


def _errors(command: Sequence[str], path: Path) -> list[str]:
    module = command[2]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"NOT CHECKED: {module} is not installed, `make check` brings it")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    lines = (done.stdout + done.stderr).splitlines()
    found = [line.strip() for line in lines if REPORTED.search(line)]
    # Exit status 1 means that errors were reported. Anything else means that nothing
    # was checked at all, and an empty list would be taken for praise.
    assert done.returncode == int(bool(found)), done.stdout + done.stderr
    assert all(path.name in line for line in found), found
    return found


Checker = Callable[[Path, Path], list[str]]
both = pytest.mark.parametrize("checker", [mypy, basedpyright])


@both
def test_correct_programs_are_accepted(checker: Checker, tmp_path: Path) -> None:
    """Decorators keep signatures, `call` infers results, nothing decays to Any."""
    assert checker(API, tmp_path) == []


@both
def test_mistakes_are_reported_and_nothing_else(
    checker: Checker, tmp_path: Path
) -> None:
    """A misspelt option or a lost `await` is found before the program runs."""
    reported = {
        int(found[2]): line
        for line in checker(MISUSE, tmp_path)
        if (found := REPORTED.search(line))
    }
    marked = _marked(MISUSE)

    missed = {number: marked[number] for number in marked.keys() - reported.keys()}
    invented = {n: reported[n] for n in reported.keys() - marked.keys()}

    assert (missed, invented) == ({}, {})


def _marked(path: Path) -> dict[int, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {n: line for n, line in enumerate(lines, start=1) if line.endswith("# E")}
