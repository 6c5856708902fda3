"""The list of the results of several analyses, which shows itself as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.description import TEXT_FIELDS
from datalab_workspace.model.record import ROI_KEY
from datalab_workspace.model.results import ResultList, Results, ResultValue
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.operations.results import values_of_result

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Calculation, Operand


def result_list(
    outcomes: Sequence[Any], calculations: Sequence[Calculation]
) -> ResultList:
    """Return the outcomes of analyses as a list that knows their objects.

    Args:
        outcomes: The result of each calculation; None if it has found nothing.
        calculations: The calculations.
    """
    values = [
        value
        for outcome, calculation in zip(outcomes, calculations, strict=True)
        if outcome is not None
        for value in _values(outcome, calculation.sources[0])
    ]
    return ResultList(outcomes, Results(values))


def _values(outcome: Any, source: Operand) -> Iterator[ResultValue]:
    obj, result = source.obj, Result.of(outcome)
    regions = [] if obj.roi is None else roi_names({ROI_KEY: obj.roi.to_dict()})
    fields = {name: getattr(obj, name, "") for name in TEXT_FIELDS}
    common = (source.name, source.kind, result.function, result.title)
    units = AxisUnits.of(source.kind, fields)
    return values_of_result(result, common, regions, units)
