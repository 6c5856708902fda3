"""Convert signals of HyperSpy to records."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from datalab_workspace.errors import UnsupportedObjectError
from datalab_workspace.model.axis_coordinates import set_coordinates
from datalab_workspace.model.plain_arrays import image_record, signal_record
from datalab_workspace.model.record import Record


def record_of_hyperspy_signal(signal: Any, *, copy: bool = True) -> Record:
    """Return the record of a signal of HyperSpy with one or two dimensions.

    The axes of its `axes_manager` become x, or x and y, with their names and units; its
    quantity, such as "Intensity (counts)", becomes label and unit of the data. A lazy
    signal is computed.

    Raises:
        UnsupportedObjectError: The signal has another number of dimensions.
    """
    title = signal.metadata.get_item("General.title", "")
    what = f"the signal {title!r:.60} of HyperSpy"
    if getattr(signal, "ragged", False):
        raise UnsupportedObjectError(f"cannot add {what}: it is ragged")
    data = np.asarray(signal.data)
    manager = signal.axes_manager
    axes = sorted(
        (*manager.navigation_axes, *manager.signal_axes),
        key=lambda axis: axis.index_in_array,
    )
    if len(axes) not in (1, 2) or data.ndim != len(axes):
        raise UnsupportedObjectError(
            f"cannot add {what}: it has {data.ndim} dimensions; choose one position "
            "with inav or isig, for example s.inav[0]"
        )
    record = _record(data, axes, what, copy)
    for name, axis in zip("x" if len(axes) == 1 else "yx", axes, strict=True):
        record.fields[f"{name}label"] = _text(axis.name)
        record.fields[f"{name}unit"] = _text(axis.units)
    quantity = str(signal.metadata.get_item("Signal.quantity", ""))
    match = re.fullmatch(r"(.*?)\s*\((.*)\)", quantity)
    axis_name = "y" if len(axes) == 1 else "z"
    record.fields[f"{axis_name}label"] = match[1] if match else quantity
    record.fields[f"{axis_name}unit"] = match[2] if match else ""
    return record


def _record(
    data: np.ndarray[Any, Any], axes: list[Any], what: str, copy: bool
) -> Record:
    if len(axes) == 1:
        return signal_record(np.asarray(axes[0].axis), data, what=what)
    record = image_record(data, what, copy=copy)
    y, x = (np.asarray(axis.axis, np.float64) for axis in axes)
    scale_y, scale_x = (getattr(axis, "scale", None) for axis in axes)
    set_coordinates(record, x, y, (scale_x, scale_y))
    return record


def _text(value: Any) -> str:
    # HyperSpy has an object of its own for a name or unit that is not set.
    return value if isinstance(value, str) else ""
