"""Choose the format of an exported history by its path, and write the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.error_messages import add_note, either
from datalab_workspace.errors import ExportError
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.history.export import crate, notebook, script, text
from datalab_workspace.validation import absolute_path

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import History

#: Returns the content of a file; the path is that of the file.
_CONTENTS: dict[str, Callable[[History, Path], str]] = {
    ".crate.json": lambda history, _: crate.metadata_text(history),
    ".txt": lambda history, _: text.text(history),
    ".py": script.script_text,
    ".ipynb": notebook.notebook_text,
}
_FOLDERS = (".zip",)


def export(history: History, path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """See `History.export`."""
    target = absolute_path(path)
    is_folder = target.is_dir() or os.fspath(path).endswith(("/", os.sep))
    if not is_folder and target.exists() and not overwrite:
        error = FileExistsError(f"the file {str(target)!r} exists")
        add_note(error, "pass overwrite=True to replace it, or another path")
        raise error
    if is_folder or target.name.lower().endswith(_FOLDERS):
        return crate.write(history, target, overwrite=overwrite)
    content = _content(target.name.lower())(history, target)
    with replacing(target) as new:
        new.write(content.encode("utf-8"))
    return target


def _content(name: str) -> Callable[[History, Path], str]:
    for suffix, content in _CONTENTS.items():
        if name.endswith(suffix):
            return content
    known = either([*_CONTENTS, *_FOLDERS])
    raise ExportError(
        f"a history cannot be written to {name!r:.80}; the path must end in {known}, "
        "or be a folder"
    )
