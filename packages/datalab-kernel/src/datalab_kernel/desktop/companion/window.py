"""DataLab's window: its panels, groups, trees and selections.

Everything here runs in the thread of the window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QDialog

from datalab_kernel.desktop.companion import tree
from datalab_kernel.desktop.companion.layout import Layout, members_of, same_start
from datalab_kernel.desktop.companion.overrides import override
from datalab_workspace.model.record import KINDS, Kind


class Panel:
    """One of DataLab's two panels.

    Args:
        widget: DataLab's panel.
        kind: The kind of its objects.
    """

    def __init__(self, widget: Any, kind: Kind) -> None:
        self.widget = widget
        self.kind = kind
        self.model = widget.objmodel
        self.tree = widget.objview
        self.plot = widget.plothandler

    @property
    def objects(self) -> dict[str, Any]:
        """DataLab's own dictionary of the objects by UUID."""
        objects: dict[str, Any] = self.model._objects  # noqa: SLF001  private names of
        # DataLab are listed in `private_names`
        return objects

    def layout(self) -> Layout:
        """Return the groups, their titles and the UUIDs of their objects."""
        return [(g, g.title, g.get_object_ids()) for g in self.model.get_groups()]

    def set_layout(
        self, layout: Layout, objects: dict[str, Any], unnumbered: Collection[str]
    ) -> None:
        """Set the objects, groups, titles of groups, and numbers.

        The tree still has to be updated, see `update_tree`.

        Args:
            layout: The groups.
            objects: The objects by UUID.
            unnumbered: UUIDs of the objects that may lack their number even if it is
                the same as before.
        """
        before, now = members_of(self.layout()), members_of(layout)
        self.objects.clear()
        self.objects.update(objects)
        self.model._groups[:] = [group for group, _, _ in layout]  # noqa: SLF001  as above
        for group_number, (group, title, uuids) in enumerate(layout, 1):
            group.title = title
            group.number = group_number
            members = group.get_object_ids()
            if uuids[: len(members)] != members:
                group.clear()
                members = []
            for uuid in uuids[len(members) :]:
                group.append(objects[uuid])
        same = same_start(before, now)
        for number, uuid in enumerate(now[same:], same + 1):
            objects[uuid].metadata["__number"] = number
        numbers = dict(zip(now, count(1), strict=False)) if unnumbered else {}
        for uuid in numbers.keys() & unnumbered:
            objects[uuid].metadata["__number"] = numbers[uuid]

    def new_group(self, title: str) -> Any:
        """Return a new group of DataLab, appended to the panel."""
        return self.model.add_group(title)

    def selection(self) -> list[str]:
        """Return the UUIDs of the objects that DataLab's functions would act on."""
        return list(self.tree.get_sel_object_uuids())

    def selected_groups(self) -> list[str]:
        """Return the UUIDs of the selected groups."""
        return list(self.tree.get_sel_group_uuids())

    def select(self, uuids: list[str], current: str | None = None) -> None:
        """Select objects or groups, without a signal and without drawing.

        Args:
            uuids: UUIDs of the objects or groups.
            current: The one with the keyboard focus; None for the last one.
        """
        wanted = set(uuids)
        if current == self.tree.get_current_item_id() and wanted == set(
            self.selected_groups() or self.selection()
        ):
            return
        with self.silent():
            found = {i.data(0, Qt.UserRole): i for i in self.tree.iter_items()}
            # Qt selects the item that it makes the current one.
            focus = current if current in wanted else next(reversed(uuids), None)
            if focus in found:
                self.tree.setCurrentItem(found[focus])
            else:
                self.tree.setCurrentIndex(QModelIndex())
            self.tree.clearSelection()
            for uuid in uuids:
                if uuid in found:
                    found[uuid].setSelected(True)

    def update_tree(self, changed: set[str] | None = None) -> None:
        """Make the tree show the present groups and objects.

        Args:
            changed: UUIDs of the objects and groups that are new, or whose titles,
                numbers or metadata may have changed; None for all of them.
        """
        with self.silent():
            tree.update(self.tree, self.layout(), self.objects, changed)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let the tree send no signals."""
        before = self.tree.blockSignals(True)
        try:
            yield
        finally:
            self.tree.blockSignals(before)

    def forget(self, uuid: str, obj: Any) -> None:
        """Remove the curve or picture of an object, and close its separate windows."""
        views = self.widget._BaseDataPanel__separate_views  # noqa: SLF001  as above
        for dialog in [d for d, shown in list(views.items()) if shown is obj]:
            dialog.done(QDialog.Rejected)
        self.plot.remove_item(uuid)

    def draw(self) -> None:
        """Draw what is selected, and show its properties."""
        self.widget.selection_changed(update_items=True)


class Window:
    """DataLab's main window.

    Args:
        main: The main window.
    """

    def __init__(self, main: Any) -> None:
        self.main = main
        #: The number of signals of the companion that the observer has not received.
        self.announced = 0
        self.panels: dict[Kind, Panel] = {
            "signal": Panel(main.signalpanel, "signal"),
            "image": Panel(main.imagepanel, "image"),
        }

    def shown(self) -> Kind:
        """Return the kind of the panel that is shown."""
        is_signal = self.main.tabwidget.currentWidget() is self.main.signalpanel
        return "signal" if is_signal else "image"

    def objects(self) -> Iterator[tuple[Kind, str, Any]]:
        """Yield all objects in order: the kind, UUID and object of each."""
        for kind in KINDS:
            panel = self.panels[kind]
            for _, _, uuids in panel.layout():
                for uuid in uuids:
                    yield kind, uuid, panel.objects[uuid]

    def objects_by_uuid(self) -> dict[str, Any]:
        """Return the objects of both panels by UUID."""
        return {**self.panels["signal"].objects, **self.panels["image"].objects}

    def layouts(self) -> dict[Kind, Layout]:
        """Return the groups of each panel."""
        return {kind: panel.layout() for kind, panel in self.panels.items()}

    def announce(self, signal: Any) -> None:
        """Send a signal of DataLab about what the companion itself has changed."""
        self.announced = 1
        try:
            signal.emit()
        finally:
            self.announced = 0

    def find(self, uuid: str) -> tuple[Panel, Any] | None:
        """Return an object and its panel; None if it does not exist."""
        for panel in self.panels.values():
            if uuid in panel.objects:
                return panel, panel.objects[uuid]
        return None

    @contextmanager
    def without_flips(self) -> Iterator[None]:
        """Keep the panel that is shown, which DataLab changes for each new object."""
        with override(self.main, "set_current_panel", lambda *_, **__: None):
            yield

    def without_reconnection(self) -> AbstractContextManager[object]:
        """Keep results as they are when objects are removed that they come from.

        The history of DataLab 1.3 gives such results another source, computes them
        again, and opens a dialog if there is no other source.
        """
        history = getattr(self.main, "historypanel", None)
        tracked = getattr(getattr(history, "runtime", None), "objects", None)
        guard = getattr(tracked, "reconnecting_objects", None)
        return nullcontext() if guard is None else guard()
