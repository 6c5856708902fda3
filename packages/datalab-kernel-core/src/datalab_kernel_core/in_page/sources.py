"""The page's half of widgets, put together from files of JavaScript."""

from __future__ import annotations

from pathlib import Path

_SHARED = Path(__file__).parent


def script(folder: Path, *parts: str) -> str:
    """Return one module of JavaScript: the shared parts, then those of a widget.

    A module that arrives in a message cannot import other modules.

    Args:
        folder: The folder of the widget.
        parts: Names of its files, without suffix.
    """
    files = [_SHARED / f"{name}.js" for name in ("link", "keys", "replace")]
    files += [folder / f"{part}.js" for part in parts]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
