"""The mission's document as programs.

`error_recovery_patterns.md` beside this file is the text, byte for byte. Its five
implementation blocks are the originals that seawall replaces; its four usage blocks are
programs that must run on seawall with nothing but their import lines changed.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Final

from seawall import patterns

DOCUMENT: Final = Path(__file__).with_name("error_recovery_patterns.md")


class Pattern(Enum):
    """The second-level headings that have code below them."""

    RETRY = "Exponential Backoff Pattern"
    BREAKER = "Circuit Breaker Pattern"
    FALLBACK = "Graceful Degradation Pattern"
    CREDENTIAL = "Credential Refresh Pattern"
    COMBINING = "Combining Patterns"


class Part(Enum):
    """What a block is for."""

    IMPLEMENTATION = "Implementation"
    USAGE = "Usage Example"


@dataclass(frozen=True)
class Block:
    """One ```python block; *line* is where its first line stands in the document."""

    pattern: Pattern
    part: Part
    line: int
    source: str

    def with_our_imports(self) -> str:
        """Return the block with `omnibase_infra` replaced in its import lines."""
        return re.sub(
            r"^from omnibase_infra\.(?:errors|enums) import ",
            "from seawall.patterns import ",
            self.source,
            flags=re.MULTILINE,
        )

    def import_lines(self) -> str:
        """Return the import lines alone, ours in place of `omnibase_infra`'s."""
        tree = ast.parse(self.with_our_imports())
        imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        return "\n".join(ast.unparse(line) for line in imports)

    def run(self, module: ModuleType) -> None:
        """Execute the block in *module*; tracebacks show the document's own lines."""
        text = "\n" * (self.line - 1) + self.with_our_imports()
        _execute(text, module)


def read(text: str | None = None) -> Iterator[Block]:
    """Yield the ```python blocks of the document, or of *text*, in order.

    Raises:
        ValueError: If a block stands where nobody has decided what it is for.
    """
    lines = (DOCUMENT.read_text() if text is None else text).splitlines()
    chapter = section = ""
    begun: int | None = None
    for number, line in enumerate(lines, start=1):
        if begun is not None:
            if line == "```":
                source = "\n".join(lines[begun : number - 1]) + "\n"
                yield Block(*_purpose(chapter, section, begun), begun + 1, source)
                begun = None
        elif line.startswith("```"):
            if line != "```python":
                raise ValueError(f"line {number}: {line!r} opens no python block")
            begun = number
        elif line.startswith("## "):
            chapter, section = line.removeprefix("## "), ""
        elif line.startswith("### "):
            section = line.removeprefix("### ")
    if begun is not None:
        raise ValueError(f"line {begun}: the block is never closed")


def _purpose(chapter: str, section: str, line: int) -> tuple[Pattern, Part]:
    """Say what a block is for, from the two headings it stands below."""
    if (chapter, section) == (Pattern.COMBINING.value, ""):
        return Pattern.COMBINING, Part.IMPLEMENTATION
    try:
        return Pattern(chapter), Part(section)
    except ValueError:
        raise ValueError(
            f"line {line}: nobody has decided what a block below "
            f"{chapter!r} / {section!r} is for"
        ) from None


BLOCKS: Final = tuple(read())
IMPLEMENTATIONS: Final = tuple(b for b in BLOCKS if b.part is Part.IMPLEMENTATION)
USAGES: Final = {b.pattern: b for b in BLOCKS if b.part is Part.USAGE}


def originals(*only: Pattern, **names: object) -> ModuleType:
    """Execute the implementation blocks and return the module they make.

    The errors are ours, everything else is the document's own.

    Args:
        only: Stop short of the other patterns. None given: all five.
        names: Put into the module after its imports, in place of what is there.
    """
    module = ModuleType("originals")
    for block in IMPLEMENTATIONS:
        if not only or block.pattern in only:
            block.run(module)
    vars(module).update(names)
    return module


def usage(
    pattern: Pattern, library: ModuleType = patterns, **placeholders: object
) -> ModuleType:
    """Execute a usage block on *library* and return the module it makes.

    Args:
        pattern: Whose usage example.
        library: Where the names of the implementation blocks come from.
        placeholders: The names that the document leaves open, such as ``config``.

    Raises:
        TypeError: If *placeholders* are not exactly the names that are left open.
    """
    if set(placeholders) != open_names(pattern):
        raise TypeError(f"{pattern} leaves open {sorted(open_names(pattern))}")
    module = ModuleType(f"usage_{pattern.name.lower()}")
    vars(module).update(_known(library))
    vars(module).update(placeholders)
    USAGES[pattern].run(module)
    return module


def _known(library: ModuleType) -> Mapping[str, object]:
    """Return what a reader of the page has at hand when he comes to an example."""
    module = ModuleType("known")
    for block in IMPLEMENTATIONS:
        _execute(block.import_lines(), module)
    defined = {name: getattr(library, name) for name in defined_names()}
    return vars(module) | defined


def _execute(text: str, module: ModuleType) -> None:
    # Not with this file's own `__future__` imports: the document has none.
    code = compile(text, str(DOCUMENT), "exec", dont_inherit=True)
    exec(code, vars(module))  # noqa: S102 -- a file of this repository


def defined_names() -> set[str]:
    """Name the functions and classes that the implementation blocks define."""
    return {
        node.name
        for block in IMPLEMENTATIONS
        for node in ast.parse(block.source).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }


def open_names(pattern: Pattern) -> set[str]:
    """Name what a usage block uses and neither it nor the page before it brings."""
    tree = ast.walk(ast.parse(USAGES[pattern].source))
    used, bound = set[str](), set[str]()
    for node in tree:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name)
            case _:
                pass
    return used - bound - set(dir(builtins)) - set(_known(patterns))
