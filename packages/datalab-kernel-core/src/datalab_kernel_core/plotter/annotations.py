"""The annotations of an object: the shapes that a user drew over it in DataLab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.colors import is_color
from datalab_kernel_core.plotter.overlays import Shape, shape_of
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import ANNOTATION_COLOR
from datalab_workspace.encoding import shallow_json
from datalab_workspace.model.record import Record

_NAN = float("nan")


def annotation_shapes(record: Record) -> list[Shape | None]:
    """Return the annotations of an object.

    Args:
        record: The object. Its annotations are JSON in sigima's format, or in PlotPy's,
            which earlier versions of DataLab wrote.

    Returns:
        The shapes of the visible annotations, None for each one that cannot be drawn.
    """
    try:
        entries = annotation_entries(record)
    except ValueError:
        return [None]
    return [shape for entry in entries for shape in entry_shapes(entry)]


def annotation_entries(record: Record) -> list[Any]:
    """Return the annotations of an object as its field contains them.

    Raises:
        ValueError: The field is not JSON.
    """
    text = record.fields.get("annotations")
    return _entries(shallow_json.loads(str(text))) if text else []


def _entries(document: Any) -> list[Any]:
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        return list(document["annotations"])
    if isinstance(document, list):
        return document
    # The whole document is PlotPy's.
    return [{"plotpy_json": json.dumps(document)}]


def entry_shapes(entry: Any) -> list[Shape | None]:
    """Return the shapes of an entry of `annotation_entries`."""
    if not isinstance(entry, dict):
        return [None]
    try:
        annotations = _annotations(entry)
    # sigima reads annotations since version 1.3. A note in the picture counts those
    # that it does not read.
    except (ImportError, KeyError, TypeError, ValueError):
        return [None]
    return [shape for one in annotations if one.visible for shape in _drawn(one)]


def _annotations(entry: dict[Any, Any]) -> list[Any]:
    from sigima.objects import annotations as model
    from sigima.objects.annotations import legacy_plotpy

    if "plotpy_json" in entry:
        return list(legacy_plotpy.legacy_plotpy_payload_to_annotations(entry))
    return [model.annotation_from_dict(entry)]


def _drawn(annotation: Any) -> Iterator[Shape | None]:
    kind = annotation.kind.value
    label = annotation.label
    name = label.text if label is not None and label.visible else annotation.title
    stroke = annotation.style.stroke.color
    color = stroke if is_color(stroke) else ANNOTATION_COLOR
    if kind == "text":
        yield _text(annotation)
    elif kind == "range":
        span = "span" if annotation.axis.value == "x" else "yspan"
        yield shape_of(span, (annotation.start, annotation.end), name, color)
    elif kind == "cursor":
        for position in _cursor(annotation):
            yield shape_of("marker", position, name, color)
    else:
        shape, coords = _geometry(kind, annotation)
        yield shape_of(shape, coords, name, color)


def _text(annotation: Any) -> Shape | None:
    kind = "text" if annotation.coordinate_space.value == "data" else "axes text"
    words = annotation.anchor.value.split("-")
    horizontal = next((word for word in words if word in ("left", "right")), "center")
    vertical = next((word for word in words if word in ("top", "bottom")), "center")
    color = annotation.style.text.color
    return shape_of(
        kind,
        (annotation.x, annotation.y),
        annotation.text,
        color if is_color(color) else ANNOTATION_COLOR,
        anchor=(horizontal, vertical),
    )


def _cursor(annotation: Any) -> list[tuple[float, float]]:
    orientation, position = annotation.orientation.value, annotation.position
    if orientation == "crosshair":
        x, y = position
        return [(x, _NAN), (_NAN, y)]
    return [(position, _NAN) if orientation == "vertical" else (_NAN, position)]


def _geometry(kind: str, annotation: Any) -> tuple[str, Any]:
    """Return the kind and coordinates of an annotation, in the order of `Shape`."""
    if kind == "point":
        return "point", (annotation.x, annotation.y)
    if kind == "segment":
        return kind, (annotation.x0, annotation.y0, annotation.x1, annotation.y1)
    if kind == "rectangle":
        return "polygon", _corners(annotation)
    if kind == "circle":
        return kind, (annotation.cx, annotation.cy, annotation.radius)
    if kind == "ellipse":
        radii = annotation.radius_x, annotation.radius_y
        return kind, (annotation.cx, annotation.cy, *radii, annotation.angle)
    return kind, annotation.points


def _corners(rectangle: Any) -> Array:
    """Return the corners of a rectangle with a center and an angle, shape (4, 2)."""
    sides = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    sine, cosine = np.sin(rectangle.angle), np.cos(rectangle.angle)
    corners: Array = (
        sides
        * (rectangle.width, rectangle.height)
        @ np.array([[cosine, sine], [-sine, cosine]])
    )
    corners += (rectangle.x, rectangle.y)
    return corners
