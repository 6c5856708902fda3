"""How Sphinx builds the documentation: ``hatch run docs``."""

from __future__ import annotations

import sys
from importlib.metadata import metadata
from pathlib import Path

from datalab_kernel import __version__

project = "DataLab-Kernel"
author = "DataLab-Kernel developers"
copyright = author  # noqa: A001  the name that Sphinx wants
version = release = __version__

sys.path.insert(0, str(Path(__file__).parent))
# MyST-NB reads the Markdown pages too, as myst_parser would. It renders notebooks
# without a program outside Python: nbsphinx would need pandoc.
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "feature_search",
    "gallery_pages",
    "mathml",
]
nb_execution_mode = "off"  # the notebooks are stored as they ran
nb_mime_priority_overrides = [("html", "image/png", 0)]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Docstrings name things in single backticks. What is public becomes a link.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),  # a name in backticks need not be a public one
    # In signatures: types of other packages, those that are imported for type checkers
    # alone, and those of modules that are not public.
    ("py:class", r"(collections|contextlib|matplotlib|np|numpy|os|pathlib|pd)\..*"),
    ("py:class", r"[A-Z]\w*"),
    ("py:class", r"datalab_\w+(\.[a-z]\w*)+\.\w+"),
]
autodoc_default_options = {"members": True, "inherited-members": "tuple"}
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Warns", "returns_style")]

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = f"DataLab-Kernel {release}"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css", "wide.css", "gallery.css"]
html_show_sourcelink = False
html_copy_source = False
# The front page leads to all others by itself. Elsewhere, the list is of the section.
html_sidebars = {"index": []}


def _url(package: str, label: str) -> str:
    """Return an address from the metadata of a package."""
    rows = metadata(package).get_all("Project-URL") or []
    return dict(row.split(", ", 1) for row in rows)[label]


html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "search_bar_text": "Search: blur, background, save …",
    "icon_links": [
        {
            "name": "Repository",
            "url": _url("datalab-kernel", "Homepage"),
            "icon": "fa-brands fa-github",
        },
        {
            "name": "DataLab, the application",
            "url": "https://datalab-platform.com",
            "icon": "fa-solid fa-flask",
        },
        {
            "name": "sigima, the library that computes",
            "url": _url("sigima", "Documentation"),
            "icon": "fa-solid fa-wave-square",
        },
    ],
    "footer_start": ["copyright"],
    "footer_end": [],
}
