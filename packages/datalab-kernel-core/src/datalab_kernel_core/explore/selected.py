"""The shape that is selected in a view, and the data under it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.explore.shape_data import Sample, ShapeData
from datalab_workspace.model.sigima_objects import to_object

if TYPE_CHECKING:
    from sigima import SignalObj

    from datalab_workspace.model.record import Record


@dataclass(frozen=True)
class Selected:
    """The region, point or line that is selected in a view.

    Attributes:
        kind: "segment", "rectangle", "circle" or "polygon" for a region of interest,
            otherwise "point" or "line".
        name: Its name; "" for a point or a line without a title.
        coords: Its coordinates in sigima's order: the ends of a segment; x, y, width
            and height of a rectangle; x, y and radius of a circle; x and y of each
            corner of a polygon, of both ends of a line, or of a point.
        inverse: Whether a region is the outside of its shape.
        index: The index of a region in the object's ROI, None for a point or a line.

    Example:
        >>> plotter.explore("spot").selection is None
        True
    """

    kind: str
    name: str
    coords: tuple[float, ...]
    inverse: bool = False
    index: int | None = None
    _data: ShapeData | None = field(default=None, repr=False, compare=False)

    @property
    def profile(self) -> SignalObj | None:
        """The data under a line or in a segment as a new signal, None for other shapes.

        For a line on an image, x is the distance from its beginning, in the unit of the
        axes, and y has the values. They are interpolated between the centers of four
        pixels (bilinear interpolation), at points that are at most one pixel apart, so
        the values along a row or a column are those of its pixels, as in sigima's
        ``line_profile``. A value is NaN where the image has none. If the axes have
        different units, the distance along a sloping line is counted in pixels. The
        part of a line outside the image has no values.

        For a segment or a line on a signal, it is the part of the signal between its
        ends.

        Raises:
            ImportError: sigima is not installed.

        Example:
            >>> selection = plotter.explore("spot", edit_roi=True).selection
            >>> if selection is not None and selection.profile is not None:
            ...     workspace.add(selection.profile)
        """
        record = self.curve
        return None if record is None else to_object(record, own=True)

    @property
    def curve(self) -> Record | None:
        """The same as `profile` as a record, which does not need sigima.

        Example:
            >>> selection = plotter.explore("spot").selection
            >>> if selection is not None and selection.curve is not None:
            ...     x, y = selection.curve.array("xydata")
        """
        if self._data is None:
            return None
        return self._data.curve(self.kind, self.coords, self.name or "profile")

    @property
    def sample(self) -> Sample | None:
        """The pixel or sample at a point, None for other shapes and outside the data.

        On an image, it is the pixel that contains the point. On a signal, it is the
        sample whose x is nearest.

        Example:
            >>> selection = plotter.explore("spot").selection
            >>> if selection is not None and selection.sample is not None:
            ...     row, column = selection.sample.index
        """
        if self._data is None or self.kind != "point":
            return None
        return self._data.sample(self.coords)

    @property
    def value(self) -> Any:
        """The value of the data at a point, which is that of `sample`; None without it.

        Example:
            >>> selection = plotter.explore("spot").selection
            >>> if selection is not None:
            ...     selection.value
        """
        sample = self.sample
        return None if sample is None else sample.value
