"""Links to files of the repository that are no pages.

In a repository browser a link such as ``[its map](../../ARCHITECTURE.md)`` shows that
file. Here it becomes a download of it.
"""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx


def downloads(app: Sphinx, doctree: nodes.document) -> None:
    """Turn what MyST takes for a page outside of the documentation into a download."""
    for link in list(doctree.findall(pending_xref)):
        # MyST has looked: the file is there. Outside of this folder it has no name.
        if link.get("refdomain") == "doc" and Path(link["reftarget"]).is_absolute():
            path = os.path.relpath(f"{link['reftarget']}.md", app.srcdir)
            file = download_reference(reftarget=f"/{path}")
            file += link.children
            link.replace_self(file)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    # Before Sphinx collects the files to be downloaded, which is at 500.
    app.connect("doctree-read", downloads, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
