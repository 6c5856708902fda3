"""The table that `Workspace.recover` returns, and the objects in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import DamagedFileError, ObjectNotFoundError
from datalab_workspace.model.description import Listing
from datalab_workspace.model.name_lists import listed
from datalab_workspace.operations.merge import Merge, OnConflict
from datalab_workspace.recovery.folder import LeftFolder, left_folders, root
from datalab_workspace.recovery.restore import Content
from datalab_workspace.validation import warn_caller

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalab_workspace.session import Session


class Recoverable:
    """The objects that a kernel held when it died.

    Attributes:
        when: The time at which they were last written.
        source: The notebook of the kernel, or else the project file of its workspace,
            or else its working directory.
        objects: Descriptions of the objects.
        restored: Whether they have been restored already.

    Example:
        >>> workspace.recover()
        nothing to recover
    """

    def __init__(self, left: LeftFolder, content: Content, session: Session) -> None:
        self._left = left
        self._content = content
        self._session = session
        self.when = datetime.fromtimestamp(content.written).astimezone()
        self.source = left.owner.notebook or content.project or left.owner.folder
        self.objects = Listing(content.objects())
        self.restored = left.restored

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objects."""
        return tuple(item.name for item in self.objects)

    @property
    def label(self) -> str:
        """The last part of `source`: the name of the notebook, file or folder."""
        return PurePath(self.source).name or self.source or "a notebook"

    def restore(
        self,
        names: str | Iterable[str] | None = None,
        *,
        on_conflict: OnConflict = "error",
    ) -> list[str]:
        """Add the objects to the workspace: all of them, or none if that fails.

        Args:
            names: Restore only these: one name or several.
            on_conflict: See `Workspace.load`.

        Returns:
            The names of the objects in the workspace, without skipped ones.

        Raises:
            KeyError: One of the `names` is not among the objects.
            NameConflictError: Different objects use some of the names.
            DamagedFileError: None of the objects can be read (an `OSError`).

        Warns:
            UserWarning: Some objects cannot be read; they are named.

        Example:
            >>> [found.restore() for found in workspace.recover()]
            []
        """
        wanted = self._wanted(names)
        with self._session.transaction() as transaction:
            merge = Merge(transaction.backend, transaction.names, on_conflict)
            groups, lost = self._content.read(wanted)
            if lost and not groups:
                raise DamagedFileError(
                    f"{list_names(lost)} cannot be read from {str(self._left.path)!r}; "
                    f"{self._reason() or 'the disk has lost them'}"
                )
            merge.prepare(groups, self._content.names(), f"recovering {self.label!r}")
            merge.carry_out()
            transaction.changes += merge.changes
        if lost:
            reason = self._reason()
            warn_caller(
                f"these cannot be read: {list_names(lost)}{reason and '; '}{reason}",
                UserWarning,
            )
        if set(wanted) == set(self.names) and not merge.skipped:
            self._left.mark_restored()
            self.restored = True
        return merge.merged

    def discard(self) -> None:
        """Remove the objects from the disk; they can no longer be recovered.

        Example:
            >>> for found in workspace.recover():
            ...     found.discard()
        """
        self._left.discard()

    def __repr__(self) -> str:
        count = len(self.objects)
        noun = "object" if count == 1 else "objects"
        done = "  (restored)" if self.restored else ""
        return (
            f"{self.label}  {when_text(self.when)}  {count} {noun}: "
            f"{list_names(list(self.names))}{done}"
        )

    def _reason(self) -> str:
        """Return why objects that stayed in a project file are lost; "" for others."""
        # In full, however many and long: they are what the user looks for.
        files = ", ".join(map(repr, self._content.lost_files))
        return files and f"changed or removed since: {files}"

    def _wanted(self, names: str | Iterable[str] | None) -> list[str]:
        if names is None:
            return list(self.names)
        wanted = listed(names)
        for name in wanted:
            if name not in self.names:
                raise ObjectNotFoundError.among(name, list(self.names), self.label)
        return wanted


class RecoveryListing(tuple[Recoverable, ...]):
    """The kernels that died with objects: a tuple with a table as its repr.

    Example:
        >>> len(workspace.recover())
        0
    """

    __slots__ = ()

    def __repr__(self) -> str:
        lines = [f"{number}  {item!r}" for number, item in enumerate(self, 1)]
        return "\n".join(lines) if lines else "nothing to recover"


def when_text(when: datetime) -> str:
    """Return a time, with the date if that is not today."""
    today = datetime.now().astimezone().date()
    return f"{when:%H:%M}" if when.date() == today else f"{when:%Y-%m-%d %H:%M}"


def recoverable(session: Session, parent: Path | None = None) -> RecoveryListing:
    """Return the objects of the kernels that have died, those of the last one first."""
    parent = root() if parent is None else parent
    found = []
    for left in left_folders(parent) if parent is not None else ():
        item = Recoverable(left, Content.of(left.path), session)
        if item.objects:
            found.append(item)
    return RecoveryListing(found)


def recover(
    session: Session, what: int | str | Iterable[str] | None, on_conflict: OnConflict
) -> RecoveryListing | list[str]:
    """See `Workspace.recover`."""
    found = recoverable(session)
    if what is None:
        return found
    if isinstance(what, int):
        if not 1 <= what <= len(found):
            raise IndexError(
                f"there is no entry {what} in the list of recover(), which has "
                f"{len(found)}"
            )
        return found[what - 1].restore(on_conflict=on_conflict)
    if isinstance(what, str):
        for item in found:
            if what in (item.label, item.source):
                return item.restore(on_conflict=on_conflict)
    names = listed(what)
    for item in found:
        if set(names) <= set(item.names):
            return item.restore(names, on_conflict=on_conflict)
    known = [name for item in found for name in (item.label, *item.names)]
    wrong = next((name for name in names if name not in known), names[0])
    raise ObjectNotFoundError.among(wrong, known, "what can be recovered")


def announcement(folders: Iterable[LeftFolder]) -> str | None:
    """Return one line about the objects that can be recovered; None if there are none.

    Args:
        folders: The folders of kernels that have died, the last one first.
    """
    contents = [(left, Content.of(left.path)) for left in folders]
    found = [(left, content) for left, content in contents if len(content.state)]
    if not found:
        return None
    left, content = found[0]
    source = left.owner.notebook or content.project or left.owner.folder
    where = f" of {PurePath(source).name}" if source else ""
    when = when_text(datetime.fromtimestamp(content.written).astimezone())
    count = len(content.state)
    others = sum(len(content.state) for _, content in found[1:])
    more = f", and {others} more," if others else ""
    noun = "object" if count == 1 else "objects"
    return f"{count} {noun}{where} ({when}){more} can be recovered: workspace.recover()"
