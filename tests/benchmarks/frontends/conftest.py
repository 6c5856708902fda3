"""JupyterLab in Chromium, as the tests of front ends start it."""

from __future__ import annotations

from support.frontends import (
    browser,
    new_page,
    notebook_path,
    open_file,
    open_notebook,
    page,
    server,
)

__all__ = [
    "browser",
    "new_page",
    "notebook_path",
    "open_file",
    "open_notebook",
    "page",
    "server",
]
