"""Apply a draft to DataLab's window, or none of it.

DataLab's own methods number all objects again for each one that is added or removed,
and rewrite every title for each number, so that a thousand objects take half an hour.
Here, a draft is applied at once: objects are numbered once, and only the titles that
contain short ids are rewritten.

Upstream: docs/upstream/datalab_adding.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datalab_kernel.desktop.companion import titles
from datalab_kernel.desktop.companion.draft import Draft, DraftGroup
from datalab_kernel.desktop.companion.window import Layout, Panel, Window
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import KINDS, Kind


@dataclass(eq=False)
class Saved:
    """The state of the window before a draft was applied.

    Attributes:
        layouts: The groups of each panel.
        objects: The objects of each panel.
        titles: The titles of all objects, by UUID.
        short_ids: The short ids of all objects and groups, by UUID.
        values: The attributes of the objects that the draft changes, by UUID.
        selections: The selected objects or groups of each panel, and the current one.
        shown: The panel that is shown.
    """

    layouts: dict[Kind, Layout]
    objects: dict[Kind, dict[str, Any]]
    titles: dict[str, Any]
    short_ids: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    selections: dict[Kind, tuple[list[str], str | None]] = field(default_factory=dict)
    shown: Kind = "signal"


def save(window: Window, draft: Draft) -> Saved:
    """Return the present state of the window, as far as a draft may change it."""
    panels = window.panels.items()
    return Saved(
        layouts={kind: panel.layout() for kind, panel in panels},
        objects={kind: dict(panel.objects) for kind, panel in panels},
        titles={uuid: obj.title for _, uuid, obj in window.objects()},
        short_ids={u: s for _, panel in panels for u, s in panel.short_ids().items()},
        values={uuid: values_of(draft.objects[uuid]) for uuid in draft.changed},
        selections={
            kind: (
                panel.selected_groups() or panel.selection(),
                panel.tree.get_current_item_id(),
            )
            for kind, panel in panels
        },
        shown=window.shown(),
    )


def values_of(obj: Any) -> dict[str, Any]:
    """Return the attributes of an object, with a copy of its metadata."""
    return {**vars(obj), "_metadata": dict(obj.metadata)}


def set_values(obj: Any, values: dict[str, Any]) -> None:
    """Give an object the attributes of another one instead of its own."""
    vars(obj).clear()
    vars(obj).update(values)


def draft_of(window: Window, names: Any) -> Draft:
    """Return a draft of the window as it is.

    Args:
        window: The window.
        names: The names of its objects; they are copied.
    """
    groups: dict[Kind, list[DraftGroup]] = {}
    objects: dict[str, Any] = {}
    kinds: dict[str, Kind] = {}
    for kind, panel in window.panels.items():
        groups[kind] = [DraftGroup(*entry) for entry in panel.layout()]
        objects.update(panel.objects)
        kinds.update(dict.fromkeys(panel.objects, kind))
    return Draft(groups, objects, kinds, names.copy())


def apply(window: Window, draft: Draft, given: dict[str, str], *, draws: bool) -> Saved:
    """Apply a draft to the window.

    Args:
        window: The window.
        draft: The draft.
        given: Titles that DataLab must not rewrite, by UUID of an object or group.
        draws: Draw what is selected.

    Returns:
        The state before. If an exception is raised, the window has this state again.
    """
    saved = save(window, draft)
    try:
        _change(window, draft, given | draft.given, saved)
        _report(window, draft, saved)
        if draft.shown is not None and draft.shown != window.shown():
            window.main.set_current_panel(draft.shown)
        if draws:
            _draw(window, draft, saved)
    except BaseException:
        restore(window, saved)
        raise
    return saved


def _change(window: Window, draft: Draft, given: dict[str, str], saved: Saved) -> None:
    templates = _templates(window, draft, given, saved)
    for uuid, obj in draft.changed.items():
        set_values(draft.objects[uuid], vars(obj))
    for kind, panel in window.panels.items():
        for uuid, obj in saved.objects[kind].items():
            if draft.objects.get(uuid) is not obj:
                panel.forget(uuid, obj)
        layout: Layout = []
        for group in draft.groups[kind]:
            if group.group is None:
                group.group = panel.new_group(group.title)
            layout.append((group.group, group.title, list(group.members)))
        present = {u: o for u, o in draft.objects.items() if draft.kinds[u] == kind}
        panel.set_layout(layout, present)
    _set_titles(window, draft, templates)
    for kind, panel in window.panels.items():
        panel.update_tree(_texts_to_update(panel, draft, saved))
        chosen, current = saved.selections[kind]
        panel.select(draft.selection.get(kind, chosen), current)


def _templates(
    window: Window, draft: Draft, given: dict[str, str], saved: Saved
) -> dict[str, titles.Template]:
    """Return the titles that contain short ids and are DataLab's to rewrite."""
    uuids = {short: uuid for uuid, short in saved.short_ids.items()}
    fixed = given.keys() | draft.retitled.keys() | draft.templates.keys()
    found = dict(draft.templates)
    for _, uuid, obj in window.objects():
        title = obj.title
        if uuid in fixed or uuid not in draft.objects or not title:
            continue
        if titles.may_be_rewritten(title):
            found[uuid] = titles.template(title, uuids.get)
    for kind in KINDS:
        for group in draft.groups[kind]:
            if group.group is None or group.titled or str(group.group.uuid) in given:
                continue
            if titles.may_be_rewritten(group.title):
                parts = titles.template(group.title, uuids.get)
                found[str(group.group.uuid)] = parts
    return found


def _set_titles(
    window: Window, draft: Draft, templates: dict[str, titles.Template]
) -> None:
    for uuid, title in (draft.retitled | draft.given).items():
        draft.objects[uuid].title = title
    short_ids: dict[str, str] = {}
    for panel in window.panels.values():
        short_ids.update(panel.short_ids())
    for kind, panel in window.panels.items():
        prefix = SHORT_ID_PREFIX[kind]
        for group, _, uuids in panel.layout():
            for key, value in (
                (str(group.uuid), group),
                *((u, panel.objects[u]) for u in uuids),
            ):
                if key in templates:
                    value.title = titles.fill_in(templates[key], short_ids, prefix)


def _texts_to_update(panel: Panel, draft: Draft, saved: Saved) -> set[str]:
    """Return the objects and groups whose strings in the tree may have changed."""
    changed = set(draft.changed) | set(draft.added)
    before = [
        str(entry)
        for group, _, uuids in saved.layouts[panel.kind]
        for entry in (group.uuid, *uuids)
    ]
    titles_before = saved.titles | {
        str(group.uuid): title for group, title, _ in saved.layouts[panel.kind]
    }
    now = [(str(g.uuid), g) for g, _, _ in panel.layout()]
    now += [(u, panel.objects[u]) for _, _, uuids in panel.layout() for u in uuids]
    changed |= {uuid for uuid, value in now if titles_before.get(uuid) != value.title}
    if before != [
        str(entry)
        for group, _, uuids in panel.layout()
        for entry in (group.uuid, *uuids)
    ]:
        # Numbers have changed behind the first position that differs; as a tree
        # compares its strings itself, it is enough to name all of them.
        changed |= {uuid for uuid, _ in now} - _same_number(panel, saved)
    return changed


def _same_number(panel: Panel, saved: Saved) -> set[str]:
    """Return the objects and groups that kept their number."""
    before, now = _positions(saved.layouts[panel.kind]), _positions(panel.layout())
    return {uuid for uuid, position in now.items() if before.get(uuid) == position}


def _positions(layout: Layout) -> dict[str, int]:
    groups = {str(group.uuid): n for n, (group, _, _) in enumerate(layout)}
    members = (uuid for _, _, uuids in layout for uuid in uuids)
    return groups | {uuid: n for n, uuid in enumerate(members)}


def _report(window: Window, draft: Draft, saved: Saved) -> None:
    """Send the signals that DataLab sends after such changes."""
    with window.without_flips(), window.without_reconnection():
        for kind, panel in window.panels.items():
            before, now = saved.objects[kind], panel.objects
            if now.keys() - before.keys():
                panel.widget.SIG_OBJECT_ADDED.emit()
            if before.keys() - now.keys():
                panel.widget.SIG_OBJECT_REMOVED.emit()
            modified = getattr(panel.widget, "SIG_OBJECT_MODIFIED", None)  # from 1.3 on
            if modified is not None and draft.changed.keys() & now.keys():
                modified.emit()
    if draft.changed or any(
        panel.layout() != saved.layouts[kind]
        or any(saved.titles.get(u) != o.title for u, o in panel.objects.items())
        for kind, panel in window.panels.items()
    ):
        window.main.set_modified(True)


def _draw(window: Window, draft: Draft, saved: Saved) -> None:
    for kind, panel in window.panels.items():
        now = panel.selected_groups() or panel.selection()
        drawn = set(panel.tree.get_sel_object_uuids(include_groups=True))
        retitled = {
            u
            for u in drawn & saved.titles.keys()
            if panel.objects[u].title != saved.titles[u]
        }
        if (
            now != saved.selections[kind][0]
            or retitled
            or drawn & (draft.changed.keys() | set(draft.added))
        ):
            panel.draw()


def restore(window: Window, saved: Saved) -> None:
    """Give the window the state that it had before a draft was applied."""
    for kind, panel in window.panels.items():
        for uuid in panel.objects.keys() - saved.objects[kind].keys():
            panel.forget(uuid, panel.objects[uuid])
        for uuid, values in saved.values.items():
            if uuid in saved.objects[kind]:
                set_values(saved.objects[kind][uuid], values)
        panel.set_layout(saved.layouts[kind], saved.objects[kind])
        for uuid, obj in saved.objects[kind].items():
            obj.title = saved.titles[uuid]
        panel.update_tree()
        panel.select(*saved.selections[kind])
    if window.shown() != saved.shown:
        window.main.set_current_panel(saved.shown)
    for panel in window.panels.values():
        panel.draw()
