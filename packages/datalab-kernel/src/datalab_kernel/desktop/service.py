"""The work that a Jupyter server does for the DataLab window that uses it.

This module runs in the Jupyter server's process.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

from datalab_kernel.desktop import browser, kernels, notebook, record
from datalab_kernel.desktop.connection import Variables
from datalab_workspace.live import window_file
from datalab_workspace.live.webapi_settings import URL_VARIABLE

#: Seconds within which the kernels must shut down.
_PATIENCE = 15.0
#: The pages of JupyterLab: the first one, and the part of a URL before a file's name.
_LAB, _FILES = "lab", "lab/tree"


class Service:
    """The server's side of a window.

    Args:
        server: The application of jupyter-server.
        folder: The folder for notebooks, which is the server's root.

    Attributes:
        folder: The folder for notebooks.
        ready: Whether the server answers.
        attached: Whether a window uses it.
    """

    def __init__(self, server: Any, folder: Path) -> None:
        self._server = server
        self.folder = folder
        self.ready = self.attached = False
        #: The URLs of all windows so far.
        self._urls: list[str] = []
        self._window_file = record.folder() / f"datalab-{os.getpid()}-window.json"

    def attach(self, variables: Variables) -> bool:
        """Attach a window; return whether no other one is attached.

        Args:
            variables: The environment variables of kernels that start from now on.
        """
        if self.attached:
            return False
        self.attached = True
        self.use(variables)
        return True

    def use(self, variables: Variables) -> None:
        """Give the variables of the window to kernels.

        Kernels that start from now on have them in their environment. Those that run
        find them in a file, when they look for DataLab again.

        Raises:
            OSError: The file cannot be written.
        """
        from jupyter_core.paths import secure_write

        kernels.use(variables | {window_file.VARIABLE: str(self._window_file)})
        self._urls.append(str(variables[URL_VARIABLE]))
        with secure_write(str(self._window_file)) as stream:
            json.dump(
                {"urls": self._urls, "variables": kernels.named(variables)}, stream
            )

    def forget(self) -> None:
        """Remove the file with the variables of the window."""
        self._window_file.unlink(missing_ok=True)

    async def activity(self) -> dict[str, Any]:
        """Return the notebooks that run, and the number of other kernels."""
        sessions = await self._server.session_manager.list_sessions()
        notebooks = [each for each in sessions if each["type"] == "notebook"]
        with_notebook = {each["kernel"]["id"] for each in notebooks}
        ids = set(self._server.kernel_manager.list_kernel_ids())
        return {
            "notebooks": sorted({each["path"] for each in notebooks}),
            "others": len(ids - with_notebook),
        }

    async def open(self, *, new: bool, file: str | None) -> dict[str, Any]:
        """Open a page in the user's browser.

        Args:
            new: Open a new notebook.
            file: The file to open; None for JupyterLab's first page.

        Returns:
            ``{"opened": name, "needs_token": bool}`` or ``{"failed": reason}``.
        """
        try:
            path = notebook.create(self.folder) if new else file and Path(file)
        except OSError as error:
            return {
                "failed": f"no notebook can be created in {self.folder}: {error}; "
                "check the folder's permissions"
            }
        if not path:
            return await self._show(_LAB, "JupyterLab")
        try:
            inside = path.resolve().relative_to(self.folder.resolve())
        except ValueError:
            return {
                "failed": f"{path} is not in the folder of this Jupyter server, "
                f"{self.folder}; move it there"
            }
        return await self._show(f"{_FILES}/{inside.as_posix()}", str(path))

    async def _show(self, page: str, name: str) -> dict[str, Any]:
        try:
            address = browser.address(self._server, page)
            # Some browsers block the program that starts them.
            await asyncio.to_thread(browser.show, self._server, address)
        except OSError as error:
            return {
                "failed": f"{name} cannot be shown: {error}; open it on the page that "
                "`jupyter server list` shows"
            }
        return {"opened": name, "needs_token": not self._server.use_redirect_file}

    def stop(self) -> None:
        """Stop the server and its kernels soon."""
        watchdog = threading.Timer(_PATIENCE, os._exit, [1])
        watchdog.daemon = True
        watchdog.start()
        self._server.io_loop.add_callback(self._server.stop)
