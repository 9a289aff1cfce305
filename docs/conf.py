"""Settings of the documentation: `make docs` builds it, warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

import seawall

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "seawall"
author = "the authors of seawall"
project_copyright = author
version = release = seawall.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "circuit_diagram",
    "classification_tables",
    "public_names",
    "repository_files",
]
exclude_patterns = ["_build", "README.md"]
# One backtick in a docstring is a name of this package.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    # Names of Python and trio. Links to them need inventories from the network, which a
    # build must not need.
    (r"py:.*", r"(asyncio|collections\.abc|contextlib|datetime|pathlib|trio|uuid)\..*"),
    (r"py:class", r"UUID|Path|datetime"),
    # Type variables have no page.
    (r"py:class", r"~?(seawall\.\w+\.)?(C|C_co|Cred|K|P|T|T_co)"),
    # Private names in public signatures. The text beside them says what they stand for.
    (
        r"py:class",
        r"(seawall\._\w+\.)?(Executed|Guarded|Life|Retrying|Scenario|Scope|Verdict)",
    ),
    (r"py:class", r"(seawall\._\w+\.)?(BreakDuration|Changes|Classify|Trip)"),
    # What `autodoc_type_aliases` makes of an alias that stands in a union.
    (r"py:class", r"TypeAliasForwardRef|'seawall\.(Jitter|On)'"),
    # A method of asyncio's event loop.
    (r"py:meth", r"run_in_executor"),
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
# Types beside their descriptions; a signature shows names and defaults, in one line.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_type_aliases = {
    name: f"seawall.{name}"
    for name in ("Backoff", "Jitter", "Kind", "On", "Seconds", "Source")
}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes are entries of their own, so that `Outcome.source` can be linked.
napoleon_use_ivar = False

html_theme = "furo"
html_title = "seawall"
html_static_path = ["_static"]
html_css_files = ["seawall.css"]
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b6e8f",
        "color-brand-content": "#0b6e8f",
        "color-brand-visited": "#0b6e8f",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5cc4e3",
        "color-brand-content": "#5cc4e3",
        "color-brand-visited": "#5cc4e3",
    },
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
# What a program printed is to be read, not to be pasted.
copybutton_selector = "div.highlight-python pre, div.highlight-console pre"
copybutton_prompt_text = "$ "
