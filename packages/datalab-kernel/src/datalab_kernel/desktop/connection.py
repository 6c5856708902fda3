"""The settings by which a notebook finds the DataLab window that opened it."""

from __future__ import annotations

import os
import re
import shlex
from typing import Any, TypeAlias

from datalab_workspace.live.discovery import MODE_VARIABLE, PORT_VARIABLE
from datalab_workspace.live.webapi_settings import TOKEN_VARIABLE, URL_VARIABLE

#: The values of environment variables; None for one that must not be set.
Variables: TypeAlias = dict[str, str | None]


def variables(main: Any, proxy: Any) -> Variables:
    """Start the Web API if necessary; return the variables for a kernel's environment.

    Args:
        main: DataLab's main window.
        proxy: The object that DataLab gives its plugins to control it.

    Raises:
        ConnectionError: If DataLab has no Web API, or it cannot be started.
    """
    url, token = _web_api(proxy)
    port = getattr(getattr(main, "remote_server", None), "port", None)
    return {
        URL_VARIABLE: _reachable(url),
        TOKEN_VARIABLE: token,
        PORT_VARIABLE: str(port) if port else None,
        MODE_VARIABLE: None,  # DataLab's own mode must not apply to its notebooks
    }


def as_commands(environment: Variables) -> str:
    """Return the commands that set the variables in the shell of this system."""
    given = {k: v for k, v in environment.items() if v is not None}
    if os.name == "nt":
        # This is for PowerShell, where a quote within quotes is doubled.
        lines = [f"$env:{k} = '" + v.replace("'", "''") + "'" for k, v in given.items()]
    else:
        lines = [f"export {k}={shlex.quote(v)}" for k, v in given.items()]
    return "\n".join(lines) + "\n"


def _web_api(proxy: Any) -> tuple[str, str]:
    status = proxy.get_webapi_status()
    if not status.get("available", True):
        raise ConnectionError(
            "DataLab's Web API is not available: install fastapi and uvicorn in "
            "DataLab's environment"
        )
    if not status.get("running"):
        try:
            status = proxy.start_webapi_server()
        except (RuntimeError, OSError, ValueError) as error:
            raise ConnectionError(
                f"DataLab's Web API does not start: {error}"
            ) from error
    return status["url"], status["token"]


def _reachable(url: str) -> str:
    """Return a URL of this machine for a server that may listen on every address."""
    return re.sub(r"//(0\.0\.0\.0|\[::\])(?=[:/]|$)", "//127.0.0.1", url)
