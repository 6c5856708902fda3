"""The objects of the window, as the companion last saw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datalab_kernel.desktop.companion.appearance import Appearance, describe
from datalab_kernel.desktop.companion.objects import record_of
from datalab_workspace.encoding import sidecar
from datalab_workspace.model.record import Kind, Record


@dataclass(eq=False)
class Known:
    """An object as the companion last saw it.

    Attributes:
        kind: Its kind.
        title: Its title.
        group: UUID of its group.
        appearance: Its values.
        entry: Its entry in a snapshot, without name, revisions and author.
        plain: Its record, if its sidecar was not read yet; the entry follows from both.
        added: The revision at which it appeared.
        changed: The revision of the last change of each part.
        by: The client that made the last change.
    """

    kind: Kind
    title: str
    group: str
    appearance: Appearance
    entry: dict[str, Any]
    added: int
    changed: dict[str, int] = field(default_factory=dict)
    by: str | None = None
    plain: Record | None = None

    def describe(self, obj: Any) -> None:
        """Take the entry from the object as it is now."""
        has_sidecar = sidecar.KEY in obj.metadata
        self.plain = record_of(obj)[0] if has_sidecar else None
        self.entry = {} if has_sidecar else describe(obj, self.kind)

    @property
    def revision(self) -> int:
        """The revision of the last change."""
        return max(self.added, *self.changed.values(), 0)
