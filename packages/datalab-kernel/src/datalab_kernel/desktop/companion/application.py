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
from datalab_kernel.desktop.companion.layout import Layout, keeps_numbers, renumbered
from datalab_kernel.desktop.companion.short_ids import ShortIds
from datalab_kernel.desktop.companion.window import Window
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import KINDS, Kind


@dataclass(eq=False)
class Saved:
    """The state of the window before a draft was applied.

    Attributes:
        layouts: The groups of each panel.
        objects: The objects of each panel.
        titles: The titles of all objects, by UUID.
        short_ids: The short ids of all objects and groups.
        values: The attributes of the objects that the draft changes, by UUID.
        selections: The selected objects or groups of each panel, and the current one.
        shown: The panel that is shown.
        retitled: UUIDs of the objects and groups whose titles the draft has changed.
    """

    layouts: dict[Kind, Layout]
    objects: dict[Kind, dict[str, Any]]
    titles: dict[str, Any]
    short_ids: ShortIds
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    selections: dict[Kind, tuple[list[str], str | None]] = field(default_factory=dict)
    shown: Kind = "signal"
    retitled: set[str] = field(default_factory=set)


def save(window: Window, draft: Draft) -> Saved:
    """Return the present state of the window, as far as a draft may change it."""
    panels = window.panels.items()
    layouts = window.layouts()
    return Saved(
        layouts=layouts,
        objects={kind: dict(panel.objects) for kind, panel in panels},
        titles=titles.titles_of(window.objects_by_uuid()),
        short_ids=ShortIds(layouts),
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
        _change(window, draft, given, saved)
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
    templates = _templates(draft, given, saved)
    for uuid, obj in draft.changed.items():
        set_values(draft.objects[uuid], vars(obj))
    for kind, panel in window.panels.items():
        for uuid in draft.discarded.keys() & saved.objects[kind].keys():
            obj = saved.objects[kind][uuid]
            if draft.objects.get(uuid) is not obj:
                panel.forget(uuid, obj)
        layout: Layout = []
        for group in draft.groups[kind]:
            if group.group is None:
                group.group = panel.new_group(group.title)
            layout.append((group.group, group.title, list(group.members)))
        panel.set_layout(layout, _present(draft, kind, saved), draft.changed.keys())
    saved.retitled = _set_titles(window, draft, templates, saved)
    for kind, panel in window.panels.items():
        changed = {*draft.changed, *draft.inserted, *saved.retitled}
        changed |= renumbered(saved.layouts[kind], panel.layout())
        panel.update_tree(changed)
        chosen, current = saved.selections[kind]
        panel.select(draft.selection.get(kind, chosen), current)


def _present(draft: Draft, kind: Kind, saved: Saved) -> dict[str, Any]:
    """Return the objects that a panel has after a draft."""
    if draft.discarded:
        return {u: o for u, o in draft.objects.items() if draft.kinds[u] == kind}
    new = [uuid for uuid in draft.inserted if draft.kinds[uuid] == kind]
    return saved.objects[kind] | {uuid: draft.objects[uuid] for uuid in new}


def _templates(
    draft: Draft, given: dict[str, str], saved: Saved
) -> dict[str, titles.Template]:
    """Return the titles that contain short ids and are DataLab's to rewrite."""
    found = dict(draft.templates)
    if all(
        keeps_numbers(
            saved.layouts[kind],
            [(g.group, g.title, g.members) for g in draft.groups[kind]],
        )
        for kind in KINDS
    ):
        return found
    uuid_of = saved.short_ids.uuid_of
    fixed = {*given, *draft.given, *draft.retitled, *draft.templates}
    for uuid, title in saved.titles.items():
        if uuid in fixed or uuid not in draft.objects or not title:
            continue
        if titles.may_be_rewritten(title):
            found[uuid] = titles.template(title, uuid_of)
    for kind in KINDS:
        for group in draft.groups[kind]:
            if group.group is None or group.titled or str(group.group.uuid) in fixed:
                continue
            if titles.may_be_rewritten(group.title):
                parts = titles.template(group.title, uuid_of)
                found[str(group.group.uuid)] = parts
    return found


def _set_titles(
    window: Window, draft: Draft, templates: dict[str, titles.Template], saved: Saved
) -> set[str]:
    """Set the titles; return the UUIDs of the objects and groups with another one."""
    for uuid, title in (draft.retitled | draft.given).items():
        draft.objects[uuid].title = title
    layouts = window.layouts()
    groups = {str(g.uuid): (kind, g) for kind in KINDS for g, _, _ in layouts[kind]}
    short_ids = ShortIds(layouts)
    for key, parts in templates.items():
        if key in groups:
            kind, value = groups[key]
        elif key in draft.objects:
            kind, value = draft.kinds[key], draft.objects[key]
        else:
            continue  # its group was removed
        value.title = titles.fill_in(parts, short_ids, SHORT_ID_PREFIX[kind])
    touched = {*draft.changed, *draft.inserted, *draft.retitled, *draft.given}
    present = (touched | templates.keys()) & draft.objects.keys()
    retitled = {u for u in present if saved.titles.get(u) != draft.objects[u].title}
    before = {str(g.uuid): t for kind in KINDS for g, t, _ in saved.layouts[kind]}
    return retitled | {u for u, (_, g) in groups.items() if before.get(u) != g.title}


def _report(window: Window, draft: Draft, saved: Saved) -> None:
    """Send the signals that DataLab sends after such changes."""
    with window.without_flips(), window.without_reconnection():
        for kind, panel in window.panels.items():
            before, now = saved.objects[kind], panel.objects
            if now.keys() - before.keys():
                window.announce(panel.widget.SIG_OBJECT_ADDED)
            if before.keys() - now.keys():
                window.announce(panel.widget.SIG_OBJECT_REMOVED)
            modified = getattr(panel.widget, "SIG_OBJECT_MODIFIED", None)  # from 1.3 on
            if modified is not None and draft.changed.keys() & now.keys():
                window.announce(modified)
    if draft.changed or saved.retitled or window.layouts() != saved.layouts:
        window.main.set_modified(True)


def _draw(window: Window, draft: Draft, saved: Saved) -> None:
    for kind, panel in window.panels.items():
        now = panel.selected_groups() or panel.selection()
        drawn = set(panel.tree.get_sel_object_uuids(include_groups=True))
        if now != saved.selections[kind][0] or drawn & {
            *draft.changed,
            *draft.added,
            *saved.retitled,
        }:
            panel.draw()


def restore(window: Window, saved: Saved) -> None:
    """Give the window the state that it had before a draft was applied."""
    for kind, panel in window.panels.items():
        for uuid in panel.objects.keys() - saved.objects[kind].keys():
            panel.forget(uuid, panel.objects[uuid])
        for uuid, values in saved.values.items():
            if uuid in saved.objects[kind]:
                set_values(saved.objects[kind][uuid], values)
        panel.set_layout(saved.layouts[kind], saved.objects[kind], saved.titles.keys())
        for uuid, obj in saved.objects[kind].items():
            obj.title = saved.titles[uuid]
        panel.update_tree()
        panel.select(*saved.selections[kind])
    if window.shown() != saved.shown:
        window.main.set_current_panel(saved.shown)
    for panel in window.panels.values():
        panel.draw()
