"""Writing the structure of a project file: groups, attributes, places for arrays.

HDF5 takes some 25 µs for each attribute, and an object has thirty. Most objects of a
project have the same ones with the same values: the second object of each make is kept
as a template in memory, the following ones are copied from it in one call each, and
only what differs is written again.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5o, h5p, h5s, h5t

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.array_io import split_axis
from datalab_workspace.formats.h5.attributes import AttributeWriter, type_key
from datalab_workspace.formats.h5.metadata import MetadataWriter, split_branch
from datalab_workspace.formats.h5.plan import GroupPlan, ObjectPlan, Place
from datalab_workspace.model.record import PRIMARY_ARRAY, Array, Kind

_CHUNK = 1 << 20
#: Arrays smaller than this are not compressed; it would make them larger.
_COMPRESSIBLE = 4096


class Structure:
    """Writes groups and objects into a new file.

    Args:
        file: The file, empty.
        filters: How arrays are compressed: name and level of the filter, or None.
    """

    def __init__(self, file: h5py.File, filters: tuple[str, int] | None) -> None:
        self._file = file.id
        self._attributes = AttributeWriter()
        self._templates = _Templates(self._attributes)
        self._datasets = _Datasets(filters)
        self._current: ObjectPlan | None = None
        self._metadata = MetadataWriter(self._attributes, self._put_array)
        # In the order of creation DataLab sees them in their own order.
        self._ordered = h5p.create(h5p.GROUP_CREATE)
        self._ordered.set_link_creation_order(
            h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED
        )

    def write(self, groups: Iterable[GroupPlan]) -> None:
        """Make groups and objects, and the `places` of the objects."""
        panels: dict[Kind, Any] = {}
        for group in groups:
            if group.kind not in panels:
                name = layout.SECTIONS[group.kind].encode()
                panels[group.kind] = h5g.create(self._file, name, gcpl=self._ordered)
            name = group.path.rpartition("/")[2].encode()
            made = h5g.create(panels[group.kind], name, gcpl=self._ordered)
            self._attributes.create(made, "title", group.plain_title)
            for item in group.objects:
                self._object(made, item)
        self._templates.close()

    def _object(self, group: Any, item: ObjectPlan) -> None:
        plain = item.plain
        self._current = item
        metadata = dict(plain.metadata)
        metadata[layout.UUID_KEY] = plain.uuid
        metadata[layout.NUMBER_KEY] = item.number
        scalars, members = split_branch(metadata)
        owner, below = self._templates.create(
            group, item.name.encode(), layout.attributes(plain), scalars
        )
        for name, array in plain.arrays.items():
            if array is not None:
                data = name == PRIMARY_ARRAY[plain.kind]
                self._put(owner, name, array, compress=data)
        self._metadata.write_members(below, layout.METADATA, members)

    def _put_array(
        self, parent: Any, where: str, name: str, array: np.ndarray[Any, Any]
    ) -> None:
        self._put(parent, f"{where}/{name}", array, compress=False)

    def _put(self, parent: Any, path: str, array: Array, *, compress: bool) -> None:
        assert self._current is not None
        assert array is not None
        name = path.rpartition("/")[2].encode()
        place = Place(path, array)
        place.dataset, place.offset = self._datasets.create(
            parent, name, array.shape, array.dtype, compress=compress
        )
        self._current.places[path] = place


class _Templates:
    """Makes the groups of objects with their attributes."""

    def __init__(self, attributes: AttributeWriter) -> None:
        self._attributes = attributes
        self._seen: set[Any] = set()
        self._made: dict[Any, tuple[bytes, dict[str, Any], dict[str, Any]]] = {}
        # The name only tells it from those of other threads; no file is made.
        self._file = h5py.File(
            f"templates-{uuid.uuid4()}", "w", driver="core", backing_store=False
        )

    def close(self) -> None:
        """Forget the templates."""
        self._file.close()

    def create(
        self,
        parent: Any,
        name: bytes,
        attributes: dict[str, Any],
        metadata: dict[str, Any],
    ) -> tuple[Any, Any]:
        """Make a group with attributes and a group of metadata with its attributes.

        Returns:
            The two low-level groups.
        """
        make = (_make(attributes), _make(metadata))
        template = self._made.get(make)
        if template is None:
            if make not in self._seen:
                self._seen.add(make)
                return self._write(parent, name, attributes, metadata)
            key = b"%d" % len(self._made)
            self._write(self._file.id, key, attributes, metadata)
            template = self._made[make] = (key, attributes, metadata)
        key, attributes_there, metadata_there = template
        h5o.copy(self._file.id, key, parent, name)
        owner = h5g.open(parent, name)
        below = h5g.open(owner, layout.METADATA.encode())
        self._change(owner, attributes, attributes_there)
        self._change(below, metadata, metadata_there)
        return owner, below

    def _write(
        self,
        parent: Any,
        name: bytes,
        attributes: dict[str, Any],
        metadata: dict[str, Any],
    ) -> tuple[Any, Any]:
        owner = h5g.create(parent, name)
        below = h5g.create(owner, layout.METADATA.encode())
        for group, values in ((owner, attributes), (below, metadata)):
            for key, value in values.items():
                self._attributes.create(group, key, value)
        return owner, below

    def _change(
        self, group: Any, wanted: dict[str, Any], there: dict[str, Any]
    ) -> None:
        for key, value in wanted.items():
            if not _identical(value, there[key]):
                self._attributes.rewrite(group, key, value)


def _make(values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((name, type_key(value)) for name, value in values.items())


def _identical(a: Any, b: Any) -> bool:
    """Tell whether two values of the same type are the same bit for bit."""
    if a is b:
        return True
    if isinstance(a, str | bool | int):
        return bool(a == b)
    # Equal floats may differ in the sign of zero; others are written anew anyway.
    return type(a) is float and a == b and math.copysign(1, a) == math.copysign(1, b)


class _Datasets:
    """Makes datasets; those of the same shape and dtype share what describes them."""

    def __init__(self, filters: tuple[str, int] | None) -> None:
        self._filters = filters
        self._types: dict[np.dtype[Any], Any] = {}
        self._spaces: dict[tuple[int, ...], Any] = {}
        self._contiguous = h5p.create(h5p.DATASET_CREATE)
        self._contiguous.set_layout(h5d.CONTIGUOUS)
        # The place is made now; what goes there is written without HDF5.
        self._contiguous.set_alloc_time(h5d.ALLOC_TIME_EARLY)
        self._contiguous.set_fill_time(h5d.FILL_TIME_NEVER)

    def create(
        self,
        parent: Any,
        name: bytes,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        compress: bool,
    ) -> tuple[Any, int | None]:
        """Make a dataset.

        Returns:
            The low-level dataset if it is compressed, else None, and the offset of its
            elements in the file, None if it is compressed or has none.
        """
        size = math.prod(shape) * dtype.itemsize
        compress = compress and self._filters is not None and size >= _COMPRESSIBLE
        dataset = h5d.create(
            parent,
            name,
            self._type(dtype),
            self._space(shape),
            self._chunked(shape, dtype.itemsize) if compress else self._contiguous,
        )
        if compress:
            return h5py.Dataset(dataset), None
        return None, dataset.get_offset() if size else None

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
        plist.set_shuffle()
        if name == "gzip":
            plist.set_deflate(level)
        else:
            plist.set_filter(h5py.h5z.FILTER_LZF, h5py.h5z.FLAG_OPTIONAL)
        return plist
