"""The Workspace: named signals and images, wherever they are kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datalab_workspace.backends.base import Backend, Capabilities
from datalab_workspace.errors import NameConflictError, ObjectNotFoundError
from datalab_workspace.model.description import (
    WorkspaceMode,
)
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.naming import NameBook, check_name
from datalab_workspace.model.record import FIELDS, KINDS, Record, checked_field
from datalab_workspace.model.sigima_objects import IDENTITY_KEYS, to_object
from datalab_workspace.operations.add import Adding
from datalab_workspace.operations.attachment import Attachable, backend_of_choice
from datalab_workspace.operations.files import ProjectLink
from datalab_workspace.operations.listing import Overview
from datalab_workspace.operations.mapping import MISSING, NamedObjects, Names
from datalab_workspace.operations.merge import OnConflict
from datalab_workspace.processing.calculator import Calculator
from datalab_workspace.validation import suggest_on_typo, unknown_argument

#: Seconds for which an object's name is taken to mean what it meant.
_RECENT = 0.2


class Workspace(Overview, Adding, Calculator, Attachable, NamedObjects):
    """Named signals and images: in memory, or in a running DataLab, and in files.

    A workspace maps names to objects. It numbers and orders them as DataLab does:
    signals, then images, each by group. Everywhere that a method takes a name, it takes
    a name, a UUID or a short id (``s001``, ``i042``), tried in this order.

    Objects come and go as snapshots: `add` stores a copy, `get` returns a copy, and
    changing either changes nothing in the workspace until it is added again.

    A workspace attaches by itself to a running DataLab that the environment names
    (``DATALAB_WORKSPACE_URL`` and ``_TOKEN``), or that is this user's own; otherwise it
    keeps its objects in memory. In a DataLab, every change shows in its window, and
    every method raises a `ConnectionError` where DataLab does not answer.

    Threads may share a workspace: each call is carried out as a whole.

    Args:
        backend: Where the objects are kept; by default as said above.

    Raises:
        LiveUnavailableError: The environment asks for live mode
            (``DATALAB_KERNEL_MODE=live``) and no DataLab can be attached.
        ValueError: ``DATALAB_KERNEL_MODE`` is set to an unknown mode.

    Warns:
        UserWarning: A DataLab that the environment names cannot be attached.
    """

    def __init__(self, *, backend: Backend | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._notes: tuple[str, ...] = ()
        if backend is None:
            backend, self._notes = backend_of_choice()
        self._backend = backend
        self._names = NameBook()
        self._names.sync(backend.entries())
        self._link = ProjectLink(backend, self._names)

    # A copy has a lock of its own; locks cannot be pickled.

    def __getstate__(self) -> dict[str, Any]:
        return {key: held for key, held in vars(self).items() if key != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.RLock()

    # -- what there is ----------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with objects where they are."""
        return self._backend.capabilities

    @property
    def path(self) -> Path | None:
        """The project file that `save()` goes to; None until one is loaded or saved."""
        return self._link.path

    @property
    def modified(self) -> bool:
        """Whether anything changed since `path` was loaded or saved."""
        return self._link.modified

    # -- objects in and out -----------------------------------------------------------

    @suggest_on_typo
    def get(
        self,
        name: str,
        *,
        default: Any = MISSING,
        copy: bool = True,
        full: bool = False,
    ) -> Any:
        """Return an object.

        Args:
            name: Its name, UUID or short id.
            default: What to return if there is no such object, instead of raising.
            copy: Return an object of its own; otherwise one whose arrays are read-only
                views of what the workspace holds. Its metadata is a copy either way.
            full: Bring also what is slow to bring of large data from a running
                DataLab: bounds, scales, annotations and the like that were set there
                (see `Description.missing`). Everything comes anyway where the objects
                are in memory.

        Returns:
            A `sigima.SignalObj` or `sigima.ImageObj`.

        Raises:
            KeyError: There is no such object and no `default`; close matches are named.
            StaleFileError: The object was not read from its file yet, and the file no
                longer holds it.
            AmbiguousObjectError: Several objects in DataLab have its title, and only
                its Web API is there (a `ValueError`).
        """
        with self._current(_RECENT):
            try:
                record = self._fetch(name, full)
            except ObjectNotFoundError:
                if default is MISSING:
                    raise
                return default
            return to_object(record, copy=copy, own=not self._is_held())

    @suggest_on_typo
    def record(self, name: str) -> Record:
        """Return an object as arrays, fields and metadata; needs no sigima.

        Args:
            name: Its name, UUID or short id.

        Returns:
            A record whose arrays are read-only views or, where they were not read from
            their file yet, references.

        Raises:
            KeyError: There is no such object.
        """
        with self._current(_RECENT):
            return self._fetch(name).copy(views=True)

    def remove(self, *names: str) -> None:
        """Remove objects; all of them, or none if one does not exist.

        Args:
            names: Names, UUIDs or short ids.

        Raises:
            KeyError: There is no object of one of the names.
        """
        with self._current():
            uuids = list(dict.fromkeys(map(self._uuid, names)))
            if uuids:
                self._backend.remove(uuids)
                self._link.modified = True
            for uuid in uuids:
                self._names.release(uuid)

    @suggest_on_typo
    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name, and with it another title.

        Its place, group and UUID stay.

        Args:
            name: Its name, UUID or short id.
            new_name: The new name.

        Raises:
            KeyError: There is no object `name`.
            NameConflictError: Another object is called `new_name` (a `ValueError`).
            InvalidNameError: `new_name` cannot be a name (a `ValueError`).
        """
        with self._current():
            uuid = self._uuid(name)
            check_name(new_name)
            holder = self._names.uuid_of(new_name)
            if holder == uuid:
                return
            if holder is not None:
                raise NameConflictError(
                    f"cannot rename {name!r}: another object is called {new_name!r}"
                )
            self._backend.edit(uuid, {"title": new_name}, {})
            self._names.bind(uuid, new_name)
            self._link.modified = True

    def edit(
        self, name: str, *, metadata: Mapping[Any, Any] | None = None, **fields: Any
    ) -> None:
        """Change labels, units, scales and metadata of an object in place.

        Args:
            name: Its name, UUID or short id.
            metadata: Entries to set; others stay.
            fields: Fields to set: ``xlabel``, ``yunit``, ``zscalemax``, ``x0``…

        Raises:
            KeyError: There is no such object.
            TypeError: There is no such field, or a value is of the wrong type; nothing
                is changed then.
        """
        with self._current():
            uuid = self._uuid(name)
            record = self._backend.record(uuid)
            known = FIELDS[record.kind]
            if "title" in fields:
                raise TypeError("edit() does not change the title; use rename()")
            for field in fields:
                if field not in record.fields:
                    choices = ["metadata", *(f for f in known if f != "title")]
                    raise unknown_argument("edit", field, choices)
            checked = {
                field: checked_field(
                    value, known.get(field), f"{field} of {name!r:.80}"
                )
                for field, value in fields.items()
            }
            entries = {} if metadata is None else metadata
            if not isinstance(entries, Mapping):
                raise TypeError(f"metadata is a dict, not {type(entries).__name__}")
            entries = {k: v for k, v in entries.items() if k not in IDENTITY_KEYS}
            entries = snapshot(entries, f"metadata of {name!r:.80}: it")
            self._backend.edit(uuid, checked, entries)
            self._link.modified = True

    @suggest_on_typo
    def clear(self, *, all: bool = False) -> None:
        """Remove every object that was added here, and forget the project file.

        Args:
            all: Remove also what a running DataLab holds besides; it makes no
                difference where the objects are in memory.
        """
        with self._current():
            self._backend.clear(all=all)
            self._names.sync(self._backend.entries())
            self._link.forget()

    # -- files ------------------------------------------------------------------------

    @suggest_on_typo
    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        names: Any = None,
        compression: str | tuple[str, int] | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write a project file, which DataLab opens as its own.

        The file is written beside and put in place at the end: whatever happens in
        between, `path` holds the whole old file or the whole new one.

        Args:
            path: The file; by default the one that was last loaded or saved. ``~`` is
                understood, no suffix is added.
            names: Save only these objects: a name or several.
            compression: ``"lzf"``, ``"gzip"`` or ``("gzip", level)``; by default arrays
                are not compressed.
            overwrite: Replace the file even if another program changed it since this
                workspace loaded or saved it.

        Returns:
            The path of the file.

        Raises:
            ValueError: There is no path to save to.
            FileChangedError: Another program changed the file (a `FileExistsError`).
            TypeError: Data of some object has a dtype that DataLab cannot hold; nothing
                is written then.
            OSError: The file cannot be written.
        """
        with self._current():
            uuids = None
            if names is not None:
                chosen = [names] if isinstance(names, str) else names
                uuids = {self._uuid(name) for name in chosen}
            return self._link.save(path, uuids, compression, overwrite)

    @suggest_on_typo
    def load(
        self,
        path: str | os.PathLike[str],
        *,
        names: Any = None,
        on_conflict: OnConflict = "error",
        lazy: bool = False,
    ) -> Names:
        """Add the objects of a project file: all of them, or none if that fails.

        An object that is here already and equal is no conflict.

        Args:
            path: A project of DataLab's since 1.0, of ours, or a file of
                datalab-kernel 0.2. ``~`` is understood.
            names: Load only these objects: a name, as the file's own order gives it,
                or several.
            on_conflict: What to do with a different object under a name in use:
                "error", "replace" the one here, "rename" the new one, or "skip" it.
            lazy: Read no array until it is asked for. The file must stay as it is
                until then.

        Returns:
            The names of the file's objects in this workspace, without those skipped.

        Raises:
            NameConflictError: Names are in use by different objects; all are listed.
            KeyError: The file has no object of one of `names`.
            FileNotFoundError: There is no such file.
            NotAProjectError: The file is no project (a `ValueError`).
            DamagedFileError: The file is truncated or corrupt (an `OSError`).
        """
        with self._current():
            chosen = [names] if isinstance(names, str) else names
            return self._link.load(path, chosen, on_conflict, lazy)

    # -- within -----------------------------------------------------------------------

    def __len__(self) -> int:
        with self._current():
            return len(self._backend.entries())

    def __repr__(self) -> str:
        if "_backend" not in vars(self):  # shown by a traceback of its own making
            return "<Workspace>"
        # Of what is known: a repr neither waits for DataLab nor fails with it.
        kinds = [entry.kind for entry in self._backend.entries()]
        parts = [
            f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) != 1)}"
            for kind in KINDS
        ]
        if not self._backend.seen:
            parts = ["not looked at yet"]
        if self.path is not None:
            parts.append(f"{str(self.path)!r}{' (modified)' * self.modified}")
        return f"<Workspace {self.mode}{self._where()}: {', '.join(parts)}>"

    @contextmanager
    def _current(self, max_age: float = 0.0) -> Iterator[None]:
        """Do one thing as a whole, beginning with what others have changed.

        Args:
            max_age: Seconds; see `Backend.refresh`.
        """
        with self._lock:
            if not self._depth and self._backend.refresh(max_age):
                self._names.sync(self._backend.entries())
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def _refresh(self) -> NameBook:
        """Return the names of what is there now."""
        if self._backend.refresh():
            self._names.sync(self._backend.entries())
        return self._names

    def _uuid(self, name: object) -> str:
        return self._names.resolve(name, self._backend.entries)

    def _fetch(self, name: object, full: bool = False) -> Record:
        try:
            return self._backend.record(self._uuid(name), full=full)
        except ObjectNotFoundError:
            # It may have gone, or been retitled, since it was last looked for.
            if self._backend.mode is WorkspaceMode.STANDALONE:
                raise
            self._refresh()
            return self._backend.record(self._uuid(name), full=full)
