"""The writes of one transaction, which the companion carries out together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.encoding import sidecar, typed_json
from datalab_workspace.encoding.carriers import COMPANION, NATIVE_DTYPES
from datalab_workspace.live.codecs.frame import FrameWriter
from datalab_workspace.live.companion.state import ObjectState, State
from datalab_workspace.model.record import (
    ROI_KEY,
    FieldValue,
    Kind,
    Record,
    is_result_key,
)
from datalab_workspace.model.roi_names import single_rois

#: Bytes of data beyond which a transaction is sent in several requests.
LARGE = 1 << 28


class Writes:
    """The writes that are not sent yet, and the state that they lead to.

    Args:
        state: The state of the window.

    Attributes:
        state: The expected state.
        nbytes: Size of the data in bytes.
        touched: UUIDs of the objects that the writes concern.
        records: The objects that are added or replace others.
    """

    def __init__(self, state: State) -> None:
        self.state = state.copy()
        self.nbytes = 0
        self.touched: set[str] = set()
        self._ops: list[dict[str, Any]] = []
        self._frame = FrameWriter()
        self.records: list[Record] = []
        self._encoded: list[dict[str, Any]] = []

    def __bool__(self) -> bool:
        return bool(self._ops)

    def body(self, names: Mapping[str, str]) -> tuple[dict[str, Any], FrameWriter]:
        """Return the header and the arrays of the request.

        Args:
            names: What the names must mean that the transaction has used.
        """
        header = {
            "ops": self._ops,
            "records": self._encoded,
            "expect": {"names": dict(names)},
        }
        return header, self._frame

    def add(
        self,
        record: Record,
        name: str | None,
        *,
        group: str | None = None,
        like: str | None = None,
        composed: bool = False,
    ) -> None:
        """Append an object.

        Args:
            record: The object.
            name: Its name; None to let the companion choose it from the title.
            group: Title of its group; None for the first one.
            like: UUID of an object whose group it joins.
            composed: See `Backend.add`.
        """
        op = {"op": "add", "record": self._record(record), "name": name}
        op |= {"group": group, "like": like, "composed": composed}
        self._op(op, record.uuid)
        entry = ObjectState.of_record(record, name or record.title)
        self.state.add(entry, group, like)

    def replace(self, uuid: str, record: Record, group: str | None) -> None:
        """Replace an object of the same kind, and move it if a group is given."""
        position = self._record(record)
        self._op(
            {"op": "replace", "uuid": uuid, "record": position, "group": group}, uuid
        )
        known = self.state.objects[uuid]
        entry = ObjectState.of_record(record, known.name)
        if group is not None:
            self.state.remove([uuid])
            self.state.add(entry, group, None)
        else:
            self.state.objects[uuid] = entry

    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """Set fields (not the title) and metadata, and drop entries of the metadata."""
        pairs = [
            [typed_json.encode(key), self._frame.encode(value)]
            for key, value in metadata.items()
        ]
        encoded = typed_json.encode(dict(fields))
        op = {"op": "edit", "uuid": uuid, "fields": encoded, "metadata": pairs}
        if drop:
            op["drop"] = [typed_json.encode(key) for key in drop]
        self._op(op, uuid)
        known = self.state.objects[uuid]
        more = sum(map(is_result_key, metadata))
        self.state.update(
            uuid,
            fields={**known.fields, **fields},
            rois=_rois(metadata, drop, known.rois),
            results=known.results + more,
        )

    def rename(self, uuid: str, name: str) -> None:
        """Give an object another name and title."""
        self._op({"op": "rename", "uuid": uuid, "name": name}, uuid)
        fields = {**self.state.objects[uuid].fields, "title": name}
        self.state.update(uuid, name=name, fields=fields)

    def remove(self, uuids: Sequence[str]) -> None:
        """Remove objects."""
        self._op({"op": "remove", "uuids": list(uuids)}, *uuids)
        self.state.remove(uuids)

    def clear(self, uuids: Sequence[str] | None) -> None:
        """Remove some or all objects, and the groups that are empty then."""
        chosen = list(self.state.objects) if uuids is None else list(uuids)
        op: dict[str, Any] = {"op": "clear"}
        if uuids is not None:
            op["uuids"] = chosen
        self._op(op, *chosen)
        self.state.remove(chosen)
        self.state.groups[:] = [group for group in self.state.groups if group.uuids]

    def move(self, uuids: Sequence[str], group: str) -> None:
        """Move objects to the end of a group of their panel."""
        for kind in dict.fromkeys(self.state.objects[uuid].kind for uuid in uuids):
            self.add_group(kind, group)
        self._op({"op": "move", "uuids": list(uuids), "group": group}, *uuids)
        for uuid in uuids:
            entry = self.state.objects[uuid]
            self.state.remove([uuid])
            self.state.add(entry, group, None)

    def add_group(self, kind: Kind, title: str) -> None:
        """Append a group unless there is one of that title."""
        self._op({"op": "add_group", "kind": kind, "group": title})
        self.state.group(kind, title)

    def rename_group(self, kind: Kind, title: str, new: str) -> None:
        """Give a group another title."""
        self._op({"op": "rename_group", "kind": kind, "group": title, "title": new})
        group = self.state.group(kind, title)
        self.state.groups[self.state.groups.index(group)] = group._replace(title=new)

    def select(self, uuids: Sequence[str]) -> None:
        """Select objects in the panels of their kinds."""
        self._op({"op": "select", "uuids": list(uuids)})

    def show(self, kind: Kind) -> None:
        """Show a panel."""
        self._op({"op": "show", "kind": kind})

    def _op(self, op: dict[str, Any], *uuids: str) -> None:
        self._ops.append(op)
        self.touched.update(uuids)

    def _record(self, record: Record) -> int:
        if record.dtype not in (None, *NATIVE_DTYPES[record.kind]):
            sidecar.split(record, COMPANION)  # it refuses what would lose something
        self.nbytes += record.nbytes
        self.records.append(record)
        self._encoded.append(self._frame.encode_record(record))
        return len(self.records) - 1


def _rois(metadata: Mapping[Any, Any], drop: Sequence[Any], known: int) -> int:
    """Return the number of regions of an object after an edit."""
    if ROI_KEY in metadata:
        return len(single_rois(metadata))
    return 0 if ROI_KEY in drop else known
