"""Read and write the notebooks of a project as DataLab-Web does.

The section has an HDF5 group ``n001: title`` for each notebook, with two attributes:
`title`, and `contents`, the notebook as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import h5py
from h5py import h5a, h5l, h5o, h5t

from datalab_workspace.error_messages import list_names
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import is_group
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.model.notebooks import StoredNotebook

_TITLE, _CONTENT = "title", "contents"
_SCALARS = (h5t.STRING, h5t.INTEGER, h5t.FLOAT)


def read(project: OpenProject) -> list[StoredNotebook] | None:
    """Return the notebooks of a project.

    All of them together take no more memory than the file is large; see `Guard`.

    Returns:
        The notebooks, in order; None if the section has another layout.

    Raises:
        UnsafeFileError: See `Guard`.
    """
    name, where = layout.NOTEBOOKS.encode(), f"/{layout.NOTEBOOKS}"
    project.at = where
    section = project.guard.child(project.root, name)
    if section is None:
        return []
    if not _is_known(section):
        return None
    reader = AttributeReader(project.guard)
    return [
        _notebook(reader.read(group, f"{where}/{title}"))
        for title, group in project.guard.members(section, where)
    ]


def write(file: h5py.File, notebooks: Iterable[StoredNotebook]) -> None:
    """Write notebooks to a new file.

    Raises:
        ValueError: It has a section of another layout, in which none would be found.
    """
    added = list(notebooks)
    if added and layout.NOTEBOOKS in file:
        titles = list_names([notebook.title for notebook in added])
        raise ValueError(
            f"cannot save the notebooks {titles}: the project has a section "
            f"{layout.NOTEBOOKS} of a layout that this version does not know; keep "
            "them in files (workspace.notebooks.export) and remove them from the "
            "workspace (workspace.notebooks.remove)"
        )
    for number, notebook in enumerate(added, 1):
        section = file.require_group(layout.NOTEBOOKS)
        group = section.create_group(layout.notebook_name(number, notebook.title))
        group.attrs[_TITLE] = notebook.title
        group.attrs[_CONTENT] = notebook.content
        group.attrs.update(notebook.extra)


def _notebook(attributes: dict[str, Any]) -> StoredNotebook:
    title, content = attributes.pop(_TITLE), attributes.pop(_CONTENT)
    return StoredNotebook(title, content, attributes)


def _is_known(section: Any) -> bool:
    """Return whether a section has groups of scalar attributes, and nothing else."""
    if not is_group(section):
        return False
    links: list[tuple[bytes, int]] = []
    section.links.iterate(lambda name, info: links.append((name, info.type)), info=True)
    return all(
        kind == h5l.TYPE_HARD and _is_notebook(h5o.open(section, name))
        for name, kind in links
    )


def _is_notebook(group: Any) -> bool:
    if not is_group(group) or group.get_num_objs():
        return False
    names: list[bytes] = []
    h5a.iterate(group, lambda name: names.append(name))
    attributes = {
        name.decode(errors="replace"): h5a.open(group, name) for name in names
    }
    return all(
        name in attributes and attributes[name].get_type().get_class() == h5t.STRING
        for name in (_TITLE, _CONTENT)
    ) and all(
        attribute.shape == () and attribute.get_type().get_class() in _SCALARS
        for attribute in attributes.values()
    )
