"""Fits: their parameters as a result, with uncertainties, units and derived values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.optimize import curve_fit
from sigima.objects import create_signal, create_signal_roi
from sigima.tools.signal.fitting import FIT_TYPE_MAPPING

from datalab_workspace import Workspace
from datalab_workspace.processing.features import features

#: A curve of each model, with parameters that sigima finds again.
CURVES: dict[str, dict[str, float]] = {
    "linear": {"a": -2.0, "b": 7.0},
    "polynomial": {"a": 0.02, "b": -0.3, "c": 1.0, "d": 2.0},
    "gaussian": {"amplitude": 3.0, "sigma": 0.7, "x0": 14.0, "y0": 0.5},
    "lorentzian": {"amplitude": 3.0, "sigma": 0.7, "x0": 14.0, "y0": 0.5},
    "voigt": {"amplitude": 3.0, "sigma": 0.7, "x0": 14.0, "y0": 0.5},
    "exponential": {"a": 5.0, "b": -0.3, "y0": 0.5},
    "sinusoidal": {"amplitude": 2.0, "frequency": 0.4, "phase": 0.5, "offset": 1.0},
    "cdf": {"amplitude": 2.0, "mu": 15.0, "sigma": 1.0, "baseline": 1.0},
    "sigmoid": {"amplitude": 2.0, "k": 2.0, "x0": 15.0, "offset": 1.0},
}
UNITS = {
    "linear": {"a": "V/nm", "b": "V"},
    "polynomial": {"a": "V/nm³", "b": "V/nm²", "c": "V/nm", "d": "V"},
    "gaussian": {"amplitude": "V", "sigma": "nm", "x0": "nm", "area": "V·nm"},
    "exponential": {"a": "V", "b": "1/nm", "tau": "nm"},
    "sinusoidal": {"amplitude": "V", "frequency": "1/nm", "phase": "rad"},
    "cdf": {"mu": "nm", "sigma": "nm", "baseline": "V"},
    "sigmoid": {"k": "1/nm", "x0": "nm"},
}


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


def curve(fit_type: str, points: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of a curve with noise."""
    x = np.linspace(10.0, 20.0, points)
    y = FIT_TYPE_MAPPING[fit_type].evaluate(x, **CURVES[fit_type])
    return x, y + np.random.default_rng(3).normal(0, 0.02, points)


def fitted(workspace: Workspace, fit_type: str, **changes: Any) -> str:
    x, y = curve(fit_type)
    obj = create_signal("data", x, y, units=("nm", "V"))
    for name, value in changes.items():
        setattr(obj, name, value)
    workspace.add("data", obj)
    name: str = workspace.calc(f"{fit_type}_fit", on="data")
    return name


def test_every_fit_of_sigima_has_its_parameters_as_a_result(
    workspace: Workspace,
) -> None:
    x, y = curve("gaussian")
    workspace.add("data", create_signal("data", x, y))
    fits = [n for n in features("signal") if n.endswith("_fit") and n != "evaluate_fit"]
    for feature in fits:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # most of them do not match a peak
            name = workspace.calc(feature, on="data")
        results = workspace.results(name)
        parameters = workspace.record(name).metadata["fit_params"]
        found = {value.quantity: value.value for value in results}

        assert {value.analysis for value in results} == {feature}
        assert found["residual_rms"] == parameters["residual_rms"]
        assert {
            n: v for n, v in parameters.items() if isinstance(v, float)
        }.items() <= (found.items())
    assert len(fits) >= 12


@pytest.mark.parametrize("fit_type", CURVES)
def test_the_uncertainties_are_those_of_curve_fit(
    workspace: Workspace, fit_type: str
) -> None:
    results = workspace.results(fitted(workspace, fit_type))
    x, y = curve(fit_type)
    names = list(CURVES[fit_type])
    model = FIT_TYPE_MAPPING[fit_type].evaluate

    def function(x: np.ndarray, *values: float) -> np.ndarray:
        curve: np.ndarray = model(x, **dict(zip(names, values, strict=True)))
        return curve

    start = [float(results[name].values[0]) for name in names]
    _, covariance = curve_fit(function, x, y, p0=start)
    expected = np.sqrt(np.diag(covariance))
    found = np.array([results[name].uncertainties[0] for name in names])

    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("fit_type", UNITS)
def test_each_parameter_has_its_unit(workspace: Workspace, fit_type: str) -> None:
    results = workspace.results(fitted(workspace, fit_type))

    units = {value.quantity: value.unit for value in results}
    assert UNITS[fit_type].items() <= units.items()
    assert units["residual_rms"] == "V"
    assert units["r2"] == ""


def test_a_frequency_in_seconds_is_in_hertz(workspace: Workspace) -> None:
    results = workspace.results(fitted(workspace, "sinusoidal", xunit="s"))

    assert results["frequency"][0].unit == "Hz"
    assert results["period"][0].unit == "s"


@pytest.mark.parametrize(
    ("fit_type", "fwhm", "area"),
    [
        ("gaussian", 2.354820, 2.506628),
        ("lorentzian", 2.0, 3.141593),
        ("voigt", 3.601136, 4.791354),
    ],
)
def test_width_and_area_follow_from_the_parameters(
    workspace: Workspace, fit_type: str, fwhm: float, area: float
) -> None:
    from sigima.tools.signal import pulse

    results = workspace.results(fitted(workspace, fit_type))
    model = getattr(pulse, f"{fit_type.capitalize()}Model")
    height, sigma = results["amplitude"].values[0], results["sigma"].values[0]

    np.testing.assert_allclose(results["fwhm"].values, model.fwhm(sigma))
    np.testing.assert_allclose(
        results["area"].values, model.area_from_amplitude(height, sigma)
    )
    np.testing.assert_allclose(results["fwhm"].values / sigma, fwhm, rtol=1e-5)
    np.testing.assert_allclose(results["area"].values / height / sigma, area, rtol=1e-5)
    spread = results["sigma"].uncertainties * fwhm
    np.testing.assert_allclose(results["fwhm"].uncertainties, spread, rtol=1e-4)


def test_the_uncertainty_of_a_width_is_that_of_the_spread(workspace: Workspace) -> None:
    """200 repetitions of a measurement scatter as their uncertainties say."""
    x = np.linspace(-5.0, 5.0, 60)
    rng = np.random.default_rng(0)
    found = []
    for number in range(200):
        y = np.exp(-(x**2) / 2) + rng.normal(0, 0.05, x.size)
        workspace.add(f"run {number}", (x, y))
    names = workspace.calc("gaussian_fit", on=[f"run {n}" for n in range(200)])
    found = workspace.results(names).select(quantity="area")

    ratio = np.std(found.values) / np.mean(found.uncertainties)
    assert 0.85 < ratio < 1.15


def test_only_the_regions_of_interest_count(workspace: Workspace) -> None:
    """The samples outside are not fitted, and so are not among the residuals."""
    x, y = curve("linear")
    obj = create_signal("data", x, np.where(x < 15, y, 100.0))
    obj.roi = create_signal_roi([10.0, 14.9])
    workspace.add("data", obj)
    results = workspace.results(workspace.calc("linear_fit", on="data"))

    assert results["r2"].values[0] > 0.99
    assert results["a"].uncertainties[0] < 0.01


def test_a_fit_with_uncertainties_dy_has_a_reduced_chi_square(
    workspace: Workspace,
) -> None:
    x, y = curve("linear", 400)
    obj = create_signal("data", x, y, dy=np.full(400, 0.02))
    workspace.add("data", obj)
    results = workspace.results(workspace.calc("linear_fit", on="data"))

    assert 0.8 < results["chi2_red"].values[0] < 1.2


def test_a_bound_that_stops_the_fit_is_reported(workspace: Workspace) -> None:
    """The amplitude has at most twice the range of the data, which is a flank."""
    x = np.linspace(0.0, 3.0, 60)
    workspace.add("flank", (x, 3 * np.exp(-((x - 5.0) ** 2) / 2)))

    with pytest.warns(UserWarning, match="gaussian_fit: .*not at a minimum"):
        name = workspace.calc("gaussian_fit", on="flank")

    assert np.isnan(workspace.results(name).uncertainties).all()


@pytest.mark.parametrize("feature", ["linear_fit", "gaussian_fit", "polynomial_fit"])
def test_parameters_that_are_zero_and_data_without_noise(
    workspace: Workspace, feature: str
) -> None:
    """The slope and the odd coefficients of a symmetric curve are rounding errors."""
    x = np.linspace(-5.0, 5.0, 200)
    workspace.add("symmetric", (x, np.exp(-(x**2) / 2)))
    results = workspace.results(workspace.calc(feature, on="symmetric"))

    spreads = {v.quantity: v.uncertainty for v in results}
    parameters = [n for n in spreads if n not in ("residual_rms", "r2")]
    assert all(spreads[name] is not None for name in parameters)
    if feature == "gaussian_fit":
        assert max(spreads[name] for name in parameters) < 1e-6
    else:
        assert min(spreads[name] for name in parameters) > 1e-5


@pytest.mark.parametrize("power", [-3, 3])
def test_the_size_of_the_units_does_not_matter(
    workspace: Workspace, power: int
) -> None:
    """The relative uncertainties are the same in micrometers and in millimeters."""
    x, y = curve("gaussian")
    workspace.add("one", (x, y))
    workspace.add("other", (x * 10.0**power, y * 10.0**-power))
    one, other = (
        workspace.results(workspace.calc("gaussian_fit", on=name))
        for name in ("one", "other")
    )

    for name in ("amplitude", "sigma", "x0"):
        expected = one[name].uncertainties / one[name].values
        found = other[name].uncertainties / other[name].values
        np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize(("x_unit", "y_unit"), [(1e-9, 1), (1, 1e-9), (1, 1e-12)])
def test_a_fit_that_fails_in_small_units_is_reported(
    workspace: Workspace, x_unit: float, y_unit: float
) -> None:
    """See docs/upstream/sigima_fits.md: the fit stops before the minimum."""
    x, y = curve("gaussian")
    workspace.add("small", (x * x_unit, y * y_unit))

    with pytest.warns(UserWarning, match="not at a minimum"):
        fit = workspace.calc("gaussian_fit", on="small")

    results = workspace.results(fit)
    assert abs(results["sigma"].values[0] / x_unit - 0.7) > 0.05
    assert np.isnan(results.uncertainties).all()


def test_what_the_data_does_not_determine_has_no_uncertainty(
    workspace: Workspace,
) -> None:
    """Sigima's Planck curve depends on quotients of its parameters only."""
    x = np.linspace(0.3, 3.0, 200)
    y = FIT_TYPE_MAPPING["planckian"].evaluate(x, amp=50.0, x0=0.9, sigma=1.0, y0=0.1)
    workspace.add("black body", (x, y + np.random.default_rng(1).normal(0, 0.01, 200)))
    results = workspace.results(workspace.calc("planckian_fit", on="black body"))

    known = {v.quantity for v in results if v.uncertainty is not None}
    assert known == {"y0", "x_max"}
    assert abs(results["x_max"].values[0] - 1.007 * 0.9) < 0.01


def test_as_many_data_as_parameters_have_no_uncertainties(workspace: Workspace) -> None:
    workspace.add("two", ([1.0, 2.0], [3.0, 5.0]))

    results = workspace.results(workspace.calc("linear_fit", on="two"))

    np.testing.assert_allclose(results["a"].values, 2.0)
    assert np.isnan(results.uncertainties).all()


def test_a_notebook_can_be_run_twice(workspace: Workspace) -> None:
    name = fitted(workspace, "gaussian")
    changes: list[Any] = []
    workspace.on_change(changes.append)

    assert workspace.calc("gaussian_fit", on="data") == name
    assert len(workspace) == 2
    assert changes == []


def test_a_fit_that_has_no_result_yet_gets_one(workspace: Workspace) -> None:
    """DataLab computes fits without one, and so did earlier versions."""
    name = fitted(workspace, "gaussian")
    expected = workspace.results(name)
    bare = workspace.get(name)
    del bare.metadata["Table_gaussian_fit_dict"]
    workspace.add(name, bare, overwrite=True)
    assert workspace.results(name)["x0"].values == expected["x0"].values
    assert np.isnan(workspace.results(name).uncertainties).all()

    assert workspace.calc("gaussian_fit", on="data") == name
    assert workspace.results(name) == expected


def test_parameters_that_datalab_has_changed_replace_the_table(
    workspace: Workspace,
) -> None:
    name = fitted(workspace, "gaussian")
    changed = workspace.get(name)
    changed.metadata["fit_params"]["x0"] = 13.0
    workspace.add(name, changed, overwrite=True)
    results = workspace.results(name)

    assert results["x0"].values.tolist() == [13.0]
    assert np.isnan(results.uncertainties).all()


def test_what_is_computed_from_a_fit_has_no_parameters(workspace: Workspace) -> None:
    name = fitted(workspace, "gaussian")
    derived = workspace.calc("derivative", on=name)
    evaluated = workspace.calc("evaluate_fit", on=name, with_="data")

    assert not workspace.results([derived, evaluated])
