"""The shapes that a picture of an object shows over its data."""

from __future__ import annotations

from datalab_kernel_core.plotter.annotations import annotation_shapes
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import Shape, ToPhysical, roi_shapes
from datalab_kernel_core.plotter.results import result_shapes
from datalab_workspace.model.record import Record


def object_shapes(
    record: Record, options: Options, to_physical: ToPhysical
) -> list[Shape | None]:
    """Return the regions of interest, results and annotations of an object.

    Args:
        record: The object.
        options: The options of the picture, which may exclude some of them.
        to_physical: As for `roi_shapes`.

    Returns:
        The shapes, None for each one that cannot be drawn.
    """
    shapes: list[Shape | None] = []
    if options.roi:
        shapes += roi_shapes(record, to_physical)
    shapes += result_shapes(record, options.results)
    if options.annotations:
        shapes += annotation_shapes(record)
    return shapes
