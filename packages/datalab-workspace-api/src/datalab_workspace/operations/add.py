"""How objects come into a workspace: under which names, and in the place of which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from datalab_workspace.backends.base import Backend
from datalab_workspace.errors import NameConflictError, add_note
from datalab_workspace.model.equality import equal
from datalab_workspace.model.naming import NameBook, check_name
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.operations.mapping import MISSING
from datalab_workspace.operations.merge import in_short
from datalab_workspace.progress import Progress
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.operations.files import ProjectLink

# Within a workspace, `list` is its method.
Names: TypeAlias = "list[str]"


class Adding(ABC):
    """What makes ``ws.add(name, obj)`` and ``ws.update(objects)`` work."""

    _backend: Backend
    _names: NameBook
    _link: ProjectLink

    @abstractmethod
    def _current(self, max_age: float = 0.0) -> AbstractContextManager[None]:
        """Do one thing as a whole, beginning with what others have changed."""

    @abstractmethod
    def _refresh(self) -> NameBook:
        """Return the names of what is there now."""

    @abstractmethod
    def _group_of(self, uuid: str) -> str:
        """Return the title of an object's group."""

    @suggest_on_typo
    def add(
        self,
        name: Any,
        obj: Any = MISSING,
        overwrite: bool = False,
        *,
        group: str | None = None,
        copy: bool = True,
    ) -> str:
        """Store a snapshot of an object under a name, or under its own title.

        Adding the same object again is no error and changes nothing, so that a
        notebook can be run twice.

        Args:
            name: The name, any text without control characters; it becomes the title.
                With one argument only: the object, which goes under its own title.
            obj: A `sigima.SignalObj` or `sigima.ImageObj`; a 1-D array, shape (N,), the
                y of a signal; a 2-D array, shape (H, W), an image; or a tuple (x, y) of
                1-D arrays. It is left as it was.
            overwrite: Replace a different object of this name, which keeps its place,
                group and UUID.
            group: Title of the group to add to, made if there is none; by default the
                first of the panel.
            copy: Copy the arrays; otherwise the workspace holds read-only views of
                them, and the caller promises not to write to them any more.

        Returns:
            The name.

        Raises:
            NameConflictError: Another object has this name (a `ValueError`).
            InvalidNameError: This cannot be a name (a `ValueError`).
            NotImplementedError: `group` is given where there are no groups of choice.
            TypeError: `obj` is nothing that a workspace holds, its data is not
                numeric, or its metadata holds a value that cannot be kept.
        """
        if obj is MISSING:
            name, obj = _own_title(name), name
        return self._add(check_name(name), obj, overwrite, group, copy)

    def _add(
        self, name: str, obj: object, overwrite: bool, group: str | None, copy: bool
    ) -> str:
        # Of a new name, it is found out by adding whether others have taken it.
        trusting = self._backend.refuses_titles_in_use
        with self._current(inf if trusting else 0.0):
            self._check_group(name, group)
            record = to_record(obj, copy=False)
            uuid = self._names.uuid_of(name)
            if uuid is not None and trusting:  # it may have gone since it was seen
                uuid = self._refresh().uuid_of(name)
            if uuid is None:
                uuid = self._add_new(name, record, group, copy)
            if uuid is not None:
                self._add_again(name, uuid, record, overwrite, group, copy)
            return name

    def _check_group(self, name: str, group: object) -> None:
        if group is not None and not isinstance(group, str):
            raise TypeError(f"group is the title of one, not {type(group).__name__}")
        if group is not None and not self._backend.capabilities.groups:
            raise NotImplementedError(
                f"{name!r:.80} cannot be put in the group {group!r:.80}: there are "
                "no groups of choice here; leave group out"
            )

    def _add_new(
        self, name: str, record: Record, group: str | None, copy: bool
    ) -> str | None:
        """Add an object under a name that seems to be free.

        Returns:
            The UUID of the object that others have given the name meanwhile; None if
            there is none, and this one is added.
        """
        record.fields["title"] = name
        held = record.copy() if copy and self._is_held() else record
        try:
            self._backend.add(held, group=group)
        except NameConflictError:
            holder = self._refresh().uuid_of(name)
            if holder is None:
                raise
            return holder
        self._names.bind(record.uuid, name)
        self._link.modified = True
        return None

    def _add_again(
        self,
        name: str,
        uuid: str,
        record: Record,
        overwrite: bool,
        group: str | None,
        copy: bool,
    ) -> None:
        """Put an object in the place of the one that has its name, or leave that."""
        if not overwrite:
            stored = self._backend.record(uuid)
            if equal(stored, record):
                return
            raise NameConflictError(
                f"{name!r} is another {stored.kind} already; pass overwrite=True "
                "to replace it, or choose another name"
            )
        # The name is bound already; a title that differs from it is DataLab's own.
        record.uuid, record.fields["title"] = uuid, self._backend.title_of(uuid)
        # Copied before anything is removed: there may be no memory for it.
        kept = record.copy() if copy and self._is_held() else record
        if group is not None and group != self._group_of(uuid):
            self._backend.move(uuid, kept, group)
        else:
            self._backend.replace(uuid, kept)
        self._link.modified = True

    @suggest_on_typo
    def update(
        self,
        objects: Mapping[str, Any],
        *,
        overwrite: bool = True,
        group: str | None = None,
        copy: bool = True,
    ) -> Names:
        """Add several objects, which a running DataLab draws only when all are there.

        Args:
            objects: The objects by their names; see `add` for both.
            overwrite: Replace different objects of these names, as ``ws[name] = obj``.
            group: See `add`.
            copy: See `add`.

        Returns:
            The names.

        Raises:
            NameConflictError: Other objects have some of the names, and `overwrite` is
                False (a `ValueError`).
            Exception: Whatever `add` raises of one of them; a note says which were
                added before.
        """
        if not isinstance(objects, Mapping):
            raise TypeError(
                f"update() takes objects by name, not {type(objects).__name__}"
            )
        done: list[str] = []
        try:
            with (
                self._current(),
                self._backend.bulk(),
                Progress("adding objects", len(objects)) as progress,
            ):
                for name, obj in objects.items():
                    done.append(
                        self._add(check_name(name), obj, overwrite, group, copy)
                    )
                    progress.advance(1)
        except BaseException as error:
            if done:
                add_note(error, f"added before that: {in_short(done)}")
            raise
        return done

    def _is_held(self) -> bool:
        """Whether what is added, and got, is what the backend itself holds."""
        return self._backend.capabilities.shares_views


def _own_title(obj: Any) -> Any:
    if isinstance(obj, str):
        raise TypeError(f"add({obj!r:.80}) needs the object, too: add(name, object)")
    title = getattr(obj, "title", None)
    if title is None:
        raise TypeError(
            f"{type(obj).__name__} has no title of its own; use add(name, object)"
        )
    return title
