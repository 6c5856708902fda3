"""The list of the results of several analyses, which shows itself as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.description import TEXT_FIELDS
from datalab_workspace.model.record import ROI_KEY, Kind
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.operations.results import values_of_result
from datalab_workspace.results_table import ResultList, Results, ResultValue

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Calculation


def is_analysis(calculation: Calculation, found: Any) -> bool:
    """Return whether a calculation is an analysis that has found something."""
    return calculation.feature.analysis and found is not None


@dataclass(frozen=True)
class Analysis:
    """The result of one analysis, with what a table says about its object.

    Attributes:
        found: The geometry or table result of sigima.
        name: Name of the object.
        kind: Kind of the object.
        regions: The names of its regions of interest.
        units: Its units.
    """

    found: Any
    name: str
    kind: Kind
    regions: list[str]
    units: AxisUnits

    @classmethod
    def of(cls, calculation: Calculation, found: Any) -> Analysis:
        """Return the analysis that a calculation has made."""
        source = calculation.sources[0]
        obj = source.obj
        regions = [] if obj.roi is None else roi_names({ROI_KEY: obj.roi.to_dict()})
        fields = {name: getattr(obj, name, "") for name in TEXT_FIELDS}
        units = AxisUnits.of(source.kind, fields, obj.metadata)
        return cls(found, source.name, source.kind, regions, units)

    def values(self) -> Iterator[ResultValue]:
        """Yield the values of the result."""
        result = Result.of(self.found)
        common = (self.name, self.kind, result.function, result.title)
        return values_of_result(result, common, self.regions, self.units)


def result_list(outcomes: list[Any], analyses: Sequence[Analysis]) -> list[Any]:
    """Return outcomes as a list that knows their objects, if they are analyses.

    Args:
        outcomes: The outcome for each object.
        analyses: The analyses that have found something.
    """
    if not analyses:
        return outcomes
    return ResultList(
        outcomes, lambda: Results(v for each in analyses for v in each.values())
    )
