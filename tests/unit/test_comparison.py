"""The comparison with peers claims nothing that no test of ours holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benches" / "peers"
TEST = re.compile(r"tests/[\w/]+\.py::test_\w+")

pytestmark = pytest.mark.skipif(
    not PEERS.exists(), reason=f"the comparison is not here: no {PEERS}"
)


def claimed() -> set[str]:
    """Find the tests that the rows name."""
    return {
        node.value
        for path in PEERS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and TEST.fullmatch(node.value)
    }


def is_there(test: str) -> bool:
    """Look for a test without importing it."""
    path, name = test.split("::")
    if not (ROOT / path).exists():
        return False
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return any(isinstance(n, functions) and n.name == name for n in ast.walk(tree))


def test_every_row_is_held_by_a_test_that_exists() -> None:
    """A renamed test would leave a figure of ours without anything behind it."""
    tests = claimed()

    assert len(tests) > 10
    assert [test for test in sorted(tests) if not is_there(test)] == []


def test_every_row_names_the_test_that_holds_it() -> None:
    """There is no row without one."""
    rows = [
        node
        for path in PEERS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "row"
    ]
    held = [[getattr(test, "value", "") for test in row.args[1:]] for row in rows]

    assert len(rows) > 10
    assert all(tests and all(map(TEST.fullmatch, tests)) for tests in held)


def test_the_printed_table_is_that_of_the_rows() -> None:
    """A row added or dropped is a table refreshed."""
    readme = (PEERS / "README.md").read_text(encoding="utf-8")

    assert set(TEST.findall(readme)) == claimed()


def test_the_readme_names_tests_that_exist() -> None:
    """Each cell of ours there has one, or the command that measures it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("<!-- comparison -->")[1].split("<!-- /comparison -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]

    assert len(rows) > 8
    for row in rows:
        held = TEST.findall(row)
        assert held or "make bench" in row, row
        assert all(map(is_there, held)), row
