"""Attributes of HDF5 objects, through h5py's low-level calls.

A project has some thirty attributes per object. h5py's own mapping makes the HDF5 types
anew for each of them; here they are made once.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5s, h5t

from datalab_workspace.formats.h5.guard import Guard

_TEXT = h5py.string_dtype()
_REFERENCE = 16  # bytes that an attribute stores of each of several texts
_MOST_MEMBERS = 16
_DTYPES: Mapping[type, Any] = {
    str: _TEXT,
    bool: np.dtype(bool),
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    complex: np.dtype(np.complex128),
}


class _Slot:
    """The HDF5 types of one type of value, and a buffer to pass it in."""

    def __init__(self, dtype: Any) -> None:
        self.stored = h5t.py_create(dtype, logical=True)
        self.memory = h5t.py_create(dtype)
        self.buffer = np.empty((), dtype)


class AttributeWriter:
    """Writes scalar attributes: str, bool, int, float, complex and NumPy numbers."""

    def __init__(self) -> None:
        self._scalar = h5s.create(h5s.SCALAR)
        self._slots: dict[Any, _Slot] = {}

    def create(self, owner: Any, name: str, value: Any) -> None:
        """Write an attribute that `owner`, a low-level object, does not have yet."""
        slot = self._filled(value)
        attribute = h5a.create(owner, name.encode(), slot.stored, self._scalar)
        attribute.write(slot.buffer, slot.memory)

    def rewrite(self, owner: Any, name: str, value: Any) -> None:
        """Write an attribute that `owner` has, with a value of the same type."""
        slot = self._filled(value)
        h5a.open(owner, name.encode()).write(slot.buffer, slot.memory)

    def _filled(self, value: Any) -> _Slot:
        key = type_key(value)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(_DTYPES.get(key, key))
        slot.buffer[()] = value
        return slot


def type_key(value: Any) -> Any:
    """Return what values of the same HDF5 type have in common."""
    cls = type(value)
    return cls if cls in _DTYPES else value.dtype


class AttributeReader:
    """Reads the attributes of objects as Python values."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._slots: dict[tuple[Any, ...], _Slot] = {}
        self._text = _Slot(_TEXT)

    def read(self, owner: Any, where: str) -> dict[str, Any]:
        """Return all attributes of an object by name.

        Args:
            owner: The low-level object.
            where: Its path in the file.

        Returns:
            Scalars as `python_value` gives them, arrays of numbers as arrays, arrays of
            texts as lists. Attributes of other types are left out, with a warning.

        Raises:
            UnsafeFileError: The attributes are larger than the file.
        """
        names: list[bytes] = []
        h5a.iterate(owner, lambda name: names.append(name))
        values = {}
        for name in names:
            text = name.decode(errors="replace")
            value = self.one(owner, name, f"{where}@{text}")
            if value is not None:
                values[text] = value
        return values

    def one(self, owner: Any, name: bytes, where: str) -> Any:
        """Return one attribute, None if it is of a type that is not read."""
        attribute = h5a.open(owner, name)
        stored = attribute.get_type()
        cls = stored.get_class()
        if cls == h5t.STRING:
            return self._texts(attribute, stored, where)
        if cls in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.COMPOUND):
            slot = self._slot(stored, cls)
            if slot.buffer.dtype.kind in "biufc":
                return self._numbers(attribute, slot, where)
        warnings.warn(
            f"{self._guard.name!r}: {where} is of a type that no project has; "
            "it is left out",
            stacklevel=2,
        )
        return None

    def _slot(self, stored: Any, cls: int) -> _Slot:
        key: tuple[Any, ...] = (cls, stored.get_size())
        if cls in (h5t.INTEGER, h5t.FLOAT):
            key += (stored.get_order(),)
        if cls == h5t.INTEGER:
            key += (stored.get_sign(),)
        if cls in (h5t.ENUM, h5t.COMPOUND):
            members = range(min(stored.get_nmembers(), _MOST_MEMBERS))
            key += tuple(map(stored.get_member_name, members))
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(_bare(stored.dtype))
        return slot

    def _numbers(self, attribute: Any, slot: _Slot, where: str) -> Any:
        shape = attribute.shape
        if shape == ():
            attribute.read(slot.buffer, slot.memory)
            return python_value(slot.buffer[()])
        if shape is None:  # a null dataspace: no value at all
            return ""
        self._guard.block(math.prod(shape) * slot.buffer.dtype.itemsize, where)
        values = np.empty(shape, slot.buffer.dtype)
        attribute.read(values, slot.memory)
        return values

    def _texts(self, attribute: Any, stored: Any, where: str) -> Any:
        shape = attribute.shape
        variable = stored.is_variable_str()
        if variable:
            self._guard.check_heaps()
        if shape == () and variable:
            attribute.read(self._text.buffer, self._text.memory)
            return self._decoded(self._text.buffer[()], where)
        if shape is None:
            return ""
        count = math.prod(shape)
        if variable:
            self._guard.block(count * _REFERENCE, where)
            self._guard.texts(count, where)
            values = np.empty(shape, _TEXT)
            attribute.read(values, self._text.memory)
        else:
            self._guard.block(count * stored.get_size(), where)
            values = np.empty(shape, stored.dtype)
            attribute.read(values)
        texts = [self._decoded(value, where) for value in values.reshape(-1)]
        return texts[0] if shape == () else texts

    def _decoded(self, value: Any, where: str) -> str:
        self._guard.text(len(value), where)
        return value if isinstance(value, str) else value.decode(errors="replace")


def _bare(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype without what h5py attaches to those of enumerations."""
    return np.dtype(dtype.str) if dtype.names is None else dtype


def python_value(value: Any) -> Any:
    """Return the Python number that a NumPy scalar holds exactly, else the scalar."""
    if value.dtype.char in "?dDlq" and value.dtype.isnative:
        return value.item()
    return value
