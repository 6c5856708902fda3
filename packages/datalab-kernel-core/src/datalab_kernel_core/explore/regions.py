"""The regions of interest of an object, as the page draws and changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import Any

import numpy as np

from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.regions import checked_region, with_regions
from datalab_workspace.model.roi_names import single_rois

#: Types of regions, by the kind of their shape.
TYPES = {
    "span": "SegmentROI",
    "rectangle": "RectangularROI",
    "circle": "CircularROI",
    "polygon": "PolygonalROI",
}
Entry = dict[str, Any]


class Regions:
    """The list of the regions of interest in the metadata of an object."""

    noun = "region"

    def entries(self, record: Record) -> list[Any]:
        """Return the regions of an object."""
        return list(single_rois(record.metadata))

    def key(self, entry: Any) -> str:
        """Return a short string that differs when a region differs."""
        return entry_key(entry)

    def new(self, kind: Kind, shape: str, coords: Sequence[float]) -> Entry:
        """Return a new region without a title.

        Args:
            kind: The kind of the object.
            shape: The kind of the region's shape, a key of `TYPES`.
            coords: Its coordinates, those of sigima.

        Raises:
            ValueError: The object has no such regions, or the coordinates are wrong.
        """
        single = {"type": TYPES.get(shape, shape), "coords": _ordered(shape, coords)}
        return checked_region(single, kind, "the object")

    def moved(self, kind: Kind, entry: Entry, coords: Sequence[float]) -> Entry:
        """Return a region with other coordinates, which are not indices."""
        shape = next(s for s, region in TYPES.items() if region == entry.get("type"))
        changed = {**entry, "coords": _ordered(shape, coords), "indices": False}
        return checked_region(changed, kind, "the object")

    def named(self, entry: Entry, title: str) -> Entry:
        """Return a region with another title."""
        return {**entry, "title": title}

    def inverted(self, entry: Entry, *, inverse: bool) -> Entry:
        """Return a region that is the inside or the outside of its shape."""
        return {**entry, "inverse": inverse}

    def edit(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return the arguments of `Workspace.edit` for new regions."""
        return {"roi": with_regions(entries)}


def entry_key(entry: Any) -> str:
    """Return a short string that differs when an entry of a list differs."""
    text = json.dumps(entry, sort_keys=True, default=_plain)
    return blake2s(text.encode(), digest_size=9).hexdigest()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _ordered(shape: str, coords: Sequence[float]) -> list[float]:
    """Return coordinates whose ends are in order, and whose sizes are positive."""
    values = [float(value) for value in coords]
    if shape == "span":
        return sorted(values)
    if shape == "circle" and len(values) == 3:
        return [*values[:2], abs(values[2])]
    if shape == "rectangle" and len(values) == 4:
        x, y, width, height = values
        corner = (x + width if width < 0 else x, y + height if height < 0 else y)
        return [*corner, abs(width), abs(height)]
    return values


def region_coords(entry: Mapping[str, Any]) -> list[float]:
    """Return the coordinates of a region as plain numbers."""
    return [float(value) for value in entry.get("coords", ())]
