"""The part of a public call that reads: its look at the backend and at the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.metadata_values import as_base
from datalab_workspace.model.naming import checked_key, short_id
from datalab_workspace.model.record import Record

if TYPE_CHECKING:
    from datalab_workspace.backends.base import Backend
    from datalab_workspace.history.recording.recorder import HistoryRecorder
    from datalab_workspace.model.name_book import NameBook
    from datalab_workspace.session import Session


class Lookup:
    """The objects and names that one public call sees; see `Transaction`.

    Attributes:
        backend: Where the objects are, once the call has begun.
        names: The names of the objects.
    """

    __slots__ = ("_given", "_looked", "_session", "_used", "backend", "names")

    backend: Backend
    names: NameBook

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looked = False
        # The UUID of each name that the call has used; the names that it has given.
        self._used: dict[str, str] = {}
        self._given: set[str] = set()

    @property
    def recorder(self) -> HistoryRecorder:
        """The recorder of the session."""
        return self._session.recorder

    def look(self, max_age: float = 0.0) -> bool:
        """Look for changes that others have made, once in a transaction.

        Args:
            max_age: See `Backend.refresh`; a look that it saves may be made later.

        Returns:
            False if the transaction has looked before; there is nothing new then.
        """
        if self._looked:
            return False
        changed = self.backend.refresh(max_age)
        # Any other answer may have reported changes as well, even that of a failure.
        if changed or self._session.synced != self.backend.revision:
            self.follow_names()
        self._looked = changed or not max_age
        return True

    def uuid(self, name: object) -> str:
        """Return the UUID of the object that a name, UUID or short id means.

        Raises:
            ObjectNotFoundError: There is no such object (a `KeyError`).
            ReusedNameError: The name meant another object when it was used here before
                (a `KeyError`).
        """
        uuid = self.names.resolve(name, self.backend.uuid_at)
        if name in self.names:
            if name not in self._given:
                self._used.setdefault(as_base(name, str), uuid)
        elif name != uuid and self.backend.optimistic:  # a short id, which may shift
            self.look()
            uuid = self.names.resolve(name, self.backend.uuid_at)
        return uuid

    def find(self, name: object) -> str | None:
        """Return the UUID of an object like `uuid`, or None if there is no such object.

        Raises:
            TypeError: `name` is not a string.
        """
        key = checked_key(name)
        found = self.names.find(key, self.backend.uuid_at)
        if found is None and self.backend.capabilities.shared and self.look():
            found = self.names.find(key, self.backend.uuid_at)
        return found

    def sync_names(self) -> None:
        """Name the objects of the backend that are new, and forget those removed."""
        self.names.sync(self.backend.nameables())
        self._session.synced = self.backend.revision

    def follow_names(self) -> None:
        """Follow what others have done since the names were synced last.

        If the backend reports it, the time does not depend on the number of objects.
        """
        session, backend = self._session, self.backend
        reported = backend.reported_since(session.synced)
        if reported is not None and self.names.follow(*reported):
            session.synced = backend.revision
        else:
            self.sync_names()

    def record(self, name: object, *, full: bool = False) -> Record:
        """Return the record of an object, as the backend holds it.

        Args:
            name: Its name, UUID or short id.
            full: See `Backend.record`.

        Raises:
            ObjectNotFoundError: There is no such object (a `KeyError`).
        """
        try:
            return self.backend.record(self.uuid(name), full=full)
        except ObjectNotFoundError:
            # Others may have removed or retitled it since the last look.
            if not self.backend.capabilities.shared or not self.look():
                raise
            return self.backend.record(self.uuid(name), full=full)

    def position(self, uuid: str) -> tuple[str, str]:
        """Return short id and group title of an object, without a look at the others.

        Raises:
            ObjectNotFoundError: Another program has just removed it.
        """
        number, group = self.short_id(uuid), self.backend.group_of(uuid)
        if group is None:
            raise self._removed(uuid)
        return number, group

    def short_id(self, uuid: str) -> str:
        """Return the short id of an object.

        Raises:
            ObjectNotFoundError: Another program has just removed it.
        """
        number = self.backend.number_of(uuid)
        if number is None:
            raise self._removed(uuid)
        return short_id(self.backend.kind_of(uuid), number)

    def _removed(self, uuid: str) -> ObjectNotFoundError:
        return ObjectNotFoundError(
            f"{self.names.name_of(uuid)!r:.80} was removed by another program; call "
            "list() to see the objects that are left"
        )
