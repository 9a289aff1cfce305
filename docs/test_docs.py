"""What the pages say is true, and nothing public is left out."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import seawall.patterns
import seawall.testing

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

from classification_tables import libraries  # noqa: E402
from public_names import public_names  # noqa: E402

# What seawall.patterns passes on is documented where it comes from.
PASSED_ON = {
    name
    for name in seawall.patterns.__all__
    if getattr(seawall, name, None) is getattr(seawall.patterns, name)
}


def page(name: str) -> str:
    """Read a page."""
    return (DOCS / f"{name}.md").read_text()


def found(pattern: str, name: str) -> set[str]:
    """Find what *pattern* captures at the beginnings of lines."""
    return set(re.findall(pattern, page(name), re.MULTILINE))


@pytest.mark.parametrize("module", [seawall, seawall.patterns, seawall.testing])
def test_every_public_name_is_in_the_reference(module: ModuleType) -> None:
    """What is not documented is not public, and nobody can rely on it."""
    entries = found(r"^\.\. [\w:]+:: (seawall[\w.]*)", "reference/api")
    expected = {
        f"{module.__name__}.{name}"
        for name in public_names(module)
        if module is not seawall.patterns or name not in PASSED_ON
    }
    assert expected - entries == set()


def test_every_entry_of_the_reference_is_public() -> None:
    """A name that was renamed must not linger."""
    public = {
        f"{module.__name__}.{name}"
        for module in (seawall, seawall.patterns, seawall.testing)
        for name in public_names(module)
    }
    entries = found(r"^\.\. [\w:]+:: (seawall[\w.]*)", "reference/api")
    assert entries - public == set()


def test_every_library_of_the_table_has_a_section() -> None:
    """The data grows by a library; the page must not forget it."""
    shown = found(r"^```\{classification\} (\w+)$", "reference/errors")
    assert shown == libraries()


def test_pages_of_policies_are_made_alike() -> None:
    """Whoever knows one page knows where to look in all of them."""
    common = [
        "About",
        "Usage",
        "Options and defaults",
        "Errors and events",
        "Anti-patterns",
    ]
    for policy in (
        "retry",
        "breaker",
        "timeout",
        "fallback",
        "credentials",
        "pipeline",
    ):
        headings = re.findall(r"^## (.*)$", page(f"howto/{policy}"), re.MULTILINE)
        assert [h for h in headings if h in common] == common, policy


def test_everything_that_is_shown_as_output_was_printed() -> None:
    """A block of any other language is not run, and says so by its language."""
    allowed = {"python", "output", "console", "eval-rst"}
    for path in DOCS.rglob("*.md"):
        languages = set(re.findall(r"^ *```([\w-]+)", path.read_text(), re.MULTILINE))
        assert languages <= allowed, path
