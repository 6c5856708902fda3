"""Read files by DataLab's own readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from datalab_kernel.desktop.companion.draft import Draft
from datalab_kernel.desktop.companion.window import Window
from datalab_workspace.model.record import UUID_KEY, Kind


@dataclass(eq=False)
class FileContents:
    """The objects of some files.

    Attributes:
        objects: The objects, each with its kind.
        failed: The files that could not be read, as the protocol reports them.
    """

    objects: list[tuple[Kind, Any]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)


def read_files(
    window: Window, paths: Sequence[str], kinds: Sequence[Kind]
) -> FileContents:
    """Read files. This needs no window, and runs in a thread of the server.

    Args:
        window: The window.
        paths: Paths on this machine.
        kinds: The kinds of the objects, which decide on the readers: each file is read
            as the first kind that it can be read as.
    """
    contents = FileContents()
    for path in paths:
        reasons = []
        for kind in kinds:
            try:
                found = list(window.panels[kind].widget.IO_REGISTRY.read(path))
                for obj in found:
                    obj.check_data()
            except Exception as error:  # noqa: BLE001  whatever a reader raises is reported
                reasons.append(f"{type(error).__name__}: {error}")
                continue
            contents.objects += [(kind, obj) for obj in found]
            break
        else:
            contents.failed.append({"path": path, "detail": reasons[0]})
    return contents


def add_contents(draft: Draft, contents: FileContents, group: str | None) -> None:
    """Put the objects of files into a draft, with new UUIDs.

    Args:
        draft: The draft.
        contents: The objects.
        group: Title of the group that they join; None for the first group.
    """
    for kind, obj in contents.objects:
        home = (
            draft.first_group(kind) if group is None else draft.make_group(kind, group)
        )
        obj.metadata[UUID_KEY] = str(uuid4())
        uuid = draft.insert(obj, kind, home, len(home.members))
        draft.added.append(uuid)
        draft.bind_by_title(uuid, obj.title or "")
