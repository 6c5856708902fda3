"""A picture of DataLab's window, through a file that DataLab writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from datalab_workspace.errors import DataLabError

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


def take(write_picture: Callable[[str], object]) -> bytes:
    """Let DataLab write a picture of its window, and return it as a PNG file.

    Args:
        write_picture: `XmlRpc.screenshot`, which lets DataLab write the picture to
            ``<stem>_<date>.png``. The stem is a path on DataLab's machine, so DataLab
            must run on this machine, for this user.

    Raises:
        ConnectionError: DataLab does not answer, or wrote no picture that can be read
            here.
    """
    # Only this user can read the folder: others must not see what the window shows.
    with tempfile.TemporaryDirectory(prefix="datalab-") as folder:
        write_picture(str(Path(folder) / "window"))
        files = list(Path(folder).glob("window_*.png"))
        png = files[0].read_bytes() if len(files) == 1 else b""
    if not png.startswith(_PNG) or not png.endswith(_PNG_END):
        raise DataLabError(
            "DataLab wrote no picture of its window that can be read here; does it run "
            "on this machine, for this user?"
        )
    return png
