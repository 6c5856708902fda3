"""The rules of a backend, over one that can do the least that a backend may."""

from __future__ import annotations

from typing import Any

from datalab_workspace import Workspace
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import InvalidNameError
from datalab_workspace.model.record import Record
from datalab_workspace.testing import BackendRules


class LimitedBackend(MemoryBackend):
    """Can do the least that a backend may."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            groups=False, in_place_overwrite=False, any_name=False, shares_views=True
        )

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        assert group is None
        self.check(record.title)
        super().add(record)

    def replace(self, uuid: str, record: Record) -> None:
        self.remove([uuid])
        super().add(record)

    def edit(self, uuid: str, fields: Any, metadata: Any, drop: Any = ()) -> None:
        self.check(fields.get("title", ""))
        super().edit(uuid, fields, metadata, drop)

    def check(self, title: str) -> None:
        if not title.isascii():
            raise InvalidNameError(f"only ASCII here, not {title!r}")


class TestLimited(BackendRules):
    """What a backend does not declare is refused as documented."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=LimitedBackend())

    def accepts_name(self, capabilities: Capabilities, name: str) -> bool:
        return name.isascii()
