"""The values in the result of an analysis, with the names that its object gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.description import TEXT_FIELDS
from datalab_workspace.model.record import ROI_KEY
from datalab_workspace.model.results import ResultValue
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.operations.results import values_of_result

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Operand


def result_values(result: Any, source: Operand) -> Iterator[ResultValue]:
    """Yield the values in the result of an analysis.

    Args:
        result: The result of sigima.
        source: The object that was analysed.
    """
    obj, found = source.obj, Result.of(result)
    regions = [] if obj.roi is None else roi_names({ROI_KEY: obj.roi.to_dict()})
    fields = {name: getattr(obj, name, "") for name in TEXT_FIELDS}
    common = (source.name, source.kind, found.function, found.title)
    units = AxisUnits.of(source.kind, fields)
    yield from values_of_result(found, common, regions, units)
