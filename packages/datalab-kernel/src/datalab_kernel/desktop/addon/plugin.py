"""The add-on of datalab-kernel, which lets notebooks work with DataLab's objects.

`python -m datalab_kernel install --desktop` writes this file and the archive next to it
into DataLab's plugin folder. `python -m datalab_kernel uninstall --desktop` removes
them. No error leaves this module, because DataLab would show it to the user.
"""

from __future__ import annotations

import logging
import os.path
import sys
import zipfile
from typing import Any

from datalab.plugins import PluginBase, PluginInfo

VERSION = ""
ARCHIVE = os.path.splitext(os.path.abspath(__file__))[0] + ".zip"  # noqa: PTH100, PTH122
#: The attribute of DataLab's window that a companion sets, from here or from pip.
MARKER = "_datalab_kernel_companion"

_log = logging.getLogger("datalab_kernel")


def _start(main: Any) -> None:
    """Start the companion, unless the window has one."""
    if hasattr(main, MARKER):
        return
    try:
        # Read as a whole, because the archive may be replaced while DataLab runs.
        with zipfile.ZipFile(ARCHIVE) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        loader: dict[str, Any] = {"__name__": "_datalab_kernel_loader"}
        exec(files["loader.py"], loader)  # noqa: S102  it is our own module
        loader["companion"](ARCHIVE, files).start(main)
    except Exception as error:  # noqa: BLE001  DataLab must work without the add-on
        _log.warning("The add-on of datalab-kernel does not start: %r", error)


if sys.version_info < (3, 10):  # noqa: UP036  it is DataLab's Python that counts
    _log.warning("The add-on of datalab-kernel needs Python 3.10 or later: not started")
else:

    class CompanionPlugin(PluginBase):  # type: ignore[misc]  # DataLab has no type hints
        """The plugin that starts the companion. It adds nothing to the window."""

        PLUGIN_INFO = PluginInfo(
            name="Notebooks",
            version=VERSION,
            description="Lets notebooks of this user work with the objects of DataLab",
        )

        def create_actions(self) -> None:
            """Start the companion: DataLab calls this when its window is complete."""
            _start(self.main)
