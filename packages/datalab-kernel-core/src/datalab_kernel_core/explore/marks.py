"""The points and lines that the page draws: annotations of an object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from datalab_kernel_core.explore.regions import Entry, entry_key
from datalab_kernel_core.plotter.annotations import annotation_entries
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.runtime import require

#: The names of the coordinates of the annotations that can be changed.
COORDS = {"point": ("x", "y"), "segment": ("x0", "y0", "x1", "y1")}


class Marks:
    """The list of the annotations of an object.

    The page changes only points and lines. DataLab shows them like its own.
    """

    noun = "annotation"

    def entries(self, record: Record) -> list[Any]:
        """Return the annotations of an object, in sigima's form."""
        try:
            return annotation_entries(record)
        except ValueError:
            return []

    def key(self, entry: Any) -> str:
        """Return a short string that differs when an annotation differs."""
        return entry_key(entry)

    def new(self, kind: Kind, shape: str, coords: Sequence[float]) -> Entry:  # noqa: ARG002
        """Return a new point or line without a title.

        Raises:
            ValueError: It is another shape, or the coordinates are wrong.
        """
        if shape not in COORDS:
            raise ValueError(f"expected 'point' or 'segment', got {shape!r:.40}")
        require("sigima", "drawing a point or a line")
        from sigima.objects import annotations as model

        classes = {"point": model.PointAnnotation, "segment": model.SegmentAnnotation}
        names = zip(COORDS[shape], map(float, coords), strict=True)
        made: Entry = model.annotation_to_dict(classes[shape](**dict(names)))
        return made

    def moved(self, kind: Kind, entry: Entry, coords: Sequence[float]) -> Entry:  # noqa: ARG002
        """Return a point or a line with other coordinates."""
        names = COORDS[str(entry.get("kind"))]
        return {**entry, **dict(zip(names, map(float, coords), strict=True))}

    def named(self, entry: Entry, title: str) -> Entry:
        """Return an annotation with another title."""
        label = entry.get("label")
        changed = {**entry, "title": title}
        if isinstance(label, dict):
            changed["label"] = {**label, "text": title}
        return changed

    def edit(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return the arguments of `Workspace.edit` for new annotations."""
        if not entries:
            return {"annotations": ""}
        document = {"version": "1.0", "annotations": list(entries)}
        return {"annotations": json.dumps(document, indent=2)}


def is_changeable(entry: Any) -> bool:
    """Return whether an annotation is a point or a line that can be changed."""
    return (
        isinstance(entry, dict)
        and entry.get("kind") in COORDS
        and entry.get("format") == "sigima.annotation"
        and not entry.get("locked")
    )
