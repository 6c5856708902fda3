"""Features with their parameters, prepared once for all items of a chain."""

from __future__ import annotations

import functools
from typing import Any

from datalab_workspace.batch.chains.steps import FeatureStep
from datalab_workspace.batch.worker.provenance import origin_of
from datalab_workspace.encoding.arrays import data_fingerprint
from datalab_workspace.history.steps import Step, Stored
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.processing.calculation import Calculation, Operand, Source
from datalab_workspace.processing.features import Feature, find_feature
from datalab_workspace.processing.parameters import make_parameters, validate
from datalab_workspace.processing.plan import Plan


def calculation_of(step: FeatureStep, operand: Operand) -> Calculation:
    """Return the calculation of a feature from an object.

    Args:
        step: The feature.
        operand: The object.

    Raises:
        FeatureNotFoundError: There is no such feature for this kind of object.
        TypeError: It does not take the object or the parameters.
        ValueError: The value of a parameter is not allowed.
    """
    operands = [operand]
    if step.second is not None:
        operands.append(_second(step.second))
    common = _common_parameters(step, operand.kind)
    if common is None:
        plan = Plan(step.name, [operand], None, step.given, step.values)
        (calculation,) = plan.calculations(operands)
        return calculation
    feature, prepared = common
    # A function that changed its parameters would change those of all later items.
    parameters = _copied(prepared)
    validate(parameters, feature, *(each.obj for each in operands))
    return Calculation(feature, operands, parameters)


@functools.lru_cache(maxsize=64)
def _common_parameters(step: FeatureStep, kind: Kind) -> tuple[Feature, Any] | None:
    """Return the parameters that all items share; None if they depend on the item."""
    feature = find_feature(step.name, kind)
    depends = hasattr(feature.parameters, "update_from_obj")
    if depends or feature.listed or feature.each_region or step.second is not None:
        return None
    return feature, make_parameters(feature, step.given, step.values, None)


def _copied(parameters: Any) -> Any:
    """Return a shallow copy of a parameter object, in less time than `copy` needs."""
    if parameters is None:
        return None
    made = object.__new__(type(parameters))
    vars(made).update(vars(parameters))
    return made


@functools.lru_cache(maxsize=4)
def _in_memory(record: Record) -> Record:
    """Return a record whose arrays were read."""
    arrays: dict[str, Any] = {name: record.array(name) for name in record.arrays}
    return Record(record.kind, record.fields, arrays, record.metadata, record.uuid)


def _second(record: Record) -> Operand:
    """Return the second operand of a feature."""
    source = Source(record.uuid, record.title, short_id_of(record.kind), record.kind)
    return Operand.of(source, to_object(_in_memory(record)), _origin(record))


@functools.lru_cache(maxsize=4)
def _origin(record: Record) -> Step:
    """Return the step that made the second operand, the same one for all items."""
    step = origin_of(record, record.uuid)
    if step.stored is None:
        mark = data_fingerprint(record)
        step.stored = Stored(
            record.uuid, record.title, fingerprint=mark, elsewhere=True
        )
    return step


def short_id_of(kind: Kind) -> str:
    """Return the short id that titles name while a chain is computed."""
    return "s001" if kind == "signal" else "i001"
