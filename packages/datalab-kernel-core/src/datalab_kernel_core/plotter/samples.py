"""The samples of a signal, and the components of complex numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import Limits
from datalab_workspace.model.record import Record


@dataclass(frozen=True)
class Samples:
    """The samples of a signal.

    Attributes:
        x: Real, shape (N,).
        y: Real or complex, shape (N,).
        dx: Uncertainty of x, shape (N,), or None.
        dy: Uncertainty of y, shape (N,), or None.
    """

    x: Array
    y: Array
    dx: Array | None = None
    dy: Array | None = None

    @classmethod
    def of(cls, record: Record) -> Samples:
        """Return the samples of a signal, views of its array unless it is masked."""
        xydata = record.array("xydata")
        if xydata is None:
            return cls(np.empty(0), np.empty(0))
        x, y, *errors = map(unmasked, xydata)
        dx, dy = (_given(row.real) for row in errors) if errors else (None, None)
        return cls(x.real, y, dx, dy)

    def within(self, limits: Limits) -> Samples:
        """Return the samples between two bounds of x, and one more on each side.

        Args:
            limits: The bounds, None for no bound. x must increase.
        """
        low, high = limits
        start = 0 if low is None else int(np.searchsorted(self.x, low)) - 1
        stop = len(self.x) if high is None else int(np.searchsorted(self.x, high)) + 1
        part = slice(max(start, 0), max(stop, start + 2))
        errors = (None if row is None else row[part] for row in (self.dx, self.dy))
        return Samples(self.x[part], self.y[part], *errors)


def unmasked(values: Array) -> Array:
    """Return an array without a mask; a copy has NaN in place of masked values."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    mask = np.ma.getmaskarray(values)
    floats = np.result_type(values.dtype, np.float32)
    return np.where(mask, floats.type(np.nan), np.ma.getdata(values))


def component(values: Array, name: str) -> Array:
    """Return a component of complex numbers.

    Args:
        values: Real or complex numbers of any shape.
        name: "modulus", "phase" (in degrees), "real" or "imaginary".
    """
    if name == "real":
        return values.real
    if name == "imaginary":
        return values.imag
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(values) if name == "modulus" else np.angle(values, deg=True)


def _given(errors: Array) -> Array | None:
    """Return uncertainties, or None if all are NaN or 0: sigima's values for none."""
    return errors if np.any(np.isfinite(errors) & (errors != 0)) else None
