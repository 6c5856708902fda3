"""The calls of a workspace that concern files: projects, autosave and recovery."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from datalab_workspace.operations.mapping import Names
from datalab_workspace.operations.merge import OnConflict
from datalab_workspace.operations.notebooks import Notebooks, NotebookSource
from datalab_workspace.session import Session
from datalab_workspace.validation import old_arguments, suggest, suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.history.storage.writer import HistoryMode
    from datalab_workspace.measured_files.paths import Paths
    from datalab_workspace.model.record import Kind
    from datalab_workspace.operations.notebooks import Notebooks, NotebookSource
    from datalab_workspace.operations.read import OnError, ReadNames
    from datalab_workspace.recovery.autosave import Autosave
    from datalab_workspace.recovery.listing import RecoveryListing


class FileCalls:
    """The calls of a workspace that save its objects and bring them back."""

    _session: Session

    @property
    def path(self) -> Path | None:
        """The project file that `save()` writes; None until one is loaded or saved."""
        return self._session.project.path

    @property
    def modified(self) -> bool:
        """Whether anything has changed since `path` was loaded or saved."""
        return self._session.project.modified

    @property
    def notebooks(self) -> Notebooks:
        """The notebooks that the project file carries, by name; see `save`.

        Example:
            >>> list(workspace.notebooks)
            []
        """
        from datalab_workspace.operations.notebooks import Notebooks

        return Notebooks(self._session)

    @old_arguments(filepath="path")
    @suggest_on_typo
    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        names: Any = None,
        compression: str | tuple[str, int] | None = None,
        overwrite: bool = False,
        history: HistoryMode | Literal["as before"] | None = "as before",
        datalab_history: bool = False,
        notebooks: NotebookSource | Iterable[NotebookSource] | None = None,
    ) -> Path:
        """Write a project file, which DataLab opens as one of its own.

        The file is written to a temporary file first and then replaced in one step:
        whatever happens, `path` holds the whole old file or the whole new one. A file
        that is not a project is not replaced.

        Args:
            path: The file; by default the one that was last loaded or saved. ``~`` is
                expanded, and no suffix is added. A path that ends in ``.npz`` becomes
                an archive that needs no h5py and that DataLab cannot open.
            names: Save only these objects: one name, or a list as `calc` returns it.
            compression: ``"none"``, ``"lzf"``, ``"gzip"`` or ``("gzip", level)``, for
                all arrays. By default, arrays that have not changed stay as they are
                in the file, and others are compressed as the project was, or not at
                all in a new project.
            history: How much to store of the histories of the objects: ``"full"``,
                ``"calls"`` to leave out the text of cells and the folders of files, or
                None for nothing. With the last two, the folders in the metadata
                "source", where sigima notes the file of an object, are left out, too.
                By default, the last choice for this file, or else ``"full"``.
            datalab_history: Add a session "Notebook" to DataLab's History panel, with
                the calculations of `calc`, which can be changed and computed again
                there. It replaces that of a former save, which stays otherwise.
            notebooks: Notebooks that the project is to carry: one, or several. Each is
                the path of an ``.ipynb`` file or its content as a dict. One of the same
                name is replaced, and others stay; see `notebooks`.
            overwrite: Replace the file even if it is a damaged project, or if another
                program changed it since this workspace loaded or saved it.

        Returns:
            The path of the file.

        Raises:
            ValueError: There is no path to save to, or a notebook is not valid; nothing
                is written then.
            FileChangedError: Another program changed the file (a `FileExistsError`).
            NotAProjectError: The file is not a project, or the suffix of a new file is
                that of another format, such as ``.csv`` (a `ValueError`).
            DamagedFileError: The file is a damaged project (an `OSError`).
            BlockingIOError: Another program has the file open for writing.
            TypeError: The data of an object has a dtype that DataLab cannot hold;
                nothing is written then.
            OSError: The file cannot be written.

        Example:
            >>> workspace.save("analysis.h5").name
            'analysis.h5'
        """
        from datalab_workspace.operations import files

        return files.save(
            self._session,
            path,
            names,
            compression,
            overwrite,
            history,
            datalab_history,
            notebooks,
        )

    @old_arguments(filepath="path")
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

        An object that is already here and equal is not a conflict.

        Args:
            path: A DataLab project (1.0 or later), a file of datalab-kernel 0.2, or a
                file that another format of `datalab_workspace.formats` recognises.
                ``~`` is expanded.
            names: Load only these objects: one name, as the order of the file gives it,
                or several.
            on_conflict: What to do with a different object whose name is in use:
                "error", "replace" the object here, "rename" the new one, or "skip" it.
            lazy: Read each array only when it is needed. The file must not change until
                then.

        Returns:
            The names of the file's objects in this workspace, without skipped ones.

        Raises:
            NameConflictError: Different objects use some of the names; all of them are
                listed.
            KeyError: The file has no object with one of the `names`.
            FileNotFoundError: There is no such file.
            NotAProjectError: The file is not a project (a `ValueError`).
            DamagedFileError: The file is truncated or corrupt (an `OSError`).

        Example:
            >>> path = workspace.save("analysis.h5")
            >>> dlw.Workspace().load(path, names=["peak"])
            ['peak']
        """
        from datalab_workspace.operations import files

        return files.load(self._session, path, names, on_conflict, lazy)

    @suggest()
    def read(
        self,
        paths: Paths,
        *,
        where: Literal["datalab"] | None = None,
        kind: Kind | None = None,
        group: str | None = None,
        on_conflict: OnConflict = "error",
        errors: OnError = "raise",
        stack: Literal["images", "colors", "refuse"] | None = None,
        **options: Any,
    ) -> ReadNames:
        r"""Read measured files, such as CSV, TIFF and DICOM files, into the workspace.

        Sigima's readers read them, with the titles that DataLab gives: the name of the
        file, and a number if it has several objects. Text tables are looked at first:
        the encoding, the separator, the decimal mark, lines above the numbers, names
        and units of the columns are found out. A file that could be misread is refused.

        Either all objects are added, or none.

        Args:
            paths: A file, a pattern such as ``"~/data/**/*.tif"``, a folder (with its
                subfolders), or several of these. Patterns and folders give files in
                natural order: "run2" before "run10". Other files of a folder than
                measured ones are left out.
            where: "datalab" lets DataLab's own readers read the files, on its machine.
            kind: "signal" or "image", to read the files as such objects; by default,
                each file decides.
            group: Title of the group that the objects join; "folder" makes a group
                for each folder, with the title that DataLab's "Open from directory"
                gives it.
            on_conflict: See `load`. Files of one call that have the same name get the
                names "run.csv" and "run.csv (2)".
            errors: "raise" raises the error of the first file that cannot be read;
                "skip" reads the others.
            stack: A file of several images gives an image for each; "refuse" refuses
                it. "images" and "colors" decide about three axes that might be both;
                an image with colors becomes gray, as in DataLab.
            options: For text files: `sep`, `decimal`, `thousands`, `encoding`,
                `header` (False without names of columns), `skiprows` and `dayfirst`.
                For images without a header (.raw): `dtype`, `width`, `height`,
                `offset`, `count`, `gap`, `little_endian` and `white_is_zero`.

        Returns:
            A list of the names of the files' objects, without skipped ones. Its
            attribute `failed` says why files were not read, by path.

        Raises:
            UnreadableFileError: A file cannot be read, or can be read in several ways;
                the message says which option decides (a `ValueError`).
            NameConflictError: Different objects use some of the names; all of them are
                listed.
            FileNotFoundError: There is no such file, or a folder has none to read.
            OSError: A file cannot be opened.
            TypeError: There is no such option.
            DataLabError: DataLab cannot read some of the files; those that it can read
                are there (a `ConnectionError`).
            LiveUnavailableError: ``where="datalab"`` needs a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Warns:
            UserWarning: Files were not read, colors became gray, or a column that
                holds one value only is in the metadata of the others.

        Example:
            >>> from pathlib import Path
            >>> _ = Path("run.csv").write_text("t (s);U (V)\n0,0;1,5\n0,1;2,5\n")
            >>> workspace.read("*.csv", group="monday")
            ['run.csv']
        """
        from datalab_workspace.operations import read as reading

        return reading.read(
            self._session,
            paths,
            where,
            kind,
            group,
            on_conflict,
            errors,
            stack,
            options,
        )

    @overload
    def autosave(
        self, path: str | os.PathLike[str] | None = None, *, every: float = 60
    ) -> Autosave: ...
    @overload
    def autosave(
        self, path: str | os.PathLike[str] | None = None, *, every: None
    ) -> None: ...
    @suggest_on_typo
    def autosave(
        self, path: str | os.PathLike[str] | None = None, *, every: float | None = 60
    ) -> Autosave | None:
        """Save the project in the background whenever something has changed.

        A call of the workspace waits while the file is being written. If that fails, a
        warning with the next change says why, and it is tried again. A last time is
        saved when the process ends in order. Calling this again replaces what was
        chosen before. After `save` with another path, the next background save makes
        this path the one of the workspace again.

        In a browser, the objects that have changed are kept in the site's files at the
        end of each cell. After a reload of the page, `recover` restores them. The
        project is saved as well if there is a path, at the end of a cell.

        Args:
            path: The file; by default the one that was last loaded or saved.
            every: Seconds between two saves. None saves a last time and ends this, and
                a browser's kernel no longer offers it in this site.

        Returns:
            A handle; its ``stop()`` saves a last time and ends this. It is a context
            manager, too. None for ``every=None``.

        Raises:
            ValueError: There is no path to save to, or `every` is not positive.
            NotAProjectError: `save` would refuse the file (a `ValueError`).
            FileExistsError: In a browser, the file has objects of an earlier session
                that were not loaded.
            NotImplementedError: The browser keeps no files.

        Example:
            >>> with workspace.autosave("analysis.h5", every=60):
            ...     workspace.remove("noisy")
            >>> dlw.open("analysis.h5").list()
            ['peak', 'spot']
        """
        from datalab_workspace.recovery import autosave_calls

        if every is None:
            autosave_calls.stop(self._session)
            return None
        return autosave_calls.autosave(self._session, path, every)

    @overload
    def recover(self, what: None = None) -> RecoveryListing: ...
    @overload
    def recover(
        self,
        what: int | str | Iterable[str],
        *,
        on_conflict: OnConflict = "error",
    ) -> Names: ...
    @suggest_on_typo
    def recover(
        self,
        what: int | str | Iterable[str] | None = None,
        *,
        on_conflict: OnConflict = "error",
    ) -> RecoveryListing | Names:
        """List what kernels held when they died, or restore it.

        A kernel writes the objects of its standalone workspace to a folder on disk, and
        removes it when it ends in order. Nothing is restored without this call.

        Args:
            what: None lists everything, the last crash first. A number of that list,
                or the name of a notebook or file in it, restores all objects of that
                entry. One or several names of objects restore these, from the last
                entry that has them.
            on_conflict: See `load`.

        Returns:
            The list; or the names of the objects that were restored, without skipped
            ones.

        Raises:
            IndexError: The list has no such number.
            KeyError: Nothing in the list has this name.
            NameConflictError: Different objects here use some of the names; nothing is
                restored.
            DamagedFileError: The objects cannot be read (an `OSError`).

        Warns:
            UserWarning: Some objects cannot be read; they are named.

        Example:
            >>> workspace.recover()
            nothing to recover
        """
        from datalab_workspace.recovery import listing as recovery

        return recovery.recover(self._session, what, on_conflict)
