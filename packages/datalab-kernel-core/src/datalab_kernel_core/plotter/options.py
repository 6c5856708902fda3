"""The options of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datalab_kernel_core.plotter.axes_options import IMAGE_OPTIONS, AxesOptions
from datalab_kernel_core.plotter.colormaps import checked_colormap
from datalab_kernel_core.plotter.style import DPI
from datalab_workspace.model.record import Record
from datalab_workspace.validation import one_of

#: The parts of complex numbers that each value of `complex_as` draws.
COMPONENTS = {
    "polar": ("modulus", "phase"),
    "cartesian": ("real", "imaginary"),
    "modulus": ("modulus",),
    "phase": ("phase",),
    "real": ("real",),
    "imaginary": ("imaginary",),
}
_TEXTS = ("title", "xlabel", "ylabel", "zlabel", "xunit", "yunit", "zunit")
_SWITCHES = ("shared_scale", "roi", "annotations")
_SIZES = ("width", "height")
_TYPE_NAMES = {str: "a string", bool: "True or False", int: "an integer"}
#: Sides of a picture, in pixels at normal resolution.
_SMALLEST, _LARGEST = 100, 10_000


@dataclass(frozen=True)
class Options(AxesOptions):
    """The options of `Plotter.plot`; None keeps the object's own value.

    Those of `AxesOptions` belong to them.

    Attributes:
        title: Title of the picture.
        titles: Titles of the objects, in a picture of several.
        xlabel: Label of the x axis.
        ylabel: Label of the y axis.
        zlabel: Label of the color bar.
        xunit: Unit of the x axis.
        yunit: Unit of the y axis.
        zunit: Unit of the pixel values.
        colormap: Name of a Matplotlib colormap.
        shared_scale: Whether several images have one color scale.
        complex_as: A key of `COMPONENTS`.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        roi: Whether to draw the regions of interest.
        results: Whether to show the objects' own results of analyses, or a list of the
            results to show instead.
        annotations: Whether to draw the annotations.

    Raises:
        TypeError: A value is of the wrong type, or two options exclude each other.
        ValueError: The colormap or another name is unknown, or a number is out of
            bounds.
    """

    title: str | None = None
    titles: Any = None
    xlabel: str | None = None
    ylabel: str | None = None
    zlabel: str | None = None
    xunit: str | None = None
    yunit: str | None = None
    zunit: str | None = None
    colormap: str | None = None
    shared_scale: bool = False
    complex_as: str | None = None
    width: int | None = None
    height: int | None = None
    roi: bool = True
    results: Any = True
    annotations: bool = True

    def __post_init__(self) -> None:
        for name in (*_TEXTS, "colormap", "complex_as"):
            self._check(name, str, optional=True)
        for name in _SWITCHES:
            self._check(name, bool)
        for name in _SIZES:
            self._check(name, int, optional=True)
            size = getattr(self, name)
            if size is not None and not _SMALLEST <= size <= _LARGEST:
                raise ValueError(
                    f"{name}={size} must be from {_SMALLEST} to {_LARGEST} pixels"
                )
        if self.complex_as is not None:
            one_of(self.complex_as, "complex_as", tuple(COMPONENTS))
        if self.colormap is not None:
            object.__setattr__(self, "colormap", checked_colormap(self.colormap))
        if self.titles is not None:
            self._check_titles()
        self.check_axes()

    def _check(self, name: str, wanted: type, *, optional: bool = False) -> None:
        value = getattr(self, name)
        if optional and value is None:
            return
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            message = f"expected {_TYPE_NAMES[wanted]} for {name}, got {value!r:.60}"
            if name == "title" and hasattr(value, "__len__"):
                message += (
                    "; x and y are a pair, as in plot((x, y)), and several objects are "
                    "a list, as in plot([a, b])"
                )
            raise TypeError(message)

    def _check_titles(self) -> None:
        titles = self.titles
        if not isinstance(titles, list | tuple) or not all(
            isinstance(title, str) for title in titles
        ):
            raise TypeError(
                f"expected a list of strings for titles, got {titles!r:.60}"
            )

    @property
    def size(self) -> tuple[float | None, float | None]:
        """Width and height in inches, None for the default."""
        width, height = (
            None if pixels is None else pixels / DPI
            for pixels in (self.width, self.height)
        )
        return width, height

    def components(self, default: str) -> tuple[str, ...]:
        """Return the parts of complex numbers to draw, as in `COMPONENTS`."""
        return COMPONENTS[self.complex_as or default]

    def only_for_images(self) -> list[str]:
        """Return the names of the options that were given and apply only to images."""
        names = ("zlabel", "zunit", "colormap", "shared_scale", *IMAGE_OPTIONS)
        return [name for name in names if getattr(self, name) not in (None, False)]

    def text(self, record: Record, name: str) -> str:
        """Return a title, label or unit: the option, or else the object's own."""
        chosen = getattr(self, name)
        text = record.fields.get(name) if chosen is None else chosen
        return "" if text is None else str(text)
