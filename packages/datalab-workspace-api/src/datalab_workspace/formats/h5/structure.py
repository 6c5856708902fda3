"""Write the structure of a project file: groups, attributes, slots for arrays.

HDF5 takes about 25 µs for each attribute, and an object has thirty. Most objects of a
project have the same attributes with the same values. So the second object with the
same attributes becomes a template in memory. Every further object is copied from the
template in one call, and only the values that differ are written again.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5o, h5p, h5s, h5t

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.array_io import split_axis
from datalab_workspace.formats.h5.attributes import AttributeWriter
from datalab_workspace.formats.h5.contents import Filters
from datalab_workspace.formats.h5.metadata import Branch, MetadataWriter, split_branch
from datalab_workspace.formats.h5.plan import ArraySlot, GroupPlan, ObjectPlan
from datalab_workspace.formats.h5.sources import CONTIGUOUS
from datalab_workspace.model.record import PRIMARY_ARRAY, UUID_KEY, Array, Kind

_CHUNK = 1 << 20
#: Arrays smaller than this are not compressed; it would make them larger.
_COMPRESSIBLE = 4096


class Structure:
    """A writer of groups and objects.

    Args:
        file: The file.
        filters: Name and level of the compression filter; None for no compression.
        layout_of: Returns the layout that an array must keep, or None.
    """

    def __init__(
        self, file: h5py.File, filters: Filters, layout_of: Callable[[Array], Any]
    ) -> None:
        self._file = file.id
        self._attributes = AttributeWriter()
        self._templates = _Templates(self._attributes)
        self._datasets = _Datasets(filters)
        self._layout_of = layout_of
        self._current: ObjectPlan | None = None
        self._metadata = MetadataWriter(self._attributes, self._put_array)
        # DataLab reads groups in the order of their creation.
        self._ordered = h5p.create(h5p.GROUP_CREATE)
        self._ordered.set_link_creation_order(
            h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED
        )

    def write(self, groups: Iterable[GroupPlan]) -> None:
        """Write groups and objects, and create the `slots` of the objects."""
        panels: dict[Kind, Any] = {}
        for group in groups:
            if group.kind not in panels:
                panels[group.kind] = self.create_panel(group.kind)
            name = group.path.rpartition("/")[2]
            created = self.create_group(panels[group.kind], name, group.plain_title)
            for item in group.objects:
                self.create_object(created, item)
        self.close()

    def close(self) -> None:
        """Release the templates, after everything is written."""
        self._templates.close()

    def create_panel(self, kind: Kind) -> Any:
        """Create the low-level group of a panel."""
        name = layout.SECTIONS[kind].encode()
        return h5g.create(self._file, name, gcpl=self._ordered)

    def create_group(self, panel: Any, name: str, title: str) -> Any:
        """Create the low-level group of a group of objects."""
        created = h5g.create(panel, name.encode(), gcpl=self._ordered)
        self._attributes.create(created, "title", title)
        return created

    def change_title(self, group: Any, title: str) -> None:
        """Change the title of a group of objects."""
        self._attributes.rewrite(group, "title", title)

    def create_object(self, group: Any, item: ObjectPlan) -> None:
        """Write an object into a group, and create its `slots`."""
        plain = item.plain
        scalars, members = self._begin(item)
        shared = _shared_branches(members)
        owner, below = self._templates.create(
            group, item.name.encode(), layout.attributes(plain), Branch(scalars, shared)
        )
        for name, array in plain.arrays.items():
            if array is not None:
                data = name == PRIMARY_ARRAY[plain.kind]
                self._put(owner, name, array, compress=data)
        others = {name: each for name, each in members.items() if name not in shared}
        self._metadata.write_members(below, layout.METADATA, others)

    def rewrite_object(self, owner: Any, item: ObjectPlan) -> None:
        """Write an object into the HDF5 group that holds its previous version.

        Args:
            owner: The low-level group.
            item: The object. Arrays that need not be written have their slot already.
        """
        scalars, members = self._begin(item)
        clear_attributes(owner)
        for name, value in layout.attributes(item.plain).items():
            self._attributes.create(owner, name, value)
        arrays = item.plain.arrays
        for name in names_of(owner):
            if arrays.get(name) is None:
                owner.unlink(name.encode())
        for name, array in arrays.items():
            if array is not None and name not in item.slots:
                self._replace(owner, item, name, array)
        below = h5g.create(owner, layout.METADATA.encode())
        for name, value in scalars.items():
            self._attributes.create(below, name, value)
        self._metadata.write_members(below, layout.METADATA, members)

    def _replace(self, owner: Any, item: ObjectPlan, name: str, array: Any) -> None:
        """Use the dataset of the previous version for an array if it fits."""
        data = name == PRIMARY_ARRAY[item.plain.kind]
        if owner.links.exists(name.encode()):
            dataset = h5d.open(owner, name.encode())
            offset = dataset.get_offset()
            same = (dataset.shape, dataset.dtype) == (array.shape, array.dtype)
            compress = data and self._datasets.compresses(array.nbytes)
            known = compress or self._layout_of(array) is not None
            if same and offset is not None and not known:
                item.slots[name] = ArraySlot(name, array, offset)
                return
            del dataset
            owner.unlink(name.encode())
        self._put(owner, name, array, compress=data)

    def _begin(self, item: ObjectPlan) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the metadata of the next object; see `split_branch`."""
        self._current = item
        metadata = dict(item.plain.metadata)
        metadata[UUID_KEY] = item.plain.uuid
        metadata[layout.NUMBER_KEY] = item.number
        return split_branch(metadata)

    def _put_array(
        self, parent: Any, where: str, name: str, array: np.ndarray[Any, Any]
    ) -> None:
        self._put(parent, f"{where}/{name}", array, compress=False)

    def _put(self, parent: Any, path: str, array: Array, *, compress: bool) -> None:
        assert self._current is not None
        assert array is not None
        name = path.rpartition("/")[2].encode()
        slot = ArraySlot(path, array)
        slot.dataset, slot.offset = self._datasets.create(
            parent,
            name,
            array.shape,
            array.dtype,
            compress=compress,
            layout=self._layout_of(array),
        )
        self._current.slots[path] = slot


def clear_attributes(owner: Any) -> None:
    """Remove every attribute of a low-level object."""
    names: list[bytes] = []
    h5a.iterate(owner, lambda name: names.append(name))
    for name in names:
        h5a.delete(owner, name)


def names_of(group: Any) -> list[str]:
    """Return the names of the members of a low-level group."""
    names: list[bytes] = []
    group.links.iterate(lambda name: names.append(name))
    return [name.decode() for name in names]


class _Templates:
    """A writer of the HDF5 groups of objects, which copies similar ones."""

    def __init__(self, attributes: AttributeWriter) -> None:
        self._attributes = attributes
        self._seen: set[Any] = set()
        self._templates: dict[Any, tuple[bytes, dict[str, Any], Branch]] = {}
        # The name must differ from those of other threads; no file is created.
        self._file = h5py.File(
            f"templates-{uuid.uuid4()}", "w", driver="core", backing_store=False
        )

    def close(self) -> None:
        """Release the templates."""
        self._file.close()

    def create(
        self, parent: Any, name: bytes, attributes: dict[str, Any], metadata: Branch
    ) -> tuple[Any, Any]:
        """Create the group of an object and its metadata group.

        Returns:
            The two low-level groups.
        """
        types = (_types(attributes), _branch_types(metadata))
        template = self._templates.get(types)
        if template is None:
            if types not in self._seen:
                self._seen.add(types)
                return self._write(parent, name, attributes, metadata)
            key = b"%d" % len(self._templates)
            self._write(self._file.id, key, attributes, metadata)
            template = self._templates[types] = (key, attributes, metadata)
        key, attributes_known, metadata_known = template
        h5o.copy(self._file.id, key, parent, name)
        owner = h5g.open(parent, name)
        below = h5g.open(owner, layout.METADATA.encode())
        self._change(owner, attributes, attributes_known)
        self._change_branch(below, metadata, metadata_known)
        return owner, below

    def _write(
        self, parent: Any, name: bytes, attributes: dict[str, Any], metadata: Branch
    ) -> tuple[Any, Any]:
        owner = h5g.create(parent, name)
        below = h5g.create(owner, layout.METADATA.encode())
        for key, value in attributes.items():
            self._attributes.create(owner, key, value)
        metadata.write(below, self._attributes)
        return owner, below

    def _change(
        self, group: Any, wanted: dict[str, Any], known: dict[str, Any]
    ) -> None:
        for key, value in wanted.items():
            before = known[key]
            if value is not before and not _identical(value, before):
                self._attributes.rewrite(group, key, value)

    def _change_branch(self, group: Any, wanted: Branch, known: Branch) -> None:
        self._change(group, wanted.attributes, known.attributes)
        for name, branch in wanted.members.items():
            before = known.members[name]
            if not _identical_branches(branch, before):
                self._change_branch(h5g.open(group, name.encode()), branch, before)


def _shared_branches(members: dict[str, Any]) -> dict[str, Branch]:
    """Return the dicts and lists that other objects may have alike."""
    shared: dict[str, Branch] = {}
    for name, value in members.items():
        branch = None if isinstance(value, np.ndarray) else Branch.of(value)
        if branch is not None:
            shared[name] = branch
    return shared


def _types(values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values), tuple(map(type, values.values()))


def _branch_types(branch: Branch) -> tuple[Any, ...]:
    members = branch.members
    below = tuple(map(_branch_types, members.values()))
    return _types(branch.attributes), tuple(members), below


def _identical_branches(a: Branch, b: Branch) -> bool:
    return all(map(_identical, a.attributes.values(), b.attributes.values())) and all(
        map(_identical_branches, a.members.values(), b.members.values())
    )


def _identical(a: Any, b: Any) -> bool:
    """Return True if two values of the same type are equal bit for bit."""
    if isinstance(a, str | bool | int):
        return bool(a == b)
    # Equal floats may differ in the sign of zero. Other types are always written again.
    return type(a) is float and a == b and math.copysign(1, a) == math.copysign(1, b)


class _Datasets:
    """A factory of datasets; those of equal shape and dtype share their HDF5 types."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._types: dict[np.dtype[Any], Any] = {}
        self._spaces: dict[tuple[int, ...], Any] = {}

    def create(
        self,
        parent: Any,
        name: bytes,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        compress: bool,
        layout: Any = None,
    ) -> tuple[Any, int | None]:
        """Create a dataset.

        Args:
            parent: The low-level group.
            name: The name of the dataset.
            shape: Shape of the array.
            dtype: Dtype of the array.
            compress: Apply the compression filter, if there is one.
            layout: The property list to use instead; None to choose one.

        Returns:
            For a compressed dataset, the dataset and None. For any other, None and the
            offset of its elements in the file, which is None if it has no elements.
        """
        size = math.prod(shape) * dtype.itemsize
        if layout is None:
            compress = compress and self.compresses(size)
            layout = self._chunked(shape, dtype.itemsize) if compress else CONTIGUOUS
        dataset = h5d.create(
            parent, name, self._type(dtype), self._space(shape), layout
        )
        if layout is not CONTIGUOUS:
            return h5py.Dataset(dataset), None
        return None, dataset.get_offset() if size else None

    def compresses(self, size: int) -> bool:
        """Return whether data of this size in bytes is compressed."""
        return self._filters is not None and size >= _COMPRESSIBLE

    def _type(self, dtype: np.dtype[Any]) -> Any:
        if dtype not in self._types:
            self._types[dtype] = h5t.py_create(dtype, logical=True)
        return self._types[dtype]

    def _space(self, shape: tuple[int, ...]) -> Any:
        if shape not in self._spaces:
            if len(self._spaces) > 100:
                self._spaces.clear()
            self._spaces[shape] = (
                h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)
            )
        return self._spaces[shape]

    def _chunked(self, shape: tuple[int, ...], itemsize: int) -> Any:
        assert self._filters is not None
        name, level = self._filters
        axis, rows = split_axis(shape, itemsize, _CHUNK)
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((1,) * axis + (rows, *shape[axis + 1 :]))
        plist.set_fill_time(h5d.FILL_TIME_NEVER)
        plist.set_obj_track_times(False)
        plist.set_shuffle()
        if name == "gzip":
            plist.set_deflate(level)
        else:
            plist.set_filter(h5py.h5z.FILTER_LZF, h5py.h5z.FLAG_OPTIONAL)
        return plist
