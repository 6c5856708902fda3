"""What the coordinates of geometry results are called; known without Matplotlib."""

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
        kind: Kind of geometry, as sigima calls it.
        width: Number of coordinates where the kind does not tell.
    """
    known = _NAMES.get(kind)
    if known is not None:
        return list(known)
    if kind == "polygon":  # x and y of one corner after another
        return [f"{'xy'[place % 2]}{place // 2}" for place in range(width)]
    return [f"coord_{place}" for place in range(width)]
