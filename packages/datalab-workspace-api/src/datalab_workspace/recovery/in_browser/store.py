"""The writing side of a recovery folder in a browser.

JupyterLite stores a file as a whole each time that it is closed. Every entry is
therefore a segment of its own, which is written once. The segments of small objects are
put together when there are many.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datalab_workspace.live.codecs import frame
from datalab_workspace.recovery.folder import Owner
from datalab_workspace.recovery.in_browser.quota import free_bytes
from datalab_workspace.recovery.segments import EntryWriter, Segment
from datalab_workspace.recovery.store import LARGE, Store

#: Bytes of recovery at most in the storage of a site.
LARGEST = 256 << 20
#: Number of segments of small objects after which some are put together.
_MANY = 16
#: Bytes of a segment up to which it is written again together with others.
_SMALL = 1 << 16
#: Bytes that the storage takes for three bytes of a file, which become Base64.
_STORED = 4


class PageSegment(Segment):
    """A segment of one entry, which is complete when it is closed."""

    def append(self, parts: Iterable[frame.Buffer]) -> int:
        """See `Segment.append`; the file is closed."""
        try:
            # In one call: the file is moved in memory each time that it grows.
            return super().append([b"".join(parts)])
        finally:
            self.close()

    def sync(self) -> None:
        """See `Segment.sync`; closing the file has stored it."""


class PageStore(Store):
    """The recovery folder of a browser's kernel; see `Store`."""

    def __init__(self, parent: Path, owner: Owner, *, limit: int = LARGEST) -> None:
        super().__init__(parent, owner, limit=limit)

    def room(self, wanted: int) -> int:
        """See `Store.room`."""
        del wanted  # what is no longer needed is deleted after each cell
        room = self._limit - self.nbytes
        free = free_bytes()
        return room if free is None else min(room, free * 3 // _STORED)

    def is_kept(self) -> bool:
        """See `OwnFolder.is_kept`."""
        return self._folder.is_kept()

    def sync(self) -> None:
        """Delete what is no longer needed."""
        self._delete_unused()

    def in_waste(self) -> list[str]:
        """Return UUIDs of the objects to write again, together.

        They are those of the last segments, up to one that is larger than all later
        ones. An object is thus written again a few times only, however many cells run.
        """
        found = set(super().in_waste())
        if len(self._shared) > _MANY:
            total = 0
            for segment in reversed(self._shared):
                if segment.size > max(_SMALL, 2 * total):
                    break
                total += segment.size
                found |= {u for u, h in self._held.items() if segment in h.segments}
        return [uuid for uuid in self._held if uuid in found]

    def _segment_for(self, writer: EntryWriter, header: dict[str, Any]) -> Segment:
        segment = self._new_segment()
        if writer.nbytes < LARGE:
            self._shared.append(segment)
            header.setdefault("layout", self._layout_after(header))
        return segment

    def _new_segment(self) -> Segment:
        return self._numbered(PageSegment)
