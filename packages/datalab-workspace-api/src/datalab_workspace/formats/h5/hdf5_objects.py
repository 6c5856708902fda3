"""Read objects of a project file by HDF5."""

from __future__ import annotations

from typing import Any

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import is_dataset, is_group
from datalab_workspace.formats.h5.metadata import MetadataReader
from datalab_workspace.formats.h5.object_parts import ObjectParts, StoredArray
from datalab_workspace.formats.h5.open_file import OpenProject


class HDF5Reader:
    """A reader of the objects of one file.

    Args:
        project: The open file.
    """

    def __init__(self, project: OpenProject) -> None:
        self._project = project
        self._guard = project.guard
        self._attributes = AttributeReader(project.guard)
        self._metadata = MetadataReader(project.guard, self._attributes)

    def attributes(self, group: Any, where: str) -> dict[str, Any]:
        """Return the attributes of a low-level group; see `AttributeReader.read`."""
        return self._attributes.read(group, where)

    def parts(self, group: Any, where: str) -> ObjectParts:
        """Return all parts of an object.

        Args:
            group: The low-level group of the object.
            where: Its path in the file.

        Raises:
            UnsafeFileError: See `Guard`.
        """
        parts = ObjectParts(self.attributes(group, where))
        for name, member in self._guard.members(group, where):
            path = f"{where}/{name}"
            if is_dataset(member):
                parts.arrays[name] = self._array(member, path)
            elif name == layout.METADATA and is_group(member):
                parts.metadata = self._metadata.read(member, path)
        self._project.at = where
        return parts

    def _array(self, dataset: Any, where: str) -> StoredArray:
        self._project.at = where
        dtype = self._guard.check_dataset(dataset, where)
        stored = dataset.get_storage_size()
        return StoredArray(dtype, dataset.shape, stored, dataset.get_offset())
