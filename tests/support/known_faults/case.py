"""A call whose result is wrong, and the objects for such calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from support.doubtful import image, signal

X = np.linspace(0.0, 1.0, 11)
RNG = np.random.default_rng(1)
PIXELS = RNG.uniform(1, 2, (12, 16))
BYTES = (PIXELS * 100).astype(np.uint8)
ROWS, COLUMNS = np.mgrid[:64, :64]


def spot(column: float, row: float, sigma: float = 4.0) -> np.ndarray:
    return np.exp(-((COLUMNS - column) ** 2 + (ROWS - row) ** 2) / 2 / sigma**2)


TILTED = np.exp(
    -(((COLUMNS - 30) * np.cos(0.5) + (ROWS - 30) * np.sin(0.5)) ** 2) / 128
    - ((ROWS - 30) * np.cos(0.5) - (COLUMNS - 30) * np.sin(0.5)) ** 2 / 18
)
MILLIMETRES = image(PIXELS, x0=10.0, y0=20.0, dx=0.5, dy=0.25, units=("mm", "um", "V"))
UNEQUAL = image(
    PIXELS, xcoords=np.cumsum(np.arange(1.0, 17)), ycoords=np.cumsum(np.arange(1.0, 13))
)
NAN_PIXEL = np.where(np.arange(192).reshape(12, 16) == 50, np.nan, PIXELS)
NAN_POINT = np.r_[1.0, 2.0, np.nan, np.ones(17)]
UNEVEN = np.array([0.0, 1.0, 3.0, 7.0, 8.0, 12.0, 20.0, 21.0])
TIMES = np.arange(1000) / 1000
NOISY_SINE = np.sin(100 * np.pi * TIMES + 0.1) + 0.01 * RNG.normal(size=1000)
WAVE = np.exp(2j * np.pi * 5 * np.arange(64) / 64)
TENTH = np.full(11, 0.1)


class Case(NamedTuple):
    """A call whose result is known to be wrong.

    Attributes:
        fault: Module and name of the fault.
        feature: Name of the feature.
        on: The source objects, one or a list.
        found: The part of the result that is wrong.
        wrong: Its value.
        right: The value that it should have.
        values: Parameters.
        with_: The second source object.
    """

    fault: str
    feature: str
    on: Any
    found: Callable[[Any], Any]
    wrong: Any
    right: Any
    values: dict[str, Any] = {}
    with_: Any = None


def origin(result: Any) -> tuple[float, float]:
    return result.x0, result.y0


def first_x(result: Any) -> float:
    return float(result.x[0])


def title(result: Any) -> str:
    return str(result.title)


def column(name: str) -> Callable[[Any], float]:
    return lambda table: float(table.to_dataframe()[name].iloc[0])


def invalid(result: Any) -> int:
    values = result.y if hasattr(result, "xydata") else result.data
    return int(np.count_nonzero(~np.isfinite(values)))


GIVEN_DY = signal(X, X + 1, dy=TENTH, units=("s", "V"))
AMPERES = signal(X, X + 1, dy=2 * TENTH, units=("s", "A"))
