"""Restore the objects of a recovery folder as records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.errors import WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.live.codecs import frame
from datalab_workspace.model.description import TEXT_FIELDS, Description, Summary
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import FIELDS, PendingRecord, Record
from datalab_workspace.recovery.segments import Entry, read_folder
from datalab_workspace.recovery.state import State, checked

_Put = dict[str, Any]


@dataclass
class Content:
    """The content of a recovery folder: which objects it holds, and where they are.

    Attributes:
        state: The objects, by group, with their names.
        written: The time of the last entry, in seconds since 1970; 0.0 for none.
        project: The project file of the workspace; "" if it had none.
        lost_files: The project files that are gone or have changed since, among those
            from which `read` wanted objects.
    """

    state: State = field(default_factory=State)
    written: float = 0.0
    project: str = ""
    lost_files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        # The entries of each object with its place in them, the last one at the end.
        self._puts: dict[str, list[tuple[int, int]]] = {}
        self._arrays: tuple[int, list[np.ndarray[Any, Any]]] = (-1, [])
        self._files: dict[str, Mapping[str, Item]] = {}

    @classmethod
    def of(cls, folder: Path) -> Content:
        """Read the content of a folder, without the arrays."""
        content = cls()
        for entry in sorted(read_folder(folder), key=_number):
            with suppress(ValueError):  # it is not one of our entries
                content._apply(entry)
        return content

    def _apply(self, entry: Entry) -> None:
        number, header = _number(entry), entry.header
        self.state.apply(header)
        self._entries[number] = entry
        for place, put in enumerate(header["puts"]):
            self._puts.setdefault(put["uuid"], []).append((number, place))
        time, project = header.get("time"), header.get("project")
        if isinstance(time, float):
            self.written = max(self.written, time)
        if isinstance(project, str):
            self.project = project

    def objects(self) -> Iterator[Description]:
        """Yield the description of each object, in order."""
        for _, group, members in self.state.layout():
            for uuid, name in members:
                if uuid in self._puts:
                    number, place = self._puts[uuid][-1]
                    put = self._entries[number].header["puts"][place]
                    with suppress(ValueError, TypeError, LookupError, AttributeError):
                        yield _description(put, name, group)

    def read(self, names: Collection[str]) -> tuple[list[Group], list[str]]:
        """Read objects.

        Args:
            names: Their names.

        Returns:
            The objects in groups, and the names of those that are lost.
        """
        groups, lost = [], []
        for kind, title, members in self.state.layout():
            items: list[Item] = []
            for uuid, name in members:
                record = self._newest(uuid) if name in names else None
                if record is not None:
                    items.append(record)
                elif name in names:
                    lost.append(name)
            if items:
                groups.append(Group(kind, title, items))
        return groups, lost

    def names(self) -> dict[str, str]:
        """Return the names of the objects by UUID."""
        return {u: n for _, _, members in self.state.layout() for u, n in members}

    def _newest(self, uuid: str) -> Record | None:
        """Return the last complete version of an object; None if there is none."""
        for number, place in reversed(self._puts.get(uuid, [])):
            with suppress(OSError, ValueError, TypeError, LookupError, WorkspaceError):
                return self._record(number, place)
        return None

    def _record(self, number: int, place: int) -> Record:
        """Return one version of an object.

        Raises:
            ValueError, TypeError, LookupError or OSError: It is damaged or incomplete.
        """
        put = self._entries[number].header["puts"][place]
        uuid, _, kind, _ = checked(put)
        if "file" in put:
            record = self._in_file(put["file"]).copy()
            record.uuid, record.fields["title"] = uuid, put["fields"]["title"]
            return record
        # A copy of its own, so that one small object does not keep those next to it.
        record = frame.decode_record(put, self._read(number)).copy()
        for name, source in put.get("kept", {}).items():
            record.arrays[name] = self._kept(uuid, source, name)
        for name, reference in put.get("files", {}).items():
            record.arrays[name] = self._in_file(reference).arrays[name]
        if record.kind != kind:
            raise ValueError("the kind is contradictory")
        return record

    def _kept(self, uuid: str, number: int, name: str) -> np.ndarray[Any, Any] | None:
        """Return an array of an object that an earlier entry holds."""
        puts = self._entries[number].header["puts"]
        (put,) = (put for put in puts if put["uuid"] == uuid)
        return frame.decode_record(put, self._read(number)).array(name)

    def _read(self, number: int) -> list[np.ndarray[Any, Any]]:
        """Return the arrays of an entry; those of the last one are remembered."""
        if self._arrays[0] != number:
            self._arrays = number, _Sound(self._entries[number].arrays())
        return self._arrays[1]

    def _in_file(self, reference: Any) -> Record:
        """Return an object that is in a project file."""
        path, stamp, uuid = reference
        try:
            items = self._items(path, FileStamp(*stamp))
        except (OSError, ValueError):
            if path not in self.lost_files:
                self.lost_files.append(path)
            raise
        item = items[uuid]
        return item.resolve() if isinstance(item, PendingRecord) else item

    def _items(self, path: str, stamp: FileStamp) -> Mapping[str, Item]:
        """Return the objects of a project file by UUID.

        Raises:
            OSError or ValueError: It is gone, or has changed.
        """
        from datalab_workspace.formats import registry

        if FileStamp.of(Path(path)) != stamp:
            raise ValueError(f"{path!r:.200} has changed")
        if path not in self._files:
            project, found = registry.read(Path(path), lazy=True)
            if found != stamp:
                raise ValueError(f"{path!r:.200} has changed")
            self._files[path] = {item.uuid: item for item in project.items()}
        return self._files[path]


class _Sound(list[Any]):
    """Arrays of an entry; taking a damaged one raises an error."""

    def __getitem__(self, index: Any) -> Any:
        array = super().__getitem__(index)
        if array is None:
            raise ValueError(f"array {index} is damaged")
        return array


def _description(put: _Put, name: str, group: str) -> Description:
    """Return the description of an object in the header of an entry.

    Raises:
        ValueError, TypeError, LookupError or AttributeError: The header is not valid.
    """
    uuid, _, kind, _ = checked(put)
    title = put["fields"].get("title", FIELDS[kind]["title"].default)
    labels = {f: str(put["fields"].get(f) or "") for f in TEXT_FIELDS}
    dtype = np.dtype(str(put["dtype"])) if put["dtype"] else None
    shape = tuple(int(length) for length in put["shape"])
    summary = Summary.known(kind, str(title or ""), shape, dtype, labels)
    return Description.of(summary, name=name, short_id="", uuid=uuid, group=group)


def _number(entry: Entry) -> int:
    number = entry.header.get("n")
    return number if isinstance(number, int) else 0
