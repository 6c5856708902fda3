"""The results of fits: parameters, uncertainties and quality, as a table.

A fit that has missed the minimum is reported. In small units, such as meters or
amperes, sigima's fits often do.

Upstream: docs/upstream/sigima_fits.md
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.model.fits import (
    FIT_KEY,
    derived,
    dimensions,
    fit_table,
    parameters_of,
    table_key,
)
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.processing.fit_uncertainty import least_squares
from datalab_workspace.validation import warn_caller

#: Models of two curves with a junction. The sum of squares jumps where the junction
#: passes a sample, so that the parameters have no covariance.
_WITH_JUNCTION = frozenset(("twohalfgaussian", "doubleexponential"))


def fit_entries(name: str, source: Any, fitted: Any) -> dict[str, Any]:
    """Return the metadata entry with the results of a fit.

    The table has the parameters that sigima found, with their standard uncertainties;
    quantities that follow from them; the root mean square of the residuals; "r2", the
    coefficient of determination; and "chi2_red", the reduced chi-square, if the source
    has uncertainties dy. sigima does not weight the data with dy, nor do the
    uncertainties depend on it.

    Args:
        name: The name of the feature.
        source: The signal that was fitted.
        fitted: The signal that the feature returned.

    Returns:
        The entry; nothing if the feature is not a fit.

    Warns:
        UserWarning: The parameters are not those of the best curve.
    """
    fit = fitted.metadata.get(FIT_KEY)
    if name == "evaluate_fit" or not name.endswith("_fit"):
        return {}
    if not isinstance(fit, dict):
        return {}
    fields = {f"{axis}unit": getattr(source, f"{axis}unit", "") for axis in "xy"}
    units = AxisUnits.of("signal", fields)
    uncertainties, quality = _statistics(name, source, fit)
    table = fit_table(name, fit, units, uncertainties, quality)
    return {table_key(name): table}


def _statistics(
    feature: str, source: Any, fit: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the uncertainties and the quality of a fit, by name."""
    from sigima.tools.signal.fitting import FIT_TYPE_MAPPING

    fit_type, values = str(fit["fit_type"]), parameters_of(fit)
    evaluate = FIT_TYPE_MAPPING[fit_type].evaluate
    # sigima fits the samples inside the regions of interest.
    used = ~np.ma.getmaskarray(source.get_masked_view())
    x, y = source.x[used], np.asarray(source.y)[used]
    residuals = y - evaluate(x, **values)
    if np.iscomplexobj(residuals) or not np.isfinite(residuals).all():
        return {}, {}
    squares = float(residuals @ residuals)
    quality = {}
    if total := float(np.sum((y - y.mean()) ** 2)):
        quality["r2"] = 1 - squares / total
    freedom = len(y) - len(values)
    dy = None if source.dy is None else source.dy[used]
    if dy is not None and freedom > 0 and (dy > 0).all():
        quality["chi2_red"] = float(np.sum((residuals / dy) ** 2)) / freedom
    if fit_type in _WITH_JUNCTION or freedom <= 0:
        return {}, quality
    scales, linear = _scales(fit_type, values, x, y)
    with np.errstate(all="ignore"):
        found = least_squares(lambda v: evaluate(x, **v), values, scales, linear, y)
    if found is None:
        warn_caller(
            f"{feature}: the sum of squares is not at a minimum, because sigima limits "
            "the parameters or could not improve them; compare the curve with the "
            "data. The parameters have no uncertainties",
            UserWarning,
        )
        return {}, quality
    return found.uncertainties(values, lambda v: _quantities(fit_type, v)), quality


def _quantities(fit_type: str, values: Mapping[str, float]) -> dict[str, float]:
    others = {name: value for name, (value, _) in derived(fit_type, values).items()}
    return {**values, **others}


def _scales(
    fit_type: str,
    values: Mapping[str, float],
    x: np.ndarray[Any, Any],
    y: np.ndarray[Any, Any],
) -> tuple[dict[str, float], set[str]]:
    """Return the change of each parameter that changes the curve a lot.

    Returns:
        The changes, and the parameters on which the curve depends linearly. In all
        models of sigima, these are the ones whose unit contains that of y.
    """
    known = dimensions(fit_type, [*values])
    farthest, highest = (float(np.max(np.abs(each))) or 1.0 for each in (x, y))
    width = abs(values.get("sigma", 0.0) or 1 / (values.get("k") or math.inf))
    scales, linear = {}, set()
    for name, value in values.items():
        dimension = known[name]
        if isinstance(dimension, tuple) and dimension[1]:
            linear.add(name)
            scales[name] = max(abs(value), highest * farthest ** dimension[0])
        elif name in ("x0", "mu") and fit_type != "planckian":
            scales[name] = width or farthest
        elif name in ("b", "frequency"):
            scales[name] = 1 / farthest
        else:
            scales[name] = 1.0 if name == "phase" else abs(value) or 1.0
    return scales, linear
