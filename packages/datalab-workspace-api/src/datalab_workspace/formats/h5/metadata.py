"""Metadata as trees of HDF5 groups, by the conventions of guidata.

A dict is a group with an attribute ``__dict``, its length; a list is one with
``__seq``, and children ``__seq0``, ``__seq1``… Scalars are attributes of the group,
arrays datasets in it, dicts and lists groups below it. A date is a number with an
attribute ``<key>__type__`` beside it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from h5py import h5g, h5s

from datalab_workspace.formats.h5.attributes import AttributeReader, AttributeWriter
from datalab_workspace.formats.h5.guard import Guard, is_dataset, is_group

_DICT = "__dict"
_SEQUENCE = "__seq"
_TYPE = "__type__"
_ITEM = re.compile(r"__seq(\d{1,9})")

#: Makes a dataset of an array: (low-level parent, its path, name, array).
PutArray: TypeAlias = Callable[[Any, str, str, "np.ndarray[Any, Any]"], None]


def split_branch(
    value: dict[str, Any] | list[Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a dict or list becomes: attributes, and members of the group.

    Args:
        value: A plain dict or list.

    Returns:
        Scalars by the name of their attribute; arrays, dicts and lists by name.
    """
    attributes: dict[str, Any] = {}
    members: dict[str, Any] = {}
    if isinstance(value, dict):
        attributes[_DICT] = len(value)
        items: Iterator[tuple[str, Any]] = iter(value.items())
    else:
        attributes[_SEQUENCE] = len(value)
        items = ((f"{_SEQUENCE}{index}", item) for index, item in enumerate(value))
    for name, item in items:
        leaf = not isinstance(item, dict | list | np.ndarray)
        (attributes if leaf else members)[name] = item
    return attributes, members


class MetadataWriter:
    """Writes the members of metadata groups.

    Args:
        attributes: Writes the scalars.
        put_array: Makes the datasets.
    """

    def __init__(self, attributes: AttributeWriter, put_array: PutArray) -> None:
        self._attributes = attributes
        self._put_array = put_array

    def write_members(self, group: Any, where: str, members: dict[str, Any]) -> None:
        """Write arrays, dicts and lists into `group`, whose path is `where`."""
        for name, value in members.items():
            if isinstance(value, np.ndarray):
                self._put_array(group, where, name, value)
                continue
            branch = h5g.create(group, name.encode())
            attributes, below = split_branch(value)
            for key, scalar in attributes.items():
                self._attributes.create(branch, key, scalar)
            self.write_members(branch, f"{where}/{name}", below)


class MetadataReader:
    """Reads metadata groups.

    Args:
        guard: Watches over the file.
        attributes: Reads the scalars.
    """

    def __init__(self, guard: Guard, attributes: AttributeReader) -> None:
        self._guard = guard
        self._attributes = attributes

    def read(self, group: Any, where: str) -> dict[str, Any] | list[Any]:
        """Return the dict or list that a group holds.

        Args:
            group: The low-level group.
            where: Its path in the file.

        Returns:
            Python scalars, NumPy scalars where Python has none of the type, arrays,
            lists and dicts. Keys come in alphabetical order, scalars first.

        Raises:
            UnsafeFileError: See `Guard`.
        """
        values = self._attributes.read(group, where)
        items = {
            key: _dated(value, values.get(key + _TYPE))
            for key, value in values.items()
            if key not in (_DICT, _SEQUENCE) and not key.endswith(_TYPE)
        }
        for name, member in self._guard.members(group, where):
            place = f"{where}/{name}"
            if is_group(member):
                items[name] = self.read(member, place)
            elif is_dataset(member):
                items[name] = read_dataset(
                    member, self._guard.check_dataset(member, place)
                )
        if _SEQUENCE in values and _DICT not in values:
            return _listed(items)
        return items


def read_dataset(dataset: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return all elements of a low-level dataset that a Guard has let pass."""
    array = np.empty(dataset.shape, dtype)
    if array.size:
        dataset.read(h5s.ALL, h5s.ALL, array)
    return array


def _listed(items: dict[str, Any]) -> list[Any]:
    numbered = ((_ITEM.fullmatch(name), value) for name, value in items.items())
    found = {int(match[1]): value for match, value in numbered if match}
    return [found[index] for index in sorted(found)]


def _dated(value: Any, hint: Any) -> Any:
    try:
        if hint == "datetime":
            # Naive, in the timezone of whoever reads: as DataLab has it.
            return datetime.datetime.fromtimestamp(value)  # noqa: DTZ006
        if hint == "date":
            return datetime.date.fromordinal(value)
    except (OverflowError, OSError, TypeError, ValueError):
        pass  # no date after all; the number stays
    return value
