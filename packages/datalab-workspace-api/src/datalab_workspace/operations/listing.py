"""What there is in a workspace: names, descriptions, groups."""

from __future__ import annotations

import fnmatch
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, overload

from datalab_workspace.backends.base import Backend
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.description import Description, GroupInfo, Listing, Preview
from datalab_workspace.model.naming import NameBook, short_id, short_ids
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.validation import one_of, suggest_on_typo

# Within a workspace, `list` is its method.
Glimpses: TypeAlias = "list[Preview]"
Groups: TypeAlias = "list[GroupInfo]"
Names: TypeAlias = "list[str]"


class Overview(ABC):
    """What makes ``ws.list()``, ``ws.describe()`` and ``ws.groups()`` work."""

    _backend: Backend
    _lock: AbstractContextManager[Any]
    _names: NameBook

    @abstractmethod
    def _current(self, max_age: float = 0.0) -> AbstractContextManager[None]:
        """Do one thing as a whole, beginning with what others have changed."""

    @abstractmethod
    def _refresh(self) -> NameBook:
        """Return the names of what is there now."""

    @abstractmethod
    def _uuid(self, name: object) -> str:
        """Return the UUID of an object that is named."""

    @suggest_on_typo
    def list(
        self,
        kind: Kind | None = None,
        pattern: str | None = None,
        group: str | None = None,
    ) -> Names:
        """Return the names of all objects, or of those that fit what is given.

        Args:
            kind: "signal" or "image".
            pattern: A shell pattern for the name, such as ``"fft*"``; case counts.
            group: Title of a group.

        Returns:
            Names in the order of DataLab's panels, signals before images.

        Raises:
            ValueError: `kind` is neither.
        """
        with self._current():
            if kind is not None:
                one_of(kind, "kind", KINDS)
            if group is None:
                uuids = [
                    entry.uuid
                    for entry in self._backend.entries()
                    if kind in (None, entry.kind)
                ]
            else:
                groups = [g for g in self._backend.groups(kind) if g.title == group]
                uuids = [uuid for group_ in groups for uuid in group_.uuids]
            names = [self._names.name_of(uuid) for uuid in uuids]
        if pattern is None:
            return names
        return [name for name in names if fnmatch.fnmatchcase(name, pattern)]

    @suggest_on_typo
    def exists(self, name: str) -> bool:
        """Tell whether there is an object of this name, UUID or short id."""
        with self._current():
            try:
                self._uuid(name)
            except ObjectNotFoundError:
                return False
            return True

    @overload
    def describe(self, name: None = None) -> Listing: ...
    @overload
    def describe(self, name: str) -> Description: ...
    @suggest_on_typo
    def describe(self, name: str | None = None) -> Description | Listing:
        """Describe one object or all, without reading any array.

        Args:
            name: The object; None for all.

        Returns:
            A `Description`, or a `Listing` of them, in the order of `list`.

        Raises:
            KeyError: There is no such object.
        """
        with self._current():
            if name is not None:
                uuid = self._uuid(name)
                return self._described(uuid, *self._place(uuid))
            group_of = {
                uuid: group.title
                for group in self._backend.groups()
                for uuid in group.uuids
            }
            return Listing(
                self._described(entry.uuid, number, group_of.get(entry.uuid, ""))
                for number, entry in short_ids(self._backend.entries())
            )

    @suggest_on_typo
    def groups(self, kind: Kind | None = None) -> Groups:
        """Return the groups in order, those of signals first.

        Args:
            kind: "signal" or "image", to have only the groups of these.
        """
        with self._current():
            if kind is not None:
                one_of(kind, "kind", KINDS)
            return [
                GroupInfo(panel, title, tuple(map(self._names.name_of, uuids)))
                for panel, title, uuids in self._backend.groups(kind)
            ]

    def preview(self, most: int) -> tuple[int, Glimpses]:
        """Return what is known without reading a file or asking a running DataLab.

        It is for showing a workspace, which must neither take long nor fail. Of objects
        in DataLab it tells what was there when the workspace last looked; only where it
        never has does it look, but gets no data.

        Args:
            most: Number of objects to tell of; of more, the first and the last.

        Returns:
            The number of all objects, and what is known of those.

        Raises:
            LiveError: Nothing is known yet, and DataLab does not answer.
        """
        with self._lock:
            if not self._backend.seen:
                self._refresh()
            numbered = list(short_ids(self._backend.entries()))
            total = len(numbered)
            if total > most:
                numbered[most // 2 : total - most // 2] = []
            return total, [
                Preview(
                    self._names.name_of(entry.uuid),
                    number,
                    entry.group,
                    *self._backend.preview(entry.uuid),
                )
                for number, entry in numbered
            ]

    def _described(self, uuid: str, number: str, group: str) -> Description:
        return Description.of(
            self._backend.summary(uuid),
            name=self._names.name_of(uuid),
            short_id=number,
            uuid=uuid,
            group=group,
        )

    def _place(self, uuid: str) -> tuple[str, str]:
        """Return short id and group of an object, without a look at the others."""
        kind, before = self._backend.kind_of(uuid), 0
        for group in self._backend.groups(kind):
            if uuid in group.uuids:
                place = before + group.uuids.index(uuid) + 1
                return short_id(kind, place), group.title
            before += len(group.uuids)
        raise LookupError(f"{uuid} is in no group")

    def _group_of(self, uuid: str) -> str:
        return self._place(uuid)[1]
