"""Exports are a promise, so they are a test."""

from __future__ import annotations

import ast
import importlib
import inspect
import typing
from pathlib import Path

import seawall

MODULE = Path(inspect.getfile(seawall))


def exported() -> list[str]:
    """List what `__init__` re-exports on purpose: `from ._x import y as y`."""
    tree = ast.parse(MODULE.read_text())
    return [
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    ]


def test_everything_public_is_exported_on_purpose() -> None:
    """Nothing leaks out by accident, and nothing is listed that is not there."""
    public = {name for name in vars(seawall) if not name.startswith("_")}
    modules = {name for name in public if inspect.ismodule(getattr(seawall, name))}

    assert public - modules == set(exported()) - {"__version__"}


def test_exports_are_sorted_and_unique() -> None:
    """A map is read, not searched."""
    names = exported()

    assert len(names) == len(set(names))


def test_everything_public_says_what_it_does() -> None:
    """A docstring each, of its own."""
    for name in exported():
        thing = getattr(seawall, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name


def test_importing_it_starts_nothing() -> None:
    """No trio, no event loop, no thread: those are the program's to choose."""
    assert importlib.reload(seawall).__version__ == seawall.__version__


def test_type_hints_of_everything_public_resolve() -> None:
    """Frameworks read them: dependency injection, validation, documentation."""
    for name in exported():
        thing = getattr(seawall, name)
        error = inspect.isclass(thing) and issubclass(thing, Exception)
        if inspect.isfunction(thing) or (inspect.isclass(thing) and not error):
            typing.get_type_hints(thing)


def test_errors_are_named_where_they_are_imported_from() -> None:
    """In a traceback: `seawall.CircuitOpenError`."""
    assert seawall.CircuitOpenError.__module__ == "seawall"
    assert seawall.SeawallWarning.__module__ == "seawall"
