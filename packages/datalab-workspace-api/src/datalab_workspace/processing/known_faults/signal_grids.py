"""Faults of sigima that depend on x of a signal, or on complex values.

Upstream: docs/upstream/sigima_signal_grid.md,
    docs/upstream/sigima_complex_values.md,
    docs/upstream/sigima_ignored_parameters.md
"""

from __future__ import annotations

import numpy as np

from datalab_workspace.processing.known_faults.fault import (
    Call,
    Fault,
    fault,
    has_complex,
    is_even,
)

GRID = "sigima_signal_grid"
COMPLEX = "sigima_complex_values"
IGNORED = "sigima_ignored_parameters"
_FREQUENCY_FILTERS = "lowpass highpass bandpass bandstop"
_SPECTRA = "fft magnitude_spectrum phase_spectrum psd"
_COMBINED = "addition average product standard_deviation difference division arithmetic"
#: The values that `apply_window` always uses.
_WINDOW_VALUES = {"kaiser": ("beta", 14.0), "gaussian": ("sigma", 7.0)}


@fault(GRID, "signal", f"detrending reverse_x {_FREQUENCY_FILTERS} {_SPECTRA}")
def _uneven(call: Call) -> str | None:
    constant = call.feature == "detrending" and call.value("method") == "constant"
    if constant or is_even(call.obj.x):
        return None
    return (
        f"x of {call.name} is not evenly spaced, but the feature takes it as if it "
        "were; use resampling() first"
    )


@fault(GRID, "signal", "extract_roi extract_rois offset_correction")
def _descending(call: Call) -> str | None:
    if np.all(np.diff(call.obj.x) >= 0):
        return None
    return (
        f"x of {call.name} does not ascend, and the region is searched as if it did, "
        "so that other points are used; sort the signal by x first"
    )


@fault(GRID, "signal", "resampling interpolate")
def _quadratic(call: Call) -> str | None:
    if call.value("method") != "quadratic" or len(call.obj.x) < 4:
        return None
    return (
        f"method='quadratic' fits one parabola to all of {call.name} and does not "
        "interpolate; use 'cubic', 'spline' or 'pchip'"
    )


@fault(GRID, "signal", "resampling interpolate")
def _overshoot(call: Call) -> str | None:
    if call.value("method") != "barycentric":
        return None
    span = np.ptp(np.abs(call.obj.y))
    if not np.nanmax(np.abs(call.result.y), initial=0) > 2 * (
        np.abs(call.obj.y).max() + span
    ):
        return None
    return (
        f"method='barycentric' puts one polynomial through all points of {call.name}, "
        "which oscillates far beyond them; use 'cubic', 'spline' or 'pchip'"
    )


# Not for fft: most signals begin elsewhere, and magnitudes do not depend on it.
@fault(GRID, "signal", "phase_spectrum")
def _origin(call: Call) -> str | None:
    x = call.obj.x
    if len(x) < 2 or abs(x[0]) <= 1e-9 * abs(x[-1] - x[0]):
        return None
    return (
        f"the phases refer to the first point of {call.name}, x = {x[0]:g}, not to "
        "x = 0; subtract 360° times frequency times x[0]"
    )


@fault(COMPLEX, "signal", "ifft")
def _real_only(call: Call) -> str | None:
    shifted = np.all(np.diff(call.obj.x) >= 0)
    spectrum = np.fft.ifftshift(call.obj.y) if shifted else call.obj.y
    values = np.fft.ifft(spectrum)
    if np.abs(values.imag).max() <= 1e-6 * np.abs(values).max():
        return None
    return (
        f"the result of {call.name} is complex, and only its real part is kept; use "
        "numpy.fft.ifft"
    )


@fault(COMPLEX, "signal", _FREQUENCY_FILTERS)
def _brickwall(call: Call) -> str | None:
    if call.value("method") != "brickwall" or not has_complex(call.obj):
        return None
    return (
        f"{call.name} is complex, and method='brickwall' keeps only the real part; "
        "filter real() and imag() separately"
    )


@fault(COMPLEX, "signal", f"{_COMBINED} quadratic_difference")
def _complex_second(call: Call) -> str | None:
    if has_complex(call.obj) or not any(map(has_complex, call.objects[1:])):
        return None
    return (
        f"{call.name} is real, so that the imaginary parts of the other signals are "
        "dropped; convert it with astype(dtype_str='complex128') first"
    )


@fault(
    COMPLEX,
    "image",
    "standard_deviation calibration horizontal_projection vertical_projection "
    "line_profile segment_profile resampling gaussian_freq_filter threshold_isodata "
    "threshold_minimum threshold_otsu threshold_triangle threshold_yen",
)
def _complex_image(call: Call) -> str | None:
    on_axis = call.feature == "calibration" and call.value("axis") != "z"
    if on_axis or not any(map(has_complex, call.objects)):
        return None
    if has_complex(call.result):
        return None
    return (
        f"{call.name} is complex, and only its real part is used; compute from real(), "
        "imag() or absolute()"
    )


@fault(IGNORED, "signal", "apply_window")
def _window(call: Call) -> str | None:
    parameter, used = _WINDOW_VALUES.get(call.value("method"), ("alpha", None))
    if used is None or call.value(parameter) == used:
        return None
    return (
        f"{parameter}={call.value(parameter):g} has no effect: the window is that of "
        f"{parameter}={used:g}; multiply y by scipy.signal.windows"
        f".{call.value('method')} instead"
    )


@fault(IGNORED, "image", "gaussian_freq_filter")
def _absolute(call: Call) -> str | None:
    if call.value("ifft_result_type") != "abs":
        return None
    return "ifft_result_type='abs' has no effect: the result is the real part"


FAULTS: tuple[Fault, ...] = (
    _uneven,
    _descending,
    _quadratic,
    _overshoot,
    _origin,
    _real_only,
    _brickwall,
    _complex_second,
    _complex_image,
    _window,
    _absolute,
)
