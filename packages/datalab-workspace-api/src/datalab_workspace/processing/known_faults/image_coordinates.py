"""Faults of sigima in the coordinates of images.

Upstream: docs/upstream/sigima_image_coordinates.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault, is_even

REPORT = "sigima_image_coordinates"
_SPECTRA = "fft magnitude_spectrum phase_spectrum psd"
_SHAPES = (
    "centroid enclosing_circle contour_shape peak_detection hough_circle_peaks "
    "blob_dog blob_doh blob_log blob_opencv"
)


def _differ(found: tuple[float, ...], right: tuple[float, ...], obj: Any) -> bool:
    pixel = min(abs(obj.dx), abs(obj.dy)) or 1.0
    return not np.allclose(found, right, rtol=1e-9, atol=1e-6 * pixel)


def _set_origin(right: tuple[float, float]) -> str:
    return f"set x0={right[0]:.6g} and y0={right[1]:.6g} with edit()"


@fault(REPORT, "image", "extract_roi")
def _origin_of_region(call: Call) -> str | None:
    obj, region, result = call.obj, call.parameters, call.result
    if not obj.is_uniform_coords:
        return (
            f"the coordinates of the result are those of all of {call.name}, moved by "
            "the corner of the region; set_coords() of the object restores them"
        )
    column, row, *_ = region.get_bounding_box_indices(obj)
    right = (obj.x0 + max(column, 0) * obj.dx, obj.y0 + max(row, 0) * obj.dy)
    found = (result.x0, result.y0)
    if not _differ(found, right, obj):
        return None
    return (
        f"the origin of the result is ({found[0]:.6g}, {found[1]:.6g}), which adds the "
        f"corner of the region to the origin of {call.name}; {_set_origin(right)}"
    )


@fault(REPORT, "image", "extract_rois")
def _swapped_coordinates(call: Call) -> str | None:
    if call.obj.is_uniform_coords:
        return None
    return (
        f"the coordinates of {call.name} along x are cut by rows and those along y by "
        "columns; use extract_roi() with equally spaced pixels"
    )


@fault(REPORT, "image", f"{_SHAPES} horizontal_projection vertical_projection")
def _in_pixels(call: Call) -> str | None:
    if call.obj.is_uniform_coords or call.result is None:
        return None
    return (
        f"the coordinates of {call.name} are not equally spaced and are ignored: "
        "positions are in pixels; convert them with indices_to_physical()"
    )


@fault(REPORT, "image", "fliph flipv rotate90 rotate270 rotate")
def _coordinates_stay(call: Call) -> str | None:
    obj = call.obj
    if obj.is_uniform_coords or (is_even(obj.xcoords) and is_even(obj.ycoords)):
        return None
    return (
        f"the pixels of {call.name} move, but their unequally spaced coordinates do "
        "not; set the coordinates of the result yourself"
    )


@fault(REPORT, "image", "binning")
def _center_of_bin(call: Call) -> str | None:
    obj, result = call.obj, call.result
    if not call.value("change_pixel_size"):
        return None
    right = (
        obj.x0 + (call.value("sx") - 1) / 2 * obj.dx,
        obj.y0 + (call.value("sy") - 1) / 2 * obj.dy,
    )
    if not _differ((result.x0, result.y0), right, obj):
        return None
    return (
        f"the origin of the result is the center of the first pixel of {call.name}, "
        f"not that of the first bin; {_set_origin(right)}"
    )


@fault(REPORT, "image", "resize")
def _spacing(call: Call) -> str | None:
    obj, result = call.obj, call.result
    (rows, columns), (new_rows, new_columns) = obj.data.shape, result.data.shape
    right = (
        obj.dx * (columns - 1) / max(new_columns - 1, 1),
        obj.dy * (rows - 1) / max(new_rows - 1, 1),
    )
    if min(new_rows, new_columns) < 2 or not _differ(
        (result.dx, result.dy), right, obj
    ):
        return None
    return (
        f"the pixels of the result span the same centers as those of {call.name}, so "
        f"that their spacing differs; set dx={right[0]:.6g} and dy={right[1]:.6g} with "
        "edit()"
    )


@fault(REPORT, "image", "resampling")
def _half_a_pixel(call: Call) -> str | None:
    result = call.result
    right = (result.x0 + result.dx / 2, result.y0 + result.dy / 2)
    return (
        f"the values are those of {call.name} at the centers x0 + dx/2, y0 + dy/2 of "
        f"the new pixels, while x0 and y0 are centers elsewhere; {_set_origin(right)}"
    )


@fault(REPORT, "image", "rotate")
def _rotated_rectangles(call: Call) -> str | None:
    obj = call.obj
    if call.value("angle") % 360 == 0 or not obj.is_uniform_coords:
        return None
    if not np.isclose(abs(obj.dx), abs(obj.dy)):
        return (
            f"the pixels of {call.name} are not square ({obj.dx:g} by {obj.dy:g}), and "
            "it is rotated as if they were; use resampling() to square pixels first"
        )
    if not call.value("reshape") or obj.data.shape == call.result.data.shape:
        return None
    grown = np.subtract(call.result.data.shape, obj.data.shape) / 2
    right = (obj.x0 - grown[1] * obj.dx, obj.y0 - grown[0] * obj.dy)
    return (
        f"the result is larger than {call.name} but has its origin, so that its center "
        f"moves; {_set_origin(right)}"
    )


@fault(REPORT, "image", _SPECTRA)
def _frequencies(call: Call) -> str | None:
    obj, result = call.obj, call.result
    if not obj.is_uniform_coords:
        return f"the axes of the result are those of {call.name}, not frequencies"
    rows, columns = obj.data.shape
    shift = call.value("shift") is not False
    right = (
        1 / (columns * obj.dx),
        1 / (rows * obj.dy),
        -(columns // 2) / (columns * obj.dx) if shift else 0.0,
        -(rows // 2) / (rows * obj.dy) if shift else 0.0,
    )
    if np.allclose((result.dx, result.dy, result.x0, result.y0), right):
        return None
    values = zip(("dx", "dy", "x0", "y0"), right, strict=True)
    return (
        f"the axes of the result are the positions of {call.name}, not frequencies; "
        f"set {', '.join(f'{field}={value:.6g}' for field, value in values)} with "
        "edit()"
    )


@fault(REPORT, "image", "zero_padding")
def _padding(call: Call) -> str | None:
    if call.value("position") != "around" or not call.obj.is_uniform_coords:
        return None
    obj = call.obj
    rows, columns = call.value("rows") // 2, call.value("cols") // 2
    if not rows and not columns:
        return None
    right = (obj.x0 - columns * obj.dx, obj.y0 - rows * obj.dy)
    return (
        f"the origin of the result is that of {call.name}, whose first pixel has "
        f"moved; {_set_origin(right)}"
    )


@fault(REPORT, "image", _SHAPES)
def _in_region(call: Call) -> str | None:
    obj = call.obj
    if obj.roi is None or call.result is None or not obj.is_uniform_coords:
        return None
    for number, region in enumerate(obj.roi):
        box = region.get_bounding_box(obj)
        column, row, *_ = obj.physical_to_indices(list(box))
        right = (obj.x0 + max(column, 0) * obj.dx, obj.y0 + max(row, 0) * obj.dy)
        if _differ((box[0], box[1]), right, obj):
            return (
                f"positions in region {number} of {call.name} are shifted by "
                f"({box[0] - right[0]:.3g}, {box[1] - right[1]:.3g}), because its "
                "corner is between pixels or outside the image; subtract that"
            )
    return None


FAULTS: tuple[Fault, ...] = (
    _origin_of_region,
    _swapped_coordinates,
    _in_pixels,
    _coordinates_stay,
    _center_of_bin,
    _spacing,
    _half_a_pixel,
    _rotated_rectangles,
    _frequencies,
    _padding,
    _in_region,
)
