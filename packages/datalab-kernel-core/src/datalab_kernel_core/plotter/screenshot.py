"""A picture of DataLab's window, as a notebook shows it."""

from __future__ import annotations

import os
from pathlib import Path


class Screenshot:
    """A picture of DataLab's window, shown by a notebook as image/png.

    Args:
        png: The content of a PNG file.

    Example:
        >>> picture = plotter.screenshot()  # doctest: +SKIP
    """

    def __init__(self, png: bytes) -> None:
        self._png = png

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

    def __repr__(self) -> str:
        width, height = (
            int.from_bytes(self._png[start : start + 4], "big") for start in (16, 20)
        )
        return f"<Screenshot of DataLab's window, {width} × {height} pixels>"
