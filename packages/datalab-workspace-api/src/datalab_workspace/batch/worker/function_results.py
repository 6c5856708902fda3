"""The results of a function of the user: objects, and values for the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from datalab_workspace.batch.chains.steps import FunctionStep
from datalab_workspace.batch.results.result_columns import (
    checked_columns,
    column_of,
    plain_value,
)
from datalab_workspace.model.analysis import Result
from datalab_workspace.model.description import TEXT_FIELDS
from datalab_workspace.model.record import ROI_KEY, Kind
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.model.sigima_objects import object_kind
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.operations.results import values_of, values_of_result
from datalab_workspace.results_table import ResultValue


@dataclass
class FunctionResults:
    """The objects and values that a call of a function has returned.

    Attributes:
        objects: The objects by key; "" for the principal one.
        values: The values by column.
        units: The unit of each column that has one.
    """

    objects: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    def add(self, values: Iterator[ResultValue]) -> None:
        """Add the values of an analysis or fit."""
        for value in values:
            column = column_of(value)
            self.values[column] = value.value
            if value.unit:
                self.units[column] = value.unit
            if value.uncertainty is not None:
                self.values[f"u({column})"] = value.uncertainty
                if value.unit:
                    self.units[f"u({column})"] = value.unit


def results_of(step: FunctionStep, returned: Any, obj: Any) -> FunctionResults:
    """Return the objects and values that a function has returned.

    Args:
        step: The function.
        returned: A signal or image, a dict of values and objects, a geometry or table
            result of sigima, a tuple or list of these, or None.
        obj: The object that it was called with; its units are those of a result.

    Raises:
        TypeError: It has returned something else.
        ValueError: Two objects have the same key.
    """
    results = FunctionResults()
    parts = returned if isinstance(returned, tuple | list) else (returned,)
    count = 0
    for part in parts:
        if object_kind(part) is not None:
            count += 1
            _add_object(results, step, "" if count == 1 else str(count), part)
        elif isinstance(part, Mapping):
            _add_mapping(results, step, part)
        elif callable(getattr(part, "to_dict", None)) and hasattr(part, "func_name"):
            results.add(_values_of_analysis(part, obj))
        elif part is not None:
            raise TypeError(
                "expected a signal, an image, a dict of values, a tuple of these or "
                f"None from {step.name}(), got {type(part).__name__}"
            )
    return results


def _add_mapping(
    results: FunctionResults, step: FunctionStep, found: Mapping[Any, Any]
) -> None:
    checked_columns(found, step.name)
    for key, value in found.items():
        if object_kind(value) is not None:
            _add_object(results, step, key, value)
        else:
            results.values[key] = plain_value(value, key, step.name)


def _add_object(
    results: FunctionResults, step: FunctionStep, key: str, obj: Any
) -> None:
    if key in results.objects:
        raise ValueError(
            f"{step.name}() returned two objects for {key!r:.80}; give them different "
            "keys in a dict"
        )
    results.objects[key] = obj


def _values_of_analysis(found: Any, obj: Any) -> Iterator[ResultValue]:
    """Yield the values of a geometry or table result of sigima."""
    result = Result.of(found)
    kind = object_kind(obj) or "signal"
    regions = [] if obj.roi is None else roi_names({ROI_KEY: obj.roi.to_dict()})
    common = ("", kind, result.function, result.title)
    return values_of_result(result, common, regions, _units(obj, kind))


def _units(obj: Any, kind: Kind) -> AxisUnits:
    return AxisUnits.of(kind, _fields(obj), obj.metadata)


def _fields(obj: Any) -> dict[str, Any]:
    return {name: getattr(obj, name, "") for name in TEXT_FIELDS}


def values_of_fit(curve: Any, source: Any) -> Iterator[ResultValue]:
    """Yield the parameters of a fit.

    Args:
        curve: The fitted curve, as a feature returns it.
        source: The signal that was fitted.
    """
    return values_of("", "signal", _fields(source), curve.metadata)
