"""Axes of dates, as DataLab stores them: seconds since 1970.

The axes keep the seconds, so that regions, results and bounds need no conversion. A
`datetime` or `datetime64` that is drawn or set on such axes is converted to seconds.
Dates have no time zone: a date in a file is drawn as it is in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date
from matplotlib.units import ConversionInterface

from datalab_kernel_core.plotter.dates import seconds_of
from datalab_workspace.model.dates import date_text

_DAY = 86_400.0


class _Locator(AutoDateLocator):
    """Matplotlib's locator of dates, on an axis in seconds instead of days."""

    def viewlim_to_dt(self) -> tuple[datetime, datetime]:
        low, high = sorted(self.axis.get_view_interval())  # type: ignore[union-attr]  # it has an axis when it is asked
        return num2date(low / _DAY), num2date(high / _DAY)  # type: ignore[no-untyped-call]  # Matplotlib's own

    def __call__(self) -> Any:
        return self.tick_values(*self.viewlim_to_dt())

    def tick_values(self, vmin: Any, vmax: Any) -> Any:
        days = super().tick_values(vmin, vmax)  # type: ignore[no-untyped-call]  # Matplotlib's own
        return np.asarray(days) * _DAY


class _Formatter(ConciseDateFormatter):
    """Matplotlib's short labels of dates, on an axis in seconds instead of days."""

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        days = [value / _DAY for value in values]
        return list(super().format_ticks(days))  # type: ignore[no-untyped-call]  # Matplotlib's own

    def format_data_short(self, value: float) -> str:
        return date_text(float(value))


class _Seconds(ConversionInterface):
    """The conversion of dates to seconds that Matplotlib applies to such axes."""

    @staticmethod
    def convert(value: Any, unit: Any, axis: Any) -> Any:  # noqa: ARG004 (Matplotlib's own)
        if isinstance(value, datetime | np.datetime64):
            return seconds_of(value)
        values = np.asarray(value)
        if values.dtype.kind in "MO":
            return np.array([seconds_of(one) for one in values.ravel()]).reshape(
                values.shape
            )
        return value


def show_dates(axes: Axes) -> None:
    """Label the x axis of empty axes with dates."""
    axis: Any = axes.xaxis
    converter = _Seconds()
    if hasattr(axis, "set_converter"):
        axis.set_converter(converter)
    else:  # Matplotlib before 3.10
        axis.converter = converter
    locator = _Locator(interval_multiples=True)  # type: ignore[no-untyped-call]  # Matplotlib's own
    axis.set_major_locator(locator)
    axis.set_major_formatter(_Formatter(locator))  # type: ignore[no-untyped-call]  # Matplotlib's own
