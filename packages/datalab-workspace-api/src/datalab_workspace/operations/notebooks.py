"""The notebooks of a workspace, which its project file carries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from datalab_workspace.error_messages import close_matches, either, list_names
from datalab_workspace.errors import (
    NameConflictError,
    ObjectNotFoundError,
    UnreadableFileError,
)
from datalab_workspace.history.cells.privacy import contains_token
from datalab_workspace.model import notebooks as model
from datalab_workspace.model.naming import check_name, name_from_title
from datalab_workspace.model.notebooks import Notebook, StoredNotebook
from datalab_workspace.session import Session
from datalab_workspace.validation import absolute_path, suggest_on_typo

#: A notebook, or the path of its file.
NotebookSource: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"

_SUFFIX = ".ipynb"


class Notebooks(Mapping[str, Notebook]):
    """The notebooks of a workspace: a mapping from their names to their contents.

    `Workspace.save` stores them in the project file, where DataLab-Web has its own
    notebooks. They are stored as they are, with the text of all cells and with their
    outputs. A notebook that contains the token of a DataLab is refused.

    A name is the title of a notebook. If an earlier notebook has the same title, the
    name is ``title (2)``. If a file is loaded, its notebooks join those that are here;
    a notebook that is equal to one of them is not added.

    Example:
        >>> workspace.notebooks
        no notebooks
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @suggest_on_typo
    def add(
        self,
        notebook: NotebookSource,
        name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> str:
        """Store a notebook as it is now. A later change of its file changes nothing.

        Args:
            notebook: Path of an ``.ipynb`` file, or the content of one as a dict, such
                as the notebooks of the package nbformat.
            name: The name; by default that of the file without its suffix, or the one
                that DataLab-Web has noted in the notebook.
            overwrite: Replace a different notebook of this name.

        Returns:
            The name.

        Raises:
            ValueError: It is not a notebook of version 4, or it contains the token of a
                DataLab.
            NameConflictError: A different notebook has this name (a `ValueError`).
            FileNotFoundError: There is no such file.

        Example:
            >>> notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
            ...             "cells": []}
            >>> workspace.notebooks.add(notebook, "analysis")
            'analysis'
        """
        checked = prepare(notebook, name)
        with self._session.transaction(None):
            project = self._session.project
            before = self._by_name().get(checked.title)
            if before is not None and not overwrite and before != checked:
                raise NameConflictError(
                    f"the name {checked.title!r:.80} is already used by a different "
                    "notebook; pass overwrite=True or choose another name"
                )
            added = with_notebooks(project.notebooks, [checked])
            project.modified |= added != project.notebooks
            project.notebooks = added
        return checked.title

    def remove(self, name: str) -> None:
        """Remove a notebook from the workspace; the next save removes it from the file.

        Raises:
            KeyError: No notebook has this name.

        Example:
            >>> notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
            ...             "cells": []}
            >>> workspace.notebooks.remove(workspace.notebooks.add(notebook, "old"))
            >>> workspace.notebooks
            no notebooks
        """
        with self._session.transaction(None):
            removed = self._find(name)
            project = self._session.project
            project.notebooks = [n for n in project.notebooks if n is not removed]
            project.modified = True

    @suggest_on_typo
    def export(
        self, name: str, path: str | os.PathLike[str] = ".", *, overwrite: bool = False
    ) -> Path:
        """Write a notebook to an ``.ipynb`` file.

        Args:
            name: The name of the notebook.
            path: The file, or a folder; by default the current folder. In a folder, the
                file has the name of the notebook.
            overwrite: Replace an existing file.

        Returns:
            The path of the file.

        Raises:
            KeyError: No notebook has this name.
            FileExistsError: There is such a file.

        Example:
            >>> notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
            ...             "cells": []}
            >>> _ = workspace.notebooks.add(notebook, "analysis")
            >>> workspace.notebooks.export("analysis").name
            'analysis.ipynb'
        """
        from datalab_workspace.export_formats.file_names import file_names
        from datalab_workspace.formats.atomic import replacing

        target = absolute_path(path)
        if target.is_dir():
            target /= f"{file_names([name])[0]}{_SUFFIX}"
        content = self._find(name).content.encode()
        if target.exists() and not overwrite:
            raise FileExistsError(
                f"{str(target)!r} exists; pass overwrite=True to replace it"
            )
        with replacing(target) as new:
            new.write(content)
        return target

    def __getitem__(self, name: str) -> Notebook:
        return model.parsed(self._find(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._session.project.notebooks)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "no notebooks"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def _by_name(self) -> dict[str, StoredNotebook]:
        return model.by_name(self._session.project.notebooks)

    def _find(self, name: str) -> StoredNotebook:
        found = self._by_name()
        if name in found:
            return found[name]
        message = f"there is no notebook {name!r:.80}"
        if close := close_matches(str(name), list(found)):
            message += f"; did you mean {either(map(repr, close))}?"
        elif found:
            message += f"; there are {list_names(list(found), 5)}"
        raise ObjectNotFoundError(message)


def prepare(source: NotebookSource, name: str | None = None) -> StoredNotebook:
    """Return a notebook as a project keeps it; see `Notebooks.add`."""
    title = None if name is None else check_name(name)
    if isinstance(source, Mapping):
        model.check(source)
        return _checked(source, title or model.own_title(source))
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "expected the path of a notebook, or its content as a dict, got "
            f"{type(source).__name__}"
        )
    path = absolute_path(source)
    content = path.read_bytes()
    try:
        return _checked(model.loaded(content), title or name_from_title(path.stem))
    except ValueError as error:
        raise UnreadableFileError.of(path, str(error)) from None


def _checked(content: Mapping[str, Any], title: str) -> StoredNotebook:
    notebook = model.stored(content, title)
    if contains_token(notebook.content):
        raise ValueError(
            f"the notebook {title!r:.80} contains the token of a DataLab, which no "
            "file may hold; remove it from the cells and outputs"
        )
    return notebook


def prepared(sources: Any) -> list[StoredNotebook]:
    """Return the notebooks of an argument `notebooks`: one, or several.

    Raises:
        ValueError: One of them is not a notebook, or two have the same name.
    """
    several = isinstance(sources, Iterable) and not isinstance(sources, str | Mapping)
    found = [prepare(source) for source in (sources if several else [sources])]
    titles = [notebook.title for notebook in found]
    twice = {title for title in titles if titles.count(title) > 1}
    if twice:
        raise ValueError(
            f"several notebooks have the name {list_names(sorted(twice))}; "
            "workspace.notebooks.add(notebook, name) stores one under another name"
        )
    return found


def with_notebooks(
    present: Sequence[StoredNotebook], added: Iterable[StoredNotebook]
) -> list[StoredNotebook]:
    """Return notebooks with some added, which replace those of the same name."""
    named = model.by_name(present)
    for notebook in added:
        named[notebook.title] = notebook
    return list(named.values())
