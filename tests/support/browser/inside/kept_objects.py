"""Objects of every kind, and a digest of all that a workspace holds."""

from __future__ import annotations

import hashlib

import numpy as np
from noise import noise

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", ">f4", "complex64", "complex128"),
)
METADATA = {
    "none": None,
    "flag": True,
    "count": 3,
    "value": -0.0,
    "complex": 1 - 2j,
    "string": "µ \N{GREEK SMALL LETTER LAMDA}",
    "nested": {"list": [1, 2.5, "x"], "array": np.arange(6).reshape(2, 3)},
    "not a number": float("nan"),
}


def fill(workspace) -> None:
    """Add, change, rename and remove objects, in groups."""
    for dtype in DTYPES:
        workspace.add(dtype, noise(dtype), group="raw")
    x = np.linspace(0.0, 1.0, 50)
    workspace.add("signal", (x, np.sin(x)), group="first")
    workspace.edit("signal", metadata=METADATA)
    workspace.add("gone", (x, x))
    workspace.add("before", np.eye(3), group="raw")
    workspace.rename("before", "after")
    workspace.edit("after", xunit="mm", zlabel="Counts", metadata=METADATA)
    workspace.remove("gone")


def digest(workspace) -> str:
    """Return a checksum of every object, in order, with its name and group."""
    total = hashlib.sha256()
    for item in workspace.describe():
        record = workspace.record(item.name)
        parts = [item.name, item.group, item.uuid, repr(sorted(record.fields.items()))]
        parts.append(repr(record.metadata))
        for name, array in record.arrays.items():
            parts.append(f"{name} {getattr(array, 'dtype', '')}")
            total.update(
                b"" if array is None else np.ascontiguousarray(array).tobytes()
            )
        total.update(repr(parts).encode())
    return total.hexdigest()
