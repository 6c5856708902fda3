"""The names of regions of interest: one name everywhere, as in DataLab."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.model.record import ROI_KEY


def single_rois(metadata: Mapping[Any, Any]) -> Sequence[Any]:
    """Return the regions of interest in the metadata of an object, as dicts."""
    roi = metadata.get(ROI_KEY)
    singles = roi.get("single_rois", ()) if isinstance(roi, dict) else ()
    return singles if isinstance(singles, list | tuple) else ()


def default_roi_name(index: int) -> str:
    """Return DataLab's name of a region without a title, such as "ROI00"."""
    return f"ROI{index:02d}"


def roi_names(metadata: Mapping[Any, Any]) -> list[str]:
    """Return the names of an object's regions of interest.

    The name of a region is its title, or else the name that DataLab gives it. If
    several regions have the same title, DataLab's name is added in brackets.

    Args:
        metadata: The metadata of the object.
    """
    titles = [
        str(single.get("title") or "") if isinstance(single, dict) else ""
        for single in single_rois(metadata)
    ]
    repeated = {title for title, count in Counter(titles).items() if count > 1}
    return [
        default_roi_name(index)
        if not title
        else f"{title} ({default_roi_name(index)})"
        if title in repeated
        else title
        for index, title in enumerate(titles)
    ]


def roi_name(names: list[str], index: int | None) -> str:
    """Return the name of the region that a row of a result belongs to.

    Args:
        names: The names of all regions, see `roi_names`.
        index: Index of the region; None or a negative number for the whole object. A
            region that was removed after the analysis has DataLab's name.
    """
    if index is None or index < 0:
        return ""
    return names[index] if index < len(names) else default_roi_name(index)
