"""The operations of a transaction, each of which changes a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_kernel.desktop.companion import entries
from datalab_kernel.desktop.companion.draft import Draft, DraftGroup
from datalab_kernel.desktop.companion.entries import malformed
from datalab_kernel.desktop.companion.objects import edit, refused
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.live.codecs import frame
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.record import (
    IDENTITY_KEYS,
    KINDS,
    ROI_KEY,
    UUID_KEY,
    Kind,
)

Operation = Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """The objects that the operations of one request refer to.

    Attributes:
        objects: The new objects, in the order of the records.
        kinds: Their kinds.
        arrays: The arrays of the frame.
    """

    objects: Sequence[Any]
    kinds: Sequence[Kind]
    arrays: list[Any]


def carry_out(draft: Draft, ops: Sequence[Any], material: Material) -> None:
    """Carry out operations on a draft, in order.

    Raises:
        ProtocolError: One of them cannot be carried out.
    """
    for op in ops:
        if not isinstance(op, dict) or op.get("op") not in _OPERATIONS:
            raise malformed(f"{op!r:.80} is not an operation")
        _OPERATIONS[op["op"]](draft, op, material)


def _new_object(op: Operation, material: Material) -> tuple[Any, Kind]:
    number = entries.integer(op, "record")
    if not 0 <= number < len(material.objects):
        raise malformed(f"the request has no record {number}")
    return material.objects[number], material.kinds[number]


def _add(draft: Draft, op: Operation, material: Material) -> None:
    obj, kind = _new_object(op, material)
    uuid = obj.metadata[UUID_KEY]
    if uuid in draft.objects:
        raise refused(f"there is already an object with the UUID {uuid}")
    group = _group_to_join(draft, op, kind)
    draft.insert(obj, kind, group, len(group.members))
    draft.added.append(uuid)
    name = entries.optional_string(op, "name")
    if name is None:
        draft.bind_by_title(uuid, obj.title or "")
    else:
        draft.bind(uuid, name)
    draft.give_title(uuid, obj.title or "", composed=entries.flag(op, "composed"))


def _group_to_join(draft: Draft, op: Operation, kind: Kind) -> DraftGroup:
    title = entries.optional_string(op, "group")
    like = entries.optional_string(op, "like")
    if title is not None:
        return draft.make_group(kind, title)
    if like is None:
        return draft.first_group(kind)
    draft.check([like])
    if draft.kinds[like] != kind:
        raise refused(f"the object {like} is not of the kind {kind!r}")
    return draft.group_of(like)


def _replace(draft: Draft, op: Operation, material: Material) -> None:
    uuid = entries.string(op, "uuid")
    draft.check([uuid])
    obj, kind = _new_object(op, material)
    if draft.kinds[uuid] != kind:
        raise refused(f"the object {uuid} is not of the kind {kind!r}")
    obj.metadata[UUID_KEY] = uuid
    if uuid in draft.added:
        draft.objects[uuid] = obj
    else:
        obj.title = draft.objects[uuid].title
        draft.changed[uuid] = obj
    title = entries.optional_string(op, "group")
    if title is not None:
        _put(draft, [uuid], draft.make_group(kind, title), None)


def _edit(draft: Draft, op: Operation, material: Material) -> None:
    uuid = entries.string(op, "uuid")
    draft.check([uuid])
    try:
        fields = frame.decode(entries.mapping(op, "fields"), material.arrays)
        pairs = frame.decode(entries.items(op, "metadata"), material.arrays)
        drop = frame.decode(entries.items(op, "drop"), material.arrays)
        metadata = snapshot(dict(pairs))
        dropped = set(drop)
    except WorkspaceError as error:
        raise refused(str(error)) from error
    except (ValueError, TypeError) as error:
        raise malformed(f"the edit cannot be read: {error}") from error
    if changed := IDENTITY_KEYS & (metadata.keys() | dropped):
        raise refused(f"the metadata {sorted(changed)} belongs to DataLab")
    obj = draft.editable(uuid)
    edit(obj, draft.kinds[uuid], fields, metadata, dropped)
    if ROI_KEY in metadata or ROI_KEY in dropped:
        obj.invalidate_roi_cache()


def _rename(draft: Draft, op: Operation, _: Material) -> None:
    uuid, name = entries.string(op, "uuid"), entries.string(op, "name")
    draft.check([uuid])
    draft.bind(uuid, name)
    draft.give_title(uuid, name)


def _remove(draft: Draft, op: Operation, _: Material) -> None:
    uuids = entries.strings(op, "uuids")
    draft.check(uuids)
    for uuid in dict.fromkeys(uuids):
        draft.discard(uuid)


def _move(draft: Draft, op: Operation, _: Material) -> None:
    uuids, title = entries.strings(op, "uuids"), entries.string(op, "group")
    draft.check(uuids)
    index = None if op.get("index") is None else entries.integer(op, "index")
    for kind in KINDS:
        moved = [u for u in dict.fromkeys(uuids) if draft.kinds[u] == kind]
        if moved:
            _put(draft, moved, draft.existing_group(kind, title), index)


def _put(draft: Draft, uuids: list[str], group: DraftGroup, index: int | None) -> None:
    for uuid in uuids:
        draft.group_of(uuid).members.remove(uuid)
    position = len(group.members) if index is None else max(index, 0)
    group.members[position:position] = uuids


def _add_group(draft: Draft, op: Operation, _: Material) -> None:
    draft.make_group(entries.kind(op), entries.string(op, "group"))


def _rename_group(draft: Draft, op: Operation, _: Material) -> None:
    kind, title = entries.kind(op), entries.string(op, "title")
    group = draft.existing_group(kind, entries.string(op, "group"))
    if draft.find_group(kind, title) not in (None, group):
        raise refused(f"another group of the {kind} panel has the title {title!r:.80}")
    group.title, group.titled = title, True


def _remove_group(draft: Draft, op: Operation, _: Material) -> None:
    kind = entries.kind(op)
    group = draft.existing_group(kind, entries.string(op, "group"))
    if group.members:
        raise refused(f"the group {group.title!r:.80} is not empty")
    draft.groups[kind].remove(group)


def _clear(draft: Draft, op: Operation, _: Material) -> None:
    everything = op.get("uuids") is None
    uuids = list(draft.objects) if everything else entries.strings(op, "uuids")
    draft.check(uuids)
    for uuid in dict.fromkeys(uuids):
        draft.discard(uuid)
    for kind in KINDS:
        draft.groups[kind] = [group for group in draft.groups[kind] if group.members]


def _select(draft: Draft, op: Operation, _: Material) -> None:
    uuids = entries.strings(op, "uuids")
    draft.check(uuids)
    for kind in KINDS:
        chosen = [u for u in dict.fromkeys(uuids) if draft.kinds[u] == kind]
        if chosen or not uuids:
            draft.selection[kind] = chosen


def _show(draft: Draft, op: Operation, _: Material) -> None:
    draft.shown = entries.kind(op)


_OPERATIONS: Mapping[str, Callable[[Draft, Operation, Material], None]] = {
    "add": _add,
    "replace": _replace,
    "edit": _edit,
    "rename": _rename,
    "remove": _remove,
    "move": _move,
    "add_group": _add_group,
    "rename_group": _rename_group,
    "remove_group": _remove_group,
    "clear": _clear,
    "select": _select,
    "show": _show,
}
