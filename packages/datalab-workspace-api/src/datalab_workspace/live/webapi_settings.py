"""The URL and the token of a Web API, from the environment and DataLab's own file.

Each function turns the token into a `Token` before it returns, so that no caller has it
as a string.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalab_workspace.encoding import shallow_json
from datalab_workspace.live.processes import is_running
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.token import Token

URL_VARIABLE = "DATALAB_WORKSPACE_URL"
TOKEN_VARIABLE = "DATALAB_WORKSPACE_TOKEN"  # noqa: S105  the name of a variable
_LARGEST_FILE = 1 << 16


@dataclass(frozen=True)
class WebApiSettings:
    """The address and the token of a Web API.

    Attributes:
        url: Its URL.
        token: Its token; None if the settings have none.
        pid: The process that it belongs to; None if it is unknown.
    """

    url: str
    token: Token | None = None
    pid: int | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> WebApiSettings:
        """Return the settings that a JSON object contains.

        Raises:
            ValueError: URL and token are not strings.
        """
        url, token = settings.get("url"), Token.of(settings.get("token"))
        pid = settings.get("pid")
        if not isinstance(url, str) or not isinstance(
            settings.get("token"), str | None
        ):
            raise ValueError("URL and token are not strings")  # noqa: TRY004  wrong content, not a wrong argument
        return cls(url.strip(), token or None, pid if type(pid) is int else None)

    def is_at(self, address: tuple[str, int]) -> bool:
        """Return whether the URL has this host and port."""
        try:
            return host_and_port(self.url) == address
        except ValueError:
            return False


def from_environment() -> WebApiSettings | None:
    """Return the settings in the environment; None if it names no URL."""
    url = os.environ.get(URL_VARIABLE, "").strip()
    if not url:
        return None
    return WebApiSettings(url, Token.of(os.environ.get(TOKEN_VARIABLE)) or None)


def connection_file() -> Path:
    """Return the path of the file in which DataLab keeps the URL and the token."""
    if os.name == "nt":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "datalab" / "webapi_connection.json"


def from_connection_file() -> WebApiSettings | None:
    """Return the settings in DataLab's own file; None if there is no such file.

    Raises:
        ValueError: The file cannot be read, or is not such a file. The message names
            it.
    """
    path = connection_file()
    try:
        content = _read_json(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        # Its traceback holds the content of the file, which includes the token.
        problem = f"{path} cannot be read ({type(error).__name__})"
    else:
        settings = _settings(content)
        del content
        if settings is not None:
            return settings
        problem = f"{path} is not a connection file of DataLab"
    raise ValueError(problem)


def of_running_datalab(address: tuple[str, int]) -> WebApiSettings | None:
    """Return the settings in DataLab's own file, if it runs at this host and port."""
    try:
        settings = from_connection_file()
    except ValueError:
        return None
    if settings is None or settings.pid is None or not settings.is_at(address):
        return None
    return settings if is_running(settings.pid) else None


def _settings(content: object) -> WebApiSettings | None:
    try:
        return WebApiSettings.of(content) if isinstance(content, dict) else None
    except ValueError:
        return None


def _read_json(path: Path) -> object:
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError("it is too large")
    return shallow_json.loads(path.read_text("utf-8"))
