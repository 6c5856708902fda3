"""The file that names the DataLab window of a Jupyter server to the server's kernels.

The environment of a kernel names the window that was there when the kernel started. A
Jupyter server that DataLab's menu started may outlive that window, and another window
may adopt it. The server then writes the variables of that window to the file.
"""

from __future__ import annotations

import os
from pathlib import Path

from datalab_workspace.encoding import shallow_json
from datalab_workspace.live.webapi_settings import URL_VARIABLE

#: The variable of a kernel's environment that holds the path of the file.
VARIABLE = "DATALAB_WINDOW_FILE"
_PREFIX = "DATALAB_"
_LARGEST = 1 << 20


def update_environment() -> None:
    """Set the variables of the environment that the file contains.

    Nothing changes if the environment names no file, or a window that the server never
    had, which is the notebook's own choice. Nothing changes either if the file cannot
    be read, because the server has ended.
    """
    path = os.environ.get(VARIABLE)
    if path:
        os.environ.update(_read(Path(path), os.environ.get(URL_VARIABLE)))


def _read(path: Path, url: str | None) -> dict[str, str]:
    """Return the variables in a file; the caller keeps them in no variable.

    Args:
        path: The file.
        url: The URL that the environment has now.
    """
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        content = shallow_json.loads(path.read_text("utf-8"))
        if url not in content["urls"]:
            return {}
        return {
            name: value
            for name, value in content["variables"].items()
            if name.startswith(_PREFIX) and isinstance(value, str)
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
