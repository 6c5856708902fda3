"""Faults of sigima in the titles and units of results.

Upstream: docs/upstream/sigima_titles.md,
    docs/upstream/sigima_units.md
"""

from __future__ import annotations

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

TITLES = "sigima_titles"
UNITS = "sigima_units"
_CHANGED = "inverse log10 exp normalize"
_COMBINED = "product division arithmetic convolution deconvolution"
_VARIANCES = (
    "allan_variance overlapping_allan_variance modified_allan_variance "
    "hadamard_variance total_variance"
)


@fault(TITLES, "signal", "division arithmetic quadratic_difference polynomial_fit")
def _title(call: Call) -> str | None:
    sign = {
        "division": "/",
        "arithmetic": "obj3 =",
        "quadratic_difference": "quadratic_difference",
        "polynomial_fit": "polynomial_fit",
    }[call.feature]
    if sign in call.result.title:
        return None
    return (
        f"the title of the result, {call.result.title!r:.60}, does not name this "
        "operation; its values are right, rename it"
    )


def _multiplies(call: Call) -> bool:
    return call.feature != "arithmetic" or call.value("operator") in ("×", "*", "/")


def _kept(unit: str, name: str, field: str) -> str:
    return (
        f"the unit of the result is {unit!r}, that of {name}, though the operation "
        f"changes it; set {field} with edit()"
    )


@fault(UNITS, "signal", f"{_CHANGED} sqrt {_VARIANCES}")
def _signal_unit(call: Call) -> str | None:
    unit = call.obj.yunit
    return _kept(unit, call.name, "yunit") if unit == call.result.yunit != "" else None


@fault(UNITS, "image", f"{_CHANGED} log10_z_plus_n")
def _image_unit(call: Call) -> str | None:
    unit = call.obj.zunit
    return _kept(unit, call.name, "zunit") if unit == call.result.zunit != "" else None


@fault(UNITS, "signal", "power")
def _power_unit(call: Call) -> str | None:
    unit = call.obj.yunit
    if call.value("power") == 1 or not unit or call.result.yunit != unit:
        return None
    return _kept(unit, call.name, "yunit")


@fault(UNITS, "signal", "derivative integral")
def _slope_unit(call: Call) -> str | None:
    obj = call.obj
    if not obj.xunit or not obj.yunit or call.result.yunit != obj.yunit:
        return None
    return _kept(obj.yunit, call.name, "yunit")


@fault(UNITS, "signal", _COMBINED)
def _combined_signal_unit(call: Call) -> str | None:
    units = [obj.yunit for obj in call.objects]
    if not any(units[1:]) or call.result.yunit != units[0] or not _multiplies(call):
        return None
    return _kept(units[0], call.name, "yunit")


@fault(UNITS, "image", _COMBINED)
def _combined_image_unit(call: Call) -> str | None:
    units = [obj.zunit for obj in call.objects]
    if not any(units[1:]) or call.result.zunit != units[0] or not _multiplies(call):
        return None
    return _kept(units[0], call.name, "zunit")


@fault(UNITS, "signal", "xy_mode")
def _xy_mode_unit(call: Call) -> str | None:
    first, second = call.objects
    result = call.result
    right = (first.yunit, second.yunit, first.ylabel, second.ylabel)
    found = (result.xunit, result.yunit, result.xlabel, result.ylabel)
    if right == found:
        return None
    return (
        f"the axes of the result have the labels and units of {call.name}, but x is "
        "y of the first signal and y is y of the second; set xunit, yunit, xlabel and "
        "ylabel with edit()"
    )


@fault(UNITS, "signal", "signals_to_image")
def _rows_of_signals(call: Call) -> str | None:
    obj = call.obj
    counts = len(obj.x) < 2 or (obj.x[0] == 0 and obj.x[1] == 1)
    if counts and not (obj.xunit or obj.xlabel or obj.ylabel):
        return None
    return (
        f"the axis of the image along the signals counts points; x of {call.name} and "
        "its unit are lost, and the label is that of y; set them with edit()"
    )


FAULTS: tuple[Fault, ...] = (
    _title,
    _signal_unit,
    _image_unit,
    _power_unit,
    _slope_unit,
    _combined_signal_unit,
    _combined_image_unit,
    _xy_mode_unit,
    _rows_of_signals,
)
