"""A picture of the DataLab window or of a plot in it, as a notebook shows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from datalab_workspace.backends.window import Pictured


class Screenshot:
    """A picture of DataLab's window, shown by a notebook as image/png.

    Args:
        png: The content of a PNG file.
        what: "window" for the whole window, "signal" or "image" for the plot of that
            panel.

    Example:
        >>> picture = plotter.screenshot()  # doctest: +SKIP
    """

    def __init__(self, png: bytes, what: Pictured = "window") -> None:
        self._png = png
        self._what = what

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a PNG file.

        Args:
            path: The file; ``~`` is the home directory. No suffix is added.

        Returns:
            The file.

        Raises:
            OSError: The file cannot be written.

        Example:
            >>> plotter.screenshot().save("window.png")  # doctest: +SKIP
        """
        target = Path(path).expanduser()
        target.write_bytes(self._png)
        return target

    def _repr_png_(self) -> bytes:
        return self._png

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], ...]:
        text = repr(self)
        return (
            {"image/png": self._png, "text/plain": text},
            {"image/png": {"alt": text}},
        )

    def __repr__(self) -> str:
        width, height = (
            int.from_bytes(self._png[start : start + 4], "big") for start in (16, 20)
        )
        part = "window" if self._what == "window" else f"{self._what} plot"
        shown = f"DataLab's {part}"
        return f"<Screenshot of {shown}, {width} × {height} pixels>"
