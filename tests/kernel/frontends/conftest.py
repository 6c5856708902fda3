"""The fixtures of the tests in JupyterLab, Jupyter Notebook and their server."""

from __future__ import annotations

from support.frontends import (
    browser,
    new_page,
    notebook_path,
    open_file,
    open_notebook,
    page,
    quickstart,
    server,
    server_of_the_module,
)

__all__ = [
    "browser",
    "new_page",
    "notebook_path",
    "open_file",
    "open_notebook",
    "page",
    "quickstart",
    "server",
    "server_of_the_module",
]
