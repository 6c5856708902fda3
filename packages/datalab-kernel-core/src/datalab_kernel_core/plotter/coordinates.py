"""The names of the coordinates of geometry results, without Matplotlib."""

from __future__ import annotations

_NAMES = {
    "point": ["x", "y"],
    "marker": ["x", "y"],
    "segment": ["x0", "y0", "x1", "y1"],
    "rectangle": ["x", "y", "width", "height"],
    "circle": ["x", "y", "r"],
    "ellipse": ["x", "y", "a", "b", "theta"],
}


def coordinate_names(kind: str, width: int) -> list[str]:
    """Return the names of the coordinates in a row of a geometry result.

    Args:
        kind: sigima's name for the kind of geometry.
        width: Number of coordinates, for kinds that do not determine it.
    """
    known = _NAMES.get(kind)
    if known is not None:
        return list(known)
    if kind == "polygon":  # x and y of each corner in turn
        return [f"{'xy'[index % 2]}{index // 2}" for index in range(width)]
    return [f"coord_{index}" for index in range(width)]
