"""The drawing of images: one, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from datalab_kernel_core.plotter.contrast import ColorScale
from datalab_kernel_core.plotter.image_drawing import ImageDrawing
from datalab_kernel_core.plotter.style import (
    DESCRIBED,
    IMAGE_COLUMNS,
    LABEL_SIZE,
    SMALL_IMAGE,
    TITLE_SIZE,
    WIDTH,
    degree_ticks,
    write_notes,
)
from datalab_kernel_core.plotter.text_layout import BEYOND, broken

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase


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

    @property
    def panel_count(self) -> int:
        """Number of axes that the drawing needs."""
        return len(self.images)

    @property
    def all_notes(self) -> list[str]:
        """The notes about the images."""
        return [note for one in self.images for note in one.all_notes]

    def draw(self, figure: FigureBase) -> None:
        """Draw the picture on an empty figure."""
        axes = figure.subplots(*self.grid, squeeze=False).ravel()
        for unused in axes[len(self.images) :]:
            unused.remove()
        self.draw_on(list(axes[: len(self.images)]))
        if self.title:
            width = axes[0].figure.bbox.width / axes[0].figure.dpi - BEYOND
            title = broken(self.title, width, TITLE_SIZE + 1)
            figure.suptitle(title, fontsize=TITLE_SIZE + 1)
        write_notes(figure, self.all_notes)

    def draw_on(self, axes: Sequence[Axes]) -> None:
        """Draw the images and their color bars, but no notes, on axes: one for each."""
        # The figure is a part of a figure if there are signals above the images.
        width = axes[0].figure.bbox.width / axes[0].figure.dpi / self.grid[1]
        drawn = [
            (one.draw(own, width), own, one)
            for own, one in zip(axes, self.images, strict=True)
        ]
        scaled = [(made, own, one) for made, own, one in drawn if made is not None]
        extends = {id(one): one.beyond for one in self.images}
        if self.shared:  # one color bar for all values, and one for all phases
            joint = _joint_extend(self.images)
            extends = dict.fromkeys(extends, joint)
            scaled = list({drawing[2].degrees: drawing for drawing in scaled}.values())
        if self.shared and self.grid[0] > 1 and len(scaled) == 1:
            ((made, own, one),) = scaled
            extend = extends[id(one)]
            own.figure.colorbar(made, ax=list(axes), label=one.labels[2], extend=extend)
            return
        for made, own, one in scaled:
            # Inset axes are as high as the image; the axes' own slot is higher.
            bar_axes = own.inset_axes((1.03, 0.0, 0.045, 1.0))
            label = broken(one.labels[2], one.drawn_size(width)[1], LABEL_SIZE, 3)
            own.figure.colorbar(
                made,
                cax=bar_axes,
                label=label,
                ticks=degree_ticks() if one.degrees else None,
                extend="neither" if one.degrees else extends[id(one)],
            )


def _joint_extend(images: Sequence[ImageDrawing]) -> str:
    """Return the ends of a shared color scale that values of any image exceed."""
    beyond = {one.beyond for one in images} - {"neither"}
    return "both" if len(beyond) > 1 else next(iter(beyond), "neither")


def with_shared_scale(images: Sequence[ImageDrawing]) -> list[ImageDrawing]:
    """Return images that use the same color for the same value.

    Args:
        images: The images. All get the colormap of the first one; phases keep theirs.

    Raises:
        ValueError: The images have different labels or units.
    """
    valued = [one for one in images if one.scale is not None and not one.degrees]
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
    kind = next(one.scale.kind for one in valued if one.scale is not None)
    return [
        one
        if one.scale is None or one.degrees
        else replace(
            one, scale=ColorScale(low, high, kind), colormap=valued[0].colormap
        )
        for one in images
    ]
