"""Faults of sigima in the uncertainties of signals.

Upstream: docs/upstream/sigima_uncertainties.md
"""

from __future__ import annotations

import numpy as np

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

REPORT = "sigima_uncertainties"
_FILTERS = (
    "gaussian_filter moving_average moving_median wiener "
    "lowpass highpass bandpass bandstop apply_window"
)
_FITS = (
    "linear_fit polynomial_fit gaussian_fit lorentzian_fit voigt_fit exponential_fit "
    "cdf_fit planckian_fit twohalfgaussian_fit sigmoid_fit piecewiseexponential_fit "
    "sinusoidal_fit"
)
_COMBINED = (
    "addition average product standard_deviation difference division arithmetic "
    "quadratic_difference"
)


@fault(REPORT, "signal", "derivative")
def _derivative(call: Call) -> str | None:
    if call.obj.dy is None:
        return None
    return (
        "dy of the result is the derivative of dy, which is not an uncertainty (it is "
        f"0 where dy of {call.name} is constant); propagate dy yourself"
    )


@fault(REPORT, "signal", "integral")
def _integral(call: Call) -> str | None:
    if call.obj.dy is None or len(call.obj.x) < 3:
        return None
    return (
        f"dy of the result is too small, by up to a factor of √2: each point of "
        f"{call.name} belongs to two trapezoids, which are taken as independent"
    )


@fault(REPORT, "signal", _COMBINED)
def _some_without(call: Call) -> str | None:
    without = [
        name
        for obj, name in zip(call.objects, call.names, strict=True)
        if obj.dy is None
    ]
    if not without or len(without) == len(call.objects):
        return None
    if getattr(call.result, "dy", None) is None:
        return (
            f"{without[0]!r:.80} has no dy, so the result has none; set dy of all "
            "signals"
        )
    return (
        f"dy of the result is that of {call.name}, unchanged, because "
        f"{without[0]!r:.80} has no dy; set dy of all signals"
    )


@fault(REPORT, "signal", "product division arithmetic")
def _at_zero(call: Call) -> str | None:
    if any(obj.dy is None for obj in call.objects):
        return None
    if call.feature == "arithmetic" and call.value("operator") not in ("×", "*", "/"):
        return None
    zeros = any(np.any(obj.y == 0) for obj in call.objects)
    if not zeros or not np.any(np.isnan(call.result.y) ^ np.isnan(call.result.dy)):
        return None
    return "dy of the result is NaN where a signal is 0; propagate dy there yourself"


@fault(REPORT, "signal", "reverse_x")
def _reverse(call: Call) -> str | None:
    dy = call.obj.dy
    if dy is None or np.array_equal(dy, dy[::-1], equal_nan=True):
        return None
    return f"dy of {call.name} is not reversed with y; reverse it yourself"


@fault(REPORT, "signal", _FILTERS)
def _filters(call: Call) -> str | None:
    if call.obj.dy is None or getattr(call.result, "dy", None) is None:
        return None
    return (
        f"dy of the result is that of {call.name}, as if nothing had been done to y; "
        "propagate dy yourself"
    )


@fault(REPORT, "signal", "calibration")
def _calibration(call: Call) -> str | None:
    obj = call.obj
    unchanged = obj.dy is not None or abs(call.value("a")) == 1
    if call.value("axis") != "x" or obj.dx is None or unchanged:
        return None
    return (
        f"dx of the result is that of {call.name}, not multiplied by a = "
        f"{call.value('a'):g}; multiply it yourself"
    )


@fault(REPORT, "signal", "complex_from_magnitude_phase")
def _magnitude_phase(call: Call) -> str | None:
    dx = getattr(call.result, "dx", None)
    if dx is None or not np.array_equal(dx, call.obj.x):
        return None
    return f"dx of the result is x of {call.name}, not its uncertainty; do not use it"


@fault(REPORT, "signal", _FITS)
def _fits(call: Call) -> str | None:
    dy = call.obj.dy
    if dy is None or np.all(dy == dy[:1]):
        return None
    return (
        f"dy of {call.name} is not used: all points have the same weight, and the "
        "uncertainties of the parameters assume the same spread everywhere; use "
        "scipy.optimize.curve_fit with sigma=dy and absolute_sigma=True"
    )


FAULTS: tuple[Fault, ...] = (
    _derivative,
    _integral,
    _some_without,
    _at_zero,
    _reverse,
    _filters,
    _calibration,
    _magnitude_phase,
    _fits,
)
