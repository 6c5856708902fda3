"""The drawing of one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.plotter.colormaps import colormap
from datalab_kernel_core.plotter.contrast import ColorScale
from datalab_kernel_core.plotter.overlays import Shape
from datalab_kernel_core.plotter.style import (
    GRID_COLOR,
    IMAGE_HEIGHT,
    IMAGE_MARGINS,
    LABEL_SIZE,
    LOWEST_IMAGE,
    TITLE_SIZE,
    WIDTH,
    Limits,
    as_text,
)
from datalab_kernel_core.plotter.text_layout import BEYOND, broken
from datalab_workspace.model.image_reduction import Array, Blocks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

#: Ratio of the sides up to which an image is drawn to scale.
MAX_ELONGATION = 5.0
#: The share of an image's range that a picture may leave out without a note.
FEW = 0.05
#: Along a side with fewer pixels, each of them is larger than one of the picture.
_FEW_PIXELS = 200
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
        scale: The color scale; None if no pixel has a value.
        colormap: Name of the colormap.
        view: Bounds of the x and y axes, None for a bound that follows the image.
        shapes: The shapes over the image.
        notes: Notes about the picture, written below it.
        shape: Shape of the image.
        found: Its lowest and highest value, None if no pixel has a value.
        blocks: Rows and columns of the image that are one drawn pixel.
        degrees: Whether the values are angles.
        aspect: As in `AxesOptions`.
        grid: Whether to draw grid lines; None for no grid lines.
        scales: Scales of the x and y axes.
        exact: Whether each drawn pixel has a color of its own, not mixed with others.
    """

    title: str
    labels: tuple[str, str, str]
    pixels: Array | None
    edges: tuple[Array, Array]
    uniform: bool
    scale: ColorScale | None
    colormap: str
    view: tuple[Limits, Limits]
    shapes: Sequence[Shape]
    notes: list[str]
    shape: tuple[int, ...] = ()
    found: tuple[float, float] | None = None
    blocks: Blocks = (1, 1)
    degrees: bool = False
    aspect: str | float | None = None
    grid: bool | None = None
    scales: tuple[str, str] = ("linear", "linear")
    exact: bool = False

    @property
    def limits(self) -> tuple[float, float] | None:
        """Bounds of the color scale; None if no pixel has a value."""
        return None if self.scale is None else (self.scale.low, self.scale.high)

    @property
    def is_mesh(self) -> bool:
        """Whether the pixels differ in size on the screen."""
        return not self.uniform or self.scales != ("linear", "linear")

    @property
    def is_whole(self) -> bool:
        """Whether the drawing contains all pixels of the image, reduced or not."""
        return self.pixels is not None and self.pixels.shape == tuple(
            -(-length // side)
            for length, side in zip(self.shape, self.blocks, strict=True)
        )

    @property
    def beyond(self) -> str:
        """The ends of the color scale that values exceed: as Matplotlib's `extend`."""
        if self.limits is None or self.found is None or self.degrees:
            return "neither"
        is_log = self.scale is not None and self.scale.is_log
        below = self.found[0] < self.limits[0] and not is_log
        above = self.found[1] > self.limits[1]
        return {(1, 1): "both", (1, 0): "min", (0, 1): "max"}.get(
            (below, above), "neither"
        )

    @property
    def all_notes(self) -> list[str]:
        """The notes, and one about values far beyond the color scale.

        The color bar alone shows that a few values are slightly beyond it.
        """
        if self.beyond == "neither" or self.limits is None or self.found is None:
            return self.notes
        beyond = self.limits[0] - self.found[0], self.found[1] - self.limits[1]
        if max(beyond) <= FEW * (self.found[1] - self.found[0]):
            return self.notes
        found, colors = (
            " to ".join(map(as_text, ends)) for ends in (self.found, self.limits)
        )
        return [*self.notes, f"values are from {found}, colors from {colors}"]

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

    def draw(self, axes: Axes, width: float) -> ScalarMappable | None:
        """Draw the image.

        Args:
            axes: The axes.
            width: Width in inches that is available.

        Returns:
            The artist that a color bar describes; None if no pixel has a value.
        """
        from datalab_kernel_core.plotter.shapes_drawing import draw_shapes

        drawn = None
        if self.pixels is not None:
            drawn = self._draw_pixels(axes, self.pixels)
            self._set_view(axes)
        if self.grid:
            axes.grid(visible=True, color=GRID_COLOR, linewidth=0.6, alpha=0.6)
        draw_shapes(axes, self.shapes)
        wide, high = self.drawn_size(width)
        wide += BEYOND
        if self.labels[0]:
            axes.set_xlabel(broken(self.labels[0], wide, LABEL_SIZE))
        if self.labels[1]:
            axes.set_ylabel(broken(self.labels[1], high, LABEL_SIZE, lines=3))
        if self.title:
            title = broken(self.title, wide, TITLE_SIZE, lines=3)
            axes.set_title(title, fontsize=TITLE_SIZE)
        return None if self.limits is None else drawn

    def _draw_pixels(self, axes: Axes, pixels: Array) -> ScalarMappable:
        scale = self.scale or ColorScale(0.0, 1.0)
        colors: dict[str, Any] = {
            "cmap": colormap(self.colormap),
            "norm": scale.norm(),
        }
        if max(-scale.low, scale.high) > _LARGEST_SINGLE:
            pixels = pixels.astype(np.float64)  # Matplotlib subtracts in float32
        x, y = self.edges
        if self.is_mesh:
            return axes.pcolormesh(
                x, y, pixels, shading="flat", rasterized=True, **colors
            )
        # Smaller blocks at the end are drawn whole; the view ends at the image's edge.
        right, bottom = (_full_end(edges) for edges in self.edges)
        extent = (float(x[0]), right, bottom, float(y[0]))
        mixed = "nearest" if self.exact else "antialiased"
        shown = with_sharp_edges(pixels)
        return axes.imshow(shown, extent=extent, interpolation=mixed, **colors)

    def height(self, width: float) -> float:
        """Return the height in inches that suits a width in inches."""
        side, below = IMAGE_MARGINS
        height = (width - side) * self._proportion() + below
        return min(max(height, LOWEST_IMAGE), width * IMAGE_HEIGHT / WIDTH)

    def drawn_size(self, width: float) -> tuple[float, float]:
        """Return the width and height of the pixels in a picture, all in inches."""
        side, below = IMAGE_MARGINS
        high = self.height(width) - below
        if not self.is_to_scale():
            return width - side, high
        return min(width - side, high / self._proportion()), high

    def _proportion(self) -> float:
        """Return the height of the axes divided by their width."""
        left, right, bottom, top = self.sides()
        if self.aspect is None and not self.is_to_scale():
            return 0.75
        if self.aspect == "auto":
            return 0.75
        unit = self.aspect if isinstance(self.aspect, float) else 1.0
        return unit * (bottom - top) / (right - left)

    def sides(self) -> tuple[float, float, float, float]:
        """Return the bounds of the view: left, right, bottom, top."""
        sides = []
        for edges, (low, high) in zip(self.edges, self.view, strict=True):
            low = float(edges.min()) if low is None else low
            high = float(edges.max()) if high is None else high
            whole = float(edges.min()), float(edges.max())
            sides.append((low, high) if low < high else whole)
        (left, right), (top, bottom) = sides
        return left, right, bottom, top

    def is_to_scale(self) -> bool:
        """Return whether a unit of x is as long as one of y, or as `aspect` says."""
        if self.aspect is not None:
            return self.aspect != "auto"
        if self.scales != ("linear", "linear"):
            return False
        left, right, bottom, top = self.sides()
        elongation = (right - left) / (bottom - top)
        return 1 / MAX_ELONGATION <= elongation <= MAX_ELONGATION

    def _set_view(self, axes: Axes) -> None:
        """Set the bounds and the aspect of the axes, y downwards as in DataLab."""
        left, right, bottom, top = self.sides()
        axes.set(xscale=self.scales[0], yscale=self.scales[1])
        axes.set(xlim=(left, right), ylim=(bottom, top))
        usual = "equal" if self.is_to_scale() else "auto"
        axes.set_aspect(usual if self.aspect is None else self.aspect)  # type: ignore[arg-type]  # a name or a number


def with_sharp_edges(pixels: Array) -> Array:
    """Return pixels that Matplotlib does not mix along the short side of an image.

    Where it has less than one pixel of the picture for each pixel along one side, it
    averages along both. The few pixels of the other side are therefore repeated.
    """
    for axis, other in ((0, 1), (1, 0)):
        few, many = pixels.shape[axis], pixels.shape[other]
        if few < _FEW_PIXELS <= many:
            return np.repeat(pixels, ceil(2 * _FEW_PIXELS / few), axis=axis)
    return pixels


def _full_end(edges: Array) -> float:
    """Return the end of the last block if it had the length of the first."""
    count = len(edges) - 1
    return float(edges[0] + count * (edges[1] - edges[0]))
