"""Regions of interest as the metadata of an object contains them, in sigima's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.model.record import Kind

if TYPE_CHECKING:
    import numpy.typing as npt

#: The types of single regions of each kind of object, and how many coordinates a region
#: has; None for a polygon, which has an even number, at least 6.
REGION_TYPES: dict[Kind, dict[str, int | None]] = {
    "signal": {"SegmentROI": 2},
    "image": {"RectangularROI": 4, "CircularROI": 3, "PolygonalROI": None},
}
_ENTRIES = {"type", "coords", "indices", "title", "inverse"}


def checked_roi(roi: Any, kind: Kind, what: str) -> dict[str, Any] | None:
    """Return regions of interest as a dict that the metadata can contain.

    Args:
        roi: A `SignalROI` or `ImageROI` of sigima, the dict that its `to_dict` returns,
            or None.
        kind: The kind of the object.
        what: The object, for messages.

    Returns:
        A new dict, None without any region.

    Raises:
        TypeError: It is something else.
        ValueError: A region does not belong to this kind of object, or its coordinates
            are not those of its type.
    """
    if roi is None:
        return None
    entries = roi if isinstance(roi, Mapping) else _as_dict(roi, kind, what)
    singles = entries.get("single_rois")
    if not isinstance(singles, list | tuple) or len(entries) != 1:
        raise ValueError(
            f"roi of {what}: expected a dict with the key 'single_rois' and a list, as "
            "to_dict() of a ROI returns it"
        )
    checked = [checked_region(single, kind, what) for single in singles]
    return {"single_rois": checked} if checked else None


def _as_dict(roi: Any, kind: Kind, what: str) -> Mapping[str, Any]:
    if not hasattr(roi, "single_rois"):
        raise TypeError(
            f"roi of {what}: expected a {kind.capitalize()}ROI of sigima, its dict or "
            f"None, got {type(roi).__name__}"
        )
    found: Mapping[str, Any] = roi.to_dict()
    return found


def checked_region(single: Any, kind: Kind, what: str) -> dict[str, Any]:
    """Return one region of interest as a dict that the metadata can contain.

    Args:
        single: The dict that `to_dict` of a single ROI of sigima returns. "indices",
            "inverse" and "title" may be missing.
        kind: The kind of the object.
        what: The object, for messages.

    Raises:
        TypeError: It is not a dict, or an entry has the wrong type.
        ValueError: See `checked_roi`.
    """
    if not isinstance(single, Mapping):
        raise TypeError(
            f"roi of {what}: expected a dict for each region, got "
            f"{type(single).__name__}"
        )
    types = REGION_TYPES[kind]
    region_type = single.get("type")
    if not isinstance(region_type, str) or region_type not in types:
        raise ValueError(
            f"roi of {what}: a region of {_article(kind)} is not of the type "
            f"{region_type!r:.40}; the types are {', '.join(types)}"
        )
    if unknown := single.keys() - _ENTRIES:
        raise ValueError(f"roi of {what}: a region has no entry {min(unknown)!r:.40}")
    title = single.get("title", "")
    if not isinstance(title, str):
        raise TypeError(
            f"roi of {what}: expected a string for a title, got {type(title).__name__}"
        )
    indices = bool(single.get("indices", False))
    checked = {
        "coords": _coords(single.get("coords", ()), region_type, kind, indices, what),
        "indices": indices,
        "title": str(title),
        "type": region_type,
    }
    if kind == "image":
        checked["inverse"] = bool(single.get("inverse", False))
    elif single.get("inverse"):
        raise ValueError(f"roi of {what}: a region of a signal cannot be inverse")
    return checked


def _article(kind: Kind) -> str:
    return f"an {kind}" if kind == "image" else f"a {kind}"


def _coords(
    values: Any, region_type: str, kind: Kind, indices: bool, what: str
) -> npt.NDArray[Any]:
    try:
        coords = np.array(list(values), dtype=np.float64)
    except (TypeError, ValueError):
        coords = np.full(1, np.nan)
    expected = REGION_TYPES[kind][region_type]
    if expected is None:
        fits = coords.ndim == 1 and coords.size >= 6 and coords.size % 2 == 0
        wanted = "pairs of x and y, at least three"
    else:
        fits, wanted = coords.shape == (expected,), f"{expected} numbers"
    if not fits or not np.isfinite(coords).all():
        raise ValueError(
            f"roi of {what}: the coordinates of a {region_type} are {wanted}, got "
            f"{values!r:.80}"
        )
    if region_type == "SegmentROI" and not coords[0] < coords[1]:
        raise ValueError(f"roi of {what}: the segment {values!r:.80} has no length")
    if indices and region_type != "CircularROI":
        return coords.astype(np.int64)
    return coords


def with_regions(regions: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the dict of regions of interest, None without any."""
    singles = [dict(single) for single in regions]
    return {"single_rois": singles} if singles else None
