"""The items of the tree in which a panel shows its groups and objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt

from datalab_kernel.desktop.companion.layout import Layout


def update(
    tree: Any, layout: Layout, objects: Mapping[str, Any], changed: set[str] | None
) -> None:
    """Make a tree show groups and objects.

    If only some items have changed, or others are appended to a group, the time is
    proportional to their number, apart from the look for their places.

    Args:
        tree: DataLab's tree.
        layout: The groups.
        objects: The objects by UUID.
        changed: UUIDs of the objects and groups that are new, or whose titles, numbers
            or metadata may have changed; None for all of them.
    """
    found = None if changed is None else _items_of(tree, layout, objects, changed)
    if found is None:
        _update_all(tree, layout, objects, changed)
        return
    for item, value in found:
        _update_item(tree, item, value)
    updated = [item for item, _ in found]
    for row, (_, _, uuids) in enumerate(layout):
        head = tree.topLevelItem(row)
        first = head.childCount()
        for uuid in uuids[first:]:
            _append(tree, objects[uuid], head)
        updated += map(head.child, range(first, len(uuids)))
    if any(_is_too_wide(tree, item) for item in updated):
        tree.resizeColumnToContents(0)


def _items_of(
    tree: Any, layout: Layout, objects: Mapping[str, Any], changed: set[str]
) -> list[tuple[Any, Any]] | None:
    """Return the items that have changed, with their groups and objects.

    Returns:
        None if the items are not in the order of the layout, or some are missing that
        cannot be appended.
    """
    if tree.topLevelItemCount() != len(layout):
        return None
    found: list[tuple[Any, Any]] = []
    for row, (group, _, uuids) in enumerate(layout):
        head = tree.topLevelItem(row)
        shown = head.childCount()
        if _key(head) != str(group.uuid) or shown > len(uuids):
            return None
        if shown and _key(head.child(shown - 1)) != uuids[shown - 1]:
            return None
        if str(group.uuid) in changed:
            found.append((head, group))
        places = dict(zip(uuids, range(shown), strict=False)) if changed else {}
        for uuid in places.keys() & changed:
            item = head.child(places[uuid])
            if _key(item) != uuid:
                return None
            found.append((item, objects[uuid]))
    return found


def _update_all(
    tree: Any, layout: Layout, objects: Mapping[str, Any], changed: set[str] | None
) -> None:
    rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    leaves = {
        _key(leaf): leaf
        for row in rows
        for leaf in map(row.child, range(row.childCount()))
    }
    heads = {_key(row): row for row in rows}
    if list(heads) != [str(group.uuid) for group, _, _ in layout]:
        _set_heads(tree, heads, layout)
    _set_leaves(tree, leaves, layout, objects)
    values = {str(group.uuid): group for group, _, _ in layout}
    for item in tree.iter_items():
        key = _key(item)
        if changed is None or key in changed:
            _update_item(tree, item, values[key] if key in values else objects[key])
    tree.resizeColumnToContents(0)


def _set_heads(tree: Any, heads: dict[str, Any], layout: Layout) -> None:
    """Put the items of groups in order, and make the missing ones."""
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


def _set_leaves(
    tree: Any, leaves: dict[str, Any], layout: Layout, objects: Mapping[str, Any]
) -> None:
    """Put the items of objects in order, and make the missing ones."""
    incomplete = []
    for row, (_, _, uuids) in enumerate(layout):
        head = tree.topLevelItem(row)
        shown = [_key(leaf) for leaf in map(head.child, range(head.childCount()))]
        if uuids != shown:
            incomplete.append((head, uuids, _keep(head, shown, uuids)))
    for head, uuids, kept in incomplete:
        for uuid in uuids[kept:]:
            if uuid in leaves and leaves[uuid].parent() is None:
                head.addChild(leaves[uuid])
            else:
                _append(tree, objects[uuid], head)


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


def _key(item: Any) -> str:
    """Return the UUID of the object or group of an item."""
    return str(item.data(0, Qt.UserRole))


def _update_item(tree: Any, item: Any, value: Any) -> None:
    tree._SimpleObjectTree__update_item(item, value)  # noqa: SLF001  private names of
    # DataLab are listed in `private_names`


def _append(tree: Any, obj: Any, head: Any) -> None:
    tree._SimpleObjectTree__add_to_group_item(obj, head)  # noqa: SLF001  as above


def _is_too_wide(tree: Any, item: Any) -> bool:
    """Return whether the column has no room for an item.

    Qt looks at all items to fit the column, which takes milliseconds if there are many.
    """
    depth = 1 if item.parent() is None else 2
    hint = tree.sizeHintForIndex(tree.indexFromItem(item)).width()
    return bool(hint + depth * tree.indentation() > tree.columnWidth(0))
