"""Doubts about objects that are combined although their units or axes differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from datalab_workspace.processing.doubtful_results import Doubt
from datalab_workspace.processing.known_faults.fault import Call

#: Features that need values in the same unit.
_SAME_VALUES = frozenset(
    """
    addition arithmetic average complex_from_real_imag difference quadratic_difference
    signals_to_image standard_deviation
    """.split()  # noqa: SIM905 - a long list is easier to read as words
)
#: Features of several objects that do not compare them point by point.
_FREE_AXES = frozenset({"convolution", "deconvolution", "replace_x_by_other_y"})
#: Features for which signals are interpolated, unless x has the same length and ends.
_OWN_X = frozenset({"interpolate", "evaluate_fit", "xy_mode", "signals_to_image"})


def mismatch_in(call: Call) -> Iterator[Doubt]:
    """Yield a doubt if the objects of a call differ in their units or axes.

    A unit that is not set differs from none. Labels are not compared.

    Args:
        call: A computation that has succeeded.

    Yields:
        The values or axes have different units; or points or pixels are combined that
        have different positions.
    """
    if len(call.objects) < 2:
        return
    found = list(_signals(call) if call.kind == "signal" else _images(call))
    if found:
        text = (
            f"{call.feature}: {'; '.join(found)}; the numbers are combined as they are"
        )
        yield Doubt("mismatch", text, call.names[0])


def _needs_same_values(call: Call) -> bool:
    if call.feature == "arithmetic" and call.value("operator") not in ("+", "-"):
        return False
    return call.feature in _SAME_VALUES


def _units(call: Call, axis: str) -> Iterator[str]:
    """Yield how the units of an axis differ, if they do."""
    units: dict[str, str] = {}
    for name, obj in zip(call.names, call.objects, strict=True):
        unit = getattr(obj, f"{axis}unit")
        if unit:
            units.setdefault(unit, name)
    if len(units) > 1:
        words = [f"{unit!r} of {name!r:.80}" for unit, name in units.items()]
        yield f"the units of {axis} differ ({words[0]}, {words[1]})"


def _signals(call: Call) -> Iterator[str]:
    if call.feature not in _FREE_AXES:
        yield from _units(call, "x")
        xs = [obj.x for obj in call.objects]
        if call.feature not in _OWN_X and _differ_inside(xs):
            yield "x differs between its ends, and the points are not interpolated"
    if _needs_same_values(call):
        yield from _units(call, "y")


def _images(call: Call) -> Iterator[str]:
    if call.feature not in _FREE_AXES:
        yield from _units(call, "x")
        yield from _units(call, "y")
        if not all(_same_pixels(call.obj, other) for other in call.objects[1:]):
            yield "the images have different coordinates (origin or pixel spacing)"
    if _needs_same_values(call):
        yield from _units(call, "z")


def _differ_inside(xs: Sequence[np.ndarray[Any, Any]]) -> bool:
    """Return whether x of the same length and ends differ in between."""
    first = xs[0]
    span = float(np.ptp(first)) if len(first) else 0.0
    if any(len(x) != len(first) for x in xs):
        return False
    different = [
        x for x in xs[1:] if not np.allclose(x, first, rtol=0, atol=1e-9 * span)
    ]
    return any(
        np.allclose(
            (x.min(), x.max()), (first.min(), first.max()), rtol=1e-12, atol=1e-8
        )
        for x in different
    )


def _same_pixels(first: Any, second: Any) -> bool:
    if first.data.shape != second.data.shape:
        return True  # NumPy has combined them, or has raised an error
    ours, theirs = _coordinates(first), _coordinates(second)
    return all(
        len(x) == len(y)
        and np.allclose(x, y, rtol=0, atol=1e-6 * (np.ptp(x) / max(len(x) - 1, 1)))
        for x, y in zip(ours, theirs, strict=True)
    )


def _coordinates(image: Any) -> Sequence[np.ndarray[Any, Any]]:
    """Return the coordinates of the pixel centers along x and y."""
    if not image.is_uniform_coords:
        return [np.asarray(image.xcoords), np.asarray(image.ycoords)]
    rows, columns = image.data.shape
    return [
        image.x0 + image.dx * np.arange(columns),
        image.y0 + image.dy * np.arange(rows),
    ]
