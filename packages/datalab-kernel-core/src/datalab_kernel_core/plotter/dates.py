"""Signals of dates, as DataLab stores them: seconds since 1970 and a flag."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from datalab_workspace.model.dates import FIRST, LAST, is_dates
from datalab_workspace.model.record import Record


def has_dates(record: Record) -> bool:
    """Return whether the x of a signal is dates."""
    return record.kind == "signal" and is_dates(record.metadata)


def drawable_as_dates(x: np.ndarray[Any, Any]) -> bool:
    """Return whether all finite values of x are dates that Python can represent."""
    finite = x[np.isfinite(x)]
    return bool(finite.size and finite.min() >= FIRST and finite.max() <= LAST)


def seconds_of(date: Any) -> float:
    """Return the seconds from 1970 to a date.

    Args:
        date: A `datetime`, in UTC if it has no time zone, or a `datetime64`.
    """
    if isinstance(date, datetime) and date.tzinfo is not None:
        return date.timestamp()
    moment = np.datetime64(date)
    whole = moment.astype("datetime64[s]")
    rest = (moment.astype("datetime64[ns]") - whole) / np.timedelta64(1, "s")
    return float(whole.astype(np.int64)) + float(rest)
