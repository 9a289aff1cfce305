"""The table's source, and the program that turns it into a module."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
TOOL = HERE.parent.parent / "tools" / "classification.py"
SERVICES = HERE.parent / "services"

# A wheel is tested without the tools that made it.
pytestmark = pytest.mark.skipif(
    not TOOL.exists(), reason="the source tree is not here, so neither is its table"
)


def module_of(path: Path) -> ModuleType:
    """A program of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The program that writes the table."""
    return module_of(TOOL)


def test_the_module_is_what_its_source_says(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody edits the generated file."""
    assert tool.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_module_that_is_not_current_is_told(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And written again on demand."""
    target = tmp_path / "_classification.py"
    target.write_text("")
    monkeypatch.setattr(tool, "TARGET", target)

    assert tool.main(["--check"]) == 1
    assert "run python tools/classification.py" in capsys.readouterr().out
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0


GOOD = {
    "library": "x",
    "type": "x.Y",
    "rule": "",
    "category": "timeout",
    "retry": "if_idempotent",
    "breaker": "failure",
    "executed": "maybe",
    "headers": "",
    "source": "judged",
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"category": "by status"}, "no category is called 'by status'"),
        ({"retry": "Y"}, "no retry is called 'Y'"),
        ({"rule": "errno"}, "a rule needs an argument"),
        ({"rule": "errno in A, B"}, "a rule needs an argument"),
        ({"rule": "when:x"}, "no rule is called 'when'"),
        (
            {"rule": "http:status"},
            "the answer is elsewhere, so the columns stay empty",
        ),
        ({"rule": "as:orig"}, "the answer is elsewhere, so the columns stay empty"),
        ({"headers": "headers"}, "only an answer of HTTP has headers"),
        ({"source": "checked"}, "no source is written 'checked'"),
        ({"source": "read:"}, "no source is written 'read:'"),
        ({"source": "read:x 1.0"}, None),
        ({"source": "provoked:http.full pool"}, None),
        ({"retry": "yes"}, "what may have been executed is retried if idempotent"),
    ],
)
def test_prose_is_no_rule(
    tool: ModuleType, changes: dict[str, str], problem: str | None
) -> None:
    """Every row is one that a program reads."""
    assert tool.fault({**GOOD, **changes}) == problem


def test_a_row_at_fault_is_named(tool: ModuleType, tmp_path: Path) -> None:
    """With its line."""
    source = tmp_path / "x.csv"
    source.write_text(
        "\n".join([",".join(GOOD), "x,x.Y,,perhaps,no,failure,no,,judged", ""])
    )

    with pytest.raises(ValueError, match=r"x\.csv:2: no category is called 'perhaps'"):
        tool.read(source)


def test_every_type_has_its_rows_side_by_side(tool: ModuleType) -> None:
    """They are tried in their order, and the one without a rule ends it."""
    rows = [row for row in tool.read() if row["library"] not in tool.TABLES]
    seen: dict[str, str] = {}
    previous = ""
    for row in rows:
        name = row["type"]
        assert name == previous or name not in seen, f"{name} stands in two places"
        assert seen.get(name) != "", f"{name} has a row that is never reached"
        seen[name] = row["rule"]
        previous = name


def test_what_was_provoked_is_provoked_by_a_test(tool: ModuleType) -> None:
    """A row says which one, and a test that is gone settles nothing."""
    for row in tool.read():
        how, _, where = row["source"].partition(":")
        if how == "provoked":
            name, _, what = where.partition(".")
            path = SERVICES / f"test_classification_{name}.py"
            assert f'"{what}"' in path.read_text(), row


def test_every_library_of_the_table_is_asked_when_there_is_a_newer_one() -> None:
    """A name that nobody looks up again gets old unseen."""
    newest = module_of(TOOL.with_name("classification_newest.py"))
    standard = {"builtins", "socket", "ssl", "asyncio", "http"}
    named = {name for name in newest.named() if name.partition(".")[0] not in standard}
    asked = {
        name
        for modules in newest.LIBRARIES.values()
        for name in newest.names_of(modules)
    }

    assert named <= asked
