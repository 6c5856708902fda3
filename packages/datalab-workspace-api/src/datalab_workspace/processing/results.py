"""What DataLab notes of a calculation: in a result, or in the object analysed.

Its keys and its order of entries; it reads them to recompute what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datalab_workspace.model.record import ROI_KEY, is_result_key
from datalab_workspace.processing.features import Feature

ANALYSIS_KEY = "__analysis_parameters"


def how_computed(
    feature: Feature, sources: Sequence[str], parameters: Any
) -> dict[str, Any]:
    """Return how something was computed, as DataLab notes it.

    Args:
        feature: The feature.
        sources: UUIDs of what it was computed of.
        parameters: The parameter object, a list of them, or None.
    """
    noted: dict[str, Any] = {"func_name": feature.name, "pattern": feature.pattern}
    if feature.operands == 1:
        noted["source_uuid"] = sources[0]
    else:
        noted["source_uuids"] = list(sources)
    if parameters is not None:
        noted["param_json"] = _as_json(parameters)
    return noted


def drop_results(obj: Any) -> None:
    """Remove the results of analyses that an object has from its source.

    They are true of the source; DataLab's default is to remove them, too.
    """
    for key in [*filter(is_result_key, obj.metadata)]:
        del obj.metadata[key]


def analysed(
    feature: Feature, source: str, obj: Any, parameters: Any, result: Any
) -> dict[str, Any]:
    """Return what an analysis puts into the metadata of the object analysed.

    Args:
        feature: The analysis.
        source: UUID of the object.
        obj: The sigima object. It is given the regions of interest that a detection was
            asked to create.
        parameters: The parameter object, or None.
        result: The geometry or table result; it is given the parameters, as DataLab
            keeps them in it.
    """
    from sigima.objects import GeometryResult

    is_geometry = isinstance(result, GeometryResult)
    if parameters is not None:
        result.attrs["param_json"] = _as_json(parameters)
    key = f"{'Geometry' if is_geometry else 'Table'}_{result.func_name}_dict"
    entries = {
        key: result.to_dict(),
        ANALYSIS_KEY: how_computed(feature, [source], parameters),
    }
    if is_geometry and feature.kind == "image":
        entries |= _created_regions(obj, result)
    return entries


def _created_regions(image: Any, result: Any) -> dict[str, Any]:
    from sigima.proc.image import apply_detection_rois

    if not apply_detection_rois(image, result):
        return {}
    return {ROI_KEY: image.roi.to_dict()}


def _as_json(parameters: Any) -> Any:
    from guidata.dataset import dataset_to_json

    if isinstance(parameters, list):
        return [dataset_to_json(one) for one in parameters]
    return dataset_to_json(parameters)
