"""Run every python block of the pages and of the README, on both backends.

A block is a program that a reader can paste: it says ``anyio.run(main)``. Here that
runs on a virtual event loop, so a page about a break of ten seconds takes no time; each
document runs twice, once on asyncio and once on trio. Time goes on from one
``anyio.run`` of a page to the next, as it would for a reader.

The blocks of one page share their names, from the top to the bottom. A block of the
language ``output`` is what the python blocks since the last one have printed, exactly.

The README is no file of this folder, so the collector is a plugin and not a hook of
this conftest: hooks of a conftest see the files beside it only.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import anyio
import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import CodeBlockParser

from seawall.testing import VirtualClock, VirtualLoop

ROOT = Path(__file__).parent.parent


class Reader:
    """Somebody who pastes one block after another, on one backend."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.now = 0.0
        self.printed = io.StringIO()

    def run(self, main: Callable[..., Any], *args: Any) -> Any:
        """Do what ``anyio.run`` does, in virtual time."""
        if self.backend == "trio":
            clock = VirtualClock(start=self.now)
            options: dict[str, Any] = {"clock": clock, "instruments": [clock]}
            time = clock.current_time
        else:
            loop = VirtualLoop(start=self.now)
            options = {"loop_factory": lambda: loop}
            time = loop.time
        try:
            return _run(main, *args, backend=self.backend, backend_options=options)
        finally:
            self.now = time()


_run = anyio.run
_evaluate = PythonEvaluator()


def run_block(example: Example) -> None:
    """Run a python block, and keep what it prints."""
    reader = example.namespace["reader"]
    with (
        mock.patch("anyio.run", reader.run),
        contextlib.redirect_stdout(reader.printed),
    ):
        _evaluate(example)


def compare_output(example: Example) -> None:
    """Compare what was printed with what the page says."""
    reader = example.namespace["reader"]
    printed, reader.printed = reader.printed.getvalue(), io.StringIO()
    # An assertion, for pytest shows where the two differ.
    assert printed.rstrip() == str(example.parsed).rstrip()


def blocks_on(backend: str) -> Sybil:
    """Read documents for *backend*."""

    def begin(namespace: dict[str, Any]) -> None:
        namespace.update(__name__="__main__", reader=Reader(backend))

    return Sybil(
        parsers=[
            CodeBlockParser("python", run_block),
            CodeBlockParser("output", compare_output),
        ],
        path=str(ROOT),
        patterns=["README.md", "docs/*.md", "docs/*/*.md"],
        setup=begin,
        name=backend,
    )


class Blocks:
    """The plugin that finds documents."""

    collect = staticmethod((blocks_on("asyncio") + blocks_on("trio")).pytest())

    def pytest_collect_file(self, file_path: Path, parent: Any) -> Any:
        """Collect it, if it is a document."""
        return self.collect(file_path, parent)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put blocks in their order, whoever shuffled them: each builds on the last."""
        blocks = [item for item in items if isinstance(item, SybilItem)]
        blocks.sort(key=lambda b: (b.path, b.name.partition(",")[0], b.example.line))
        items[:] = [item for item in items if not isinstance(item, SybilItem)] + blocks


def pytest_configure(config: pytest.Config) -> None:
    """Collect the README too."""
    config.pluginmanager.register(Blocks(), "seawall-docs")
