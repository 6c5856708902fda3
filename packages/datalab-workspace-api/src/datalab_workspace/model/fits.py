"""The parameters of fits: their units, the values derived from them, their table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datalab_workspace.model.analysis import Result, stored_results
from datalab_workspace.model.record import PROCESSING_KEY
from datalab_workspace.model.units import (
    FREQUENCY,
    NONE,
    PER_X,
    AxisUnits,
    Dimension,
    X,
    Y,
    with_unit,
)

#: Metadata key under which sigima keeps the parameters of a fit.
FIT_KEY = "fit_params"
#: Entries of `FIT_KEY` other than parameters.
_OTHERS = frozenset(
    (
        "fit_type",
        "residual_rms",
        "fit_params_version",
        "peak_parameterization",
        "interactive",
    )
)
_PEAK: Mapping[str, Dimension] = {
    "amplitude": Y,
    "amp": (1, 1),  # the area, in sigima before version 1.3
    "sigma": X,
    "x0": X,
    "y0": Y,
}
_BY_TYPE: Mapping[str, Mapping[str, Dimension]] = {
    **dict.fromkeys(
        ("gaussian", "lorentzian", "voigt", "multigaussian", "multilorentzian"), _PEAK
    ),
    "linear": {"a": (-1, 1), "b": Y},
    "exponential": {"a": Y, "b": PER_X, "y0": Y},
    "planckian": {"amp": Y, "x0": X, "sigma": NONE, "y0": Y},
    "twohalfgaussian": {
        **dict.fromkeys(("amp_left", "amp_right", "y0_left", "y0_right"), Y),
        **dict.fromkeys(("sigma_left", "sigma_right", "x0"), X),
    },
    "doubleexponential": {
        "x_center": X,
        **dict.fromkeys(("a_left", "a_right", "y0"), Y),
        **dict.fromkeys(("b_left", "b_right"), PER_X),
    },
    "sinusoidal": {"amplitude": Y, "frequency": FREQUENCY, "phase": "rad", "offset": Y},
    "cdf": {"amplitude": Y, "mu": X, "sigma": X, "baseline": Y},
    "sigmoid": {"amplitude": Y, "k": PER_X, "x0": X, "offset": Y},
}
_NUMBER = re.compile(r"_\d+\Z")
#: Full width at half maximum of each peak, in units of sigma. Both widths of sigima's
#: Voigt profile are sigma.
_FWHM = {
    "gaussian": 2 * math.sqrt(2 * math.log(2)),
    "lorentzian": 2.0,
    "voigt": 3.6011356772031577,
}
#: Area of each peak, in units of amplitude times sigma.
_AREA = {
    "gaussian": math.sqrt(2 * math.pi),
    "lorentzian": math.pi,
    "voigt": math.sqrt(2 * math.pi) / (math.exp(0.5) * math.erfc(1 / math.sqrt(2))),
}
#: Root of W = 5 (1 - exp(-W)), from Wien's displacement law.
_WIEN = 4.965114231744276
_TITLES = {
    "cdf": "CDF",
    "twohalfgaussian": "Two-half-Gaussian",
    "piecewiseexponential": "Piecewise exponential",
}


def parameters_of(fit: Mapping[str, Any]) -> dict[str, float]:
    """Return the parameters in an entry of `FIT_KEY`, by name."""
    return {
        name: float(value)
        for name, value in fit.items()
        if name not in _OTHERS and isinstance(value, int | float)
    }


def dimensions(fit_type: str, names: Sequence[str]) -> dict[str, Dimension]:
    """Return the dimensions of the parameters of a fit.

    Args:
        fit_type: sigima's name for the model.
        names: The names of the parameters.
    """
    if fit_type == "polynomial":  # a is the coefficient of the highest power of x
        powers = range(len(names) - 1, -1, -1)
        return {n: (-power, 1) for n, power in zip(sorted(names), powers, strict=True)}
    known = _BY_TYPE.get(fit_type, {})
    return {name: known.get(_NUMBER.sub("", name), NONE) for name in names}


def derived(
    fit_type: str, values: Mapping[str, float]
) -> dict[str, tuple[float, Dimension]]:
    """Return the quantities that follow from the parameters of a fit.

    Width and area are those of sigima's models. The maximum of a Planck curve follows
    from Wien's displacement law: sigima's model determines only the quotient of x0 and
    sigma.

    Args:
        fit_type: sigima's name for the model.
        values: The parameters.

    Returns:
        Value and dimension of each quantity, by name.
    """
    found: dict[str, tuple[float, Dimension]] = {}
    peak = fit_type.removeprefix("multi")
    if peak in _FWHM:
        for name in [n for n in values if _NUMBER.sub("", n) == "sigma"]:
            number, sigma = name.removeprefix("sigma"), values[name]
            found[f"fwhm{number}"] = (_FWHM[peak] * sigma, X)
            height = values.get(f"amplitude{number}")
            if height is not None:
                found[f"area{number}"] = (_AREA[peak] * height * sigma, (1, 1))
    elif fit_type == "exponential" and values.get("b"):
        found["tau"] = (-1 / values["b"], X)
    elif fit_type == "sinusoidal" and values.get("frequency"):
        found["period"] = (1 / values["frequency"], X)
    elif fit_type == "planckian" and values.get("sigma"):
        found["x_max"] = (5 * values["x0"] / (_WIEN * values["sigma"]), X)
    return found


def fit_table(
    feature: str,
    fit: Mapping[str, Any],
    units: AxisUnits,
    uncertainties: Mapping[str, float] | None = None,
    quality: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the table of a fit, in the form of sigima's `TableResult.to_dict`.

    It has one row. The standard uncertainty of x0 is in a column "u(x0)". The name of a
    column ends with its unit, as in sigima's other tables.

    Args:
        feature: Name of the feature, such as "gaussian_fit".
        fit: The entry of `FIT_KEY`.
        units: The units of the signal.
        uncertainties: The known uncertainties of parameters and derived quantities.
        quality: Other numbers without a unit, by name.
    """
    fit_type, values = str(fit.get("fit_type")), parameters_of(fit)
    known = dimensions(fit_type, [*values])
    cells: list[tuple[str, float, Dimension]] = []
    quantities = [(n, value, known[n]) for n, value in values.items()]
    quantities += [(n, *found) for n, found in derived(fit_type, values).items()]
    for name, value, dimension in quantities:
        cells.append((name, value, dimension))
        if name in (uncertainties or {}):
            cells.append((f"u({name})", (uncertainties or {})[name], dimension))
    if isinstance(fit.get("residual_rms"), int | float):
        cells.append(("residual_rms", float(fit["residual_rms"]), Y))
    cells += [(name, value, NONE) for name, value in (quality or {}).items()]
    texts = [units.unit(dimension) for _, _, dimension in cells]
    return {
        "schema": 1,
        "title": _title(feature),
        "kind": "results",
        "names": [
            with_unit(name, unit)
            for (name, _, _), unit in zip(cells, texts, strict=True)
        ],
        "data": [[value for _, value, _ in cells]],
        "roi_indices": None,
        "func_name": feature,
        "attrs": {"units": texts},
    }


def _title(feature: str) -> str:
    name = feature.removesuffix("_fit")
    return f"{_TITLES.get(name, name.capitalize())} fit"


def table_key(feature: str) -> str:
    """Return the metadata key of the table of a feature."""
    return f"Table_{feature}_dict"


def current_results(
    metadata: Mapping[Any, Any], units: AxisUnits
) -> Iterator[tuple[str, Result | ValueError]]:
    """Yield the results of an object, with their keys; see `stored_results`.

    A fit that DataLab has computed, or computed again, has parameters that are in no
    table, or in an outdated one. They are yielded in its place, without uncertainties.
    """
    feature, fit = _own_fit(metadata)
    key, missing = table_key(feature), bool(fit)
    for stored, result in stored_results(metadata):
        if stored == key and fit:
            if not _agrees(result, fit):
                continue
            missing = False
        yield stored, result
    if missing:
        yield key, Result.of(fit_table(feature, fit, units))


def _own_fit(metadata: Mapping[Any, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return feature and parameters of a fit; of another object, nothing.

    An object that was computed from a fit inherits its parameters.
    """
    fit, entry = metadata.get(FIT_KEY), metadata.get(PROCESSING_KEY)
    if not isinstance(fit, dict) or not isinstance(fit.get("fit_type"), str):
        return "", {}
    if not isinstance(entry, dict):  # a fit of DataLab's dialog
        return f"{fit['fit_type']}_fit", fit
    feature = str(entry.get("func_name"))
    is_fit = feature.endswith("_fit") and feature != "evaluate_fit"
    return (feature, fit) if is_fit else ("", {})


def _agrees(result: Result | ValueError, fit: Mapping[str, Any]) -> bool:
    if isinstance(result, ValueError) or len(result.rows) != 1:
        return False
    names = (column.partition(" (")[0] for column in result.columns)
    cells = dict(zip(names, result.rows[0], strict=True))
    return all(cells.get(name) == value for name, value in parameters_of(fit).items())
