"""The notebooks of the gallery that need a DataLab, with a user at its window.

``python -m support.live_gallery`` runs them, and stores them with their outputs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nbformat

from support.documentation import ROOT, script_of
from support.environments import python_with
from support.notebook_claims import GALLERY
from support.real_datalab.application import CALL, Application
from support.real_datalab.environment import REQUIREMENTS

#: Rectangles that the user enters: x, y, width, height. The first one reaches the beam.
REGION, BETTER_REGION = (195, 60, 80, 60), (240, 10, 70, 50)


class User:
    """What a user does in the window while a cell waits for it.

    Args:
        datalab: The window.
    """

    def __init__(self, datalab: Application) -> None:
        self._datalab = datalab
        self._over = threading.Event()

    def action(self, code: str) -> Callable[[], None] | None:
        """Return what the user does while a cell with this code runs."""
        self._over.set()  # the cell before has ended
        if "ask_roi(" in code:
            return lambda: self._enter(REGION)
        if "await " in code:
            return self._move_the_region
        if "wait_for_selection(" in code:
            self._over = threading.Event()
            return lambda: self._select(self._over)
        return None

    def leave(self) -> None:
        """Stop what goes on until the cell ends."""
        self._over.set()

    def _enter(self, rectangle: tuple[float, ...]) -> None:
        self._wait_for_dialog()
        self._datalab.act("enter_rectangle", *rectangle)

    def _move_the_region(self) -> None:
        self._datalab.act("edit_regions", "image", self._uuid("camera 1"))
        self._enter(BETTER_REGION)
        self._wait_for_dialog()  # which lists the regions
        self._datalab.act("accept_dialog")

    def _select(self, over: threading.Event) -> None:
        """Click on an image until the notebook has noticed it."""
        chosen = [self._uuid("camera 2")]
        while not over.wait(0.1):
            self._datalab.act("select", "image", chosen)

    def _uuid(self, title: str) -> str:
        titles: dict[str, str] = self._datalab.act("titles", "image")
        return next(uuid for uuid, found in titles.items() if found == title)

    def _wait_for_dialog(self) -> None:
        self._datalab.wait_until(lambda: bool(self._datalab.act("dialogs")), CALL)


def run(notebook: nbformat.NotebookNode, datalab: Application, folder: Path) -> None:
    """Run a notebook in a kernel that is attached to DataLab, with a user at it.

    Args:
        notebook: The notebook; its outputs go into it.
        datalab: The window, with a companion.
        folder: The kernel's working folder.
    """
    user, actions = User(datalab), list[Future[None]]()
    with ThreadPoolExecutor() as pool, _attached_to(datalab):

        def begins(code: str) -> None:
            if action := user.action(code):
                actions.append(pool.submit(action))

        script = script_of(ROOT / "notebooks" / "run.py")
        try:
            script.execute(notebook, folder, timeout=100, begins=begins)
        finally:
            user.leave()
    for action in actions:
        action.result()


@contextmanager
def _attached_to(datalab: Application) -> Iterator[None]:
    """Let kernels that start find the companion of a DataLab."""
    before = dict(os.environ)
    os.environ["XDG_CONFIG_HOME"] = str(datalab.folder / "config")
    os.environ["DATALAB_KERNEL_MODE"] = "live"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def needs_datalab(path: Path) -> bool:
    """Return whether a notebook needs a DataLab."""
    metadata = nbformat.read(path, as_version=4).metadata
    return "datalab" in metadata["datalab"]["needs"]


def main() -> int:
    """Run each notebook, and store it as it ran."""
    cache = Path.home() / ".cache" / "datalab-kernel"
    python = python_with(REQUIREMENTS, cache)
    for path in filter(needs_datalab, GALLERY):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "datalab").mkdir()
            datalab = Application(
                python, Path(folder) / "datalab", companion=True, unattended=False
            )
            notebook = nbformat.read(path, as_version=4)
            try:
                run(notebook, datalab, Path(folder))
            finally:
                datalab.kill()
            nbformat.write(notebook, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
