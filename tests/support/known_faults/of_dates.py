"""Faults that concern dates on x of signals."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.doubtful import signal
from support.known_faults.case import Case

HOURS = np.arange(64) * 3600.0


def dated(y: Any, *, is_dates: bool = True) -> Any:
    """Return a signal whose x is dates, every hour."""
    obj = signal(HOURS, y)
    if is_dates:
        obj.set_x_from_datetime(np.datetime64("2025-06-19") + HOURS.astype("m8[s]"))
    return obj


RAMP = dated(np.arange(64.0))


def is_flagged(result: Any) -> bool:
    return bool(result.is_x_datetime())


CASES = [
    Case("dates.flag_stays", "fft", RAMP, is_flagged, True, False),
    Case("dates.flag_stays", "psd", RAMP, is_flagged, True, False),
    Case("dates.flag_stays", "transpose", RAMP, is_flagged, True, False),
    Case(
        "dates.coordinates",
        "to_polar",
        RAMP,
        lambda r: bool(r.x.max() > 1e9),
        True,
        False,
    ),
    Case(
        "dates.calibrated_dates",
        "calibration",
        RAMP,
        lambda r: bool(r.x[0] > 3e9 and is_flagged(r)),
        True,
        False,
        {"axis": "x", "a": 2.0},
    ),
    Case(
        "dates.rounded",
        "astype",
        RAMP,
        lambda r: np.abs(r.x - RAMP.x).max(),
        64.0,
        0.0,
        {"dtype_str": "float32"},
    ),
    Case(
        "dates.far_from_origin",
        "sinusoidal_fit",
        dated(np.sin(2 * np.pi * HOURS / 86400)),
        lambda r: bool(np.abs(r.y - np.sin(2 * np.pi * HOURS / 86400)).max() > 0.5),
        True,
        False,
    ),
]
