"""Pictures of images: one, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import FigureBase

from datalab_kernel_core.plotter.overlays import Shape, draw_shapes
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import (
    DESCRIBED,
    IMAGE_COLUMNS,
    IMAGE_HEIGHT,
    IMAGE_MARGINS,
    LOWEST_IMAGE,
    SMALL_IMAGE,
    TITLE_SIZE,
    WIDTH,
    Limits,
    as_text,
    colormap,
    degree_ticks,
    write_notes,
)

#: Pixels are drawn to scale unless the picture would be more elongated than this.
MAX_ELONGATION = 5.0
_LARGEST_SINGLE = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True)
class ImageDrawing:
    """All that the picture of an image shows, independent of the image.

    Attributes:
        title: Title of the picture.
        labels: Labels of x, of y and of the colours.
        pixels: Shape (H, W), NaN where there is no value; None of an empty image.
        edges: Of the pixels along x and y, shapes (W + 1,) and (H + 1,).
        uniform: Whether the pixels are of the same size, but for the last ones.
        limits: Lowest and highest value that have a colour of their own; None where
            no pixel has a value.
        colormap: Name of the colour map.
        view: Bounds of the x and y axes, None for one that the image sets.
        shapes: What is drawn over the image.
        notes: What is to be said about the picture, in it.
        shape: Shape of the image.
        found: Its lowest and highest value, None where no pixel has one.
        factor: Number of its pixels in a side of one that is drawn.
        degrees: Whether the values are angles.
    """

    title: str
    labels: tuple[str, str, str]
    pixels: Array | None
    edges: tuple[Array, Array]
    uniform: bool
    limits: tuple[float, float] | None
    colormap: str
    view: tuple[Limits, Limits]
    shapes: Sequence[Shape]
    notes: list[str]
    shape: tuple[int, ...] = ()
    found: tuple[float, float] | None = None
    factor: int = 1
    degrees: bool = False

    @property
    def description(self) -> str:
        """What the picture shows, for who cannot see it."""
        said = "image of " + ("×".join(map(str, self.shape[::-1])) or "no") + " pixels"
        if self.found is None:
            return f"{said}, no values"
        low, high = map(as_text, self.found)
        values = self.labels[2] or "values"
        marked = f", {len(self.shapes)} marked" if self.shapes else ""
        return f"{said}, {values} from {low} to {high}{marked}"

    def draw(self, axes: Axes) -> ScalarMappable | None:
        """Draw the image.

        Args:
            axes: Empty ones.

        Returns:
            What a colour bar is made for; None where no pixel has a value.
        """
        drawn = None
        if self.pixels is not None:
            drawn = self._draw_pixels(axes, self.pixels)
            self._set_view(axes)
        draw_shapes(axes, self.shapes)
        axes.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axes.set_title(self.title, fontsize=TITLE_SIZE)
        return None if self.limits is None else drawn

    def _draw_pixels(self, axes: Axes, pixels: Array) -> ScalarMappable:
        low, high = self.limits or (0.0, 1.0)
        look: dict[str, Any] = {
            "cmap": colormap(self.colormap),
            "vmin": low,
            "vmax": high,
        }
        if max(-low, high) > _LARGEST_SINGLE:  # what Matplotlib subtracts in float32
            pixels = pixels.astype(np.float64)
        x, y = self.edges
        if not self.uniform:
            return axes.pcolormesh(
                x, y, pixels, shading="flat", rasterized=True, **look
            )
        # Where the last blocks are smaller, what is beyond the edge is out of view.
        right, bottom = (_full_end(edges) for edges in self.edges)
        extent = (float(x[0]), right, bottom, float(y[0]))
        return axes.imshow(pixels, extent=extent, interpolation="antialiased", **look)

    def height(self, width: float) -> float:
        """Return the height that suits a picture of a width, inches."""
        left, right, bottom, top = self._sides()
        beside, below = IMAGE_MARGINS
        proportion = (bottom - top) / (right - left) if self._to_scale() else 0.75
        height = (width - beside) * proportion + below
        return min(max(height, LOWEST_IMAGE), width * IMAGE_HEIGHT / WIDTH)

    def _sides(self) -> tuple[float, float, float, float]:
        """Return the bounds of what is seen: left, right, bottom, top."""
        sides = []
        for edges, (low, high) in zip(self.edges, self.view, strict=True):
            low = float(edges.min()) if low is None else low
            high = float(edges.max()) if high is None else high
            whole = float(edges.min()), float(edges.max())
            sides.append((low, high) if low < high else whole)
        (left, right), (top, bottom) = sides
        return left, right, bottom, top

    def _to_scale(self) -> bool:
        left, right, bottom, top = self._sides()
        elongation = (right - left) / (bottom - top)
        return 1 / MAX_ELONGATION <= elongation <= MAX_ELONGATION

    def _set_view(self, axes: Axes) -> None:
        """Show the whole image or the chosen part of it, y downwards as in DataLab."""
        left, right, bottom, top = self._sides()
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_aspect("equal" if self._to_scale() else "auto")


def _full_end(edges: Array) -> float:
    """Return where the last block would end if it were as long as the first."""
    count = len(edges) - 1
    return float(edges[0] + count * (edges[1] - edges[0]))


@dataclass(frozen=True)
class ImagesDrawing:
    """All that the picture of images shows, independent of the images.

    Attributes:
        images: The images, at least one, in the order in which they are read.
        title: Title of the whole, "" for none.
        shared: Whether they have one colour scale.
    """

    images: Sequence[ImageDrawing]
    title: str = ""
    shared: bool = False

    # Leaves no gaps between images that are drawn to scale.
    layout = "compressed"

    @property
    def grid(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        columns = min(len(self.images), IMAGE_COLUMNS)
        return ceil(len(self.images) / columns), columns

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, inches."""
        rows, columns = self.grid
        width = WIDTH if len(self.images) == 1 else SMALL_IMAGE
        height = max(one.height(width) for one in self.images)
        return width * columns, height * rows + 0.3 * bool(self.title)

    @property
    def description(self) -> str:
        """What the picture shows, for who cannot see it."""
        if len(self.images) == 1:
            return self.images[0].description
        said = [f"{one.title} {one.description}".strip() for one in self.images]
        more = len(said) - DESCRIBED
        said[DESCRIBED:] = [f"{more} more images"] if more > 0 else []
        return "; ".join(said)

    def draw(self, figure: FigureBase) -> None:
        """Draw the picture on an empty figure."""
        rows, columns = self.grid
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        drawn = [
            (one.draw(own), own, one)
            for own, one in zip(axes, self.images, strict=False)
        ]
        for unused in axes[len(self.images) :]:
            unused.remove()
        scaled = [(made, own, one) for made, own, one in drawn if made is not None]
        if self.shared:  # one bar is enough for all values, and one for all phases
            scaled = list({drawing[2].degrees: drawing for drawing in scaled}.values())
        if self.shared and rows > 1 and len(scaled) == 1:
            used = list(axes[: len(self.images)])
            figure.colorbar(scaled[0][0], ax=used, label=scaled[0][2].labels[2])
        else:
            for made, own, one in scaled:
                # As high as the image, which is not as high as its place.
                place = own.inset_axes((1.03, 0.0, 0.045, 1.0))
                ticks = degree_ticks() if one.degrees else None
                figure.colorbar(made, cax=place, label=one.labels[2], ticks=ticks)
        if self.title:
            figure.suptitle(self.title, fontsize=TITLE_SIZE + 1)
        write_notes(figure, [note for one in self.images for note in one.notes])


def with_shared_scale(images: Sequence[ImageDrawing]) -> list[ImageDrawing]:
    """Return images that have the same colour for the same value.

    Args:
        images: The images. The colour map is that of the first; phases keep their own.

    Raises:
        ValueError: Their values are of different units.
    """
    valued = [one for one in images if one.limits is not None and not one.degrees]
    labels = {one.labels[2] for one in valued}
    if len(labels) > 1:
        named = ", ".join(sorted(label or "none" for label in labels))
        raise ValueError(
            "shared_scale=True needs images of the same quantity; their labels and "
            f"units are: {named}. Give zlabel= and zunit= if it is the same"
        )
    limits = [one.limits for one in valued if one.limits is not None]
    if not limits:
        return list(images)
    low, high = min(limit[0] for limit in limits), max(limit[1] for limit in limits)
    return [
        one
        if one.limits is None or one.degrees
        else replace(one, limits=(low, high), colormap=valued[0].colormap)
        for one in images
    ]
