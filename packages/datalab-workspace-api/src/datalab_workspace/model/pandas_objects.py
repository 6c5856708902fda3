"""Convert objects of pandas to records and back."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model import dates
from datalab_workspace.model.axis_coordinates import image_coordinates, set_coordinates
from datalab_workspace.model.metadata_values import converts_exactly
from datalab_workspace.model.plain_arrays import (
    filled_with_nan,
    image_record,
    signal_record,
    uncertainties,
)
from datalab_workspace.model.record import Record
from datalab_workspace.model.units import with_unit
from datalab_workspace.runtime import require

#: "Voltage (V)" or "Voltage [V]".
_LABEL = re.compile(
    r"(?P<label>.*?)\s+(\((?P<unit>.+)\)|\[(?P<other>.+)\])\Z", re.DOTALL
)


def record_of_series(series: Any, *, copy: bool = True) -> Record:  # noqa: ARG001
    """Return the signal of a Series: the index is x, the values are y.

    Names such as "Voltage (V)" become label and unit.
    """
    what = f"the Series {series.name!r:.60}"
    return _signal(_index(series.index, what), series, {}, what)


def record_of_frame(frame: Any, *, copy: bool = True) -> Record:
    """Return the signal or image of a DataFrame.

    One column is y, and the index x. Two columns are x and y; a DataFrame whose index
    counts more than rows is refused. Columns named dx and dy are uncertainties. Columns
    whose names are coordinates are the columns of an image.
    """
    what = f"the DataFrame with the columns {list(map(str, frame.columns))}"
    if len(what) > 120:
        what = f"the DataFrame with {len(frame.columns)} columns"
    if frame.columns.nlevels > 1:
        raise UnsupportedObjectError(
            f"cannot add {what}: its columns have {frame.columns.nlevels} levels; "
            "choose one of them: df['name']"
        )
    if _is_numbered(frame):
        raise UnsupportedObjectError(
            f"cannot add {what}: its columns are only numbered, and may be curves or "
            "the columns of an image; pass df.to_numpy() for an image, two columns for "
            "a curve: df[[0, 1]], or (df[0], df[1], df[2]) for x, y and dy"
        )
    if _is_image(frame):
        return _image(frame, what, copy)
    # The first column is x or y, even if it is called dx.
    names = [name for name in ("dx", "dy") if name in frame.columns[1:]]
    errors = {name: frame[name] for name in names}
    columns = [name for name in frame.columns if name not in errors]
    if len(columns) == 1:
        column = frame[columns[0]]
        return _signal(_index(frame.index, what), column, errors, what)
    if len(columns) != 2 or _has_meaning(frame.index):
        raise UnsupportedObjectError(
            f"cannot add {what}: it is not clear which are x and y; add one column, "
            "whose x is the index: df['name']; pass a pair: (df['x'], df['y']); "
            "or add a signal for each column with update(df)"
        )
    x, y = (frame[name] for name in columns)
    return _signal(x, y, errors, what)


def refuse_index(index: Any, *, copy: bool = True) -> NoReturn:  # noqa: ARG001
    """Raise an error that says how to add an Index."""
    raise UnsupportedObjectError(
        f"cannot add an {type(index).__name__}; pass index.to_numpy()"
    )


def to_pandas(record: Record) -> Any:
    """Return a record as a DataFrame; see `Record.to_pandas`."""
    require("pandas", "a DataFrame", "read the arrays with record()")
    import pandas as pd

    data = record.data
    if data is None:
        raise ValueError(f"{record.title!r:.80} has no data")
    if record.kind == "image":
        x, y = (
            pd.Index(image_coordinates(record, axis), name=_name(record, axis))
            for axis in "xy"
        )
        return pd.DataFrame(filled_with_nan(record.array("data")), index=y, columns=x)
    rows = filled_with_nan(record.array("xydata"))
    index = rows[0].real
    if dates.is_dates(record.metadata):
        index = pd.DatetimeIndex(dates.dates_of(record.metadata, index))
        zone = record.metadata.get(dates.TIMEZONE_KEY)
        if zone is not None:
            index = index.tz_localize("UTC").tz_convert(_offset(zone))
        x_name = str(record.fields["xlabel"] or "x")  # its unit is that of the seconds
    else:
        x_name = _name(record, "x")
    errors = uncertainties(rows)
    y_name = _name(record, "y")
    columns = {"y" if y_name in errors else y_name: rows[1], **errors}
    return pd.DataFrame(columns, index=pd.Index(index, name=x_name))


def _offset(zone: str) -> Any:
    """Return a time zone as pandas takes it: a name, or an offset such as +02:00."""
    match = re.fullmatch(r"UTC([+-]\d\d:\d\d)", zone)
    return match[1] if match else zone


def _name(record: Record, axis: str) -> str:
    label = str(record.fields[f"{axis}label"] or axis)
    return with_unit(label, str(record.fields[f"{axis}unit"] or ""))


def _signal(x: Any, y: Any, errors: dict[str, Any], what: str) -> Record:
    x_values, zone = _dates_in_utc(x)
    values = x_values if zone else _values(x_values, f"x of {what}")
    given = {
        name: _values(column, f"{name} of {what}") for name, column in errors.items()
    }
    record = signal_record(values, _values(y, f"y of {what}"), **given, what=what)
    if zone:
        record.metadata |= dates.metadata_of(values, zone)
    for axis, named in (("x", x), ("y", y)):
        _set_label(record, axis, named.name)
    return record


def _set_label(record: Record, axis: str, name: object) -> None:
    if name is None or not str(name):
        return
    match = _LABEL.fullmatch(str(name))
    if match is None:
        record.fields[f"{axis}label"] = str(name)
        return
    record.fields[f"{axis}label"] = match["label"]
    record.fields[f"{axis}unit"] = match["unit"] or match["other"]


def _dates_in_utc(x: Any) -> tuple[Any, str | None]:
    """Return dates with a time zone as an array in UTC, and the zone."""
    zone = getattr(x.dtype, "tz", None)
    if zone is None:
        return x, None
    import pandas as pd  # the module of x

    return pd.DatetimeIndex(x).tz_convert(None).to_numpy(), str(zone)


def _index(index: Any, what: str) -> Any:
    if index.nlevels > 1:
        raise UnsupportedObjectError(
            f"cannot add {what}: its index has {index.nlevels} levels; keep one with "
            "droplevel(), or number the rows with reset_index(drop=True)"
        )
    kind = type(index).__name__
    if kind == "PeriodIndex":
        raise UnsupportedObjectError(
            f"cannot add {what}: its index consists of periods; convert it with "
            "to_timestamp()"
        )
    return index


def _values(column: Any, what: str) -> np.ndarray[Any, Any]:
    """Return the values of a Series or an Index; NA becomes NaN."""
    dtype = column.dtype
    if not isinstance(dtype, np.dtype):
        kind = getattr(dtype, "kind", "O")
        if kind in "biuf":
            return _of_extension_type(column, what)
        if kind == "M":
            return np.asarray(column, "datetime64[ns]")
    elif dtype.kind != "O":
        values: np.ndarray[Any, Any] = column.to_numpy()
        return values
    else:
        items = column.tolist()
        if items and all(hasattr(item, "isoformat") for item in items):
            return np.asarray(column, object)  # dates of the standard library
    raise UnsupportedDtypeError(
        f"{what} has the dtype {dtype}, which is not numeric; convert it with "
        "pandas.to_numeric() or pandas.to_datetime(), or number the rows with "
        "reset_index(drop=True)"
    )


def _of_extension_type(column: Any, what: str) -> np.ndarray[Any, Any]:
    kind = column.dtype.kind
    missing = np.asarray(column.isna())
    if kind in "iu":
        present = column[~missing].to_numpy(np.dtype(f"{kind}8"))
        if not missing.any():
            return np.asarray(present)
        if not converts_exactly(present, np.dtype(np.float64)):
            raise UnsupportedDtypeError(
                f"{what} has missing values, and integers that float64 cannot hold "
                "exactly; pass series.astype(float) if they may be rounded"
            )
    if not missing.any():
        return np.asarray(column.to_numpy(np.dtype(f"{kind}{1 if kind == 'b' else 8}")))
    values = np.full(len(column), np.nan)
    values[~missing] = column[~missing].to_numpy(np.float64)
    return values


def _is_numbered(frame: Any) -> bool:
    """Return whether a DataFrame has more than two columns, named 0, 1, 2 and so on."""
    columns = frame.columns
    return (
        type(columns).__name__ == "RangeIndex"
        and columns.name is None
        and (columns.start, columns.step) == (0, 1)
        and len(columns) > 2
    )


def _is_image(frame: Any) -> bool:
    numbers = getattr(frame.columns.dtype, "kind", "O") in "iuf"
    return numbers and (len(frame.columns) > 2 or frame.columns.name is not None)


def _has_meaning(index: Any) -> bool:
    """Return whether an index is more than the numbers of rows."""
    return index.name is not None or getattr(index.dtype, "kind", "O") not in "iu"


def _image(frame: Any, what: str, copy: bool) -> Record:
    columns = [_values(frame[name], f"{name} of {what}") for name in frame.columns]
    same = len({column.dtype for column in columns}) == 1
    data = frame.to_numpy() if same else np.column_stack(columns)
    if data.dtype.kind == "O":  # columns of an extension type
        data = np.column_stack(columns)
    record = image_record(data, what, copy=copy)
    x, y = _values(frame.columns, f"x of {what}"), _values(frame.index, f"y of {what}")
    if y.dtype.kind not in "iuf":
        raise UnsupportedDtypeError(
            f"y of {what} has the dtype {y.dtype}; the axes of an image are numbers"
        )
    set_coordinates(record, x, y)
    for axis, index in (("x", frame.columns), ("y", frame.index)):
        _set_label(record, axis, index.name)
    return record
