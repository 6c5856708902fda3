"""The shapes that a view shows over its data, which follow the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.explore.edits import LISTS, Edit, apply
from datalab_kernel_core.explore.followed_object import FollowedObject
from datalab_kernel_core.explore.marks import COORDS
from datalab_kernel_core.explore.page_coordinates import PageCoordinates
from datalab_kernel_core.explore.page_shapes import page_shapes
from datalab_kernel_core.explore.profile_reply import profile_reply
from datalab_kernel_core.explore.regions import TYPES, Entry, region_coords
from datalab_kernel_core.explore.selected import Selected
from datalab_kernel_core.explore.shape_data import shape_data
from datalab_kernel_core.in_page.channel import Reply
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from datalab_kernel_core.plotter.plot_input import PlotItem
    from datalab_workspace import Workspace

#: Names of the kinds of regions, by sigima's types.
_KINDS = {"SegmentROI": "segment"} | {
    region: kind for kind, region in TYPES.items() if kind != "span"
}


class Overlay:
    """The regions, results and annotations of an object that a view shows.

    Args:
        item: The object. Changes that are made here change a copy of its metadata.
        workspace: The workspace that contains the object, None if none does.
        edits: Whether the page may change regions, points and lines.
        offers: Whether the page has a button that lets its user change them.
    """

    def __init__(
        self,
        item: PlotItem,
        workspace: Workspace | None,
        *,
        edits: bool,
        offers: bool = False,
    ) -> None:
        self._object = FollowedObject(item, workspace)
        self._take_data()
        self._edits, self._offers = edits, offers
        self._selected: tuple[str, int, str] | None = None
        self._on_change: Callable[[], object] = lambda: None

    def open(self, on_change: Callable[[], object]) -> None:
        """Report changes from now on, in the event loop that is running."""
        self._on_change = on_change
        self._object.open(on_change)

    def close(self) -> None:
        """Stop following the workspace."""
        self._object.close()

    def renewed(self) -> PlotItem | None:
        """Return the object as it is now, None if its picture has not changed."""
        if not self._object.renew():
            return None
        self._take_data()
        return self._object.item

    def _take_data(self) -> None:
        self._coordinates = PageCoordinates.of(self._object.item)
        self._data = shape_data(self._object.item)

    @property
    def _record(self) -> Record:
        return self._object.record

    def state(self) -> dict[str, Any]:
        """Return the state of the page: its shapes, units and notes."""
        shapes, undrawn = page_shapes(self._record, self._coordinates)
        fields = self._record.fields
        return {
            "shapes": shapes,
            "edits": self._edits,
            "offers": self._offers,
            "circles": not self._coordinates.differ,
            "units": [
                "" if in_pixels else str(fields.get(f"{axis}unit") or "")
                for axis, in_pixels in zip(
                    "xy", self._coordinates.in_pixels, strict=True
                )
            ],
            "note": "; ".join(filter(None, [self._object.note, undrawn])),
        }

    # -- for the code of the user -----------------------------------------------------

    @property
    def roi(self) -> Any:
        """The regions of interest, as an object of sigima; None without any."""
        found = self._record.metadata.get(ROI_KEY)
        if not isinstance(found, dict) or not found.get("single_rois"):
            return None
        require("sigima", "roi", "read the metadata of the object")
        from sigima.objects import ImageROI, SignalROI

        kinds = {"signal": SignalROI, "image": ImageROI}
        return kinds[self._record.kind].from_dict(found)

    @property
    def selection(self) -> Selected | None:
        """The region, point or line that is selected; see `Selected`."""
        return None if self._selected is None else self._shape(*self._selected)

    def _named(self, content: Mapping[str, Any]) -> Selected | None:
        """Return the shape that a message of the page names, None if it is gone."""
        if content.get("what") not in LISTS:
            return None
        what, index, key = content["what"], int(content["index"]), str(content["key"])
        return self._shape(what, index, key)

    def _shape(self, what: str, index: int, key: str) -> Selected | None:
        several = LISTS[what]
        entries = several.entries(self._record)
        if not (0 <= index < len(entries) and several.key(entries[index]) == key):
            return None
        return self._description(what, index, entries[index])

    def _description(self, what: str, index: int, entry: Entry) -> Selected:
        if what == "region":
            name = roi_names(self._record.metadata)[index]
            coords = tuple(region_coords(entry))
            kind = _KINDS.get(str(entry.get("type")), "")
            inverse = bool(entry.get("inverse"))
            return Selected(kind, name, coords, inverse, index, self._data)
        names = COORDS[str(entry["kind"])]
        kind = "line" if entry["kind"] == "segment" else "point"
        coords = tuple(float(entry[name]) for name in names)
        title = str(entry.get("title") or "")
        return Selected(kind, title, coords, _data=self._data)

    # -- requests of the page ---------------------------------------------------------

    def select(self, content: Mapping[str, Any]) -> Reply:
        """Note the selection of the page."""
        what = content.get("what")
        chosen = None
        if what in LISTS:
            chosen = str(what), int(content["index"]), str(content["key"])
        if chosen != self._selected:
            self._selected = chosen
            self._on_change()
        return Reply({})

    def profile(self, content: Mapping[str, Any]) -> Reply:
        """Return the data under a shape; see `profile_reply`."""
        shape = self._named(content)
        reply = profile_reply(shape, self._record, content)
        is_bent = (
            shape is not None and shape.kind == "line" and self._bends(shape.coords)
        )
        if is_bent and reply.arrays:
            reply.content["text"] += (
                "; the line is straight in the coordinates, which are not uniform"
            )
        return reply

    def _bends(self, line: Sequence[float]) -> bool:
        """Return whether the page would have to bend a line that is straight."""
        x0, y0, x1, y1 = line
        return self._coordinates.differ and x0 != x1 and y0 != y1

    def draw(self, content: Mapping[str, Any]) -> Reply:
        """Let the user of the page change shapes, or no longer.

        Raises:
            ValueError: The view does not offer it.
        """
        if not self._offers:
            self._check_edits()
        self._edits = bool(content["draws"])
        self._on_change()
        return Reply({})

    def edit(self, content: Mapping[str, Any]) -> Reply:
        """Carry out a change that was drawn in the page.

        Raises:
            ValueError: The change is impossible.
            Exception: Any error of the workspace. The change stays in the view.
        """
        self._check_edits()
        edit = Edit.of(content)
        self._object.read()
        outcome = apply(self._record, edit, self._coordinates)
        error = self._object.write(outcome.arguments, outcome.note)
        if outcome.index >= 0:
            self._selected = edit.what, outcome.index, outcome.key
        else:
            self._selected = None
        self._on_change()
        if error is not None:
            raise error
        return Reply({"index": outcome.index, "before": edit.key, "key": outcome.key})

    def keep(self, content: Mapping[str, Any]) -> Reply:
        """Add the data under a shape to the workspace, as a signal.

        Raises:
            ValueError: There is no such data, or the object is in no workspace.
            Exception: Any error of `Workspace.add`.
        """
        self._check_edits()
        shape = self._named(content)
        profile = None if shape is None else shape.profile
        if profile is None:
            raise ValueError("there is no data under the shape")
        self._object.add_next_to_it(profile)
        self._on_change()
        return Reply({})

    def undo(self, _content: Mapping[str, Any]) -> Reply:
        """Take back the last change that was made in this view.

        Raises:
            NothingToUndoError: There is none, or the notebook has changed something
                after it.
            Exception: Any error of `Workspace.undo`.
        """
        self._object.undo()
        self._on_change()
        return Reply({})

    def _check_edits(self) -> None:
        if not self._edits:
            raise ValueError("pass edit_roi=True to explore() to draw on its view")


#: The requests of the page that concern shapes, by their names.
REQUESTS: dict[str, Callable[[Overlay, Mapping[str, Any]], Reply]] = {
    "select": Overlay.select,
    "profile": Overlay.profile,
    "draw": Overlay.draw,
    "edit": Overlay.edit,
    "keep": Overlay.keep,
    "undo": Overlay.undo,
}
