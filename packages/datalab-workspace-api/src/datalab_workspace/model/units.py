"""The units of the values that analyses find, derived from those of the axes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.dates import is_dates
from datalab_workspace.model.record import Kind

#: The dimension of a quantity: its powers of x and y, or a unit that never changes.
Dimension: TypeAlias = "tuple[int, int] | str"

X: Dimension = (1, 0)
Y: Dimension = (0, 1)
PER_X: Dimension = (-1, 0)
NONE: Dimension = ""
FREQUENCY: Dimension = "frequency"
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_COMPOSED = re.compile(r"[\s/*·.^()\d⁰¹²³⁴⁵⁶⁷⁸⁹⁻-]")
_AMPLITUDES = ("min", "max", "mean", "median", "std", "ptp", "sum")
#: The unit is a parameter of the feature, dBc or dBFS.
_LEVEL: Dimension = "level"

#: The dimensions of sigima's table results of signals, by feature and column.
_SIGNAL_TABLES: Mapping[str, Mapping[str, Dimension]] = {
    "stats": {**dict.fromkeys(_AMPLITUDES, Y), "trapz": (1, 1)},
    "sampling_rate_period": {"fs": FREQUENCY, "T": X},
    "x_at_minmax": {"X@Ymin": X, "X@Ymax": X},
    "dynamic_parameters": {
        "freq": FREQUENCY,
        "enob": "bits",
        **dict.fromkeys(("snr", "sinad", "thd", "sfdr"), _LEVEL),
    },
    "extract_pulse_features": {
        **dict.fromkeys(("amplitude", "offset"), Y),
        **dict.fromkeys(
            ("foot_duration", "rise_time", "fall_time", "fwhm", "x0", "x50", "x100"), X
        ),
        **dict.fromkeys(("xstartmin", "xstartmax", "xendmin", "xendmax"), X),
        **dict.fromkeys(("xplateaumin", "xplateaumax"), X),
    },
}
#: Names of positions among the parameters of fits, numbered if there are several.
_POSITION_OF_FIT = re.compile(r"(x0|x_center|x_max|mu)(_\d+)?")
_AXIS_OF_COORDINATE = {"x": "x", "y": "y", "width": "x", "height": "y"}


@dataclass(frozen=True)
class AxisUnits:
    """The units of an object.

    Attributes:
        kind: "signal" or "image".
        x: Unit of the x axis.
        y: Unit of the y axis: the values of a signal.
        z: Unit of the values of an image.
        dates: Whether the x of a signal is dates, in seconds since 1970.
    """

    kind: Kind
    x: str
    y: str
    z: str
    dates: bool = False

    @classmethod
    def of(
        cls,
        kind: Kind,
        fields: Mapping[str, Any],
        metadata: Mapping[Any, Any] = MappingProxyType({}),
    ) -> AxisUnits:
        """Return the units in the fields of a record, whose metadata may name dates."""
        x, y, z = (str(fields.get(f"{axis}unit") or "") for axis in "xyz")
        return cls(kind, x, y, z, dates=kind == "signal" and is_dates(metadata))

    def unit(self, dimension: Dimension) -> str:
        """Return the unit of a quantity; "" if a unit that it depends on is unknown."""
        if dimension == FREQUENCY:
            return "Hz" if self.x == "s" else self.unit(PER_X)
        if isinstance(dimension, str):
            return dimension
        powers = [
            (unit, power)
            for unit, power in zip((self.y, self.x), reversed(dimension), strict=True)
            if power
        ]
        if not all(unit for unit, _ in powers):
            return ""
        if dimension in (X, Y):
            return powers[0][0]  # alone, a composed unit needs no parentheses
        above = [_power(unit, power) for unit, power in powers if power > 0]
        below = [_power(unit, -power) for unit, power in powers if power < 0]
        if not below:
            return "·".join(above)
        return f"{'·'.join(above) or '1'}/{'·'.join(below)}"


def _power(unit: str, power: int) -> str:
    text = f"({unit})" if _COMPOSED.search(unit) else unit
    return text if power == 1 else text + str(power).translate(_SUPERSCRIPTS)


def with_unit(label: str, unit: str) -> str:
    """Return a label with its unit in brackets, or the one of the two that exists."""
    return f"{label} ({unit})" if label and unit else label or unit


def split_columns(result: Result, units: AxisUnits) -> list[tuple[str, str]]:
    """Return name and unit of each column of a result.

    sigima writes the unit of a column into its name in some tables, as in "Time (s)",
    and omits it in others. For those, it is derived from the units of the axes.
    """
    if result.kind:
        return [(name, _coordinate_unit(name, units)) for name in result.columns]
    known = _known_units(result, units)
    stored = result.attributes.get("units")
    if not isinstance(stored, list | tuple) or len(stored) != len(result.columns):
        stored = [(units.x, units.y, units.z)] * len(result.columns)
    found = []
    for column, own in zip(result.columns, stored, strict=True):
        name, unit = _split(column, [own] if isinstance(own, str) else [*own])
        found.append((name, unit or known(name)))
    return found


def _split(column: str, units: list[str]) -> tuple[str, str]:
    for unit in filter(None, units):
        if column.endswith(f" ({unit})") and column != f" ({unit})":
            return column.removesuffix(f" ({unit})"), unit
    return column, ""


def _known_units(result: Result, units: AxisUnits) -> Callable[[str], str]:
    if units.kind == "image":
        of_values = _AMPLITUDES if result.function == "stats" else ()
        return lambda name: units.z if name in of_values else ""
    dimensions = _SIGNAL_TABLES.get(result.function, {})

    def unit(name: str) -> str:
        dimension = dimensions.get(name, NONE)
        return _level_unit(result) if dimension == _LEVEL else units.unit(dimension)

    return unit


def is_position(result: Result, column: str) -> bool:
    """Return whether a column of a signal's result is positions on the x axis."""
    if result.kind:
        return column.rstrip("0123456789") == "x"
    if _POSITION_OF_FIT.fullmatch(column):
        return True
    known = _SIGNAL_TABLES.get(result.function, {})
    return known.get(column) == X and column[0] in "xX"


def _level_unit(result: Result) -> str:
    """Return the unit of a level, which is a parameter of the feature."""
    try:
        parameters = json.loads(str(result.attributes.get("param_json")))
    except ValueError:
        return "dB"
    unit = parameters.get("unit") if isinstance(parameters, dict) else None
    return unit if unit in ("dBc", "dBFS") else "dB"


def _coordinate_unit(name: str, units: AxisUnits) -> str:
    if name == "theta":
        return "rad"
    axis = _AXIS_OF_COORDINATE.get(name.rstrip("0123456789"))
    if axis is not None:
        return units.x if axis == "x" else units.y
    # The radius of a circle that is an ellipse on the screen has no unit.
    return units.x if units.x == units.y else ""


def segment_length(row: list[Any], units: AxisUnits) -> tuple[float, str]:
    """Return the length of a segment and its unit.

    The length of a segment that is parallel to no axis has a unit only if both axes
    have the same.
    """
    x0, y0, x1, y1 = (float(value) for value in row)
    if math.isclose(y0, y1):
        return abs(x1 - x0), units.x
    if math.isclose(x0, x1):
        return abs(y1 - y0), units.y
    return math.hypot(x1 - x0, y1 - y0), units.x if units.x == units.y else ""
