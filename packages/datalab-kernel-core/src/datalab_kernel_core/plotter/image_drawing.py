"""The drawing of images: one, or several side by side."""

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

#: Ratio of the sides up to which an image is drawn to scale.
MAX_ELONGATION = 5.0
_LARGEST_SINGLE = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True)
class ImageDrawing:
    """The content of a picture of an image, independent of the image.

    Attributes:
        title: Title of the picture.
        labels: Labels of the x axis, the y axis and the color bar.
        pixels: Shape (H, W), NaN for pixels without a value; None for an empty image.
        edges: Edges of the pixels along x and y, shapes (W + 1,) and (H + 1,).
        uniform: Whether all pixels, except the last ones, have the same size.
        limits: Bounds of the color scale; None if no pixel has a value.
        colormap: Name of the colormap.
        view: Bounds of the x and y axes, None for a bound that follows the image.
        shapes: The shapes over the image.
        notes: Notes about the picture, written below it.
        shape: Shape of the image.
        found: Its lowest and highest value, None if no pixel has a value.
        factor: Side, in pixels of the image, of one drawn pixel.
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
        """Alternative text for screen readers."""
        what = "image of " + ("×".join(map(str, self.shape[::-1])) or "no") + " pixels"
        if self.found is None:
            return f"{what}, no values"
        low, high = map(as_text, self.found)
        values = self.labels[2] or "values"
        marked = f", {len(self.shapes)} marked" if self.shapes else ""
        return f"{what}, {values} from {low} to {high}{marked}"

    def draw(self, axes: Axes) -> ScalarMappable | None:
        """Draw the image.

        Args:
            axes: Empty axes.

        Returns:
            The artist that a color bar describes; None if no pixel has a value.
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
        scale: dict[str, Any] = {
            "cmap": colormap(self.colormap),
            "vmin": low,
            "vmax": high,
        }
        if max(-low, high) > _LARGEST_SINGLE:  # Matplotlib subtracts in float32
            pixels = pixels.astype(np.float64)
        x, y = self.edges
        if not self.uniform:
            return axes.pcolormesh(
                x, y, pixels, shading="flat", rasterized=True, **scale
            )
        # Smaller blocks at the end are drawn whole; the view ends at the image's edge.
        right, bottom = (_full_end(edges) for edges in self.edges)
        extent = (float(x[0]), right, bottom, float(y[0]))
        return axes.imshow(pixels, extent=extent, interpolation="antialiased", **scale)

    def height(self, width: float) -> float:
        """Return the height in inches that suits a width in inches."""
        left, right, bottom, top = self._sides()
        side, below = IMAGE_MARGINS
        proportion = (bottom - top) / (right - left) if self._to_scale() else 0.75
        height = (width - side) * proportion + below
        return min(max(height, LOWEST_IMAGE), width * IMAGE_HEIGHT / WIDTH)

    def _sides(self) -> tuple[float, float, float, float]:
        """Return the bounds of the view: left, right, bottom, top."""
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
        """Set the bounds and the aspect of the axes, y downwards as in DataLab."""
        left, right, bottom, top = self._sides()
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_aspect("equal" if self._to_scale() else "auto")


def _full_end(edges: Array) -> float:
    """Return the end of the last block if it had the length of the first."""
    count = len(edges) - 1
    return float(edges[0] + count * (edges[1] - edges[0]))


@dataclass(frozen=True)
class ImagesDrawing:
    """The content of a picture of images, independent of the images.

    Attributes:
        images: The images, at least one, row by row.
        title: Title above all images, "" for none.
        shared: Whether the images share one color scale.
    """

    images: Sequence[ImageDrawing]
    title: str = ""
    shared: bool = False

    # The layout that leaves no gaps between images that are drawn to scale.
    layout = "compressed"

    @property
    def grid(self) -> tuple[int, int]:
        """Number of rows and number of columns."""
        columns = min(len(self.images), IMAGE_COLUMNS)
        return ceil(len(self.images) / columns), columns

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        rows, columns = self.grid
        width = WIDTH if len(self.images) == 1 else SMALL_IMAGE
        height = max(one.height(width) for one in self.images)
        return width * columns, height * rows + 0.3 * bool(self.title)

    @property
    def description(self) -> str:
        """Alternative text for screen readers."""
        if len(self.images) == 1:
            return self.images[0].description
        described = [f"{one.title} {one.description}".strip() for one in self.images]
        more = len(described) - DESCRIBED
        described[DESCRIBED:] = [f"{more} more images"] if more > 0 else []
        return "; ".join(described)

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
        if self.shared:  # one color bar for all values, and one for all phases
            scaled = list({drawing[2].degrees: drawing for drawing in scaled}.values())
        if self.shared and rows > 1 and len(scaled) == 1:
            used = list(axes[: len(self.images)])
            figure.colorbar(scaled[0][0], ax=used, label=scaled[0][2].labels[2])
        else:
            for made, own, one in scaled:
                # Inset axes are as high as the image; the axes' own slot is higher.
                bar_axes = own.inset_axes((1.03, 0.0, 0.045, 1.0))
                ticks = degree_ticks() if one.degrees else None
                figure.colorbar(made, cax=bar_axes, label=one.labels[2], ticks=ticks)
        if self.title:
            figure.suptitle(self.title, fontsize=TITLE_SIZE + 1)
        write_notes(figure, [note for one in self.images for note in one.notes])


def with_shared_scale(images: Sequence[ImageDrawing]) -> list[ImageDrawing]:
    """Return images that use the same color for the same value.

    Args:
        images: The images. All get the colormap of the first one; phases keep theirs.

    Raises:
        ValueError: The images have different labels or units.
    """
    valued = [one for one in images if one.limits is not None and not one.degrees]
    labels = {one.labels[2] for one in valued}
    if len(labels) > 1:
        named = ", ".join(sorted(label or "none" for label in labels))
        raise ValueError(
            "shared_scale=True needs images of the same quantity, but their labels and "
            f"units are {named}; pass zlabel= and zunit= if the quantity is the same"
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
