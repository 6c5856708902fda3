"""Carry the sections of a project that only DataLab uses from file to file.

A section is a root group of DataLab without signals or images: macros, history, and
what later versions may add. It is kept as the bytes of a small HDF5 file. If several
files are loaded, their macros and histories are merged.
"""

from __future__ import annotations

import io
import tempfile
import uuid
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import Limits, is_dataset, is_group
from datalab_workspace.formats.h5.open_file import OpenProject, opened

_IDS = "IDs"


def read(project: OpenProject, *, without: Container[str] = ()) -> list[bytes]:
    """Return the sections that only DataLab uses, each as the bytes of an HDF5 file.

    Args:
        project: The open file.
        without: The names of sections to leave out.

    Raises:
        UnsafeFileError: See `Guard`.
    """
    images = []
    for name in _names(project.root):
        text = name.decode(errors="replace")
        if text in without:
            continue
        project.at = f"/{text}"
        section = project.guard.child(project.root, name)
        if _is_empty(section):
            continue
        _check(project, AttributeReader(project.guard), section, f"/{text}")
        images.append(_image(section, text))
    return images


def write(file: h5py.File, images: Iterable[bytes]) -> None:
    """Merge the sections of several projects into a new file.

    Args:
        file: The new file, without such sections.
        images: The values that `read` returned.
    """
    for image in images:
        with h5py.File(io.BytesIO(image), "r") as source:
            for name, section in source.items():
                if name not in file:
                    source.copy(section, file, name)
                elif name == layout.MACROS:
                    _add_macros(section, file[name])
                elif name == layout.HISTORY:
                    _add_history(section, file[name])
    if layout.HISTORY not in file:
        # DataLab also writes an empty history.
        file.create_group(layout.HISTORY).attrs[_IDS] = np.empty(0)


def names(root: Any) -> list[str]:
    """Return the names of the sections that `read` would return.

    Args:
        root: The low-level HDF5 root group, without links to other files.
    """
    return [
        name.decode()
        for name in _names(root)
        if not _is_empty(h5py.h5o.open(root, name))
    ]


def _names(root: Any) -> list[bytes]:
    found: list[bytes] = []
    root.links.iterate(lambda name: found.append(name))
    known = {name.encode() for name in (layout.VERSION, *layout.SECTIONS.values())}
    prefix = layout.FOREIGN_PREFIX.encode()
    return [name for name in found if name not in known and name.startswith(prefix)]


def check(image: bytes) -> None:
    """Check a section that does not come from `read`, before it is passed to `write`.

    Raises:
        DamagedFileError: It is not an HDF5 file.
        UnsafeFileError: See `Guard`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "section.h5"
        path.write_bytes(image)
        with opened(path, Limits(), is_project=False) as file:
            reader = AttributeReader(file.guard)
            for name, section in file.guard.members(file.root, "/"):
                if not name.startswith(layout.FOREIGN_PREFIX):
                    raise file.guard.error(f"/{name}", "is not a section of DataLab")
                _check(file, reader, section, f"/{name}")


def _is_empty(section: Any) -> bool:
    return is_group(section) and section.get_num_objs() == 0


def _check(
    project: OpenProject, attributes: AttributeReader, member: Any, where: str
) -> None:
    """Check everything that would be copied.

    HDF5 does not check what it copies: an attribute whose type is damaged may end the
    process.

    Raises:
        UnsafeFileError: See `Guard`.
        ValueError: An attribute, or an object, is of a type that DataLab never writes.
    """
    project.at = where
    if not (is_dataset(member) or is_group(member)):
        raise ValueError("it is neither a group nor a dataset")
    if len(attributes.read(member, where)) != h5py.h5a.get_num_attrs(member):
        raise ValueError("an attribute has a type that DataLab never writes")
    if is_dataset(member):
        _check_dataset(project, member, where)
    else:
        for name, below in project.guard.members(member, where):
            _check(project, attributes, below, f"{where}/{name}")


def _check_dataset(project: OpenProject, dataset: Any, where: str) -> None:
    if h5py.check_string_dtype(dataset.dtype) is None:
        project.guard.check_dataset(dataset, where)
        return
    project.guard.check_heaps()
    project.guard.check_storage(dataset, where)
    project.guard.count_string(dataset.get_storage_size(), where)


def _image(section: Any, name: str) -> bytes:
    # The name must differ from those of other threads; no file is created.
    scratch = f"{name}-{uuid.uuid4()}"
    with h5py.File(scratch, "w", driver="core", backing_store=False) as image:
        h5py.h5o.copy(section, b".", image.id, name.encode())
        image.flush()
        content: bytes = image.id.get_file_image()
    return content


def _add_macros(source: h5py.Group, target: h5py.Group) -> None:
    known = {_uid(macro) for macro in target.values()}
    for macro in source.values():
        if _uid(macro) not in known:
            title = str(macro.attrs.get("title", ""))
            name = layout.macro_name(len(target) + 1, title)
            source.copy(macro, target, name)


def _uid(macro: h5py.Group) -> str:
    return str(macro.attrs.get("uid", macro.name))


def _add_history(source: h5py.Group, target: h5py.Group) -> None:
    known = list(target.attrs[_IDS])
    for session in source.attrs[_IDS]:
        if session not in known:
            source.copy(session, target)
            known.append(session)
    target.attrs[_IDS] = np.array(known, dtype=object)
