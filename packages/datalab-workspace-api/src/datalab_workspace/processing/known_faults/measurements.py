"""Faults of sigima in what it measures from signals and images.

Upstream: docs/upstream/sigima_measurements.md
"""

from __future__ import annotations

import numpy as np

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

REPORT = "sigima_measurements"
_TAUS = (
    "allan_variance allan_deviation overlapping_allan_variance modified_allan_variance "
    "hadamard_variance total_variance time_deviation"
)
#: The lowest width that a fit accepts, as a part of the range of x.
_NARROWEST = {"gaussian_fit": 0.01, "lorentzian_fit": 0.01, "voigt_fit": 0.001}


@fault(REPORT, "signal", "dynamic_parameters")
def _dynamic(call: Call) -> str | None:
    excess = 20 * np.log10(len(call.obj.x) / np.sqrt(2))
    full_scale = (
        ", and snr and sinad are in dBc" if call.value("unit") == "dBFS" else ""
    )
    return (
        f"snr of {call.name} is too large by {excess:.1f} dB, thd adds amplitudes "
        f"instead of powers, sfdr takes an offset as the carrier{full_scale}; use "
        "sinad in dBc and enob"
    )


@fault(REPORT, "signal", "fwhm")
def _half_maximum(call: Call) -> str | None:
    obj = call.obj
    if call.value("method") != "zero-crossing" or call.result is None or obj.roi:
        return None
    x, y = obj.x, obj.y
    lowest, highest = call.value("xmin"), call.value("xmax")
    used = (x >= (x[0] if lowest is None else lowest)) & (
        x <= (x[-1] if highest is None else highest)
    )
    x, y = x[used], y[used]
    base = float(np.mean(y[x <= x[0] + 0.05 * (x[-1] - x[0])]))
    extreme = y[np.argmax(np.abs(y - base))]
    level, right = call.result.coords[0, 1], (base + extreme) / 2
    if abs(level - right) <= 0.01 * abs(extreme - base):
        return None
    return (
        f"the width of {call.name} is taken at {level:.4g}, half of the mean of the "
        f"points near its top, not at half of the maximum, {right:.4g}; use "
        f"full_width_at_y(y={right:.4g}) or method='gauss'"
    )


@fault(REPORT, "signal", "bandwidth_3db")
def _bandwidth(call: Call) -> str | None:
    x = call.obj.x
    if call.result is None or not len(x) or x[0] == 0:
        return None
    if not np.any(call.result.coords[:, 0] == 0):
        return None
    return (
        f"the band of {call.name} is measured from x = 0, not from the first point, "
        f"x = {x[0]:g}; subtract x[0]"
    )


@fault(REPORT, "signal", _TAUS)
def _averaging_times(call: Call) -> str | None:
    step = float(np.mean(np.diff(call.obj.x)))
    samples = call.result.x / step
    if np.allclose(samples, np.round(samples), atol=1e-6):
        return None
    return (
        f"x of the result is 1, 2, 3… in the unit of x of {call.name}, but the values "
        f"are for the nearest multiples of its step, {step:g}; choose a step that "
        "divides 1"
    )


@fault(REPORT, "signal", "gaussian_fit lorentzian_fit voigt_fit")
def _narrow_peak(call: Call) -> str | None:
    sigma = (call.result.metadata.get("fit_params") or {}).get("sigma")
    used = call.obj.x[~np.ma.getmaskarray(call.obj.get_masked_view())]
    if not used.size:
        return None
    lowest = np.ptp(used) * _NARROWEST[call.feature]
    if not isinstance(sigma, float) or sigma > 1.001 * lowest:
        return None
    return (
        f"sigma cannot be less than {lowest:g}, a part of the range of x of "
        f"{call.name}, and the fit stopped there; extract_roi() around the peak first"
    )


@fault(REPORT, "signal", "normalize")
def _area(call: Call) -> str | None:
    x = call.obj.x
    if call.value("method") != "area" or len(x) < 2:
        return None
    y = np.nan_to_num(call.result.y)
    area = abs(np.sum((y[1:] + y[:-1]) / 2 * np.diff(x)))
    if np.isclose(area, 1, rtol=1e-3):
        return None
    return (
        f"method='area' divides {call.name} by the sum of y, not by the integral: the "
        f"area of the result is {area:.4g}; divide by the integral yourself"
    )


@fault(REPORT, "image", "enclosing_circle")
def _whole_pixels(call: Call) -> str | None:
    return (
        f"the center of the circle in {call.name} is cut to whole pixels, so that it "
        "is up to one pixel off; use contour_shape(shape='circle')"
    )


@fault(REPORT, "image", "blob_dog blob_log")
def _blob_radius(call: Call) -> str | None:
    if call.result is None or not len(call.result.coords):
        return None
    return (
        f"the radii of the blobs in {call.name} are sigma of the kernel; multiply them "
        "by √2"
    )


@fault(
    REPORT,
    "image",
    "enclosing_circle contour_shape blob_dog blob_doh blob_log blob_opencv "
    "hough_circle_peaks",
)
def _unequal_pixels(call: Call) -> str | None:
    obj = call.obj
    polygon = call.feature == "contour_shape" and call.value("shape") == "polygon"
    if call.result is None or polygon or np.isclose(obj.dx, obj.dy):
        return None
    return (
        f"the pixels of {call.name} are not square ({obj.dx:g} by {obj.dy:g}), and the "
        "radii are those in pixels times the mean of both; use "
        "contour_shape(shape='polygon') and fit it yourself"
    )


@fault(REPORT, "image", "contour_shape")
def _angle(call: Call) -> str | None:
    if call.value("shape") != "ellipse" or call.result is None:
        return None
    a, b, theta = call.result.coords[:, 2:5].T
    tilted = (np.abs(np.sin(2 * theta)) > 1e-3) & ~np.isclose(a, b, rtol=1e-3)
    if not tilted.any():
        return None
    return (
        f"the angles of ellipses in {call.name} have the wrong sign: the axis a points "
        "along (cos theta, -sin theta)"
    )


@fault(REPORT, "image", "stats")
def _peak_to_peak(call: Call) -> str | None:
    data = call.obj.data
    if data.dtype.kind != "i" or not data.size:
        return None
    span = int(data.max()) - int(data.min())
    if span <= np.iinfo(data.dtype).max:
        return None
    return (
        f"ptp of {call.name} exceeds the range of its dtype, {data.dtype}, and is "
        "wrong; it is max - min"
    )


FAULTS: tuple[Fault, ...] = (
    _dynamic,
    _half_maximum,
    _bandwidth,
    _averaging_times,
    _narrow_peak,
    _area,
    _whole_pixels,
    _blob_radius,
    _unequal_pixels,
    _angle,
    _peak_to_peak,
)
