"""Notebooks that a project carries, in version 4.5 of Jupyter's format.

Source of the format: the nbformat documentation, "The Notebook file format", 4.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from datalab_workspace.encoding import shallow_json
from datalab_workspace.model.naming import UNTITLED, free_name, name_from_title

#: A notebook as `json` and `nbformat` return it.
Notebook: TypeAlias = dict[str, Any]

#: The longest accepted notebook. JSON may take twenty times as much memory.
LONGEST = 64 << 20
_TOO_LONG = f"it has over {LONGEST >> 20} MiB; clear large outputs"
_MAJOR, _MINOR = 4, 5
_CELLS = ("code", "markdown", "raw")
_OUTPUTS = ("display_data", "error", "execute_result", "stream")
#: The member of a notebook's metadata in which DataLab-Web notes the title.
_WEB = "dlw"


@dataclass(frozen=True)
class StoredNotebook:
    """A notebook of a project.

    Attributes:
        title: Its title, which need not be unique.
        content: The notebook as JSON, exactly as the program wrote it that stored it.
        extra: Other values that a later version of DataLab-Web stores with it.

    Example:
        >>> from datalab_workspace.formats import StoredNotebook
        >>> StoredNotebook("analysis", '{"cells": []}').title
        'analysis'
    """

    title: str
    content: str
    extra: Mapping[str, str | int | float] = field(default_factory=dict, hash=False)


def by_name(notebooks: Iterable[StoredNotebook]) -> dict[str, StoredNotebook]:
    """Return notebooks by name: the title, or ``title (2)`` if that is in use."""
    found: dict[str, StoredNotebook] = {}
    ordered = list(notebooks)
    used = {name_from_title(notebook.title) for notebook in ordered}
    for notebook in ordered:
        name = name_from_title(notebook.title)
        if name in found:
            name = free_name(name, used)
        used.add(name)
        found[name] = notebook
    return found


def joined(
    present: Sequence[StoredNotebook], more: Iterable[StoredNotebook]
) -> list[StoredNotebook]:
    """Return the notebooks of two projects; an equal one is kept once."""
    return [*present, *(notebook for notebook in more if notebook not in present)]


def parsed(notebook: StoredNotebook) -> Notebook:
    """Return the content of a notebook.

    Raises:
        ValueError: It is not a notebook.
    """
    try:
        return loaded(notebook.content)
    except ValueError as error:
        raise ValueError(
            f"the notebook {notebook.title!r:.80} of the project cannot be read: "
            f"{error}; export() writes it as it is"
        ) from None


def loaded(text: str | bytes) -> Notebook:
    """Return the notebook that a JSON document describes.

    Raises:
        ValueError: It is too long, is not JSON, or is not a notebook.
    """
    if len(text) > LONGEST:
        raise ValueError(_TOO_LONG)
    notebook: Notebook = shallow_json.loads(text)
    check(notebook)
    return notebook


def own_title(notebook: Mapping[str, Any]) -> str:
    """Return the title that a notebook contains, as DataLab-Web writes it."""
    noted = _noted(notebook)
    title = noted.get("name") if isinstance(noted, Mapping) else None
    return name_from_title(title) if isinstance(title, str) and title else UNTITLED


def stored(notebook: Mapping[str, Any], title: str) -> StoredNotebook:
    """Return a notebook as a project keeps it.

    Args:
        notebook: A notebook that `check` accepts. It is not changed.
        title: Its title.

    Raises:
        ValueError: It has a value that JSON cannot hold.
    """
    content = dict(notebook)
    content["cells"] = _with_ids(content["cells"], content["nbformat_minor"])
    content["nbformat_minor"] = max(_MINOR, content["nbformat_minor"])
    noted = _noted(notebook)
    if isinstance(noted, Mapping) and noted.get("name", title) != title:
        # DataLab-Web prefers this title to that of the project.
        content["metadata"] = {**content["metadata"], _WEB: {**noted, "name": title}}
    try:
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"it has a value that JSON cannot hold ({error})") from error
    if size >= LONGEST:
        raise ValueError(_TOO_LONG)
    return StoredNotebook(title, f"{text}\n")


def check(notebook: object) -> None:
    """Check that a value is a notebook of version 4.

    Raises:
        ValueError: It is not; the message names the fault.
    """
    problem = _problem(notebook)
    if problem is not None:
        raise ValueError(problem)


def _problem(notebook: Any) -> str | None:
    """Return the fault of a notebook, None if it has none."""
    if not isinstance(notebook, Mapping):
        return "a notebook is a JSON object"
    version = notebook.get("nbformat")
    if version != _MAJOR:
        return (
            f"its nbformat is {version!r:.20} and not {_MAJOR}; open it in Jupyter and "
            "save it again"
        )
    if type(notebook.get("nbformat_minor")) is not int:
        return "its nbformat_minor is not an integer"
    if not isinstance(notebook.get("metadata"), Mapping):
        return "it has no metadata"
    if not isinstance(notebook.get("cells"), list):
        return "it has no list of cells"
    for number, cell in enumerate(notebook["cells"], 1):
        problem = _problem_of_cell(cell)
        if problem is not None:
            return f"cell {number} {problem}"
    return None


def _problem_of_cell(cell: Any) -> str | None:
    """Return the fault of a cell, None if it has none."""
    if not isinstance(cell, Mapping):
        return "is not a JSON object"
    if cell.get("cell_type") not in _CELLS:
        return f"has the cell_type {cell.get('cell_type')!r:.40}"
    if not _is_text(cell.get("source")):
        return "has no source"
    if not isinstance(cell.get("metadata"), Mapping):
        return "has no metadata"
    if cell["cell_type"] != "code":
        return None
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return "has no list of outputs"
    for output in outputs:
        kind = output.get("output_type") if isinstance(output, Mapping) else None
        if kind not in _OUTPUTS:
            return f"has an output of the type {kind!r:.40}"
    return None


def _is_text(value: object) -> bool:
    """Return whether a value is a string, or the list of its lines."""
    if isinstance(value, list):
        return all(isinstance(line, str) for line in value)
    return isinstance(value, str)


def _with_ids(cells: list[Any], minor: int) -> list[Any]:
    """Return cells with the ids that version 4.5 requires."""
    if minor >= _MINOR:
        return cells
    used = {cell.get("id") for cell in cells}
    numbered = []
    for number, cell in enumerate(cells, 1):
        chosen = cell.get("id") or _free_id(f"cell-{number}", used)
        used.add(chosen)
        numbered.append({**cell, "id": chosen})
    return numbered


def _free_id(wanted: str, used: set[Any]) -> str:
    """Return an id of a cell that no other cell has."""
    while wanted in used:
        wanted += "-"
    return wanted


def _noted(notebook: Mapping[str, Any]) -> Any:
    """Return the notes of DataLab-Web in the metadata of a notebook."""
    metadata = notebook.get("metadata")
    return metadata.get(_WEB) if isinstance(metadata, Mapping) else None
