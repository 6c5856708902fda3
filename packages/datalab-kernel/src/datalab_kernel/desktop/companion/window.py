"""DataLab's window: its panels, groups, trees and selections.

Everything here runs in the thread of the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QDialog

from datalab_kernel.desktop.companion.overrides import override
from datalab_workspace.model.record import KINDS, Kind

#: The titles and the objects of all groups of a panel, with DataLab's group.
Layout = list[tuple[Any, str, list[str]]]


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

    def set_layout(self, layout: Layout, objects: dict[str, Any]) -> None:
        """Set the objects, groups, titles of groups, and numbers.

        The tree still has to be updated, see `update_tree`.
        """
        self.objects.clear()
        self.objects.update(objects)
        self.model._groups[:] = [group for group, _, _ in layout]  # noqa: SLF001  as above
        number = 1
        for group_number, (group, title, uuids) in enumerate(layout, 1):
            group.title = title
            group.number = group_number
            if group.get_object_ids() != uuids:
                group.clear()
                for uuid in uuids:
                    group.append(objects[uuid])
            for uuid in uuids:
                objects[uuid].metadata["__number"] = number
                number += 1

    def new_group(self, title: str) -> Any:
        """Return a new group of DataLab, appended to the panel."""
        return self.model.add_group(title)

    def short_ids(self) -> dict[str, str]:
        """Return the short id of each object and group by UUID."""
        prefix = self.widget.PARAMCLASS.PREFIX
        ids, number = {}, 1
        for group_number, (group, _, uuids) in enumerate(self.layout(), 1):
            ids[str(group.uuid)] = f"g{prefix}{group_number:03d}"
            for uuid in uuids:
                ids[uuid] = f"{prefix}{number:03d}"
                number += 1
        return ids

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
            changed: UUIDs of the objects and groups whose titles, numbers or metadata
                may have changed; None for all of them.
        """
        tree = self.tree
        with self.silent():
            rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
            leaves = {
                leaf.data(0, Qt.UserRole): leaf
                for row in rows
                for leaf in map(row.child, range(row.childCount()))
            }
            heads = {row.data(0, Qt.UserRole): row for row in rows}
            layout = self.layout()
            if list(heads) != [str(group.uuid) for group, _, _ in layout]:
                self._set_heads(heads, layout)
            self._set_leaves(leaves, layout)
            for item in tree.iter_items():
                uuid = item.data(0, Qt.UserRole)
                if changed is None or uuid in changed:
                    value = self.model.get_object_or_group(uuid)
                    tree._SimpleObjectTree__update_item(item, value)  # noqa: SLF001  as above
            tree.resizeColumnToContents(0)

    def _set_heads(self, heads: dict[str, Any], layout: Layout) -> None:
        """Put the items of groups in order, and make the missing ones."""
        tree = self.tree
        expanded = {uuid: head.isExpanded() for uuid, head in heads.items()}
        while tree.topLevelItemCount():
            tree.takeTopLevelItem(0)
        for group, _, _ in layout:
            head = heads.get(str(group.uuid))
            if head is None:
                tree.add_group_item(group)
            else:
                tree.addTopLevelItem(head)
                head.setExpanded(expanded[str(group.uuid)])

    def _set_leaves(self, leaves: dict[str, Any], layout: Layout) -> None:
        """Put the items of objects in order, and make the missing ones."""
        incomplete = []
        for row, (_, _, uuids) in enumerate(layout):
            head = self.tree.topLevelItem(row)
            shown = [
                leaf.data(0, Qt.UserRole)
                for leaf in map(head.child, range(head.childCount()))
            ]
            if uuids != shown:
                incomplete.append((head, uuids, _keep(head, shown, uuids)))
        for head, uuids, kept in incomplete:
            for uuid in uuids[kept:]:
                if uuid in leaves and leaves[uuid].parent() is None:
                    head.addChild(leaves[uuid])
                else:
                    obj = self.objects[uuid]
                    self.tree._SimpleObjectTree__add_to_group_item(obj, head)  # noqa: SLF001  as above

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


def _keep(head: Any, shown: list[str], wanted: list[str]) -> int:
    """Take items out of a group; return how many of the wanted ones are left."""
    present = set(wanted)
    kept = [uuid for uuid in shown if uuid in present]
    if wanted[: len(kept)] != kept:
        head.takeChildren()
        return 0
    for row in reversed(range(len(shown))):
        if shown[row] not in present:
            head.takeChild(row)
    return len(kept)


class Window:
    """DataLab's main window.

    Args:
        main: The main window.
    """

    def __init__(self, main: Any) -> None:
        self.main = main
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
