"""The code that makes an object again, in blocks: inputs, steps and the verdict.

It contains only fixed code, names of the local sigima and escaped literals. So a file
that someone else has made can put no code into it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datalab_workspace.errors import ExportError
from datalab_workspace.history.calls.execution import Execution
from datalab_workspace.history.calls.noted_calls import operation_of
from datalab_workspace.history.export.literals import (
    Identifiers,
    call_text,
    is_plain,
    literal,
)
from datalab_workspace.history.replay.plan import Plan, plan_of
from datalab_workspace.history.steps import Call, Edit, Step
from datalab_workspace.history.view.text import Row, details, rows
from datalab_workspace.model.equality import BOUNDS
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import History
    from datalab_workspace.session import Session


@dataclass(frozen=True)
class Block:
    """A part of exported code.

    Attributes:
        title: Its purpose, in one line without control characters.
        code: The code.
    """

    title: str
    code: str


def session_of(history: History) -> Session:
    """Return the session of the workspace that has the object of a history.

    Raises:
        ExportError: The history does not belong to a workspace.
    """
    if history.session is None:
        raise ExportError(
            f"the history of {history.name!r:.80} does not belong to a workspace"
        )
    return history.session


def blocks(history: History, session: Session) -> list[Block]:
    """Return the code after the imports: inputs, steps and the verdict.

    Args:
        history: The history of an object.
        session: The session of its workspace.

    Raises:
        ExportError: The object cannot be made again from objects of the workspace.
    """
    plan = plan_of(session, history.uuid)
    obstacle = plan.obstacles.get(id(plan.resolution.latest))
    if obstacle is not None:
        raise ExportError(
            f"{history.name!r:.80} cannot be made again by a script: {obstacle.text}; "
            "export its history as .txt or .crate.json, or make a script for an object "
            "after that step"
        )
    return list(_Writer(history, plan, session).blocks())


class _Writer:
    """The writer of the code for one object."""

    def __init__(self, history: History, plan: Plan, session: Session) -> None:
        self._history = history
        self._plan = plan
        self._session = session
        self._identifiers = Identifiers()
        self._variables: dict[int, str] = {}
        self._needed = plan.needed()

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in order."""
        yield from self._inputs()
        needed = {id(step) for step in self._needed}
        shown = [each for each in self._history.steps if id(each.step) in needed]
        for row in rows(shown):
            yield self._row(row)
        last = self._variables[id(self._plan.resolution.latest)]
        name = literal(self._history.name)
        code = call_text("exported.compare", ["project", name, last])
        yield Block("The verdict", f"verdict = {code}\nprint(verdict)")

    def _inputs(self) -> Iterator[Block]:
        """Yield the code for the objects of the project that no step makes."""
        made = {id(step) for step in self._needed}
        used = [
            each
            for step in self._needed
            for each in self._plan.resolution.inputs_of(step)
            if id(each) not in made
        ]
        lines: list[str] = []
        for step in {id(each): each for each in used}.values():
            given = self._plan.given[id(step)]
            variable = self._identifiers.make(given.name, "source")
            self._variables[id(step)] = variable
            lines.append(f"{variable} = project.get({literal(given.name)})")
            lines += self._as_it_was(variable, given.name, given.record)
        if lines:
            yield Block("The inputs", "\n".join(lines))

    def _as_it_was(self, variable: str, name: str, record: Record) -> Iterator[str]:
        """Yield the code that undoes the edits of an input since it was used."""
        now = self._session.run(lambda transaction: transaction.record(name))
        fields = {
            key: value
            for key, value in record.fields.items()
            if key not in BOUNDS and not values_equal(value, now.fields.get(key))
        }
        roi = record.metadata.get(ROI_KEY)
        sets_roi = not values_equal(roi, now.metadata.get(ROI_KEY))
        if fields or sets_roi:
            yield f"{variable} = {_edit(variable, Edit(fields, roi, sets_roi))}"

    def _row(self, row: Row) -> Block:
        """Return the code of a step, or of equal steps in succession."""
        first, last = row.first, row.last
        inputs = [
            self._variables[id(each)]
            for each in self._plan.resolution.inputs_of(first.step)
        ]
        name = self._identifiers.make(last.name, f"step_{last.number}")
        self._variables[id(last.step)] = name
        title = f"Step {row.number}: {cut(row.what)} {details(first)}"
        if first is last:
            return Block(title, f"{name} = {self._computed(first.step, inputs)}")
        again = self._computed(first.step, [name]).replace("\n", "\n    ")
        count = last.number - first.number + 1
        loop = f"for _ in range({count}):\n    {name} = {again}"
        return Block(title, f"{name} = {inputs[0]}\n{loop}")

    def _computed(self, step: Step, inputs: Sequence[str]) -> str:
        action = step.action
        if isinstance(action, Edit):
            return _edit(inputs[0], action)
        assert isinstance(action, Call), "a plan needs only calls and edits"
        execution = self._plan.executions[id(action)]
        return _direct(execution, action, inputs) or _by_codec(
            execution, action, inputs
        )


def _direct(execution: Execution, call: Call, inputs: Sequence[str]) -> str | None:
    """Return the call of the function with keywords; None if this is impossible."""
    operation = operation_of(execution.function)
    values: Mapping[str, Any] = call.parameters or {}
    special = call.options or call.aligned or call.masked_as_nan
    if operation is None or special or not all(map(is_plain, values.values())):
        return None
    keywords = {
        name
        for name, parameter in inspect.signature(execution.function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    if not values.keys() <= keywords or None in values.values():
        return None
    kind = operation.name.split(".")[1]
    function = f"sigima.proc.{kind}.{execution.function.__name__}"
    objects = [f"[{', '.join(inputs)}]"] if execution.as_list else [*inputs]
    given = [f"{name}={literal(value)}" for name, value in values.items()]
    return call_text(function, [*objects, *given])


def _by_codec(execution: Execution, call: Call, inputs: Sequence[str]) -> str:
    """Return the call of a function whose parameters keywords cannot express."""
    operation = operation_of(execution.function)
    assert operation is not None, "the plan has looked it up"
    options = [f"options={literal(call.options)}"] if call.options else []
    arguments = [
        literal(operation.name),
        literal(call.version),
        f"[{', '.join(inputs)}]",
        literal(call.parameters or {}),
        *options,
        *["aligned=True"] * call.aligned,
        *["masked_as_nan=True"] * call.masked_as_nan,
    ]
    return call_text("exported.compute", arguments)


def _edit(variable: str, edit: Edit) -> str:
    arguments = [variable, literal(edit.fields)]
    if edit.sets_roi:
        arguments.append(f"roi={literal(edit.roi)}")
    return call_text("exported.edit", arguments)
