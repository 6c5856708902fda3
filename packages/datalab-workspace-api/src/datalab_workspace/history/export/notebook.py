"""The history of an object as a notebook that makes it again and compares it."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.history.export.literals import literal
from datalab_workspace.history.export.script import code_blocks, imports, project_of
from datalab_workspace.history.view.text import heading
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import History

#: The characters that have a meaning in Markdown.
_MARKS = frozenset("\\`*_{}[]()#+-.!|$~:")
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook_text(history: History, path: Path) -> str:
    """Return the notebook as JSON, version 4.5 of the format.

    Args:
        history: The history.
        path: The path of the notebook.

    Raises:
        ExportError: The object cannot be made again, or the project is not saved.
    """
    parts = code_blocks(history)
    project = literal(project_of(history, path.parent))
    about = f"{heading(history)}. The cells make the object again and compare it."
    sources = [
        ("markdown", f"# {_markdown(cut(history.name, 200))}\n\n{_markdown(about)}"),
        ("code", f"{imports(parts)}\nproject = dlw.open({project})"),
    ]
    for part in parts:
        sources += [("markdown", _markdown(part.title)), ("code", part.code)]
    cells = [_cell(number, *source) for number, source in enumerate(sources)]
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": _KERNEL},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def _markdown(line: str) -> str:
    """Return a line as Markdown that shows exactly it: no HTML, links or pictures."""
    marked = "".join(f"\\{c}" if c in _MARKS else c for c in line)
    return escape(marked, quote=False)
