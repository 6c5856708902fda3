"""The standard uncertainties of the parameters of a least-squares fit.

sigima's fits minimise the sum of the squared residuals, without weights. At the
minimum, the covariance of the parameters is ``s² (JᵀJ)⁻¹``, where J is the Jacobian of
the model and s² the sum of the squared residuals divided by the degrees of freedom. See
P. R. Bevington and D. K. Robinson, *Data Reduction and Error Analysis for the Physical
Sciences*, 3rd ed. (2003), chapter 8. `scipy.optimize.curve_fit` computes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
Values: TypeAlias = "Mapping[str, float]"

#: Relative step of a central difference that balances truncation and rounding.
_STEP = float(np.cbrt(np.finfo(float).eps))
#: Ratio of singular values below which a combination of parameters is undetermined.
_SMALLEST = 1e-9
#: Share of the squared residuals that a further step may explain at a minimum.
_LEFT = 1e-6


@dataclass(frozen=True)
class LeastSquares:
    """A fit at its minimum.

    Attributes:
        names: The names of the parameters.
        root: A matrix R, shape (parameters, rank), such that the covariance is R Rᵀ.
        undetermined: Orthonormal combinations of the scaled parameters that the data
            does not determine, shape (parameters, number).
        norms: The scales of the parameters, shape (parameters,).
    """

    names: tuple[str, ...]
    root: Array
    undetermined: Array
    norms: Array

    def uncertainties(
        self, values: Values, quantities: Callable[[Values], Values]
    ) -> dict[str, float]:
        """Return the standard uncertainties of quantities that depend on parameters.

        Args:
            values: The parameters at the minimum.
            quantities: Returns the quantities by name, given the parameters.

        Returns:
            The uncertainties, without those that the data does not determine.
        """
        found: dict[str, float] = {}
        for name, gradient in _gradients(self.names, values, quantities).items():
            scaled = gradient / self.norms
            lost = np.linalg.norm(scaled @ self.undetermined)
            if lost <= 1e-3 * np.linalg.norm(scaled):
                found[name] = float(np.linalg.norm(gradient @ self.root))
        return found


def least_squares(
    model: Callable[[Values], Array],
    values: Values,
    scales: Values,
    linear: Collection[str],
    y: Array,
) -> LeastSquares | None:
    """Return a fit with its covariance.

    Args:
        model: Returns the curve, shape (N,), given the parameters.
        values: The parameters that were found.
        scales: The change of each parameter that changes the curve a lot.
        linear: The parameters on which the curve depends linearly.
        y: The data, shape (N,), more than there are parameters.

    Returns:
        None if the parameters are not at a minimum: the search has failed, or a bound
        of sigima has stopped it.
    """
    names = tuple(values)
    residuals = y - model(values)
    # A model that is linear in the parameter has no truncation error.
    steps = [scales[n] if n in linear else _STEP * scales[n] for n in names]
    slopes = map(partial(_slope, model, values), names, steps)
    jacobian = np.stack([*slopes], axis=1)
    norms = np.linalg.norm(jacobian, axis=0)
    if not np.isfinite(jacobian).all() or not norms.all():
        return None
    left, singular, right = np.linalg.svd(jacobian / norms, full_matrices=False)
    rank = int(np.sum(singular > singular[0] * _SMALLEST))
    scaled = right[:rank].T / singular[:rank]
    squares = float(residuals @ residuals)
    spread = np.sqrt(squares / (len(y) - len(names)))
    explained = left[:, :rank].T @ residuals
    left_over = np.abs(scaled @ explained / norms)
    reach = [_STEP * scales[n] for n in names]
    if explained @ explained > _LEFT * squares and (left_over > reach).any():
        return None
    root = scaled * spread / norms[:, np.newaxis]
    return LeastSquares(names, root, right[rank:].T, norms)


def _slope(
    model: Callable[[Values], Array], values: Values, name: str, step: float
) -> Array:
    """Return the derivative of a curve with respect to a parameter, shape (N,)."""
    above, below = values[name] + step, values[name] - step
    rise = model({**values, name: above}) - model({**values, name: below})
    slope: Array = rise / (above - below)
    return slope


def _gradients(
    names: tuple[str, ...], values: Values, quantities: Callable[[Values], Values]
) -> dict[str, Array]:
    columns = []
    for name in names:
        step = _STEP * (abs(values[name]) or 1.0)
        above, below = values[name] + step, values[name] - step
        high = quantities({**values, name: above})
        low = quantities({**values, name: below})
        columns.append({q: (high[q] - low[q]) / (above - below) for q in high})
    return {q: np.array([column[q] for column in columns]) for q in columns[0]}
