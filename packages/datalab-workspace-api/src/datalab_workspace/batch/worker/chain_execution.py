"""The execution of a chain on one object of an item."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.chains.steps import FeatureStep, FunctionStep, Step
from datalab_workspace.batch.items.item import Item, MeasuredFile
from datalab_workspace.batch.results.result_columns import marked
from datalab_workspace.batch.worker.function_results import (
    FunctionResults,
    results_of,
    values_of_fit,
)
from datalab_workspace.batch.worker.prepared_features import calculation_of, short_id_of
from datalab_workspace.batch.worker.provenance import (
    call_step,
    code_step,
    derived_uuid,
    first_step,
    note_history,
)
from datalab_workspace.batch.worker.random_numbers import seed_of, seeded
from datalab_workspace.history import steps as history
from datalab_workspace.history.recording.observer import silenced
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.sigima_objects import object_kind, to_object, to_record
from datalab_workspace.processing.calculation import Calculation, Operand, Source
from datalab_workspace.processing.feature_table import kinds_of
from datalab_workspace.processing.features import features
from datalab_workspace.processing.result_list import Analysis

if TYPE_CHECKING:
    from datalab_workspace.batch.worker.compute import ItemOutput


class ChainExecution:
    """One object of an item, while the steps of a chain are computed from it.

    Args:
        chain: The chain.
        item: The item.
        record: The object.
        name: The name of the row.
        output: Takes the units and the doubts.
        keep: Whether the objects that the chain makes are kept.

    Attributes:
        values: The values by column.
    """

    def __init__(
        self,
        chain: Chain,
        item: Item,
        record: Record,
        name: str,
        output: ItemOutput,
        *,
        keep: bool,
    ) -> None:
        self.values: dict[str, Any] = {}
        self._chain = chain
        self._name = name
        self._output = output
        self._keeps = keep and makes_objects(chain)
        self._labels = _labels(chain)
        part = "" if name == item.name else record.title
        self._identity = item.identity, part, chain.fingerprint
        in_file = item.identity.endswith(record.uuid)
        self._uuid = record.uuid if in_file else derived_uuid(item.identity, part)
        self._kind: Kind = record.kind
        own = isinstance(item.source, MeasuredFile)
        self._obj: Any = to_object(record, own=own)
        self._obj.title = name
        # Only objects have a history.
        self._step: history.Step | None = None
        if self._keeps:
            self._step = first_step(item, record, self._obj, name, self._uuid)
        self._made = False
        # A function of the user returned the object, and may hold it.
        self._returned = False
        self._number = 0
        self._others: dict[str, Record] = {}

    def run(self, step: Step) -> None:
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
        if not self._keeps:
            return []
        found = []
        if self._made:
            record = to_record(self._obj, copy=self._returned)
            found.append(self._finished(record, "", self._step))
        return [*found, *self._others.values()]

    # -- features ---------------------------------------------------------------------

    def _compute(self, step: FeatureStep) -> None:
        """Compute a feature."""
        kind = self._kind
        source = Source(self._uuid, self._name, short_id_of(kind), kind)
        operand = Operand.of(source, self._obj, self._step)
        calculation = calculation_of(step, operand)
        if step.seeded_by_item:
            self._seed(calculation.parameters)
        result = calculation.run(self._output.doubts)
        if not calculation.feature.analysis:
            self._go_on(calculation, result)
        elif result is not None:
            found = FunctionResults()
            found.add(Analysis.of(calculation, result).values())
            self._add_values(found)
            if self._made or self._number < len(self._chain.steps):
                self._obj.metadata.update(calculation.noted(result) or {})

    def _seed(self, parameters: Any) -> None:
        """Seed a feature that has random results."""
        if hasattr(parameters, "seed"):
            parameters.seed = seed_of(*self._identity, str(self._number), bits=31)

    def _go_on(self, calculation: Calculation, result: Any) -> None:
        """Take the result of a feature as the object of the next step."""
        if calculation.feature.name.endswith("_fit"):
            found = FunctionResults()
            found.add(values_of_fit(result, self._obj))
            self._add_values(found)
        if self._keeps:
            self._step = call_step(calculation)
        self._take_over(result, returned=False)

    # -- functions --------------------------------------------------------------------

    def _call(self, step: FunctionStep) -> None:
        """Call a function of the user."""
        seed = seed_of(*self._identity, str(self._number))
        with silenced(), seeded(seed):
            returned = step.function(self._obj, **step.values)
        found = results_of(step, returned, self._obj)
        self._add_values(found)
        principal = found.objects.pop("", None)
        if self._keeps:
            for key, obj in found.objects.items():
                self._keep(step, key, obj)
        if principal is not None:
            if self._keeps:
                self._step = code_step(step, self._step)
            self._take_over(principal, returned=True)

    def _keep(self, step: FunctionStep, key: str, obj: Any) -> None:
        """Keep an object in addition to the principal one."""
        number = 2
        unique = key
        while unique in self._others:  # another function of the chain has returned it
            unique, number = f"{key} ({number})", number + 1
        made = code_step(step, self._step)
        self._others[unique] = self._finished(to_record(obj), unique, made)

    # -- results ----------------------------------------------------------------------

    def _take_over(self, obj: Any, *, returned: bool) -> None:
        """Continue with another object."""
        self._obj, self._made, self._returned = obj, True, returned
        obj.title = self._name
        self._kind = object_kind(obj) or self._kind
        self._uuid = derived_uuid(*self._identity, str(self._number))

    def _add_values(self, found: FunctionResults) -> None:
        """Add values to the row."""
        label = self._labels[self._number - 1]
        for column, value in found.values.items():
            self.values[marked(column, label)] = value
        for column, unit in found.units.items():
            self._output.units[marked(column, label)] = unit

    def _finished(self, record: Record, key: str, step: history.Step | None) -> Record:
        """Give a record of the result its name, its UUID and its history."""
        record.fields["title"] = f"{self._name}|{key}" if key else self._name
        record.uuid = derived_uuid(*self._identity, "result", key)
        if step is not None:
            note_history(record, step)
        return record


@functools.lru_cache(maxsize=8)
def makes_objects(chain: Chain) -> bool:
    """Return whether a chain may make objects, and does more than analyze them."""
    return any(
        isinstance(step, FunctionStep)
        or any(not features(kind)[step.name].analysis for kind in kinds_of(step.name))
        for step in chain.steps
    )


@functools.lru_cache(maxsize=8)
def _labels(chain: Chain) -> list[str]:
    """Return the mark of the columns of each step; "" if only one step has columns."""
    giving = [step for step in chain.steps if _has_columns(step)]
    labels: list[str] = []
    for step in chain.steps:
        label, number = "" if len(giving) < 2 else step.name, 2
        while label and label in labels:
            label, number = f"{step.name} ({number})", number + 1
        labels.append(label)
    return labels


def _has_columns(step: Step) -> bool:
    """Return whether a step may have columns."""
    if isinstance(step, FunctionStep) or step.name.endswith("_fit"):
        return True
    return any(features(kind)[step.name].analysis for kind in kinds_of(step.name))
