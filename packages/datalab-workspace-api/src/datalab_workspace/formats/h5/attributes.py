"""Read and write attributes of HDF5 objects by the low-level calls of h5py.

A project has about thirty attributes per object. The attribute mapping of h5py creates
the HDF5 types again for each of them; here they are created once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5s, h5t

from datalab_workspace.formats.h5.guard import Guard
from datalab_workspace.validation import warn_caller

_STRING = h5py.string_dtype()
_REFERENCE = 16  # bytes that an attribute stores for each string of an array
_DTYPES: Mapping[type, Any] = {
    str: _STRING,
    bool: np.dtype(bool),
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    complex: np.dtype(np.complex128),
}


class _TypeBuffer:
    """The HDF5 types of one type of value, and a buffer for one value."""

    def __init__(self, dtype: Any) -> None:
        self.stored = h5t.py_create(dtype, logical=True)
        self.memory = h5t.py_create(dtype)
        self.buffer = np.empty((), dtype)


class AttributeWriter:
    """A writer of scalar attributes: str, bool, int, float, complex, NumPy numbers."""

    def __init__(self) -> None:
        self._scalar = h5s.create(h5s.SCALAR)
        self._types: dict[Any, _TypeBuffer] = {}

    def create(self, owner: Any, name: str, value: Any) -> None:
        """Write an attribute that `owner`, a low-level object, does not have yet."""
        types = self._filled(value)
        attribute = h5a.create(owner, name.encode(), types.stored, self._scalar)
        attribute.write(types.buffer, types.memory)

    def rewrite(self, owner: Any, name: str, value: Any) -> None:
        """Write an attribute that `owner` has, with a value of the same type."""
        types = self._filled(value)
        h5a.open(owner, name.encode()).write(types.buffer, types.memory)

    def _filled(self, value: Any) -> _TypeBuffer:
        key = type_key(value)
        types = self._types.get(key)
        if types is None:
            types = self._types[key] = _TypeBuffer(_DTYPES.get(key, key))
        types.buffer[()] = value
        return types


def type_key(value: Any) -> Any:
    """Return a key that is equal for values of the same HDF5 type."""
    cls = type(value)
    return cls if cls in _DTYPES else value.dtype


class AttributeReader:
    """A reader of attributes, which returns Python values."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._types: dict[bytes, _TypeBuffer] = {}
        self._string = _TypeBuffer(_STRING)

    def read(self, owner: Any, where: str) -> dict[str, Any]:
        """Return all attributes of an object by name.

        Args:
            owner: The low-level object.
            where: Its path in the file.

        Returns:
            Scalars as `python_value` returns them, arrays of numbers as arrays, arrays
            of strings as lists. Attributes of other types are left out with a warning.

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
        """Return one attribute, or None if its type is not supported."""
        attribute = h5a.open(owner, name)
        stored = attribute.get_type()
        cls = stored.get_class()
        if cls == h5t.STRING:
            return self._strings(attribute, stored, where)
        if cls in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.COMPOUND):
            types = self._type_buffer(stored)
            if types.buffer.dtype.kind in "biufc":
                return self._numbers(attribute, types, where)
        warn_caller(
            f"{self._guard.name!r}: {where} has a type that DataLab never writes; "
            "the attribute is left out",
            UserWarning,
        )
        return None

    def _type_buffer(self, stored: Any) -> _TypeBuffer:
        key = stored.encode()
        types = self._types.get(key)
        if types is None:
            types = self._types[key] = _TypeBuffer(_bare(stored.dtype))
        return types

    def _numbers(self, attribute: Any, types: _TypeBuffer, where: str) -> Any:
        shape = attribute.shape
        if shape == ():
            attribute.read(types.buffer, types.memory)
            return python_value(types.buffer[()])
        if shape is None:  # a null dataspace, which has no value
            return ""
        self._guard.check_block(math.prod(shape) * types.buffer.dtype.itemsize, where)
        values = np.empty(shape, types.buffer.dtype)
        attribute.read(values, types.memory)
        return values

    def _strings(self, attribute: Any, stored: Any, where: str) -> Any:
        shape = attribute.shape
        variable = stored.is_variable_str()
        if variable:
            self._guard.check_heaps()
        if shape == () and variable:
            attribute.read(self._string.buffer, self._string.memory)
            return self._decoded(self._string.buffer[()], where)
        if shape is None:
            return ""
        count = math.prod(shape)
        if variable:
            self._guard.check_block(count * _REFERENCE, where)
            self._guard.check_strings(count, where)
            values = np.empty(shape, _STRING)
            attribute.read(values, self._string.memory)
        else:
            self._guard.check_block(count * stored.get_size(), where)
            values = np.empty(shape, stored.dtype)
            attribute.read(values)
        strings = [self._decoded(value, where) for value in values.reshape(-1)]
        return strings[0] if shape == () else strings

    def _decoded(self, value: Any, where: str) -> str:
        self._guard.count_string(len(value), where)
        return value if isinstance(value, str) else value.decode(errors="replace")


def _bare(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype without the metadata that h5py adds for an enumeration."""
    return np.dtype(dtype.str) if dtype.names is None else dtype


def python_value(value: Any) -> Any:
    """Return a NumPy scalar as a Python number if that is exact, else the scalar."""
    if value.dtype.char in "?dDlq" and value.dtype.isnative:
        return value.item()
    return value
