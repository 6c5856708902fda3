"""Create the metadata that DataLab records about a calculation.

DataLab reads these entries to recompute an object. The keys, and the order of the
entries, are DataLab's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from datalab_workspace.model.record import ROI_KEY, is_result_key
from datalab_workspace.processing.features import Feature

ANALYSIS_KEY = "__analysis_parameters"
#: Types of values that are what their repr says.
_CONSTANT = frozenset((type(None), bool, int, float, complex, str))
#: The parameters that were written last; a call for many objects repeats them.
_written: dict[tuple[type, str], str] = {}
_MOST_WRITTEN = 256


def processing_entry(
    feature: Feature, sources: Sequence[str], parameters: Any
) -> dict[str, Any]:
    """Return DataLab's record of a calculation.

    Args:
        feature: The feature.
        sources: UUIDs of the source objects.
        parameters: The parameter object, a list of parameter objects, or None.
    """
    entry: dict[str, Any] = {"func_name": feature.name, "pattern": feature.pattern}
    if feature.operands == 1:
        entry["source_uuid"] = sources[0]
    else:
        entry["source_uuids"] = list(sources)
    if parameters is not None:
        entry["param_json"] = _as_json(parameters)
    return entry


def drop_results(obj: Any) -> None:
    """Remove the analysis results that an object inherited from its source.

    The results describe the source. DataLab also removes them by default.
    """
    for key in [*filter(is_result_key, obj.metadata)]:
        del obj.metadata[key]


def analysis_entries(
    feature: Feature, source: str, obj: Any, parameters: Any, result: Any
) -> dict[str, Any]:
    """Return the metadata entries that an analysis adds to its source object.

    Args:
        feature: The analysis.
        source: UUID of the source object.
        obj: The sigima object. If a detection was asked to create regions of interest,
            they are added to it.
        parameters: The parameter object, or None.
        result: The geometry or table result. The parameters are added to it, as in
            DataLab.
    """
    from sigima.objects import GeometryResult

    is_geometry = isinstance(result, GeometryResult)
    if parameters is not None:
        result.attrs["param_json"] = _as_json(parameters)
    key = f"{'Geometry' if is_geometry else 'Table'}_{result.func_name}_dict"
    entries = {
        key: result.to_dict(),
        ANALYSIS_KEY: processing_entry(feature, [source], parameters),
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
    if isinstance(parameters, list):
        return [_json_of(one) for one in parameters]
    return _json_of(parameters)


def _json_of(parameters: Any) -> str:
    """Return a parameter object as JSON; equal ones share it."""
    from guidata.dataset import dataset_to_json

    held = vars(parameters)
    for value in held.values():
        if type(value) not in _CONSTANT and not isinstance(value, Enum):
            return str(dataset_to_json(parameters))
    # 1 equals True and 0.0 equals -0.0, but their strings differ.
    key = type(parameters), repr(held)
    text = _written.get(key)
    if text is None:
        if len(_written) >= _MOST_WRITTEN:
            _written.clear()
        text = _written[key] = dataset_to_json(parameters)
    return text
