"""Faults of sigima with dates on x, and features for which dates make no sense.

Upstream: docs/upstream/sigima_dates.md
"""

from __future__ import annotations

import numpy as np

from datalab_workspace.model.dates import DATES_KEY, is_dates
from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

REPORT = "sigima_dates"
_SPECTRA = "fft ifft magnitude_spectrum phase_spectrum psd"
_STABILITY = (
    "allan_variance allan_deviation modified_allan_variance hadamard_variance "
    "total_variance time_deviation overlapping_allan_variance"
)
_FITS = (
    "exponential_fit piecewiseexponential_fit polynomial_fit sinusoidal_fit "
    "planckian_fit"
)


def _has_dates(call: Call) -> bool:
    return is_dates(call.obj.metadata)


@fault(
    REPORT,
    "signal",
    f"{_SPECTRA} {_STABILITY} transpose xy_mode replace_x_by_other_y",
)
def _flag_stays(call: Call) -> str | None:
    if not _has_dates(call) or not is_dates(call.result.metadata):
        return None
    return (
        f"x of the result is not dates, but its metadata says so, as in {call.name}; "
        f"DataLab draws dates. Call edit(result, metadata={{{DATES_KEY!r}: False}})"
    )


@fault(REPORT, "signal", "to_polar to_cartesian")
def _coordinates(call: Call) -> str | None:
    if not _has_dates(call):
        return None
    return (
        f"x of {call.name} is dates, and the feature takes their seconds since 1970 "
        "for a length or an angle; the result makes no sense"
    )


@fault(REPORT, "signal", "calibration")
def _calibrated_dates(call: Call) -> str | None:
    if not _has_dates(call) or call.value("axis") != "x" or call.value("a") == 1:
        return None
    return (
        f"x of {call.name} is dates, and the seconds since 1970 are multiplied; the "
        "dates of the result make no sense"
    )


@fault(REPORT, "signal", "astype")
def _rounded(call: Call) -> str | None:
    if not _has_dates(call) or np.array_equal(call.obj.x, call.result.x):
        return None
    error = np.abs(call.obj.x - call.result.x).max()
    return (
        f"the dates of {call.name} are rounded as well, by up to {error:.3g} s; keep "
        "float64 for a signal with dates"
    )


@fault(REPORT, "signal", _FITS)
def _far_from_origin(call: Call) -> str | None:
    if not _has_dates(call):
        return None
    return (
        f"x of {call.name} is dates, and the fit is computed with the seconds since "
        "1970, for which it is inaccurate or fails; fit y over the seconds since the "
        "first date: add(name, (obj.x - obj.x[0], obj.y))"
    )


FAULTS: tuple[Fault, ...] = (
    _flag_stays,
    _coordinates,
    _calibrated_dates,
    _rounded,
    _far_from_origin,
)
