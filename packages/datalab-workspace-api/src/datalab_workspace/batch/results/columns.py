"""The table of a run as columns, which take little memory and need no pandas."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.batch.results.result_columns import column_names

#: The typecodes of the arrays that hold the values of a column of one type.
_TYPECODES: Mapping[type, str] = {float: "d", int: "q"}
#: Integers up to this one are floating-point numbers too.
_EXACT = 1 << 53
_Store: TypeAlias = "array[float] | array[int] | list[Any]"


class Strings:
    """A list of strings that takes little more memory than their characters."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    def append(self, text: str) -> None:
        """Add a string at the end."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends:
            yield self._bytes[start:end].decode("utf-8", "surrogatepass")
            start = end


class Column:
    """The values of a column. Values of one type, float or int, are in an array.

    Args:
        missing: The number of rows before the first value.

    Attributes:
        types: The types of the values that are not missing.
    """

    def __init__(self, missing: int = 0) -> None:
        self.types: set[type] = set()
        self._store: _Store = array("d")
        self._known = bytearray()  # 1 for each value, 0 for each missing one
        self.fill(missing)

    def append(self, value: Any) -> None:
        """Add the value of a row; None if it is missing."""
        if value is None:
            self.fill(len(self) + 1)
            return
        kind = type(value)
        if kind not in self.types:
            self._make_room_for(kind)
        try:
            self._store.append(value)
        except OverflowError:  # an integer of more than 64 bits
            self._store = list(self._store)
            self._store.append(value)
        self._known.append(1)

    def fill(self, length: int) -> None:
        """Add missing values until the column has a length."""
        count = length - len(self)
        self._store.extend([0] * count)
        self._known.extend(bytes(count))

    def _make_room_for(self, kind: type) -> None:
        code = _TYPECODES.get(kind)
        if not self.types and code is not None:
            self._store = array(code, [0] * len(self))  # all of them are missing
        elif not isinstance(self._store, list):
            self._store = list(self._store)
        self.types.add(kind)

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Any]:
        """Yield the value of each row; None if it is missing."""
        for value, known in zip(self._store, self._known, strict=True):
            yield value if known else None

    @property
    def is_numeric(self) -> bool:
        """Whether the values are real numbers."""
        return bool(self.types) and self.types <= {bool, int, float}

    def as_floats(self) -> np.ndarray[Any, Any]:
        """Return a numeric column as floating-point numbers; missing ones are NaN."""
        if isinstance(self._store, list):
            values = np.array([_as_float(value) for value in self._store])
        else:
            values = np.array(self._store, dtype=float)
        values[~self._is_known()] = math.nan
        return values

    def as_array(self) -> np.ndarray[Any, Any]:
        """Return the column as an array of a dtype that changes no value.

        Missing numbers are NaN. An array of objects has None in their place.
        """
        known = self._is_known()
        if known.all() and self.types in ({bool}, {int}, {float}):
            values = np.array(self._store)
            if values.dtype.kind in "bif":
                return values
        if self.types and self.types <= {int, float} and self._is_exact():
            return self.as_floats()
        if complex in self.types and self.types <= {int, float, complex}:
            values = np.array(self._store, dtype=complex)
            values[~known] = math.nan
            return values
        values = np.empty(len(self), dtype=object)
        values[:] = list(self)
        return values

    def _is_known(self) -> np.ndarray[Any, Any]:
        return np.frombuffer(self._known, dtype=bool)

    def _is_exact(self) -> bool:
        if int not in self.types:
            return True
        return all(abs(v) <= _EXACT for v in self._store if type(v) is int)


class Columns:
    """The table of a run: a row for each object, and one for each item that failed.

    Args:
        units: The unit of each column that has one.

    Attributes:
        names: The name of each row.
        values: The columns of values, by name.
        errors: The errors, such as "ValueError: …", by the number of their row.
        projects: The number of the project that holds the object of each row, from 1;
            0 where no object was kept.
        units: See above.
    """

    def __init__(self, units: Mapping[str, str]) -> None:
        self.names = Strings()
        self.values: dict[str, Column] = {}
        self.errors: dict[int, str] = {}
        self.projects = array("I")
        self.units = units

    def __len__(self) -> int:
        return len(self.names)

    def add(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        error: str | None = None,
        project: int = 0,
    ) -> None:
        """Add a row."""
        row = len(self)
        self.names.append(name)
        self.projects.append(project)
        if error is not None:
            self.errors[row] = error
        for column, value in values.items():
            held = self.values.get(column)
            if held is None:
                held = self.values[column] = Column(row)
            held.fill(row)
            held.append(value)

    def finish(self) -> None:
        """Fill all columns, after the last row, and give them their names."""
        for column in self.values.values():
            column.fill(len(self))
        names = column_names(self.values)
        units = self.units
        self.units = {names[n]: unit for n, unit in units.items() if n in names}
        self.values = {names[n]: column for n, column in self.values.items()}

    def numeric(self) -> dict[str, Column]:
        """Return the columns of real numbers."""
        return {n: column for n, column in self.values.items() if column.is_numeric}

    def all_errors(self) -> Iterator[str | None]:
        """Yield the error of each row; None without one."""
        return map(self.errors.get, range(len(self)))


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer
        return math.inf if value > 0 else -math.inf
