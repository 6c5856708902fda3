"""Convert arrays, tuples of arrays, and lists of numbers to records."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model import dates
from datalab_workspace.model.metadata_values import converts_exactly, is_masked_array
from datalab_workspace.model.record import Record, independent_copy, read_only_view

#: The types that `to_record` accepts, for error messages.
ACCEPTED = (
    "a SignalObj, an ImageObj, a 1-D or 2-D array or list of numbers, a tuple of 1-D "
    "arrays (x, y), (x, y, dy) or (x, y, dx, dy), a Series or DataFrame of pandas, a "
    "DataArray of xarray, or a signal of HyperSpy"
)
_PAIR = "the pair (x, y)"
_NUMBERS = (int, float, complex, np.number, np.bool_)


def record_of_array(array: np.ndarray[Any, Any], *, copy: bool) -> Record:
    """Return the record of an array of shape (N,) or (H, W).

    Raises:
        UnsupportedDtypeError: The elements are not numbers.
    """
    if array.ndim == 1:
        x = np.arange(len(array), dtype=np.float64)
        return signal_record(x, array, what=_PAIR)
    return image_record(array, "the array", copy=copy)


def record_of_tuple(values: tuple[Any, ...]) -> Record:
    """Return the record of a tuple (x, y), (x, y, dy) or (x, y, dx, dy).

    Raises:
        UnsupportedObjectError: The arrays are not 1-D or differ in length.
        UnsupportedDtypeError: The elements of one are not numbers; x may be dates.
    """
    if len(values) == 2:
        return signal_record(*values, what=_PAIR)
    if len(values) == 3:
        x, y, dy = values
        return signal_record(x, y, dy=dy, what="the tuple (x, y, dy)")
    return signal_record(*values, what="the tuple (x, y, dx, dy)")


def is_numbers(value: object) -> TypeGuard[list[Any] | range]:
    """Return whether a value is a list of numbers, or a list of such lists."""
    if isinstance(value, range):
        return True
    if not isinstance(value, list) or not value:
        return False
    if isinstance(value[0], list):
        return all(
            isinstance(row, list) and all(isinstance(v, _NUMBERS) for v in row)
            for row in value
        )
    return all(isinstance(v, _NUMBERS) for v in value)


def record_of_list(values: list[Any] | range) -> Record:
    """Return the record of a list of numbers: a signal, or an image of its rows.

    Raises:
        UnsupportedObjectError: The rows differ in length.
    """
    lengths = {len(row) for row in values if isinstance(row, list)}
    if len(lengths) > 1:
        raise UnsupportedObjectError(
            f"the rows of the list have {min(lengths)} to {max(lengths)} numbers; the "
            "rows of an image must be equally long"
        )
    return record_of_array(np.asarray(values), copy=False)


def image_record(data: np.ndarray[Any, Any], what: str, *, copy: bool) -> Record:
    """Return the record of pixels of shape (H, W).

    Args:
        data: The pixels.
        what: The data in an error message, for example "the array".
        copy: Copy the pixels; otherwise the record holds a read-only view.

    Raises:
        UnsupportedDtypeError: The elements are not numbers.
    """
    if data.dtype.kind not in "biufc":
        remedy = "pass numbers"
        if data.dtype.kind in "Mm":
            remedy = (
                "an image holds numbers: convert it to some, for example with "
                "(data - data.min()) / numpy.timedelta64(1, 's')"
            )
        raise UnsupportedDtypeError(
            f"data of {what} has the dtype {data.dtype}, which is not numeric; {remedy}"
        )
    return Record("image", arrays={"data": copy_or_view(data, copy)})


def copy_or_view(array: np.ndarray[Any, Any], copy: bool) -> np.ndarray[Any, Any]:
    """Return an independent copy or a read-only view of an array, masked or not."""
    if not is_masked_array(array):
        array = np.asarray(array)
    return independent_copy(array) if copy else read_only_view(array)


def signal_record(
    x: object, y: object, dx: object = None, dy: object = None, *, what: str
) -> Record:
    """Return the record of a signal.

    Args:
        x: Array of shape (N,): real numbers or dates.
        y: Array of shape (N,): numbers.
        dx: Uncertainties of x, shape (N,); None if there are none.
        dy: Uncertainties of y, shape (N,); None if there are none.
        what: The arrays in an error message, for example "the pair (x, y)".

    Raises:
        UnsupportedObjectError: The arrays are not 1-D or differ in length.
        UnsupportedDtypeError: The elements of one cannot be kept without loss.
    """
    rows = _checked_rows({"x": x, "y": y}, what)
    metadata: dict[Any, Any] = {}
    if rows["x"].dtype.kind in "MO":
        found, zone = dates.as_dates(rows["x"], f"x of {what}")
        rows["x"] = dates.to_seconds(found, f"x of {what}")
        metadata = dates.metadata_of(found, zone)
    if dx is not None or dy is not None:
        # sigima has NaN where only one of the two is given.
        missing = np.full(len(rows["x"]), np.nan)
        given = {
            "dx": missing if dx is None else dx,
            "dy": missing if dy is None else dy,
        }
        rows = _checked_rows({**rows, **given}, what)
    dtype = np.dtype(np.complex128 if rows["y"].dtype.kind == "c" else np.float64)
    for name, row in rows.items():
        _check_numbers(row, dtype, name, what)
    masked = any(is_masked_array(row) for row in rows.values())
    stack = np.ma.stack if masked else np.stack
    data = stack(list(rows.values())).astype(dtype, copy=False)
    fields = {"xunit": "s"} if metadata else {}
    return Record("signal", {**fields}, {"xydata": data}, metadata)


def filled_with_nan(array: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    """Return a copy of an array with NaN for masked elements, in float64 if necessary.

    Raises:
        ValueError: There is no array.
    """
    if array is None:
        raise ValueError("the object has no data")
    if not is_masked_array(array) or not np.ma.is_masked(array):
        return np.array(np.ma.getdata(array))
    data = np.array(array.data, array.dtype if array.dtype.kind in "fc" else np.float64)
    data[np.ma.getmaskarray(array)] = np.nan
    return data


def uncertainties(rows: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the rows dx and dy of a signal, real; without a dx that is NaN throughout.

    Such a dx is what sigima has where only dy was given.

    Args:
        rows: The array of the signal, shape (2, N) or (4, N).
    """
    if len(rows) < 4:
        return {}
    dx, dy = (row.real for row in rows[2:])
    if dx.size and np.isnan(dx).all():
        return {"dy": dy}
    return {"dx": dx, "dy": dy}


def checked_pair(x: object, y: object) -> list[np.ndarray[Any, Any]]:
    """Return the arrays of a pair (x, y), each of shape (N,), x real.

    Raises:
        UnsupportedObjectError: The arrays are not 1-D or differ in length.
        UnsupportedDtypeError: x is complex.
    """
    return list(_checked_rows({"x": x, "y": y}, _PAIR).values())


def _checked_rows(rows: dict[str, Any], what: str) -> dict[str, np.ndarray[Any, Any]]:
    try:
        arrays = {name: np.asanyarray(row) for name, row in rows.items()}
    except ValueError as error:  # rows of different lengths
        names = " and ".join(rows)
        message = f"{names} of {what} must be 1-D arrays: {error}"
        raise UnsupportedObjectError(message) from error
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(shapes["x"]) != 1 or len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
        raise UnsupportedObjectError(
            f"the arrays of {what} must be 1-D and of the same length, but their "
            f"shapes are {listed}"
        )
    for name, array in arrays.items():
        if name != "y" and array.dtype.kind == "c":
            raise UnsupportedDtypeError(
                f"{name} of {what} is complex; pass a real {name}"
            )
    return arrays


def _check_numbers(
    row: np.ndarray[Any, Any], dtype: np.dtype[Any], name: str, what: str
) -> None:
    if converts_exactly(row, dtype):
        return
    kind = row.dtype.kind
    if kind in "iuf":
        problem = f"has {row.dtype} values that {dtype} cannot hold exactly"
        remedy = f"pass {name}.astype(float) if they may be rounded"
    elif kind == "m":
        problem = f"has the dtype {row.dtype}"
        remedy = f"convert it to numbers: {name} / numpy.timedelta64(1, 's')"
    elif kind == "M":
        problem = f"has the dtype {row.dtype}, but a signal has dates only on x"
        remedy = (
            f"convert it to numbers: ({name} - {name}[0]) / numpy.timedelta64(1, 's')"
        )
    else:
        problem, remedy = (
            f"has the dtype {row.dtype}, which is not numeric",
            "pass numbers",
        )
    raise UnsupportedDtypeError(f"{name} of {what} {problem}; {remedy}")
