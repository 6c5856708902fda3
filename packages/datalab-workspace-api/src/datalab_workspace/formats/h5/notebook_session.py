"""A session for DataLab's History panel, with the calculations of a notebook.

DataLab shows the session and can compute its actions again, for example with other
parameters. What an action needs is in the metadata of its result, where `calc` writes
the note that DataLab itself would write.

The session has a fixed title and a fixed string in place of a date. By these the next
save finds and replaces it, also after DataLab has saved the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import h5py
import numpy as np

from datalab_workspace.formats.h5 import layout
from datalab_workspace.history.steps import Call, Unknown, edit_chain
from datalab_workspace.history.storage.writer import Latest
from datalab_workspace.model.record import KINDS, PROCESSING_KEY, Record

TITLE = "Notebook"
_NO_DATE = "no date"
_SESSION = str(uuid5(NAMESPACE_URL, "datalab-workspace/notebook"))
_SESSION_VERSION, _ACTION_VERSION = 1, 2
_PATTERNS = {"1-to-1": "1_to_1", "2-to-1": "2_to_1", "n-to-1": "n_to_1"}
_IDS = "IDs"


def with_session(
    sections: Iterable[bytes], records: Sequence[Record], latest: Latest
) -> list[bytes]:
    """Return the sections of a project with a session for the calculations.

    Args:
        sections: The sections; see `opaque_sections`. A former session is replaced.
        records: The objects of the project.
        latest: Returns the latest step of a record.
    """
    others = [_without_session(image) for image in sections]
    known = {record.uuid: record for record in records}
    actions = [
        (record, note, sources)
        for record in records
        if (note := _note(record, latest)) is not None
        and (sources := [known.get(uuid) for uuid in _sources(note)])
        and None not in sources
    ]
    if not actions:
        return others
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        section = file.create_group(layout.HISTORY)
        section.attrs[_IDS] = np.array([_SESSION], dtype=object)
        _write_session(section.create_group(_SESSION), _in_order(actions))
    return [*others, buffer.getvalue()]


def _note(record: Record, latest: Latest) -> Mapping[str, Any] | None:
    """Return DataLab's note about how an object was computed, if that is still so."""
    note, step = record.metadata.get(PROCESSING_KEY), latest(record)
    if not isinstance(note, dict) or note.get("pattern") not in _PATTERNS:
        return None
    action = None if step is None else edit_chain(step)[0].action
    if isinstance(action, Call):
        name = action.operation.rpartition(".")[2]
        return note if name == note.get("func_name") else None
    # Without our history, DataLab computed it.
    return note if action is None or isinstance(action, Unknown) else None


def _sources(note: Mapping[str, Any]) -> list[str]:
    several = note.get("source_uuids") or [note.get("source_uuid")]
    return [str(uuid) for uuid in several]


def _in_order(actions: list[Any]) -> Iterator[Any]:
    """Yield the actions, each one after those that computed its sources."""
    waiting = {record.uuid: sources for record, _, sources in actions}
    while waiting:
        ready = [
            action
            for action in actions
            if action[0].uuid in waiting
            and not any(source.uuid in waiting for source in action[2])
        ]
        if not ready:
            return  # the notes of a damaged file may form a ring
        for action in ready:
            del waiting[action[0].uuid]
            yield action


def _write_session(group: h5py.Group, actions: Iterable[Any]) -> None:
    group.attrs["schema_version"] = _SESSION_VERSION
    group.attrs["title"], group.attrs["dtstr"] = TITLE, _NO_DATE
    group.attrs["number"] = 1
    members = group.create_group("actions")
    names = []
    for record, note, sources in actions:
        name = str(uuid5(NAMESPACE_URL, f"datalab-workspace/{record.uuid}"))
        names.append(name)
        _write_action(members.create_group(name), name, record, note, sources)
    members.attrs[_IDS] = np.array(names, dtype=object)


def _write_action(
    group: h5py.Group,
    name: str,
    record: Record,
    note: Mapping[str, Any],
    sources: Sequence[Record],
) -> None:
    kind, function = sources[0].kind, str(note["func_name"])
    pattern = _PATTERNS[note["pattern"]]
    group.attrs.update(
        {
            "kind": "compute",
            "title": function.replace("_", " ").capitalize(),
            "uuid": name,
            "panel_str": kind,
            "func_name": function,
            "pattern": pattern,
            "dtstr": _NO_DATE,
            "schema_version": _ACTION_VERSION,
        }
    )
    arguments: dict[str, Any] = {}
    if isinstance(note.get("param_json"), str):
        arguments["param"] = {"__dataset_json__": note["param_json"]}
    selected = list(sources)
    if pattern == "2_to_1":
        arguments["obj2_uuids"] = [source.uuid for source in selected[1:]]
        selected = selected[:1]
    if arguments:
        _put(group, "kwargs", arguments)
    _put(group, "output_uuids", [record.uuid])
    for key, value in _state(kind, selected, sources).items():
        _put(group.require_group("state"), key, value)


def _state(
    kind: str, selected: Sequence[Record], sources: Sequence[Record]
) -> dict[str, Any]:
    """Return the state of DataLab's panels when the action was carried out."""
    return {
        "selection": {kind: [one.uuid for one in selected]},
        "states": _by_panel(kind, [str(one.shape) for one in selected]),
        "titles": _by_panel(kind, [one.title for one in selected]),
        "object_metadata": {
            panel: {
                one.uuid: {"shape": list(one.shape), "ndim": len(one.shape)}
                for one in sources
                if one.kind == panel
            }
            for panel in KINDS
        },
    }


def _by_panel(kind: str, values: list[str]) -> dict[str, list[str]]:
    return {panel: values if panel == kind else [] for panel in KINDS}


def _put(group: h5py.Group, name: str, value: Any) -> None:
    """Write a value as guidata does."""
    if isinstance(value, dict):
        inner = group.create_group(name)
        inner.attrs["__dict"] = len(value)
        for key, item in value.items():
            _put(inner, key, item)
    elif isinstance(value, list):
        inner = group.create_group(name)
        inner.attrs["__seq"] = len(value)
        for number, item in enumerate(value):
            _put(inner, f"__seq{number}", item)
    else:
        group.attrs[name] = value


def _without_session(image: bytes) -> bytes:
    """Return a section without the session of a former save."""
    buffer = io.BytesIO(image)
    with h5py.File(buffer, "r+") as file:
        section = file.get(layout.HISTORY)
        if section is None:
            return image
        names = list(section.attrs.get(_IDS, ()))
        ours = [name for name in names if _is_ours(section.get(name))]
        if not ours:
            return image
        for name in ours:
            del section[name]
        rest = [name for name in names if name not in ours]
        section.attrs[_IDS] = np.array(rest, dtype=object) if rest else np.empty(0)
    return buffer.getvalue()


def _is_ours(session: Any) -> bool:
    if not isinstance(session, h5py.Group):
        return False
    attributes = session.attrs
    return (attributes.get("title"), attributes.get("dtstr")) == (TITLE, _NO_DATE)
