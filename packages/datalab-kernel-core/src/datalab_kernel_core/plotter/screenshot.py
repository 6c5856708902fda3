"""`plotter.screenshot`: a picture of DataLab's window."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.errors import DataLabError

if TYPE_CHECKING:
    from datalab_workspace import Workspace

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


class Screenshot:
    """A picture of DataLab's window, shown by a notebook as image/png.

    Args:
        png: The picture, a PNG file.
    """

    def __init__(self, png: bytes) -> None:
        self._png = png

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a PNG file.

        Args:
            path: The file; ``~`` is the home directory. No suffix is added.

        Returns:
            The file.

        Raises:
            OSError: The file cannot be written.
        """
        target = Path(path).expanduser()
        target.write_bytes(self._png)
        return target

    def _repr_png_(self) -> bytes:
        return self._png

    def __repr__(self) -> str:
        width, height = (
            int.from_bytes(self._png[start : start + 4], "big") for start in (16, 20)
        )
        return f"<Screenshot of DataLab's window, {width} × {height} pixels>"


def of_window(workspace: Workspace) -> Screenshot:
    """Take a picture of the window that a workspace is attached to.

    Raises:
        LiveUnavailableError: It is attached to none.
        ConnectionError: DataLab can't be reached by XML-RPC, or runs elsewhere.
    """
    return take(workspace.backend.screenshot)


def take(write_picture: Callable[[str], object]) -> Screenshot:
    """Have DataLab write a picture of its window, and read it.

    Args:
        write_picture: Has DataLab write it to ``<stem>_<date>.png``, given the stem, a
            path on DataLab's machine: `XmlRpc.screenshot`. DataLab's machine must be
            this one, and its user this one.

    Raises:
        ConnectionError: DataLab can't be reached, or wrote no picture that can be read
            here.
    """
    # Only this user can look into it: others are not to see what is in the window.
    with tempfile.TemporaryDirectory(prefix="datalab-") as folder:
        write_picture(str(Path(folder) / "window"))
        files = list(Path(folder).glob("window_*.png"))
        png = files[0].read_bytes() if len(files) == 1 else b""
    if not png.startswith(_PNG) or not png.endswith(_PNG_END):
        raise DataLabError(
            "DataLab wrote no picture of its window that can be read here; does it run "
            "on this machine, for this user?"
        )
    return Screenshot(png)
