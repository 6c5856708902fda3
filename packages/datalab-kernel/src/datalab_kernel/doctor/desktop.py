"""A running DataLab, as far as it can be known without speaking to it."""

from __future__ import annotations

import configparser
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datalab_kernel.doctor.findings import Finding

URL_VARIABLE = "DATALAB_WORKSPACE_URL"
PORT_VARIABLE = "DATALAB_XMLRPCPORT"


def check() -> Iterator[Finding]:
    """Look at what DataLab and the environment say; show no token."""
    yield _check_mode()
    if url := os.environ.get(URL_VARIABLE):
        yield Finding("note", f"{URL_VARIABLE} names {_without_secrets(url)}")
    yield from _check_connection_file()
    port = os.environ.get(PORT_VARIABLE) or _port_in_settings()
    if port:
        yield Finding("note", f"DataLab's XML-RPC port is, or last was, {port}")


def _check_mode() -> Finding:
    try:
        from datalab_workspace.discovery import check_mode
        from datalab_workspace.errors import LiveUnavailableError
    except ImportError as error:
        return Finding("error", f"no workspace: {error}")
    try:
        check_mode()
    except (LiveUnavailableError, ValueError) as error:
        return Finding("error", f"no workspace: {error}")
    return Finding("note", "workspaces are standalone: this version attaches to none")


def _check_connection_file() -> Iterator[Finding]:
    path = _settings_folder() / "datalab" / "webapi_connection.json"
    try:
        connection = json.loads(path.read_text(encoding="utf-8"))
        url, process = _without_secrets(str(connection["url"])), int(connection["pid"])
    except FileNotFoundError:
        yield Finding("note", "no DataLab has its Web API started")
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Finding(
            "warn",
            f"{path} cannot be read: {type(error).__name__}",
            "start DataLab's Web API again",
        )
    else:
        yield _describe(path, url, process)


def _describe(path: Path, url: str, process: int) -> Finding:
    alive = _is_alive(process)
    if alive is None:
        return Finding("note", f"{path} names {url}; whether it runs is not checked")
    if alive:
        return Finding("note", f"DataLab runs (process {process}), Web API at {url}")
    return Finding(
        "warn", f"{path} is of a DataLab that has ended", f"remove the file {path}"
    )


def _is_alive(process: int) -> bool | None:
    """Whether a process is there, or None where that cannot be asked harmlessly."""
    if os.name == "nt" or process <= 0:
        return None  # on Windows, signal 0 is no question
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _port_in_settings() -> str | None:
    base = Path.home() if sys.platform != "linux" else _settings_folder()
    settings: Any = configparser.ConfigParser(interpolation=None)
    try:
        settings.read(base / ".DataLab_v1" / "DataLab_v1_typed.ini", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    port: str | None = settings.get("main", "rpc_server_port", fallback=None)
    return port


def _settings_folder() -> Path:
    if os.name == "nt":
        folder = os.environ.get("APPDATA")
        return Path(folder) if folder else Path.home() / "AppData" / "Roaming"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _without_secrets(url: str) -> str:
    """Return the part of a URL that names a server."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is no URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
