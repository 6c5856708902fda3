"""A picture of something, as a notebook shows it."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from datalab_kernel_core.plotter.style import DPI


class Plot:
    """A finished picture, shown by a notebook as image/png.

    It is a copy: what becomes of the object afterwards does not change it.

    Args:
        figure: The picture. It is drawn at once, so that what cannot be drawn raises
            here, and not where an error would be lost.
        name: What it is a picture of.
    """

    def __init__(self, figure: Figure, name: str = "") -> None:
        self._figure = figure
        self._name = name
        self._handed_out = False
        self._png = self._rendered()

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure; what is changed in it shows from then on."""
        self._handed_out = True
        return self._figure

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a PNG file.

        Args:
            path: The file; ``~`` is the home directory. No suffix is added. For other
                formats there is ``plot.figure.savefig(path)``.

        Returns:
            The file.

        Raises:
            ValueError: The suffix is that of another format.
            OSError: The file cannot be written.
        """
        target = Path(path).expanduser()
        suffix = target.suffix.lower().lstrip(".")
        if suffix != "png" and suffix in self._figure.canvas.get_supported_filetypes():
            raise ValueError(
                f"save() writes PNG, not {suffix}: {str(path)!r}; "
                "for other formats use plot.figure.savefig()"
            )
        target.write_bytes(self._repr_png_())
        return target

    def _repr_png_(self) -> bytes:
        if self._handed_out:
            self._png = self._rendered()
        return self._png

    def _rendered(self) -> bytes:
        png = BytesIO()
        with warnings.catch_warnings():
            # Titles may be in any script; what the font lacks is drawn as a box.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            FigureCanvasAgg(self._figure).print_figure(png, format="png", dpi=DPI)
        return png.getvalue()

    def __repr__(self) -> str:
        return f"<Plot of {self._name}>" if self._name else "<Plot>"
