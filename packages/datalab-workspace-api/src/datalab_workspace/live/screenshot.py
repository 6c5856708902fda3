"""A picture of DataLab's window, through a file that DataLab writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from datalab_workspace.backends.window import COMPANION_NEEDED, Pictured, Window
from datalab_workspace.errors import DataLabError
from datalab_workspace.live.connection import Connection


class FallbackWindow(Window):
    """A window of which DataLab's own protocols give only a picture.

    Args:
        connection: The clients.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(COMPANION_NEEDED, live=True)
        self._connection = connection

    def screenshot(self, what: Pictured) -> bytes:
        """See `Window.screenshot`; needs XML-RPC."""
        if what != "window":
            return super().screenshot(what)
        rpc = self._connection.require_xmlrpc("a picture of DataLab's window")
        return take(rpc.screenshot)


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
