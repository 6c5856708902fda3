"""The object that a view shows, which follows the workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.pace import Pace
from datalab_kernel_core.plotter.plot_input import PlotItem, plot_item
from datalab_workspace.errors import NothingToUndoError, ObjectNotFoundError
from datalab_workspace.events import ALL_PARTS, ChangeEvent, Origin
from datalab_workspace.model.naming import free_name, name_from_title
from datalab_workspace.model.record import ROI_KEY, Record

if TYPE_CHECKING:
    from sigima import SignalObj

    from datalab_workspace import Workspace

#: The parts of an object that its picture depends on, apart from the shapes.
_DRAWN = ALL_PARTS - {"roi", "results"}


class FollowedObject:
    """An object of a workspace, as a view knows it, and the view's changes to it.

    Args:
        item: The object. Changes of it without a workspace change a copy.
        workspace: The workspace that contains the object, None if none does.

    Attributes:
        record: The fields and metadata of the object.
        item: The object with its data, which may be older.
        note: A message to the user about the object, "" for none.
    """

    def __init__(self, item: PlotItem, workspace: Workspace | None) -> None:
        record = item.record
        self.record = Record(
            record.kind, dict(record.fields), {}, dict(record.metadata), record.uuid
        )
        self.item = item
        self.note = ""
        self._workspace = workspace
        self._name = record.title
        self._own = self._unsaved = self._gone = False
        self._outdated: frozenset[str] = frozenset()
        self._undoable = 0
        self._on_change: Callable[[], object] = lambda: None
        self._pace: Pace | None = None
        self._subscription = (
            None if workspace is None else workspace.on_change(self._follow)
        )

    def open(self, on_change: Callable[[], object]) -> None:
        """Call a function after changes made elsewhere, in the loop that is running."""
        self._on_change = on_change
        self._pace = Pace(self._refresh)

    def close(self) -> None:
        """Stop following the workspace."""
        if self._subscription is not None:
            self._subscription.cancel()

    # -- changes made elsewhere -------------------------------------------------------

    def read(self) -> None:
        """Read the fields and metadata, unless a change could not be written."""
        if self._workspace is None or self._gone or self._unsaved:
            return
        try:
            record = self._workspace.record(self.record.uuid, data=False)
        except ObjectNotFoundError:
            self._lose()
            return
        if record.kind == self.record.kind:
            self.record = record
        else:
            self._gone = True
            self.note = (
                f"{self._name!r:.80} is {_A[record.kind]} now; run the cell again to "
                "see it"
            )

    def renew(self) -> bool:
        """Read the object for its picture, if it has changed; return whether it has.

        If its data cannot be read, the note says so, and the old data stays.
        """
        if not self._outdated or self._gone or self._workspace is None:
            return False
        has_new_data = bool(self._outdated & {"data", "coordinates"})
        self._outdated = frozenset()
        try:
            record = self._workspace.record(self.record.uuid, data=has_new_data)
            if not has_new_data:
                record = replace(record, arrays=self.item.record.arrays)
            self.item = plot_item(record.uuid, lambda _uuid: record)
        except Exception as error:  # noqa: BLE001  # the page shows it
            self.note = f"the data has changed and cannot be read: {error}"
            return False
        return True

    def _follow(self, event: ChangeEvent) -> None:
        """Note a change of the workspace; called in any thread."""
        if self._own:
            return
        if event.origin == Origin.NOTEBOOK and event.changes:
            self._undoable = 0  # Workspace.undo would take back that change
        changes = [one for one in event.changes if one.uuid == self.record.uuid]
        for change in changes:
            self._name = change.after or self._name
            if change.after is None:
                self._lose()
            elif change.before is None:  # its removal was undone
                self._gone, self._outdated, self.note = False, ALL_PARTS, ""
            elif change.parts & _DRAWN:
                self._outdated |= change.parts & _DRAWN
                self.note = ""
        if not changes:
            return
        if self._pace is None:
            self._refresh()
        else:
            self._pace.request()

    def _refresh(self) -> None:
        self.read()
        self._on_change()

    def _lose(self) -> None:
        self._gone = True
        self.note = (
            f"{self._name!r:.80} is no longer in the workspace; your drawings stay in "
            "the roi of the view"
        )

    # -- changes made in the view -----------------------------------------------------

    def write(self, arguments: Mapping[str, Any], note: str) -> Exception | None:
        """Change the object in the workspace, and in any case in the view.

        Args:
            arguments: The arguments of `Workspace.edit`.
            note: A message to the user about the change.

        Returns:
            The error of the workspace. The view shows the change nevertheless.
        """
        error: Exception | None = None
        self.note = note
        if self._gone:
            self._lose()
        elif self._workspace is not None:
            try:
                with self._own_change():
                    self._workspace.edit(self.record.uuid, **arguments)
                self._unsaved = False
            except ObjectNotFoundError:
                self._lose()
            except Exception as raised:  # noqa: BLE001  # the page shows it
                error, self._unsaved = raised, True
        roi = arguments.get("roi")
        if "annotations" in arguments:
            self.record.fields["annotations"] = arguments["annotations"]
        elif roi is None:
            self.record.metadata.pop(ROI_KEY, None)
        else:
            self.record.metadata[ROI_KEY] = roi
        return error

    def add_next_to_it(self, signal: SignalObj) -> None:
        """Add a signal to the workspace of the object, under its title or a free name.

        Raises:
            ValueError: The object is in no workspace.
            Exception: Any error of `Workspace.add`.
        """
        if self._workspace is None:
            raise ValueError("the object is in no workspace")
        used = set(self._workspace.list())
        name = free_name(name_from_title(signal.title), used)
        with self._own_change():
            self._workspace.add(name, signal)
        self.note = f"added to the workspace as {name!r:.80}"

    def undo(self) -> None:
        """Take back the last change that was made in the view.

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
        undoable = self._undoable
        with self._own_change():
            self._workspace.undo()
        self._undoable = undoable - 1
        self._unsaved, self.note = False, ""
        self.read()

    @contextmanager
    def _own_change(self) -> Iterator[None]:
        """Do not follow the change that is made within, and count it for `undo`."""
        self._own = True
        try:
            yield
        finally:
            self._own = False
        self._undoable += 1


_A = {"signal": "a signal", "image": "an image"}
