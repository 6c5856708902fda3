"""Features of signals that compute the same as NumPy and SciPy, and without a warning.

Those that do not are in `test_known_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, interpolate, ndimage
from scipy import signal as sps

from datalab_workspace.processing.features import features
from support.doubtful import compute, signal

RNG = np.random.default_rng(3)
X = np.linspace(0.0, 5.0, 101)
Y = 2 + np.sin(3 * X) + 0.3 * RNG.normal(size=101)
OTHER = 3 + np.cos(2 * X) + 0.3 * RNG.normal(size=101)
DY = np.full(101, 0.1)
DY2 = np.full(101, 0.2)
UNEVEN = np.sort(RNG.uniform(0, 5, 101))

#: Features of one signal: parameters, and y by NumPy or SciPy.
ONE: list[tuple[str, dict[str, Any], Callable[[np.ndarray, np.ndarray], Any]]] = [
    ("absolute", {}, lambda x, y: np.abs(y)),
    ("addition_constant", {"value": 2.5}, lambda x, y: y + 2.5),
    ("difference_constant", {"value": 2.5}, lambda x, y: y - 2.5),
    ("product_constant", {"value": -2.5}, lambda x, y: y * -2.5),
    ("division_constant", {"value": 2.5}, lambda x, y: y / 2.5),
    ("inverse", {}, lambda x, y: 1 / y),
    ("exp", {}, lambda x, y: np.exp(y)),
    ("log10", {}, lambda x, y: np.log10(y)),
    ("sqrt", {}, lambda x, y: np.sqrt(y)),
    ("power", {"power": 3.0}, lambda x, y: y**3),
    ("real", {}, lambda x, y: y),
    ("imag", {}, lambda x, y: 0 * y),
    ("clip", {"lower": 1.5, "upper": 2.5}, lambda x, y: np.clip(y, 1.5, 2.5)),
    ("derivative", {}, lambda x, y: np.gradient(y, x)),
    ("integral", {}, lambda x, y: integrate.cumulative_trapezoid(y, x, initial=0)),
    ("calibration", {"axis": "y", "a": 2.0, "b": 1.0}, lambda x, y: 2 * y + 1),
    ("normalize", {"method": "maximum"}, lambda x, y: y / y.max()),
    ("normalize", {"method": "amplitude"}, lambda x, y: (y - y.min()) / np.ptp(y)),
    ("normalize", {"method": "energy"}, lambda x, y: y / np.sqrt(np.sum(y**2))),
    ("normalize", {"method": "rms"}, lambda x, y: y / np.sqrt(np.mean(y**2))),
    (
        "offset_correction",
        {"xmin": 1.01, "xmax": 2.02},
        lambda x, y: y - y[(x >= 1.01) & (x <= 2.02)].mean(),
    ),
    ("phase", {"unwrap": False}, lambda x, y: np.degrees(np.angle(y))),
    ("gaussian_filter", {"sigma": 2.0}, lambda x, y: ndimage.gaussian_filter(y, 2)),
    (
        "moving_average",
        {"n": 5, "mode": "nearest"},
        lambda x, y: ndimage.convolve1d(y, np.full(5, 0.2), mode="nearest"),
    ),
    (
        "moving_median",
        {"n": 3},
        lambda x, y: np.median([np.r_[y[0], y[:-1]], y, np.r_[y[1:], y[-1]]], axis=0),
    ),
    ("wiener", {}, lambda x, y: sps.wiener(y)),
    (
        "apply_window",
        {"method": "hann"},
        lambda x, y: y * sps.windows.hann(len(y)),
    ),
    ("apply_window", {"method": "kaiser"}, lambda x, y: y * np.kaiser(len(y), 14.0)),
    (
        "apply_window",
        {"method": "tukey", "alpha": 0.3},
        lambda x, y: y * sps.windows.tukey(len(y), 0.3),
    ),
    ("detrending", {}, lambda x, y: y - np.polyval(np.polyfit(x, y, 1), x)),
    ("detrending", {"method": "constant"}, lambda x, y: y - y.mean()),
    ("reverse_x", {}, lambda x, y: y[::-1]),
    (
        "lowpass",
        {"method": "butterworth", "cut0": 2.0, "order": 3},
        lambda x, y: sps.filtfilt(*sps.butter(3, 2.0, fs=20.0), y),
    ),
    (
        "highpass",
        {"method": "bessel", "cut0": 2.0, "order": 2},
        lambda x, y: sps.filtfilt(*sps.bessel(2, 2.0, "high", fs=20.0), y),
    ),
    (
        "bandpass",
        {"method": "chebyshev1", "cut0": 2.0, "cut1": 4.0, "order": 2},
        lambda x, y: sps.filtfilt(
            *sps.cheby1(2, 1.0, [2.0, 4.0], "bandpass", fs=20.0), y
        ),
    ),
    (
        "lowpass",
        {"method": "brickwall", "cut0": 2.0, "zero_padding": False},
        lambda x, y: np.fft.irfft(
            np.fft.rfft(y) * (np.fft.rfftfreq(len(y), 0.05) <= 2.0), len(y)
        ),
    ),
    (
        "fft",
        {"shift": False},
        lambda x, y: np.fft.fft(y),
    ),
    ("magnitude_spectrum", {}, lambda x, y: np.abs(np.fft.fftshift(np.fft.fft(y)))),
    (
        "phase_spectrum",
        {},
        lambda x, y: np.degrees(np.angle(np.fft.fftshift(np.fft.fft(y)))),
    ),
    ("psd", {}, lambda x, y: sps.welch(y, fs=20.0)[1]),
    ("histogram", {"bins": 10}, lambda x, y: np.histogram(y, 10)[0]),
    ("linear_fit", {}, lambda x, y: np.polyval(np.polyfit(x, y, 1), x)),
    ("polynomial_fit", {"degree": 4}, lambda x, y: np.polyval(np.polyfit(x, y, 4), x)),
    (
        "allan_variance",
        {"max_tau": 1},
        lambda x, y: [avar(y)],
    ),
]


def avar(y: np.ndarray) -> float:
    """Return the Allan variance for means of 20 samples."""
    means = y[:100].reshape(-1, 20).mean(axis=1)
    return float(np.mean(np.diff(means) ** 2) / 2)


#: Features whose x differs from that of the source: x by NumPy or SciPy.
OWN_X: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    "fft": lambda x, y: np.fft.fftfreq(len(x), 0.05),
    "magnitude_spectrum": lambda x, y: np.fft.fftshift(np.fft.fftfreq(len(x), 0.05)),
    "phase_spectrum": lambda x, y: np.fft.fftshift(np.fft.fftfreq(len(x), 0.05)),
    "psd": lambda x, y: sps.welch(y, fs=20.0)[0],
    "histogram": lambda x, y: (lambda e: (e[1:] + e[:-1]) / 2)(np.histogram(y, 10)[1]),
    "allan_variance": lambda x, y: [1],
}


@pytest.mark.filterwarnings("ignore:nperseg")
@pytest.mark.parametrize(("feature", "values", "reference"), ONE)
def test_one_signal(
    feature: str, values: dict[str, Any], reference: Callable[..., Any]
) -> None:
    result, caught = compute(feature, signal(X, Y), **values)

    np.testing.assert_allclose(result.y, reference(X, Y), rtol=1e-7, atol=1e-9)
    x = OWN_X[feature](X, Y) if feature in OWN_X else X
    np.testing.assert_allclose(result.x, x, rtol=1e-9, atol=1e-12)
    # The title of a polynomial fit is wrong, its values are not.
    assert [text for text in caught if "the title of the result" not in text] == []


@pytest.mark.parametrize("feature", ["derivative", "integral", "linear_fit"])
def test_uneven_x(feature: str) -> None:
    (reference,) = (each[2] for each in ONE if each[0] == feature)
    result, caught = compute(feature, signal(UNEVEN, Y))

    np.testing.assert_allclose(result.y, reference(UNEVEN, Y), atol=1e-9)
    assert caught == []


COMBINED: list[tuple[str, dict[str, Any], Callable[..., Any]]] = [
    ("addition", {}, lambda a, b: a + b),
    ("average", {}, lambda a, b: (a + b) / 2),
    ("product", {}, lambda a, b: a * b),
    ("standard_deviation", {}, lambda a, b: np.std([a, b], axis=0)),
    ("difference", {}, lambda a, b: a - b),
    ("division", {}, lambda a, b: a / b),
    ("quadratic_difference", {}, lambda a, b: (a - b) / np.sqrt(2)),
    (
        "arithmetic",
        {"operator": "-", "factor": 2.0, "constant": 1.0},
        lambda a, b: 2 * (a - b) + 1,
    ),
    ("complex_from_real_imag", {}, lambda a, b: a + 1j * b),
    ("replace_x_by_other_y", {}, lambda a, b: a),
]


@pytest.mark.parametrize(("feature", "values", "reference"), COMBINED)
def test_two_signals(
    feature: str, values: dict[str, Any], reference: Callable[..., Any]
) -> None:
    first, second = signal(X, Y), signal(X, OTHER)
    several = features("signal")[feature].operands is None
    result, caught = compute(
        feature,
        [first, second] if several else first,
        None if several else second,
        **values,
    )

    np.testing.assert_allclose(result.y, reference(Y, OTHER), rtol=1e-12)
    x = OTHER if feature == "replace_x_by_other_y" else X
    np.testing.assert_array_equal(result.x, x)
    assert [text for text in caught if "the title of the result" not in text] == []


PROPAGATED: list[tuple[str, dict[str, Any], Callable[..., Any]]] = [
    ("addition", {}, lambda y, z, a, b: np.hypot(a, b)),
    ("average", {}, lambda y, z, a, b: np.hypot(a, b) / 2),
    ("product", {}, lambda y, z, a, b: np.hypot(a * z, b * y)),
    ("difference", {}, lambda y, z, a, b: np.hypot(a, b)),
    ("division", {}, lambda y, z, a, b: np.hypot(a / z, b * y / z**2)),
    ("quadratic_difference", {}, lambda y, z, a, b: np.hypot(a, b) / np.sqrt(2)),
    ("addition_constant", {"value": 3.0}, lambda y, z, a, b: a),
    ("product_constant", {"value": -3.0}, lambda y, z, a, b: 3 * a),
    ("division_constant", {"value": -4.0}, lambda y, z, a, b: a / 4),
    ("inverse", {}, lambda y, z, a, b: a / y**2),
    ("exp", {}, lambda y, z, a, b: a * np.exp(y)),
    ("log10", {}, lambda y, z, a, b: a / (y * np.log(10))),
    ("sqrt", {}, lambda y, z, a, b: a / (2 * np.sqrt(y))),
    ("power", {"power": 3.0}, lambda y, z, a, b: 3 * y**2 * a),
    ("calibration", {"axis": "y", "a": -2.0}, lambda y, z, a, b: 2 * a),
    ("normalize", {"method": "maximum"}, lambda y, z, a, b: a / y.max()),
    ("absolute", {}, lambda y, z, a, b: a),
    ("transpose", {}, lambda y, z, a, b: 0.03 + 0 * a),
]


@pytest.mark.parametrize(("feature", "values", "reference"), PROPAGATED)
def test_uncertainties(
    feature: str, values: dict[str, Any], reference: Callable[..., Any]
) -> None:
    first = signal(X, Y, np.full(101, 0.03), DY)
    second = signal(X, OTHER, np.full(101, 0.03), DY2)
    operands = features("signal")[feature].operands
    result, caught = compute(
        feature,
        [first, second] if operands is None else first,
        second if operands == 2 else None,
        **values,
    )

    expected = reference(Y, OTHER, DY, DY2)
    np.testing.assert_allclose(result.dy, expected, rtol=1e-9)
    assert [text for text in caught if "the title of the result" not in text] == []


INTERPOLATED: dict[str, Callable[..., Any]] = {
    "linear": lambda x, y, new: np.interp(new, x, y),
    "spline": lambda x, y, new: interpolate.splev(new, interpolate.splrep(x, y)),
    "cubic": lambda x, y, new: interpolate.Akima1DInterpolator(x, y)(new),
    "pchip": lambda x, y, new: interpolate.PchipInterpolator(x, y)(new),
}


@pytest.mark.parametrize("method", INTERPOLATED)
def test_interpolation(method: str) -> None:
    new = np.linspace(0.1, 4.9, 57)
    expected = INTERPOLATED[method](X, Y, new)
    values = {"method": method, "xmin": 0.1, "xmax": 4.9, "nbpts": 57}
    resampled, no_warnings = compute("resampling", signal(X, Y), **values)
    interpolated, none = compute(
        "interpolate", signal(X, Y), signal(new, new), method=method
    )

    for result in (resampled, interpolated):
        np.testing.assert_allclose(result.x, new)
        np.testing.assert_allclose(result.y, expected)
    assert no_warnings == none == []


def test_a_convolution_with_a_centered_kernel() -> None:
    x = np.arange(-50.0, 51.0)
    peak, kernel = np.exp(-(x**2) / 50), np.exp(-(x**2) / 18)
    result, caught = compute("convolution", signal(x, peak), signal(x, kernel))

    expected = np.convolve(peak, kernel, "same")
    np.testing.assert_allclose(result.y, expected, atol=1e-6)
    assert caught == []


def test_fft_and_back() -> None:
    result, caught = compute("fft", signal(X, Y))
    back, _ = compute("ifft", result)

    np.testing.assert_allclose(back.y, Y)
    np.testing.assert_allclose(back.x, X, atol=1e-9)
    assert caught == []


@pytest.mark.parametrize(
    ("feature", "values", "shape", "width"),
    [
        ("fwhm", {}, lambda u: (np.abs(u) < 1.0) * 2.0, 2),
        ("fwhm", {"method": "gauss"}, lambda u: np.exp(-(u**2) / 2), 2.3548200),
        ("fwhm", {"method": "lorentz"}, lambda u: 1 / (1 + u**2), 2),
        ("fw1e2", {}, lambda u: np.exp(-(u**2) / 2), 4),
        ("full_width_at_y", {"y": 1.0}, lambda u: 2 * np.exp(-(u**2) / 2), 2.3548200),
    ],
)
def test_widths(
    feature: str, values: dict[str, Any], shape: Callable[..., Any], width: float
) -> None:
    x = np.linspace(-10, 10, 2001) + 3.0
    result, caught = compute(feature, signal(x, shape((x - 3) / 0.8)), **values)

    (coords,) = result.coords
    assert coords[2] - coords[0] == pytest.approx(0.8 * width, rel=1e-3)
    assert (coords[0] + coords[2]) / 2 == pytest.approx(3, abs=0.01)
    assert caught == []


FITTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gaussian_fit": lambda x: 1 + 3 * np.exp(-((x - 2) ** 2) / 0.5),
    "lorentzian_fit": lambda x: 1 + 3 / (1 + ((x - 2) / 0.4) ** 2),
    "exponential_fit": lambda x: 1 + 3 * np.exp(-1.2 * x),
    "sinusoidal_fit": lambda x: 1 + 3 * np.sin(2 * np.pi * 0.7 * x + 0.3),
    "sigmoid_fit": lambda x: 1 + 3 / (1 + np.exp(-4 * (x - 2))),
}


@pytest.mark.parametrize("feature", FITTED)
def test_fits_of_exact_curves(feature: str) -> None:
    y = FITTED[feature](X)
    result, caught = compute(feature, signal(X, y))

    np.testing.assert_allclose(result.y, y, atol=1e-4)
    assert caught == []


@pytest.mark.parametrize("nan", [False, True])
def test_statistics(nan: bool) -> None:
    y = Y.copy()
    y[5] = np.nan if nan else y[5]
    table, caught = compute("stats", signal(X, y))

    row = table.to_dataframe().iloc[0]
    expected = {
        "min": np.nanmin(y),
        "max": np.nanmax(y),
        "mean": np.nanmean(y),
        "median": np.nanmedian(y),
        "std": np.nanstd(y),
        "ptp": np.nanmax(y) - np.nanmin(y),
        "sum": np.nansum(y),
    }
    if not nan:
        expected["trapz"] = integrate.trapezoid(y, X)
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert caught == []


VALUES = arrays(
    np.float64,
    st.integers(8, 40),
    elements=st.floats(-1e3, 1e3, allow_subnormal=False),
)


@settings(max_examples=15, deadline=None)
@given(y=VALUES, value=st.floats(-10, 10, allow_subnormal=False))
@pytest.mark.filterwarnings("ignore")
def test_any_values(y: np.ndarray, value: float) -> None:
    """Sums, integrals and extremes of any values, and no warning."""
    x = np.arange(len(y)) * 0.5
    obj = signal(x, y)

    added, first = compute("addition_constant", obj, value=value)
    total, second = compute("integral", obj)
    place, third = compute("x_at_minmax", obj)

    np.testing.assert_allclose(added.y, y + value)
    expected = integrate.cumulative_trapezoid(y, x, initial=0)
    np.testing.assert_allclose(total.y, expected, atol=1e-6)
    row = place.to_dataframe().iloc[0]
    assert row["X@Ymin"] == x[np.argmin(y)]
    assert row["X@Ymax"] == x[np.argmax(y)]
    assert first == second == third == []
