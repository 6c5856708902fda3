"""Faults of sigima in profiles of images.

Upstream: docs/upstream/sigima_profiles.md
"""

from __future__ import annotations

from typing import Any

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

REPORT = "sigima_profiles"
_PROFILES = "line_profile average_profile segment_profile radial_profile"


def _in_pixels_anyway(obj: Any) -> bool:
    return bool(
        obj.is_uniform_coords and (obj.x0, obj.y0, obj.dx, obj.dy) == (0, 0, 1, 1)
    )


@fault(REPORT, "image", _PROFILES)
def _axis(call: Call) -> str | None:
    obj, unit = call.obj, call.result.xunit
    vertical = call.value("direction") == "vertical"
    if not _in_pixels_anyway(obj):
        labelled = f", though its unit is {unit!r}" if unit else ""
        return (
            f"x of the profile counts pixels of {call.name}{labelled}; convert it by "
            "the origin and spacing of the image"
        )
    if vertical and (obj.xlabel, obj.xunit) != (obj.ylabel, obj.yunit):
        return (
            f"x of the vertical profile has the label and unit of x of {call.name}, "
            "not of y; set xlabel and xunit with edit()"
        )
    return None


@fault(REPORT, "image", "segment_profile")
def _direction(call: Call) -> str | None:
    rows = call.value("row2") - call.value("row1")
    columns = call.value("col2") - call.value("col1")
    if rows * columns < 0:
        return (
            "the profile is not along the segment: it follows the other diagonal of "
            f"its rectangle in {call.name}; use scipy.ndimage.map_coordinates"
        )
    if rows < 0 or columns < 0:
        return (
            f"the profile runs from the end of the segment in {call.name} to its "
            "start; reverse_x() turns it round"
        )
    if rows and columns:
        return (
            f"x of the profile counts points, not the length of the segment in "
            f"{call.name}; multiply it by the distance of two points"
        )
    return None


@fault(REPORT, "image", "radial_profile")
def _center(call: Call) -> str | None:
    if call.value("center") != "center":
        return None
    rows, columns = call.obj.data.shape
    return (
        f"center='center' takes the center of {call.name} in its units for pixels, and "
        f"half a pixel beyond; pass center='user', x0={(columns - 1) / 2:g}, "
        f"y0={(rows - 1) / 2:g}"
    )


@fault(REPORT, "image", "radial_profile")
def _outside(call: Call) -> str | None:
    if call.obj.roi is None:
        return None
    return (
        f"the regions of {call.name} are ignored: pixels outside them are averaged "
        "too; extract_roi() first"
    )


FAULTS: tuple[Fault, ...] = (_axis, _direction, _center, _outside)
