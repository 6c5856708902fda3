"""DataLab's settings file, for settings that neither protocol reports."""

from __future__ import annotations

import configparser
import os
import platform
from pathlib import Path

#: DataLab keeps one folder for each of its major versions.
_PATTERN = ".DataLab_v*/DataLab_v*_typed.ini"
_LARGEST = 1 << 20


def config_folder() -> Path:
    """Return the folder in which DataLab keeps its settings."""
    # guidata's rule: on other systems, the files are in the home folder itself.
    if platform.system() != "Linux":
        return Path.home()
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(configured) if configured else Path.home() / ".config"


def read_setting(section: str, option: str) -> str | None:
    """Return a setting of the DataLab that was last in use.

    Args:
        section: Section of the settings file.
        option: Name of the setting.

    Returns:
        Its value as a string; None if the setting is missing or cannot be read.
    """
    for path in sorted(config_folder().glob(_PATTERN), key=_changed, reverse=True):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            if path.stat().st_size > _LARGEST:
                continue
            parser.read_string(path.read_text("utf-8-sig"))
        except (OSError, ValueError, configparser.Error):
            continue  # being written, or damaged: ignored
        if parser.has_option(section, option):
            return parser.get(section, option)
    return None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def auto_refresh() -> bool | None:
    """Return whether DataLab draws new objects at once; None if it is not known."""
    return {"true": True, "false": False}.get(
        (read_setting("view", "auto_refresh") or "").strip().lower()
    )


def xmlrpc_port() -> int | None:
    """Return the port of DataLab's XML-RPC server when it last ran, None if unknown."""
    text = read_setting("main", "rpc_server_port") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
