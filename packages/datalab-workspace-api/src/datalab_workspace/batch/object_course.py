"""The course of one object through the steps of a chain."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains import Chain
from datalab_workspace.batch.items import Item, MeasuredFile
from datalab_workspace.batch.made import (
    code_step,
    first_step,
    made_uuid,
    note_history,
)
from datalab_workspace.batch.prepared_features import calculation_of, short_id_of
from datalab_workspace.batch.random_numbers import seed_of, seeded
from datalab_workspace.batch.result_columns import (
    checked_columns,
    column_of,
    marked,
    plain_value,
)
from datalab_workspace.batch.steps import FeatureStep, FunctionStep, Step
from datalab_workspace.history import steps as history
from datalab_workspace.history.environment import here
from datalab_workspace.history.recording.observer import (
    CalledStep,
    shared_call,
    silenced,
)
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.sigima_objects import object_kind, to_object, to_record
from datalab_workspace.processing.calculation import Calculation, Operand, Source
from datalab_workspace.processing.feature_table import kinds_of
from datalab_workspace.processing.features import features
from datalab_workspace.processing.result_list import Analysis

if TYPE_CHECKING:
    from datalab_workspace.batch.compute import ItemOutput
    from datalab_workspace.results_table import ResultValue


class Course:
    """One object of an item, while the steps of a chain are computed from it.

    Args:
        chain: The chain.
        item: The item.
        record: The object.
        name: The name of the row.
        uuid: The UUID of the object.
        output: Takes the units and the doubts.

    Attributes:
        values: The values by column.
    """

    def __init__(
        self,
        chain: Chain,
        item: Item,
        record: Record,
        name: str,
        uuid: str,
        output: ItemOutput,
    ) -> None:
        self.values: dict[str, Any] = {}
        self._chain = chain
        self._item = item
        self._name = name
        self._uuid = self._origin = uuid
        self._output = output
        self._kind: Kind = record.kind
        self._made = False
        # A function of the user returned the object, and may hold it.
        self._returned = False
        self._number = 0
        self._others: list[Record] = []
        title = record.title if name != item.name else ""
        self._step: history.Step = first_step(item, record, title, uuid)
        own = isinstance(item.source, MeasuredFile)
        self._obj: Any = to_object(record, own=own)
        self._obj.title = name
        self._labels = _labels(chain)

    def take(self, step: Step) -> None:
        """Compute the next step.

        Raises:
            Exception: The error of the step.
        """
        self._number += 1
        if isinstance(step, FeatureStep):
            self._compute(step)
        else:
            self._call(step)

    def objects(self) -> list[Record]:
        """Return the objects that the chain has made, the principal one first."""
        found = []
        if self._made:
            copy = self._returned
            found.append(self._record(self._obj, "", self._step, copy=copy))
        return found + self._others

    # -- features ---------------------------------------------------------------------

    def _compute(self, step: FeatureStep) -> None:
        """Compute a feature."""
        kind = self._kind
        source = Source(self._uuid, self._name, short_id_of(kind), kind)
        operand = Operand.of(source, self._obj, self._step)
        calculation = calculation_of(step, operand)
        self._seed(calculation.parameters)
        result = calculation.run(self._output.doubts)
        if not calculation.feature.analysis:
            self._go_on(calculation, result)
        elif result is not None:
            self._add_values(Analysis.of(calculation, result).values())
            self._obj.metadata.update(calculation.noted(result) or {})

    def _seed(self, parameters: Any) -> None:
        """Seed a feature that has random results, unless the user has done it."""
        if hasattr(parameters, "seed") and parameters.seed is None:
            parameters.seed = seed_of(*self._parts(), bits=31)

    def _parts(self) -> tuple[str, ...]:
        """Return the strings that identify the present step of this object."""
        return (
            self._origin,
            self._item.identity,
            self._chain.fingerprint,
            str(self._number),
        )

    def _go_on(self, calculation: Calculation, result: Any) -> None:
        """Take the result of a feature as the object of the next step."""
        noted = calculation.noted_call()
        inputs = tuple(s.step for s in calculation.sources if s.step is not None)
        if noted is None:
            unknown = history.Unknown("a feature that sigima does not describe made it")
            self._step = history.Step(unknown, inputs)
        else:
            self._step = CalledStep(shared_call(noted), inputs, None)
        self._obj, self._made, self._returned = result, True, False
        self._obj.title = self._name
        self._kind = object_kind(result) or self._kind
        self._uuid = made_uuid(*self._parts())

    def _add_values(self, values: Iterable[ResultValue]) -> None:
        """Add the values of an analysis as columns."""
        for value in values:
            column = self._column(column_of(value))
            self.values[column] = value.value
            if value.unit:
                self._output.units[column] = value.unit
            if value.uncertainty is not None:
                spread = self._column(f"u({column_of(value)})")
                self.values[spread] = value.uncertainty

    def _column(self, column: str) -> str:
        label = self._labels[self._number - 1]
        return marked(column, label) if label else column

    # -- functions --------------------------------------------------------------------

    def _call(self, step: FunctionStep) -> None:
        """Call a function of the user."""
        with silenced(), seeded(seed_of(*self._parts())):
            returned = step.function(self._obj, **step.values)
        made = code_step(step, self._step)
        results = returned if isinstance(returned, tuple) else (returned,)
        objects = 0
        for result in results:
            if result is None:
                continue
            if object_kind(result) is not None:
                objects += 1
                if objects == 1:
                    principal = result
                else:
                    self._keep(result, str(objects), made)
            elif isinstance(result, Mapping):
                self._add_mapping(step, result, made)
            else:
                raise TypeError(
                    f"{step.name}() returned a {type(result).__name__}; a function "
                    "returns a signal or image, a dict of values, a tuple of these, or "
                    "None"
                )
        if objects:
            self._obj, self._made, self._returned = principal, True, True
            self._kind = object_kind(principal) or self._kind
            self._step = made
            self._uuid = made_uuid(*self._parts())

    def _add_mapping(
        self, step: FunctionStep, found: Mapping[Any, Any], made: history.Step
    ) -> None:
        checked_columns(found, step.name)
        for key, value in found.items():
            if object_kind(value) is not None:
                self._keep(value, key, made)
            else:
                column = self._column(key)
                self.values[column] = plain_value(value, key, step.name)

    def _keep(self, obj: Any, key: str, made: history.Step) -> None:
        """Keep an object in addition to the principal one."""
        step = history.Step(made.action, made.inputs, environment=here())
        self._others.append(self._record(obj, key, step))

    # -- results ----------------------------------------------------------------------

    def _record(
        self, obj: Any, key: str, step: history.Step, *, copy: bool = True
    ) -> Record:
        """Return an object of the result as a record."""
        record = to_record(obj, copy=copy)
        record.fields["title"] = f"{self._name}|{key}" if key else self._name
        record.uuid = made_uuid(
            self._origin, self._item.identity, self._chain.fingerprint, "result", key
        )
        note_history(record, step)
        return record


@functools.lru_cache(maxsize=8)
def _labels(chain: Chain) -> list[str]:
    """Return the mark of the columns of each step; "" if only one step has columns."""
    giving = [step for step in chain.steps if _has_columns(step)]
    labels: list[str] = []
    for step in chain.steps:
        label = "" if len(giving) < 2 else step.name
        number = 2
        while label in labels and label:
            label, number = f"{step.name} ({number})", number + 1
        labels.append(label)
    return labels


def _has_columns(step: Step) -> bool:
    """Return whether a step may have columns."""
    if isinstance(step, FunctionStep) or step.name.endswith("_fit"):
        return True
    return any(features(kind)[step.name].analysis for kind in kinds_of(step.name))
