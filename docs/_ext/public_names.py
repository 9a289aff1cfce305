"""Link every `Name` in the pages to its entry in the reference.

A docstring says `Name` too. There Sphinx looks through the module and the class it
stands in; what is left over is a name of `seawall` itself, or an attribute that is said
without its class.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import seawall
import seawall.testing

# Pages on which `CircuitBreaker` means the one of seawall.patterns.
_OTHER_NAMES = {"howto/patterns", "explanation/deviations"}


def public_names(module: ModuleType) -> list[str]:
    """List the names that *module* exports, its version and submodules left out."""
    names: list[str] = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    ]
    return sorted(names)


TARGETS = {
    name: f"{module.__name__}.{name}"
    for module in (seawall.testing, seawall)
    for name in public_names(module)
}


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Wrap the literals of *doctree* that are names of the public API."""
    page = app.env.docname
    if page in _OTHER_NAMES or page.startswith("reference/api"):
        return
    for literal in list(doctree.findall(nodes.literal)):
        target = TARGETS.get(literal.astext())
        if target is None or isinstance(literal.parent, nodes.title | nodes.reference):
            continue
        literal.replace_self(
            pending_xref(
                "",
                literal.deepcopy(),
                refdomain="py",
                reftype="obj",
                reftarget=target,
                refdoc=page,
                refexplicit=True,
                refwarn=True,
            )
        )


_ATTRIBUTES = {
    "is_expired": "seawall.Credential.is_expired",
    "retry_after": "seawall.InfraError.retry_after",
}


def find(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Find what Sphinx did not."""
    if node["refdomain"] != "py":
        return None
    name = node["reftarget"]
    target = _ATTRIBUTES.get(name) or TARGETS.get(name) or f"seawall.{name}"
    return env.domains.python_domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", target, node, content
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-read", link)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
