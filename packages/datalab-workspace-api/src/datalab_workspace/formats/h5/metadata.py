"""Read and write metadata as trees of HDF5 groups, by the conventions of guidata.

A dict is a group with an attribute ``__dict``, its length. A list is a group with an
attribute ``__seq``, its length, and items ``__seq0``, ``__seq1``… Scalars are
attributes of the group, arrays are datasets in it, dicts and lists are groups below it.
A date is a number next to an attribute ``<key>__type__``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from h5py import h5g, h5s

from datalab_workspace.formats.h5.attributes import AttributeReader, AttributeWriter
from datalab_workspace.formats.h5.guard import Guard, is_dataset, is_group

_DICT = "__dict"
_SEQUENCE = "__seq"
_TYPE = "__type__"
_ITEM = re.compile(r"__seq(\d{1,9})")
#: The most values of a dict or list that many objects may have alike.
_MOST_SHARED = 32

#: Creates the dataset of an array: (low-level parent, path of the parent, name, array).
PutArray: TypeAlias = Callable[[Any, str, str, "np.ndarray[Any, Any]"], None]


def split_branch(
    value: dict[str, Any] | list[Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a dict or list into the attributes and the members of an HDF5 group.

    Args:
        value: A plain dict or list.

    Returns:
        The scalars by the name of their attribute, and the arrays, dicts and lists by
        the name of their member.
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


class Branch(NamedTuple):
    """A dict or list of scalars, dicts and lists, as an HDF5 group.

    Attributes:
        attributes: The scalars by the name of their attribute.
        members: The dicts and lists by the name of their group.
    """

    attributes: dict[str, Any]
    members: dict[str, Branch]

    @classmethod
    def of(cls, value: dict[str, Any] | list[Any]) -> Branch | None:
        """Return a plain dict or list as a branch.

        Returns:
            None if it holds an array, or more values than similar objects share.
        """
        if len(value) > _MOST_SHARED:
            return None
        attributes, below = split_branch(value)
        members: dict[str, Branch] = {}
        for name, each in below.items():
            branch = None if isinstance(each, np.ndarray) else cls.of(each)
            if branch is None:
                return None
            members[name] = branch
        return cls(attributes, members)

    def write(self, group: Any, attributes: AttributeWriter) -> None:
        """Write the scalars, dicts and lists into a low-level group."""
        for name, value in self.attributes.items():
            attributes.create(group, name, value)
        for name, branch in self.members.items():
            branch.write(h5g.create(group, name.encode()), attributes)


class MetadataWriter:
    """A writer of the members of metadata groups.

    Args:
        attributes: Writes the scalars.
        put_array: Creates the datasets.
    """

    def __init__(self, attributes: AttributeWriter, put_array: PutArray) -> None:
        self._attributes = attributes
        self._put_array = put_array

    def write_members(self, group: Any, where: str, members: dict[str, Any]) -> None:
        """Write arrays, dicts and lists into a group.

        Args:
            group: The low-level group.
            where: Its path in the file.
            members: The arrays, dicts and lists by name.
        """
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
    """A reader of metadata groups.

    Args:
        guard: The checks for reading the file.
        attributes: Reads the scalars.
    """

    def __init__(self, guard: Guard, attributes: AttributeReader) -> None:
        self._guard = guard
        self._attributes = attributes

    def read(self, group: Any, where: str) -> dict[str, Any] | list[Any]:
        """Return the dict or list that a group contains.

        Args:
            group: The low-level group.
            where: Its path in the file.

        Returns:
            A dict or list of Python scalars, arrays, lists and dicts, and of NumPy
            scalars of types that Python lacks. Keys are in alphabetical order, scalars
            first.

        Raises:
            UnsafeFileError: See `Guard`.
        """
        values = self._attributes.read(group, where)
        items = scalars(values)
        for name, member in self._guard.members(group, where):
            path = f"{where}/{name}"
            if is_group(member):
                items[name] = self.read(member, path)
            elif is_dataset(member):
                items[name] = read_dataset(
                    member, self._guard.check_dataset(member, path)
                )
        return branch(values, items)


def scalars(values: dict[str, Any]) -> dict[str, Any]:
    """Return the scalars that the attributes of a metadata group stand for."""
    return {
        key: _dated(value, values.get(key + _TYPE))
        for key, value in values.items()
        if key not in (_DICT, _SEQUENCE) and not key.endswith(_TYPE)
    }


def branch(values: dict[str, Any], items: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """Return the dict or list that a metadata group stands for.

    Args:
        values: The attributes of the group.
        items: Its scalars and members by name.
    """
    if _SEQUENCE in values and _DICT not in values:
        return _listed(items)
    return items


def read_dataset(dataset: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return all elements of a low-level dataset that a `Guard` has checked."""
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
            # Naive, in the local timezone, as in DataLab.
            return datetime.datetime.fromtimestamp(value)  # noqa: DTZ006
        if hint == "date":
            return datetime.date.fromordinal(value)
    except (OverflowError, OSError, TypeError, ValueError):
        pass  # not a date; the number stays
    return value
