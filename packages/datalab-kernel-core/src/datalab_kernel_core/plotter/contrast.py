"""The color scale of an image: its bounds and its norm."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.style import Limits
from datalab_workspace.model.image_reduction import (
    Array,
    histogram,
    lowest_positive,
    shown_values,
)

if TYPE_CHECKING:
    from matplotlib.colors import Normalize

Range = tuple[float, float]

#: DataLab's own setting `ima_eliminate_outliers`: it leaves this percentage of the
#: pixels, half of it at each end, out of the range of a new image's colors.
OUTLIERS = 0.1
#: Number of bins of the histogram in which DataLab looks for outliers.
_BINS = 256
#: Number of pixels from which percentiles are computed at most.
_SAMPLED = 1 << 22


def color_scale(
    data: Array, found: Range, own: Limits, options: Options, notes: list[str]
) -> ColorScale:
    """Return the color scale of an image.

    Args:
        data: All pixels of the image, shape (H, W).
        found: Their lowest and highest value.
        own: The bounds that the object itself sets.
        options: The options of the picture, which come before the object's bounds.
        notes: The notes of the picture.

    Returns:
        The scale. A bound that neither the options nor the object sets is DataLab's.
    """
    low, high = _limits(data, found, own, options)
    kind = options.norm or "linear"
    if _is_log(kind):
        positive = lowest_positive(data)
        if positive is None or high <= 0:
            notes.append("no positive values, so the color scale is linear")
            return ColorScale(low, high)
        if found[0] <= 0:
            notes.append("values of 0 and below have no color")
        low = low if low > 0 else min(positive, high)
        low, high = (low, high) if low < high else (low * 0.9, high * 1.1)
    return ColorScale(low, high, kind)


def _limits(data: Array, found: Range, own: Limits, options: Options) -> Range:
    if options.norm is not None and not isinstance(options.norm, str):
        chosen: Limits = options.norm.vmin, options.norm.vmax
    elif options.clip is not None:
        chosen = _percentiles(data, options.clip)
    else:
        chosen = options.vmin, options.vmax
    low, high = (
        bound if option is None else option
        for option, bound in zip(chosen, own, strict=True)
    )
    if low is None or high is None:
        usual = without_outliers(data, found)
        low, high = usual[0] if low is None else low, usual[1] if high is None else high
    if low < high:
        return low, high
    # The image is constant, or its bounds are in the wrong order.
    middle = found[0]
    margin = max(abs(middle) * 1e-3, 1e-300) if middle else 0.5
    return middle - margin, found[1] + margin


def without_outliers(data: Array, found: Range) -> Range:
    """Return the range of the colors that DataLab shows for a new image.

    The rule is that of PlotPy's `hist_range_threshold`: of a histogram of 256 bins, the
    outer bins that together hold less than half of `OUTLIERS` are left out.

    Args:
        data: All pixels of the image, shape (H, W).
        found: Their lowest and highest value.
    """
    low, high = found
    if not low < high:
        return found
    counts = histogram(data, found, _BINS)
    threshold = OUTLIERS / 100 / 2 * counts.sum()
    first = int(np.cumsum(counts).searchsorted(threshold))
    last = _BINS - int(np.cumsum(counts[::-1]).searchsorted(threshold))
    edges = np.linspace(low, high, _BINS + 1)
    return float(edges[first]), float(edges[last])


def _percentiles(data: Array, percentiles: Range) -> Limits:
    step = 1
    while data.size // step**2 > _SAMPLED:
        step += 1
    values = shown_values(data[::step, ::step] if min(data.shape) > step else data)
    low, high = np.nanpercentile(values, percentiles)
    return float(low), float(high)


@dataclass(frozen=True)
class ColorScale:
    """The color scale of an image.

    Attributes:
        low: Value of the first color.
        high: Value of the last color.
        kind: "linear", "log" or "symlog", or a norm of Matplotlib.
    """

    low: float
    high: float
    kind: Any = "linear"

    @property
    def is_log(self) -> bool:
        """Whether the scale is logarithmic."""
        return _is_log(self.kind)

    def shares(self, values: Array) -> Array:
        """Return the positions of values on the scale: 0 is `low`, 1 is `high`.

        Args:
            values: Numbers of any shape, NaN for none.
        """
        forward = AxisScale(str(self.kind), max(abs(self.low), abs(self.high))).forward
        low, high = forward(np.array([self.low, self.high], float))
        half = high / 2 - low / 2  # high - low may overflow
        shares: Array = (forward(np.asarray(values, float)) / 2 - low / 2) / half
        return shares

    def norm(self) -> Normalize:
        """Return Matplotlib's norm of the scale."""
        from matplotlib.colors import LogNorm, Normalize, SymLogNorm

        if isinstance(self.kind, Normalize):
            norm = deepcopy(self.kind)  # the user's own stays as it is
            norm.vmin, norm.vmax = self.low, self.high
            return norm
        if self.kind == "log":
            return LogNorm(self.low, self.high)
        if self.kind == "symlog":
            largest = max(abs(self.low), abs(self.high))
            return SymLogNorm(linear_part(largest), vmin=self.low, vmax=self.high)
        return Normalize(self.low, self.high)


@dataclass(frozen=True)
class AxisScale:
    """The scale of an axis or of colors, without Matplotlib.

    Attributes:
        kind: "linear", "log" or "symlog".
        largest: The largest modulus of the values, which "symlog" needs.
    """

    kind: str = "linear"
    largest: float = 1.0

    def forward(self, values: Array) -> Array:
        """Return values that are proportional to lengths, NaN for those without one."""
        if self.kind == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                logarithms: Array = np.where(values > 0, np.log10(values), np.nan)
            return logarithms
        if self.kind == "symlog":
            part = linear_part(self.largest)
            with np.errstate(divide="ignore", invalid="ignore"):
                outer = np.sign(values) * (1 + np.log10(np.abs(values) / part))
            lengths: Array = np.where(np.abs(values) <= part, values / part, outer)
            return lengths
        return values

    def backward(self, lengths: Array) -> Array:
        """Return the values of which `forward` returns the lengths."""
        if self.kind == "log":
            powers: Array = 10.0**lengths
            return powers
        if self.kind == "symlog":
            part = linear_part(self.largest)
            outer = np.sign(lengths) * part * 10.0 ** (np.abs(lengths) - 1)
            values: Array = np.where(np.abs(lengths) <= 1, lengths * part, outer)
            return values
        return lengths


def _is_log(kind: Any) -> bool:
    if isinstance(kind, str):
        return kind == "log"
    from matplotlib.colors import LogNorm

    return isinstance(kind, LogNorm)


def linear_part(largest: float) -> float:
    """Return the end of the linear part of a symlog scale.

    Args:
        largest: The largest modulus of the values.

    Returns:
        A power of ten, at which Matplotlib places a tick: about a thousandth of the
        largest value; 1 if all values are 0.
    """
    return 10.0 ** (math.ceil(math.log10(largest)) - 3) if largest > 0 else 1.0
