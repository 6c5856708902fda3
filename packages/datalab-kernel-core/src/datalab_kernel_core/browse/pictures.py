"""The pictures of a panel: small ones in its rows, a larger one of one object."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.display import thumbnails
from datalab_kernel_core.display.png import Picture
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.reduce import Array
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.record import PRIMARY_ARRAY, Record
from datalab_workspace.operations.object_list import Outline

if TYPE_CHECKING:
    from datalab_workspace import Workspace

#: Seconds and bytes of one message of thumbnails; the page asks for the others then.
_SECONDS, _BYTES = 0.04, 60_000
#: Data that is not in memory is read, or fetched from DataLab, up to this many bytes.
_MOST_READ = thumbnails.PART
_CURVE_SIZE = (420, 150)
_IMAGE_SIDE, _IMAGE_LEVELS = 200, 127


class Pictures:
    """The pictures of the objects of a workspace.

    Args:
        workspace: The workspace.
        outline: Its objects, as they were last seen.
    """

    def __init__(self, workspace: Workspace, outline: Outline) -> None:
        self._workspace = workspace
        self._outline = outline

    def thumbnails(self, uuids: Sequence[str]) -> Reply:
        """Return thumbnails, as many as one message may have.

        Returns:
            For each object the message is about, in order: its UUID, and the size of
            its picture, or None if it has none. The pictures follow as arrays.
        """
        until, left = time.perf_counter() + _SECONDS, _BYTES
        content: list[Any] = []
        arrays: list[bytes] = []
        for uuid, picture in self._each(uuids):
            content.append([uuid, picture and [picture.width, picture.height]])
            if picture is not None:
                arrays.append(picture.png)
                left -= len(picture.png)
            if time.perf_counter() > until or left < 0:
                break
        return Reply({"pictures": content}, arrays)

    def _each(self, uuids: Sequence[str]) -> Iterator[tuple[str, Picture | None]]:
        for uuid in uuids:
            record = self._record(uuid)
            data = None if record is None else _data(record)
            if record is None or data is None:
                yield uuid, None
            else:
                yield uuid, thumbnails.thumbnail(record.kind, data)

    def large(self, uuid: str) -> Picture | None:
        """Return a picture of an object; None if it is large and not in memory."""
        record = self._record(uuid)
        data = None if record is None else _data(record)
        if record is None or data is None:
            return None
        if record.kind == "signal":
            return thumbnails.curve(data, *_CURVE_SIZE)
        return thumbnails.pixels(data, _IMAGE_SIDE, _IMAGE_LEVELS)

    def _record(self, uuid: str) -> Record | None:
        """Return an object that is in memory or small, None for others."""
        preview = self._outline.previews([uuid]).get(uuid)
        if preview is None or preview.record is not None:
            return preview and preview.record
        if preview.summary.nbytes > _MOST_READ:
            return None
        try:
            return self._workspace.record(uuid)
        except ObjectNotFoundError:  # it was removed in this moment
            return None


def _data(record: Record) -> Array | None:
    """Return the data of an object, None if it cannot be shown."""
    data: Any = record.arrays[PRIMARY_ARRAY[record.kind]]
    if data is None or data.ndim != 2 or not data.size:
        return None
    if data.dtype.kind not in "biufc" or (record.kind == "signal" and len(data) < 2):
        return None
    if isinstance(data, np.ndarray):
        return data
    return np.asarray(data) if data.nbytes <= _MOST_READ else None
