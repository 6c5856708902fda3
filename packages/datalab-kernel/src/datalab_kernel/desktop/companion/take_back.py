"""Change a draft so that a transaction is taken back.

Objects and groups return to their places. If others have come or gone since, an object
returns to the place behind the nearest one that was before it.
"""

from __future__ import annotations

from collections.abc import Collection

from datalab_kernel.desktop.companion.draft import Draft, DraftGroup
from datalab_kernel.desktop.companion.layout import Layout
from datalab_kernel.desktop.companion.titles import is_rewritten
from datalab_kernel.desktop.companion.undo import Past, changed_since
from datalab_workspace.model.record import KINDS, Kind


def take_back(draft: Draft, past: Past) -> None:
    """Change a draft of the present window so that a transaction is taken back."""
    for uuid in past.added:
        draft.discard(uuid)
    for uuid in past.names.keys() - past.removed.keys():
        draft.names.release(uuid)
    for kind in KINDS:
        _restore_groups(draft, kind, past)
    for uuid, values in past.values.items():
        former = object.__new__(type(draft.objects[uuid]))
        vars(former).update(values)
        draft.changed[uuid] = former
    for uuid, (title, _) in past.retitled.items():
        draft.retitled[uuid] = title
    for uuid, template in past.templates.items():
        if uuid in past.renumbered and not _follows(
            draft, uuid, past.retitled[uuid][1]
        ):
            draft.retitled.pop(uuid, None)
            continue  # it was renamed or removed since
        draft.templates[uuid] = template
        draft.retitled.pop(uuid, None)
    for uuid, title in past.given.items():
        draft.given[uuid] = title
        draft.retitled.pop(uuid, None)
    for uuid, name in past.names.items():
        draft.names.bind(uuid, name)


def _follows(draft: Draft, uuid: str, title: str) -> bool:
    """Return whether an object still has a title, apart from the numbers in it."""
    if uuid not in draft.objects:
        return False
    now = draft.objects[uuid].title
    return bool(now == title or is_rewritten(title, now))


def _restore_groups(draft: Draft, kind: Kind, past: Past) -> None:
    """Put removed and moved objects and groups where they were."""
    before, after = past.before[kind], past.after[kind]
    groups = draft.groups[kind]
    titles_after = {group: title for group, title, _ in after}
    for position, (group, title, _) in enumerate(before):
        found = next((g for g in groups if g.group is group), None)
        if found is None:
            if group in titles_after:
                raise changed_since(f"the group {title!r:.80} was removed since")
            groups.insert(position, DraftGroup(group, title, []))
        elif titles_after.get(group, title) != title:
            found.title = title
    moved = _moved(before, after)
    for group, _, uuids in before:
        home = next(g for g in groups if g.group is group)
        for index, uuid in enumerate(uuids):
            if uuid in past.removed and past.removed[uuid][0] == kind:
                place = _place(home.members, uuids[:index])
                draft.insert(past.removed[uuid][1], kind, home, place)
            elif uuid in moved and uuid in draft.objects:
                draft.group_of(uuid).members.remove(uuid)
                home.members.insert(_place(home.members, uuids[:index]), uuid)
    _restore_order(draft, kind, before, after)


def _restore_order(draft: Draft, kind: Kind, before: Layout, after: Layout) -> None:
    """Remove the groups that were added, and put the others in order."""
    order = {group: position for position, (group, _, _) in enumerate(before)}
    added = {group for group, _, _ in after} - order.keys()
    groups = [g for g in draft.groups[kind] if g.group not in added or g.members]
    if all(group.group in order for group in groups):
        groups.sort(key=lambda group: order[group.group])
    draft.groups[kind] = groups


def _moved(before: Layout, after: Layout) -> set[str]:
    """Return the objects that a transaction has put elsewhere."""
    group_after = {u: group for group, _, uuids in after for u in uuids}
    moved: set[str] = set()
    for group, _, uuids in before:
        common = [u for u in uuids if group_after.get(u) is group]
        moved.update(u for u in uuids if u in group_after and u not in set(common))
        now = next((members for g, _, members in after if g is group), [])
        if common != [u for u in now if u in set(common)]:
            moved.update(common)
    return moved


def _place(members: list[str], predecessors: Collection[str]) -> int:
    """Return the position behind the last predecessor that is a member."""
    wanted = set(predecessors)
    return max((n for n, uuid in enumerate(members, 1) if uuid in wanted), default=0)
