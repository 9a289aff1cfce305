"""The programs under test are the mission's, and all of them are under test."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mission._document import (
    BLOCKS,
    DOCUMENT,
    IMPLEMENTATIONS,
    USAGES,
    Block,
    Part,
    Pattern,
    defined_names,
    open_names,
    originals,
    read,
    usage,
)
from seawall import patterns

HERE = Path(__file__).parent


def test_the_copy_is_the_missions_text() -> None:
    """A copy that somebody "corrects" would no longer prove anything."""
    digest = hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()
    assert digest == "2e5bce03ef7adb152ae27016f59e62c5e5f08f3a7091ccceabb37631a8a03b7b"


def test_no_block_is_skipped() -> None:
    """Five implementations, four examples, and every fence of the document is one."""
    fences = [line for line in DOCUMENT.read_text().splitlines() if "```" in line]
    assert len(fences) == 2 * len(BLOCKS)
    assert [b.pattern for b in IMPLEMENTATIONS] == list(Pattern)
    assert list(USAGES) == [p for p in Pattern if p is not Pattern.COMBINING]
    assert len(BLOCKS) == len(IMPLEMENTATIONS) + len(USAGES) == 9


def test_a_block_stands_at_the_line_it_names() -> None:
    """A traceback must lead to the document's own line."""
    lines = DOCUMENT.read_text().splitlines()
    for block in BLOCKS:
        first = block.source.splitlines()[0]
        assert lines[block.line - 1] == first
        assert lines[block.line - 2] == "```python"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("## Bulkhead Pattern\n### Usage Example\n```python\n```\n", "decided"),
        ("## Combining Patterns\n### Extra\n```python\n```\n", "decided"),
        ("```python\n```\n", "decided"),
        ("```yaml\n```\n", "opens no python block"),
        ("## Combining Patterns\n```python\npass\n", "never closed"),
    ],
)
def test_a_block_of_no_known_purpose_is_an_error(text: str, complaint: str) -> None:
    """A tenth block must not pass unseen."""
    with pytest.raises(ValueError, match=complaint):
        list(read(text))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"line-{b.line}")
def test_only_import_lines_change(block: Block) -> None:
    """Programs written for the document run unchanged except for their imports."""
    before, after = block.source.splitlines(), block.with_our_imports().splitlines()
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old != new:
            assert re.match(r"from omnibase_infra\.(errors|enums) import \w", old)
            assert re.match(r"from seawall\.patterns import \w", new)
    assert "omnibase_infra" not in block.with_our_imports()


def test_every_implementation_block_gives_its_originals() -> None:
    """The pair tests compare with what the document prints, not with a retelling."""
    module = originals()
    for name in defined_names():
        code = inspect.unwrap(getattr(module, name))
        assert code is not getattr(patterns, name)
        if inspect.isfunction(code):
            assert code.__code__.co_filename == str(DOCUMENT)


def test_every_name_of_the_document_is_ours_too() -> None:
    """Whatever the document defines or imports, `seawall.patterns` has."""
    imported = {
        name.strip()
        for block in BLOCKS
        for line in re.findall(
            r"^from omnibase_infra\.\w+ import (.+)$", block.source, re.MULTILINE
        )
        for name in line.split(",")
    }
    assert defined_names() | imported <= set(patterns.__all__)


@pytest.mark.parametrize("pattern", USAGES)
def test_every_usage_block_has_its_tests_on_a_real_server(pattern: Pattern) -> None:
    """Each example runs for real, in a file of its own."""
    tests = HERE / f"test_usage_{pattern.name.lower()}.py"
    assert f"Pattern.{pattern.name}" in tests.read_text()


def test_the_document_leaves_open_what_we_bind() -> None:
    """These are the clients and settings of the reader; nothing else is given."""
    assert {p.name: open_names(p) for p in USAGES} == {
        "RETRY": {"asyncpg", "config"},
        "BREAKER": {"KafkaConnectionError", "kafka_producer"},
        "FALLBACK": {"asyncpg", "db", "json", "logger", "valkey"},
        "CREDENTIAL": {"Unauthorized"},
    }


def test_a_placeholder_too_many_or_too_few_is_refused() -> None:
    """A misspelt placeholder must not leave an example half bound."""
    with pytest.raises(TypeError, match="Unauthorized"):
        usage(Pattern.CREDENTIAL, Forbidden=PermissionError)


def _parameters(fn: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    found = inspect.signature(fn).parameters.values()
    return [(p.name, p.kind, p.default) for p in found]


FUNCTIONS = [
    "retry_with_exponential_backoff",
    "with_fallback",
    "with_credential_refresh",
    "resilient_operation",
    "CircuitBreaker",
    "CircuitBreakerConfig",
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_and_defaults_are_the_documents(name: str) -> None:
    """Positional calls of the document's programs must mean the same."""
    theirs = _parameters(getattr(originals(), name))
    ours = _parameters(getattr(patterns, name))
    # The one freedom taken: an id that is required there may be left out here.
    theirs = [
        (p, kind, None if p == "correlation_id" else default)
        for p, kind, default in theirs
    ]
    assert ours == theirs


def test_the_protocol_and_the_enum_are_the_documents() -> None:
    """A reader's own `Credential` and his comparisons of states keep working."""
    module = originals()
    theirs = {state.name: state.value for state in module.CircuitState}
    ours = {state.name: state.value for state in patterns.CircuitState}
    assert theirs.items() <= ours.items()
    assert set(ours) - set(theirs) == {"ISOLATED", "DISABLED"}
    members = {"is_expired", "refresh"}
    assert members <= set(dir(module.Credential)) & set(dir(patterns.Credential))


def test_the_configuration_is_the_documents_dataclass() -> None:
    """`replace` and `asdict` work on it as on the original."""
    theirs, ours = originals().CircuitBreakerConfig, patterns.CircuitBreakerConfig
    assert dataclasses.asdict(ours()) == dataclasses.asdict(theirs())
    changed = dataclasses.replace(ours(3), success_threshold=1)
    assert dataclasses.astuple(changed)[:2] == (3, 1)


def test_parts_are_two() -> None:
    """An implementation gives originals, an example is run; there is no third use."""
    assert {block.part for block in BLOCKS} == set(Part)


def test_the_list_of_deviations_is_complete_and_true() -> None:
    """Each deviation names its test, and each test has its place in the list."""
    page = HERE.parents[1] / "docs" / "explanation" / "deviations.md"
    listed = re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))
    tree = ast.parse((HERE / "test_deviations.py").read_text(encoding="utf-8"))
    pairs = [
        node.name
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert sorted(listed) == sorted(pairs)
