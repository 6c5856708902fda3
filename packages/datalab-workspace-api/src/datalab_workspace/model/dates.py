"""Dates on the x axis of a signal, as sigima and DataLab keep them.

A signal has no dates of its own: x is the number of seconds since 1970-01-01 (UTC), and
a metadata entry says that these are dates. See `SignalObj.set_x_from_datetime`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.validation import warn_caller

#: Metadata key of sigima: True if x is dates.
DATES_KEY = "x_datetime"
#: Metadata key of sigima: the format in which DataLab shows the dates.
FORMAT_KEY = "x_datetime_format"
#: Metadata key: the unit of the `datetime64` from which x was computed.
UNIT_KEY = "x_datetime_resolution"
#: Metadata key: the time zone of the dates. x is UTC in any case.
TIMEZONE_KEY = "x_datetime_timezone"
#: The metadata keys that describe dates on x.
KEYS = frozenset({DATES_KEY, FORMAT_KEY, UNIT_KEY, TIMEZONE_KEY})

#: The seconds of the years 1 and 9999, beyond which Python has no dates.
FIRST, LAST = -62_135_596_800.0, 253_402_300_799.0
_FORMAT = "%Y-%m-%d %H:%M:%S"
_FINER_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
#: Units shorter than a second, and their number in a second.
_PARTS = {"ms": 10**3, "us": 10**6, "ns": 10**9}
#: Units that neither pandas nor xarray has.
_TOO_FINE = ("ps", "fs", "as")


def date_text(seconds: float) -> str:
    """Return a date in ISO 8601, with microseconds if it has any."""
    if not FIRST <= seconds <= LAST:
        return str(seconds)
    date = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)  # noqa: DTZ001 (dates have no time zone)
    return date.isoformat(" ")


def is_dates(metadata: Mapping[Any, Any]) -> bool:
    """Return whether the metadata of a signal says that x is dates."""
    return bool(metadata.get(DATES_KEY, False))


def has_dates(values: object) -> bool:
    """Return whether an array, Series or sequence consists of dates."""
    dtype = getattr(values, "dtype", None)
    if dtype is not None:
        return getattr(dtype, "kind", "") == "M"
    return (
        isinstance(values, list | tuple)
        and bool(values)
        and isinstance(values[0], datetime.date | np.datetime64)
    )


def as_dates(values: object, name: str) -> tuple[np.ndarray[Any, Any], str | None]:
    """Return dates as an array in UTC, and the name of their time zone.

    Args:
        values: An array of `datetime64`, or a sequence of `datetime` or `date` objects.
        name: The values in an error message, for example "x of the pair (x, y)".

    Returns:
        An array of `datetime64`, and the time zone; None if the dates have none.

    Raises:
        UnsupportedObjectError: The sequence contains anything else, or dates with and
            without a time zone.
    """
    array = np.asanyarray(values)
    if array.dtype.kind == "M":
        return array, None
    items = array.ravel().tolist()
    if not items or not all(isinstance(item, datetime.date) for item in items):
        raise UnsupportedDtypeError(
            f"{name} has the dtype {array.dtype}, which is not numeric; pass numbers "
            "or dates"
        )
    zones = {str(getattr(item, "tzinfo", None)) for item in items}
    if len(zones) > 1:
        raise UnsupportedObjectError(
            f"{name} has dates of several time zones: {', '.join(sorted(zones))}; "
            "convert them to one, for example with date.astimezone(datetime.UTC)"
        )
    zone = zones.pop()
    return _array_of(items), None if zone == "None" else zone


def _array_of(items: list[Any]) -> np.ndarray[Any, Any]:
    if all(hasattr(item, "to_datetime64") for item in items):  # Timestamps of pandas
        naive = [
            item if item.tzinfo is None else item.tz_convert(None) for item in items
        ]
        return np.array([item.to_datetime64() for item in naive])
    if not all(isinstance(item, datetime.datetime) for item in items):
        return np.array(items, "datetime64[D]")
    utc = [
        item
        if item.tzinfo is None
        else item.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        for item in items
    ]
    return np.array(utc, "datetime64[us]")


def to_seconds(dates: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Return dates as seconds since 1970-01-01, in float64.

    Args:
        dates: An array of `datetime64`.
        name: The dates in an error message.

    Raises:
        UnsupportedDtypeError: A date is missing (NaT), or the seconds do not say the
            same dates in their resolution.
    """
    if np.ma.is_masked(dates) or np.isnat(np.asarray(dates)).any():
        raise UnsupportedDtypeError(
            f"{name} has missing dates (NaT); leave out these samples: "
            "keep = ~np.isnat(x); x, y = x[keep], y[keep]"
        )
    dates = np.asarray(dates)
    seconds = _seconds(dates)
    if seconds is not None:
        return seconds
    coarser = [unit for unit in ("ns", "us", "ms") if _is_coarser(unit, dates.dtype)]
    fitting = next(
        (unit for unit in coarser if _seconds(_in_unit(dates, unit)) is not None),
        "s",
    )
    raise UnsupportedDtypeError(
        f"{name} has the dtype {dates.dtype}: a signal keeps dates as seconds in "
        "float64, which are not exact enough for these. Convert them to a coarser "
        f"unit: x.astype('datetime64[{fitting}]')"
    )


def from_seconds(seconds: np.ndarray[Any, Any], unit: str) -> np.ndarray[Any, Any]:
    """Return the dates that seconds since 1970-01-01 stand for.

    Args:
        seconds: Seconds; NaN becomes NaT.
        unit: The unit of the dates: "s", "ms", "us" or "ns".

    Returns:
        An array of `datetime64`; each date is the nearest one in the unit.
    """
    finite = np.isfinite(seconds)
    seconds = np.where(finite, seconds, 0)
    whole = np.floor(seconds)
    per_second = _PARTS.get(unit, 1)
    part = np.rint((seconds - whole) * per_second)
    ticks = whole.astype(np.int64) * per_second + part.astype(np.int64)
    dates: np.ndarray[Any, Any] = ticks.astype(f"datetime64[{unit}]")
    dates[~finite] = np.datetime64("NaT")
    return dates


def dates_of(
    metadata: Mapping[Any, Any], seconds: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return the x of a signal with dates, in the resolution that they were added in.

    Args:
        metadata: The metadata of the signal.
        seconds: Its x.

    Returns:
        An array of `datetime64`, in microseconds if the metadata names no resolution.
    """
    unit = metadata.get(UNIT_KEY, "us")
    known = isinstance(unit, str) and unit in {*_PARTS, "s"}
    return from_seconds(np.real(seconds), unit if known else "us")


def metadata_of(dates: np.ndarray[Any, Any], zone: str | None) -> dict[str, Any]:
    """Return the metadata of a signal whose x is dates.

    Args:
        dates: An array of `datetime64`.
        zone: The name of the time zone; None if the dates have none.

    Warns:
        UserWarning: The time zone is not UTC, in which DataLab shows the dates.
    """
    unit = np.datetime_data(dates.dtype)[0]
    if unit not in _PARTS:
        unit = "ns" if unit in _TOO_FINE else "s"
    whole = _in_unit(dates, "s")
    described = {
        DATES_KEY: True,
        FORMAT_KEY: _FORMAT if (dates == whole).all() else _FINER_FORMAT,
        UNIT_KEY: unit,
    }
    if zone is not None:
        described[TIMEZONE_KEY] = zone
        if zone.upper() not in ("UTC", "UTC+00:00", "ETC/UTC", "GMT"):
            warn_caller(
                f"the dates of x have the time zone {zone}; they are stored and shown "
                "as UTC",
                UserWarning,
            )
    return described


def _seconds(dates: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Return dates as seconds; None if these are not exact."""
    unit = np.datetime_data(dates.dtype)[0]
    if unit in _TOO_FINE:
        coarser = _in_unit(dates, "ns")
        return _seconds(coarser) if (coarser == dates).all() else None
    if unit not in _PARTS:
        ticks = dates.astype("datetime64[s]").astype(np.int64)
        seconds = ticks.astype(np.float64)
        return seconds if (seconds.astype(np.int64) == ticks).all() else None
    # Of a dtype such as datetime64[10us], the unit without the number.
    ticks = dates.astype(f"datetime64[{unit}]").astype(np.int64)
    whole, part = np.divmod(ticks, _PARTS[unit])
    seconds = whole + part / _PARTS[unit]
    again = from_seconds(seconds, unit).astype(np.int64)
    return seconds if (again == ticks).all() else None


def _is_coarser(unit: str, dtype: np.dtype[Any]) -> bool:
    order = ("s", "ms", "us", "ns", *_TOO_FINE)
    own = np.datetime_data(dtype)[0]
    return own in order and order.index(unit) < order.index(own)


def _in_unit(dates: np.ndarray[Any, Any], unit: str) -> np.ndarray[Any, Any]:
    return dates.astype(f"datetime64[{unit}]")
