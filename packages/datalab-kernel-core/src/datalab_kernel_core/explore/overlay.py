"""The shapes that a view shows over its data, which follow the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.explore.edits import LISTS, Edit, Outcome, apply
from datalab_kernel_core.explore.marks import COORDS
from datalab_kernel_core.explore.page_coordinates import PageCoordinates
from datalab_kernel_core.explore.page_shapes import page_shapes
from datalab_kernel_core.explore.profile_reply import profile_reply
from datalab_kernel_core.explore.regions import TYPES, Entry, region_coords
from datalab_kernel_core.explore.selected import Selected
from datalab_kernel_core.explore.shape_data import shape_data
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.pace import Pace
from datalab_workspace.errors import NothingToUndoError, ObjectNotFoundError
from datalab_workspace.events import ChangeEvent, Origin
from datalab_workspace.model.naming import free_name, name_from_title
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.model.roi_names import roi_names

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
    """

    def __init__(
        self, item: PlotItem, workspace: Workspace | None, *, edits: bool
    ) -> None:
        record = item.record
        self._record = Record(
            record.kind, dict(record.fields), {}, dict(record.metadata), record.uuid
        )
        self._take_data(item)
        self._workspace = workspace
        self._edits = edits
        self._name = record.title
        self._note = ""
        self._selected: tuple[str, int, str] | None = None
        self._own = self._unsaved = self._gone = False
        self._undoable = 0
        self._on_change: Callable[[], object] = lambda: None
        self._pace: Pace | None = None
        self._subscription = (
            None if workspace is None else workspace.on_change(self._follow)
        )

    def open(self, on_change: Callable[[], object]) -> None:
        """Report changes from now on, in the event loop that is running."""
        self._on_change = on_change
        self._pace = Pace(self._refresh)

    def close(self) -> None:
        """Stop following the workspace."""
        if self._subscription is not None:
            self._subscription.cancel()

    def state(self) -> dict[str, Any]:
        """Return the state of the page: its shapes, units and notes."""
        shapes, undrawn = page_shapes(self._record, self._coordinates)
        fields = self._record.fields
        return {
            "shapes": shapes,
            "edits": self._edits,
            "circles": not self._coordinates.differ,
            "units": [
                "" if in_pixels else str(fields.get(f"{axis}unit") or "")
                for axis, in_pixels in zip(
                    "xy", self._coordinates.in_pixels, strict=True
                )
            ],
            "note": "; ".join(filter(None, [self._note, undrawn])),
        }

    def profile(self, content: Mapping[str, Any]) -> Reply:
        """Return the data under a shape; see `profile_reply`."""
        return profile_reply(self.shape(content), self._record, content)

    # -- for the code of the user -----------------------------------------------------

    @property
    def roi(self) -> Any:
        """The regions of interest, as an object of sigima; None without any."""
        from sigima.objects import ImageROI, SignalROI

        found = self._record.metadata.get(ROI_KEY)
        if not isinstance(found, dict) or not found.get("single_rois"):
            return None
        kinds = {"signal": SignalROI, "image": ImageROI}
        return kinds[self._record.kind].from_dict(found)

    @property
    def selection(self) -> Selected | None:
        """The region, point or line that is selected; see `Selected`."""
        return None if self._selected is None else self._shape(*self._selected)

    def shape(self, content: Mapping[str, Any]) -> Selected | None:
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

    def _take_data(self, item: PlotItem) -> None:
        self._coordinates = PageCoordinates.of(item)
        self._data = shape_data(item)

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

    def edit(self, content: Mapping[str, Any]) -> Reply:
        """Carry out a change that was drawn in the page.

        Raises:
            ValueError: The change is impossible.
            Exception: Any error of the workspace. The change stays in the view.
        """
        if not self._edits:
            raise ValueError("pass edit_roi=True to explore() to change regions")
        edit = Edit.of(content)
        self._read()
        outcome = apply(self._record, edit, self._coordinates)
        error = self._write(outcome)
        self._note = outcome.note or (self._lost_note() if self._gone else "")
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
            ValueError: There is no data under it, or the object is in no workspace.
            Exception: Any error of `Workspace.add`.
        """
        shape = self.shape(content)
        profile = None if shape is None else shape.profile
        if profile is None or self._workspace is None:
            raise ValueError("there is no data under the shape")
        self._own = True
        try:
            used = set(self._workspace.list())
            name = free_name(name_from_title(profile.title), used)
            self._workspace.add(name, profile)
        finally:
            self._own = False
        self._undoable += 1
        self._note = f"added to the workspace as {name!r:.80}"
        self._on_change()
        return Reply({})

    def undo(self) -> Reply:
        """Take back the last change that was made in this view.

        Raises:
            NothingToUndoError: There is none, or the notebook has changed something
                after it.
            Exception: Any error of `Workspace.undo`.
        """
        if self._workspace is None or not self._undoable:
            raise NothingToUndoError(
                "nothing that was drawn here can be undone; workspace.undo() takes "
                "back other changes of the notebook"
            )
        self._own = True
        try:
            self._workspace.undo()
        finally:
            self._own = False
        self._undoable -= 1
        self._unsaved, self._note = False, ""
        self._read()
        self._on_change()
        return Reply({})

    # -- the workspace ----------------------------------------------------------------

    def _read(self) -> None:
        """Read the object again, unless a change could not be written."""
        if self._workspace is None or self._gone or self._unsaved:
            return
        try:
            self._record = self._workspace.record(self._record.uuid, data=False)
        except ObjectNotFoundError:
            self._gone = True
            self._note = self._lost_note()

    def _write(self, outcome: Outcome) -> Exception | None:
        """Write a change to the workspace, and in any case to the view's own record."""
        error: Exception | None = None
        if self._workspace is not None and not self._gone:
            self._own = True
            try:
                self._workspace.edit(self._record.uuid, **outcome.arguments)
                self._undoable += 1
                self._unsaved = False
            except ObjectNotFoundError:
                self._gone = True
            except Exception as raised:  # noqa: BLE001  the page shows it
                error, self._unsaved = raised, True
            finally:
                self._own = False
        roi = outcome.arguments.get("roi")
        if "annotations" in outcome.arguments:
            self._record.fields["annotations"] = outcome.arguments["annotations"]
        elif roi is None:
            self._record.metadata.pop(ROI_KEY, None)
        else:
            self._record.metadata[ROI_KEY] = roi
        return error

    def _lost_note(self) -> str:
        return (
            f"{self._name!r:.80} is no longer in the workspace; your drawings stay in "
            "the roi of the view"
        )

    def _follow(self, event: ChangeEvent) -> None:
        """Note a change of the workspace; called in any thread."""
        if self._own:
            return
        if event.origin == Origin.NOTEBOOK and event.changes:
            self._undoable = 0  # Workspace.undo would take back that change
        for change in event.changes:
            if change.uuid == self._record.uuid:
                self._name = change.after or self._name
                if change.after is None:
                    self._gone, self._note = True, self._lost_note()
                elif change.before is None:  # its removal was undone
                    self._gone, self._note = False, ""
                elif change.parts & {"data", "coordinates"}:
                    self._note = "the data has changed; run the cell again to see it"
                if self._pace is None:
                    self._refresh()
                else:
                    self._pace.request()

    def _refresh(self) -> None:
        self._read()
        self._on_change()
