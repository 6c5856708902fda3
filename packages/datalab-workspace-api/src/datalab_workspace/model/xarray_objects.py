"""Convert arrays of xarray to records and back."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model import dates
from datalab_workspace.model.axis_coordinates import image_coordinates, set_coordinates
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.plain_arrays import (
    filled_with_nan,
    image_record,
    signal_record,
    uncertainties,
)
from datalab_workspace.model.record import ROI_KEY, Record, is_result_key
from datalab_workspace.runtime import require

#: Attributes with a meaning of their own: label, unit, and the step of coordinates.
_LABEL, _UNIT, _STEP = "long_name", "units", "step"


def record_of_data_array(array: Any, *, copy: bool = True) -> Record:
    """Return the signal or image of a DataArray.

    The coordinate of the dimension, or of both dimensions, is the axis. The attributes
    "units" and "long_name" are unit and label; other attributes, and coordinates that
    are one number, become metadata. Coordinates named dx and dy of a signal are its
    uncertainties. An array of Dask is computed.

    Raises:
        UnsupportedObjectError: The array has another number of dimensions, or
            coordinates that neither a signal nor an image has.
    """
    what = f"the DataArray {array.name!r:.60}"
    if array.ndim not in (1, 2):
        first = array.dims[0] if array.dims else None
        remedy = f"choose one position, for example isel({first}=0)" if first else ""
        raise UnsupportedObjectError(
            f"cannot add {what}: it has {array.ndim} dimensions "
            f"({', '.join(map(str, array.dims))}){'; ' + remedy if remedy else ''}"
        )
    if tuple(array.dims) == ("x", "y"):  # rows are along y
        array = array.transpose("y", "x")
    errors = {"dx", "dy"} if array.ndim == 1 else set()
    _check_coordinates(array, errors, what)
    record = _signal(array, what) if array.ndim == 1 else _image(array, what, copy)
    axes = ("x",) if array.ndim == 1 else ("y", "x")
    for axis, dimension in zip(axes, array.dims, strict=True):
        attributes = array[dimension].attrs if dimension in array.coords else {}
        own_name = "" if dimension in ("x", "y") else dimension
        _set_texts(record, axis, attributes, str(own_name))
    _set_texts(record, "y" if array.ndim == 1 else "z", array.attrs, "")
    record.metadata.update(snapshot(_metadata(array), what))
    return record


def refuse_dataset(dataset: Any, *, copy: bool = True) -> NoReturn:  # noqa: ARG001
    """Raise an error that says how to add a Dataset."""
    names = ", ".join(repr(str(name)) for name in list(dataset.data_vars)[:10])
    raise UnsupportedObjectError(
        f"cannot add a Dataset; choose a variable ({names}): dataset['name'], or "
        "add all of them with update(dataset)"
    )


def to_xarray(record: Record) -> Any:
    """Return a record as a DataArray; see `Record.to_xarray`."""
    require("xarray", "a DataArray", "read the arrays with record()")
    import xarray as xr

    if record.data is None:
        raise ValueError(f"{record.title!r:.80} has no data")
    metadata = {
        key: value
        for key, value in snapshot(record.metadata).items()
        if isinstance(key, str)
        and key not in dates.KEYS
        and key != ROI_KEY
        and not key.startswith("__")
        and not is_result_key(key)
    }
    value_axis = "y" if record.kind == "signal" else "z"
    attributes = {**metadata, **_texts(record, value_axis)}
    dimensions: tuple[str, ...] = ("y", "x")
    if record.kind == "image":
        data = filled_with_nan(record.array("data"))
        coordinates = {axis: _image_axis(record, axis) for axis in ("y", "x")}
    else:
        rows = filled_with_nan(record.array("xydata"))
        data, dimensions = rows[1], ("x",)
        coordinates = _signal_axes(record, rows)
    return xr.DataArray(
        data, coordinates, dimensions, name=record.title or None, attrs=attributes
    )


def _signal_axes(record: Record, rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    x: Any = rows[0].real
    attributes = _texts(record, "x")
    if dates.is_dates(record.metadata):
        x = dates.dates_of(record.metadata, x)
        attributes.pop(_UNIT, None)  # that of the seconds
    coordinates: dict[str, Any] = {"x": ("x", x, attributes)}
    for name, row in uncertainties(rows).items():
        unit = record.fields[f"{name[1]}unit"]
        coordinates[name] = ("x", row, {_UNIT: unit} if unit else {})
    return coordinates


def _image_axis(record: Record, axis: str) -> tuple[str, Any, dict[str, Any]]:
    attributes = _texts(record, axis)
    if record.fields["is_uniform_coords"]:
        attributes[_STEP] = record.fields[f"d{axis}"]
    return axis, image_coordinates(record, axis), attributes


def _texts(record: Record, axis: str) -> dict[str, Any]:
    texts = {
        _LABEL: record.fields[f"{axis}label"],
        _UNIT: record.fields[f"{axis}unit"],
    }
    return {key: text for key, text in texts.items() if text}


def _set_texts(record: Record, axis: str, attributes: Any, name: str) -> None:
    label = attributes.get(_LABEL, attributes.get("standard_name", name))
    record.fields[f"{axis}label"] = str(label)
    # Dates have set the unit of the seconds.
    unit = attributes.get(_UNIT, record.fields[f"{axis}unit"])
    record.fields[f"{axis}unit"] = str(unit)


def _metadata(array: Any) -> dict[Any, Any]:
    scalars = {
        str(name): coordinate.values[()]
        for name, coordinate in array.coords.items()
        if not coordinate.ndim
    }
    known = (_LABEL, _UNIT, "standard_name")
    attributes = {key: value for key, value in array.attrs.items() if key not in known}
    return {**scalars, **attributes}


def _check_coordinates(array: Any, allowed: set[str], what: str) -> None:
    others = [
        str(name)
        for name, coordinate in array.coords.items()
        if coordinate.ndim and name not in array.dims and name not in allowed
    ]
    if others:
        raise UnsupportedObjectError(
            f"cannot add {what}: it has the coordinates {', '.join(others)} in "
            f"addition to its axes; remove them with drop_vars({others})"
        )


def _signal(array: Any, what: str) -> Record:
    (dimension,) = array.dims
    x = np.arange(array.size, dtype=np.float64)
    if dimension in array.coords:
        x = _numbers_or_dates(array[dimension], f"x of {what}")
    errors = {
        name: np.asarray(array.coords[name])
        for name in ("dx", "dy")
        if name in array.coords and array.coords[name].ndim
    }
    return signal_record(x, array.to_numpy(), **errors, what=what)


def _image(array: Any, what: str, copy: bool) -> Record:
    record = image_record(array.to_numpy(), what, copy=copy)
    axes: dict[str, np.ndarray[Any, Any]] = {}
    hints: dict[str, float | None] = {"x": None, "y": None}
    for axis, dimension, size in zip("yx", array.dims, array.shape, strict=True):
        axes[axis] = np.arange(size, dtype=np.float64)
        if dimension not in array.coords:
            continue
        values = _numbers_or_dates(array[dimension], f"{axis} of {what}")
        if values.dtype.kind not in "iuf":
            raise UnsupportedDtypeError(
                f"the coordinates {dimension} of {what} have the dtype {values.dtype}, "
                "but the axes of an image are numbers; replace them with "
                "assign_coords()"
            )
        axes[axis] = values
        step = array[dimension].attrs.get(_STEP)
        hints[axis] = step if isinstance(step, float) else None
    set_coordinates(record, axes["x"], axes["y"], (hints["x"], hints["y"]))
    return record


def _numbers_or_dates(coordinate: Any, what: str) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = coordinate.to_numpy()
    if values.dtype.kind in "iufMm":
        return values
    raise UnsupportedDtypeError(
        f"{what} has the dtype {values.dtype}, which is neither numbers nor dates; "
        "replace the coordinate with assign_coords(), or remove it with drop_vars()"
    )
