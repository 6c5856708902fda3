"""The options of a picture that concern its axes and its colors."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.dates import seconds_of
from datalab_kernel_core.plotter.style import LARGEST, Limits
from datalab_workspace.model.image_reduction import REDUCTIONS, Reduction
from datalab_workspace.validation import one_of

NORMS = ("linear", "log", "symlog")
ASPECTS = ("equal", "auto")
#: Options that apply only to images, and their values that change nothing.
IMAGE_OPTIONS = ("vmin", "vmax", "clip", "norm", "reduce")


@dataclass(frozen=True, kw_only=True)
class AxesOptions:
    """The options that concern axes and colors; None keeps the object's own value.

    Attributes:
        xlim: Bounds of the x axis, None for a bound that follows the data.
        ylim: Bounds of the y axis.
        xlog: Whether the x axis is logarithmic, or "symlog".
        ylog: Whether the y axis is logarithmic, or "symlog".
        grid: Whether to draw grid lines.
        aspect: "equal", "auto", or the length of a unit of y divided by one of x.
        vmin: Lower bound of the color scale.
        vmax: Upper bound of the color scale.
        clip: The percentiles of the values at which the color scale ends.
        norm: One of `NORMS`, or a norm of Matplotlib.
        reduce: How blocks of pixels are reduced to one, as in `reduce_blocks`.

    Raises:
        TypeError: A value is of the wrong type, or two options exclude each other.
        ValueError: A value is out of bounds.
    """

    xlim: Any = None
    ylim: Any = None
    xlog: Any = None
    ylog: Any = None
    grid: bool | None = None
    aspect: Any = None
    vmin: float | None = None
    vmax: float | None = None
    clip: Any = None
    norm: Any = None
    reduce: Reduction | None = None

    def check_axes(self) -> None:
        """Check the options of this class, and convert bounds to pairs of numbers."""
        for name in ("xlim", "ylim"):
            if getattr(self, name) is not None:
                self._set(name, _limits(name, getattr(self, name)))
        for name in ("xlog", "ylog"):
            value = getattr(self, name)
            if value is not None and value is not True and value is not False:
                one_of(value, name, ("symlog",))
        if self.grid is not None and not isinstance(self.grid, bool):
            raise TypeError(f"expected True or False for grid, got {self.grid!r:.60}")
        if self.aspect is not None:
            self._set("aspect", _aspect(self.aspect))
        self._check_colors()

    def _check_colors(self) -> None:
        for name in ("vmin", "vmax"):
            if getattr(self, name) is not None:
                self._set(name, _number(name, getattr(self, name)))
        if None not in (self.vmin, self.vmax) and not self.vmin < self.vmax:  # type: ignore[operator]  # neither is None
            raise ValueError(f"vmin={self.vmin} must be below vmax={self.vmax}")
        if self.clip is not None:
            if self.vmin is not None or self.vmax is not None:
                raise TypeError("pass clip or vmin and vmax, not both")
            self._set("clip", _percentiles(self.clip))
        if self.norm is not None and not _is_norm(self.norm):
            one_of(self.norm, "norm", NORMS)
        if self.reduce is not None:
            one_of(self.reduce, "reduce", REDUCTIONS)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def limits(self, axis: str, own: Limits) -> Limits:
        """Return the bounds of an axis: the option, or else the object's own."""
        chosen = getattr(self, f"{axis}lim")
        return own if chosen is None else chosen

    def scale(self, axis: str, own: bool) -> str:
        """Return the scale of an axis: "linear", "log" or "symlog".

        Args:
            axis: "x" or "y".
            own: Whether the object's own axis is logarithmic.
        """
        chosen = getattr(self, f"{axis}log")
        if chosen == "symlog":
            return "symlog"
        return "log" if (own if chosen is None else chosen) else "linear"


def _is_norm(value: object) -> bool:
    """Return whether a value is a norm of Matplotlib."""
    if isinstance(value, str) or "matplotlib" not in sys.modules:
        return False
    from matplotlib.colors import Normalize

    return isinstance(value, Normalize)


def _limits(name: str, value: Any) -> Limits:
    several = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    if not several or len(value) != 2:
        raise TypeError(f"expected a pair (low, high) for {name}, got {value!r:.60}")
    low, high = (None if end is None else _position(name, end) for end in value)
    if low is not None and low == high:
        raise ValueError(f"{name} must have two different bounds, got {value!r:.60}")
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low, high


def _position(name: str, value: Any) -> float:
    """Return a bound as a number; that of a date is in seconds since 1970."""
    if name == "xlim" and isinstance(value, datetime | np.datetime64):
        return seconds_of(value)
    return _number(name, value)


def _number(name: str, value: Any) -> float:
    real = isinstance(value, int | float | np.integer | np.floating)
    if not real or isinstance(value, bool):
        raise TypeError(f"expected a number for {name}, got {value!r:.60}")
    number = float(value)
    if not abs(number) < LARGEST:
        raise ValueError(f"{name} must be finite, got {value!r:.60}")
    return number


def _percentiles(value: Any) -> tuple[float, float]:
    if not isinstance(value, Sequence | np.ndarray) or len(value) != 2:
        raise TypeError(f"expected two percentiles for clip, got {value!r:.60}")
    low, high = (_number("clip", one) for one in value)
    if not 0 <= low < high <= 100:
        raise ValueError(
            f"clip={value!r:.60} must be two increasing percentiles from 0 to 100"
        )
    return low, high


def _aspect(value: Any) -> str | float:
    if isinstance(value, str):
        one_of(value, "aspect", ASPECTS)
        return value
    number = _number("aspect", value)
    if not (number > 0 and math.isfinite(1 / number)):
        raise ValueError(f"aspect must be positive, got {value!r:.60}")
    return number
