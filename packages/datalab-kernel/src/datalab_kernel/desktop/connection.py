"""The settings by which a notebook finds the DataLab window that opened it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from datalab_workspace.live.discovery import MODE_VARIABLE, PORT_VARIABLE
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import (
    TOKEN_VARIABLE,
    URL_VARIABLE,
    WebApiSettings,
)

#: The values of environment variables; None for one that must not be set.
Variables: TypeAlias = dict[str, str | Token | None]


def variables(main: Any, proxy: Any) -> Variables:
    """Start the Web API if necessary; return the variables for a kernel's environment.

    Args:
        main: DataLab's main window.
        proxy: The object that DataLab gives its plugins to control it.

    Raises:
        ConnectionError: If DataLab has no Web API, cannot start it, or does not report
            its URL and token.
    """
    web_api = _web_api(proxy)
    port = getattr(getattr(main, "remote_server", None), "port", None)
    return {
        URL_VARIABLE: _reachable(web_api.url),
        TOKEN_VARIABLE: web_api.token,
        PORT_VARIABLE: str(port) if port else None,
        MODE_VARIABLE: None,  # DataLab's own mode must not apply to its notebooks
    }


def as_commands(environment: Variables) -> str:
    """Return the commands that set the variables in the shell of this system.

    They contain the token: do not keep them in a variable.
    """
    given = {k: v for k, v in environment.items() if v is not None}
    return "".join(_command(*variable) for variable in given.items())


def _command(name: str, value: str | Token) -> str:
    text = value.reveal() if isinstance(value, Token) else value
    if os.name == "nt":
        # This is for PowerShell, where a quote within quotes is doubled.
        return f"$env:{name} = '" + text.replace("'", "''") + "'\n"
    return f"export {name}={shlex.quote(text)}\n"


class _Status(NamedTuple):
    """The state of DataLab's Web API.

    Attributes:
        available: Whether DataLab can start it.
        running: Whether it is running.
        settings: Its URL and token; None if DataLab does not report them.
    """

    available: bool
    running: bool
    settings: WebApiSettings | None

    @classmethod
    def of(cls, reported: Mapping[str, Any]) -> _Status:
        """Return the state that DataLab reports.

        Nothing here can fail, because a traceback would show the token in `reported`.
        """
        try:
            settings = WebApiSettings.of(reported)
            if settings.token is not None:
                settings.token.check()
        except (TypeError, ValueError):
            settings = None
        available = bool(reported.get("available", True))
        return cls(available, bool(reported.get("running")), settings)


def _web_api(proxy: Any) -> WebApiSettings:
    status = _Status.of(proxy.get_webapi_status())
    if not status.available:
        raise ConnectionError(
            "DataLab's Web API is not available: install fastapi and uvicorn in "
            "DataLab's environment"
        )
    if not status.running:
        status = _started(proxy)
    if status.settings is None:
        raise ConnectionError(
            "DataLab does not report a usable URL and token of its Web API; restart "
            "the Web API from the menu File"
        )
    return status.settings


def _started(proxy: Any) -> _Status:
    try:
        return _Status.of(proxy.start_webapi_server())
    except (RuntimeError, OSError, ValueError) as error:
        problem = str(error)
    # The cause is left out, because DataLab's own frames contain the token.
    raise ConnectionError(f"DataLab's Web API does not start: {problem}")


def _reachable(url: str) -> str:
    """Return a URL of this machine for a server that may listen on every address."""
    return re.sub(r"//(0\.0\.0\.0|\[::\])(?=[:/]|$)", "//127.0.0.1", url)
