"""The ticks of an axis and their labels."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from datalab_kernel_core.plotter.contrast import AxisScale
from datalab_workspace.model.dates import FIRST, LAST, date_text

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
#: The distances of dates on an axis, in seconds. A date has microseconds.
_DATE_STEPS = (
    *(digit / 10**places for places in range(6, 0, -1) for digit in (1, 2, 5)),
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * each for each in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * each for each in (1, 2, 3, 6, 12)),
    *(_DAY * each for each in (1, 2, 5, 10, 20, 30, 90, 182)),
)
#: Those of years.
_YEAR_STEPS = [digit * 10**power for power in range(4) for digit in (1, 2, 5)]
#: The distances of numbers on an axis, by which a power of ten is multiplied.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
#: From this power of ten on, and below the other one, labels share a factor.
_LARGE, _SMALL = 5, -4


@dataclass(frozen=True)
class Ticks:
    """The ticks of an axis.

    Attributes:
        values: Their positions.
        labels: The label of each one.
        common: What all labels have in common: a factor or an offset, "" for nothing.
    """

    values: list[float]
    labels: list[str]
    common: str = ""


def ticks(
    low: float, high: float, scale: AxisScale, count: int, *, degrees: bool = False
) -> Ticks:
    """Return the ticks between two bounds.

    Args:
        low: The lower bound.
        high: The upper bound.
        scale: The scale of the axis.
        count: The largest number of ticks.
        degrees: Whether the values are angles, with ticks at 90° rather than 100°.
    """
    if scale.kind == "log":
        return _powers(low, high, count)
    if scale.kind == "symlog":
        return _symlog(low, high, scale, count)
    steps = (1.5, 3.0, 4.5, 9.0, 18.0) if degrees else _STEPS
    return _linear(low, high, max(count, 2), steps)


def date_ticks(low: float, high: float, count: int) -> Ticks:
    """Return ticks at round dates, in seconds since 1970."""
    step = next((s for s in _DATE_STEPS if (high - low) / s <= count), None)
    if step is None:
        return _year_ticks(low, high, count)
    numbers = range(ceil(low / step), floor(high / step) + 1)
    values = [float(number * step) for number in numbers]
    texts = [date_text(value) for value in values]  # such as 2026-11-30 12:00:00
    if step >= _DAY:
        return Ticks(values, [text[:10] for text in texts])
    days = {text[:10] for text in texts}
    common = days.pop() if len(days) == 1 else ""
    begin, end = (11 if common else 5), (19 if step < _MINUTE else 16)
    if step < 1:
        end = 20 + next(n for n in range(1, 7) if round(step * 10**n, 6) >= 1)
        texts = [text if "." in text else f"{text}.000000" for text in texts]
    return Ticks(values, [text[begin:end] for text in texts], common)


def _year_ticks(low: float, high: float, count: int) -> Ticks:
    """Return ticks at the beginning of years."""
    if low < FIRST or high > LAST:  # years that no date has
        return _linear(low, high, max(count, 2), _STEPS)
    begin, end = (
        datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=bound)  # noqa: DTZ001 (dates have no time zone)
        for bound in (low, high)
    )
    step = next(s for s in _YEAR_STEPS if (end.year - begin.year) / s <= count)
    years = [year for year in range(begin.year + 1, end.year + 1) if year % step == 0]
    days = [datetime.date(year, 1, 1) - datetime.date(1970, 1, 1) for year in years]
    values = [day.total_seconds() for day in days]
    return Ticks(values, [f"{year:04}" for year in years])


def _linear(low: float, high: float, count: int, steps: tuple[float, ...]) -> Ticks:
    step, values = 1.0, list[float]()
    for most in range(count, count + 9):  # one tick would not show the scale
        rough = (high / most - low / most) or 1.0
        power = 10.0 ** floor(log10(rough))
        step = next(e * power for e in steps if e * power >= rough * (1 - 1e-9))
        begin, end = ceil(low / step - 1e-6), floor(high / step + 1e-6)
        values = [number * step for number in range(begin, end + 1)]
        values = [value for value in values if low <= value <= high]
        if len(values) > 1:
            break
    return _labelled(values or [low, high], step)


def _labelled(values: list[float], step: float) -> Ticks:
    """Return ticks at equal distances with short labels."""
    largest = max(map(abs, values), default=0.0)
    offset = 0.0
    if largest > step * 1e5:  # the first digits of all are the same
        power = 10.0 ** (floor(log10(step)) + 2)
        offset = floor(min(values) / power) * power
    rest = [value - offset for value in values]
    exponent = floor(log10(max(map(abs, rest), default=0.0) or 1.0))
    factor = exponent if not _SMALL < exponent < _LARGE else 0
    decimals = max(0, min(12, ceil(-log10(step) + factor - 1e-9)))
    if round(step / 10.0**factor, decimals) != step / 10.0**factor:
        decimals += 1  # a step of 2.5 or 0.25
    labels = [f"{value / 10.0**factor:.{decimals}f}" for value in rest]
    common = f"×10^{factor}" if factor else ""
    if offset:
        common += f" {offset:+.12g}"
    return Ticks(values, labels, common.strip())


def _powers(low: float, high: float, count: int) -> Ticks:
    begin, end = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    if end - begin < 1:  # less than a decade or two
        values = [
            digit * 10.0**power
            for power in range(floor(log10(low)), ceil(log10(high)) + 1)
            for digit in (1, 2, 5)
        ]
        values = [value for value in values if low <= value <= high]
        if len(values) < 2:  # less than a digit
            return _linear(low, high, count, _STEPS)
        return Ticks(values, [f"{value:g}" for value in values])
    every = max(1, ceil((end - begin + 1) / count))
    powers = [power for power in range(begin, end + 1) if power % every == 0]
    return Ticks([10.0**power for power in powers], [f"10^{p}" for p in powers])


def _symlog(low: float, high: float, scale: AxisScale, count: int) -> Ticks:
    ends = scale.forward(np.array([low, high]))
    every = max(1, ceil((ends[1] - ends[0] + 1) / count))
    numbers = [n for n in range(ceil(ends[0]), floor(ends[1]) + 1) if n % every == 0]
    values = scale.backward(np.array(numbers, float)).tolist()
    return Ticks(values, [f"{value:.3g}" for value in values])
