"""The history of an object as a Python script that makes it again and compares it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.errors import ExportError
from datalab_workspace.history.export.blocks import Block, blocks, session_of
from datalab_workspace.history.export.literals import literal
from datalab_workspace.history.view.text import heading
from datalab_workspace.result_text import cut
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import History

# A comment in the first two lines of a file may choose its encoding. So no name of an
# object comes before the third line.
_HEAD = '''\
"""Make an object again from its inputs, and compare it with the stored one.

The first argument is the path of the project, if it is not where it was.
"""

import sys
from pathlib import Path

'''
_OPEN = """\
PROJECT = {project}
path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / PROJECT
project = dlw.open(path)
"""


def script_text(history: History, path: Path, *, project: str | None = None) -> str:
    """Return the script.

    Args:
        history: The history.
        path: The path of the script.
        project: The project that has the objects, relative to the script; by default
            the one that the workspace was loaded from or saved to.

    Raises:
        ExportError: The object cannot be made again, or the project is not saved.
    """
    parts = code_blocks(history)
    where = project_of(history, path.parent) if project is None else project
    about = f"{cut(history.name, 200)}: {heading(history)}"
    code = [f"# {part.title}\n{part.code}\n" for part in parts]
    opened = _OPEN.format(project=literal(where))
    return _HEAD + imports(parts) + "\n".join([f"\n# {about}\n{opened}", *code])


def code_blocks(history: History) -> list[Block]:
    """Return the blocks of a history; see `blocks`."""
    require("sigima", "an exported script", "export a .txt or .crate.json file")
    return blocks(history, session_of(history))


def imports(parts: Sequence[Block]) -> str:
    """Return the imports that the code needs."""
    modules = [
        f"import sigima.proc.{kind}\n"
        for kind in ("image", "signal")
        if any(f"sigima.proc.{kind}." in part.code for part in parts)
    ]
    if any("np.array(" in part.code for part in parts):
        modules.insert(0, "import numpy as np\n")
    own = "import datalab_workspace as dlw\nfrom datalab_workspace import exported\n"
    return "".join(modules) + "\n" * bool(modules) + own


def project_of(history: History, folder: Path) -> str:
    """Return the project of the objects, as a path from a folder.

    A path that names other folders of the user's home is reduced to the file name,
    because the user may give the script to others.

    Raises:
        ExportError: The objects are not in a file, or not as they are now.
    """
    project = session_of(history).project
    if project.path is None or project.modified:
        raise ExportError(
            f"the history of {history.name!r:.80} cannot become a script yet, because "
            "the script reads the objects from the project; save() it first"
        )
    shared = Path(os.path.commonpath([project.path, folder]))
    if shared in (Path.home(), *Path.home().parents):
        return project.path.name
    return Path(os.path.relpath(project.path, folder)).as_posix()
