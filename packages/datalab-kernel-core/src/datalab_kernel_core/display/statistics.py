"""The lowest, highest and mean value of data, in bounded time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datalab_kernel_core.display.thumbnails import real
from datalab_kernel_core.plotter.reduce import Array

#: The largest number of values to read. For larger data, every n-th row or sample is
#: read.
MAX_VALUES = 1 << 22
_LARGE = 1e100


@dataclass(frozen=True)
class Statistics:
    """Statistics of the values of an object.

    Attributes:
        minimum: The lowest finite value; None without finite values.
        maximum: The highest finite value, or None.
        mean: The mean of the finite values, or None.
        deviation: Their standard deviation, or None.
        unusable: Number of values that are masked, NaN or infinite.
        every: The n if only every n-th sample or row was read; 1 for all.
    """

    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    unusable: int
    every: int

    @classmethod
    def of(cls, data: Array) -> Statistics:
        """Compute the statistics of data, or of the modulus of complex data.

        Args:
            data: Real or complex, shape (N,) or (H, W), possibly masked.
        """
        every = -(-data.size // MAX_VALUES) or 1
        part = data[::every]
        values = real(np.asarray(part))
        with np.errstate(over="ignore", invalid="ignore"):
            if values.dtype.kind == "f" and values.dtype.itemsize != 4:
                values = values.astype(np.float64, copy=False)
        usable = np.isfinite(values)
        if np.ma.isMaskedArray(part):
            usable &= ~np.ma.getmaskarray(part)
        found = values.ravel() if usable.all() else values[usable]
        unusable = values.size - found.size
        if not found.size:
            return cls(None, None, None, None, unusable, every)
        low, high = float(found.min()), float(found.max())
        scale = max(abs(low), abs(high))
        if scale < _LARGE:
            scale = 1.0
        else:  # the sum of the squares may overflow
            found = found / scale
        mean = float(found.mean(dtype=np.float64)) * scale
        deviation = float(found.std(dtype=np.float64)) * scale
        return cls(low, high, min(max(mean, low), high), deviation, unusable, every)
