"""Coordinates of the pixels of an image: equal steps from an origin, or arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_workspace.model.record import Record


def uniform_step(
    coordinates: np.ndarray[Any, Any], hint: float | None = None
) -> float | None:
    """Return the step of coordinates in equal steps.

    Args:
        coordinates: Real numbers, shape (N,).
        hint: The step that the coordinates probably have.

    Returns:
        The step that computes exactly the coordinates, if there is one; otherwise one
        that computes them but for rounding. None if the steps differ.
    """
    count = len(coordinates)
    if count < 2:
        return hint or 1.0
    first = float(coordinates[0])
    mean = (float(coordinates[-1]) - first) / (count - 1)
    if not np.isfinite(mean) or mean == 0:
        return None
    candidates = [mean, float(coordinates[1]) - first]
    candidates += [float(f"{mean:.{digits}g}") for digits in range(1, 17)]
    indices = np.arange(count)
    for step in candidates if hint is None else [hint, *candidates]:
        if np.array_equal(first + indices * step, coordinates):
            return step
    largest = max(abs(first), abs(float(coordinates[-1])))
    tolerance = max(8 * np.spacing(largest), 1e-9 * abs(mean))
    is_uniform = np.abs(first + indices * mean - coordinates).max() <= tolerance
    return mean if is_uniform else None


def axis_fields(
    axis: str, coordinates: np.ndarray[Any, Any], hint: float | None = None
) -> dict[str, Any] | None:
    """Return the fields of an image for coordinates in equal steps.

    Args:
        axis: "x" or "y".
        coordinates: Real numbers, shape (N,).
        hint: See `uniform_step`.

    Returns:
        The origin and the step, such as {"x0": …, "dx": …}; None if the steps differ.
    """
    step = uniform_step(coordinates, hint)
    if step is None:
        return None
    return {
        f"{axis}0": float(coordinates[0]) if len(coordinates) else 0.0,
        f"d{axis}": step,
    }


def image_coordinates(record: Record, axis: str) -> np.ndarray[Any, Any]:
    """Return the coordinates of the columns ("x") or rows ("y") of an image."""
    if not record.fields["is_uniform_coords"]:
        return np.asarray(record.array(f"{axis}coords"))
    count = record.shape[1 if axis == "x" else 0]
    origin, step = (record.fields[name] for name in (f"{axis}0", f"d{axis}"))
    assert isinstance(origin, float)
    assert isinstance(step, float)
    coordinates: np.ndarray[Any, Any] = origin + np.arange(count) * step
    return coordinates


def set_coordinates(
    record: Record,
    x: np.ndarray[Any, Any],
    y: np.ndarray[Any, Any],
    hints: tuple[float | None, float | None] = (None, None),
) -> None:
    """Set the coordinates of an image: origins and steps, or arrays if steps differ."""
    fields = [
        axis_fields(axis, values, hint)
        for axis, values, hint in zip("xy", (x, y), hints, strict=True)
    ]
    found = [pair for pair in fields if pair is not None]
    if len(found) == 2:
        record.fields.update(found[0] | found[1])
        return
    record.fields["is_uniform_coords"] = False
    record.arrays["xcoords"] = np.array(x, np.float64)
    record.arrays["ycoords"] = np.array(y, np.float64)
