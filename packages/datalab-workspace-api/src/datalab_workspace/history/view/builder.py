"""Make a `History` from steps and the objects of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from datalab_workspace.history.cells.slices import with_needed
from datalab_workspace.history.object_steps import Present
from datalab_workspace.history.resolution import Resolution
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    FileRead,
    Reference,
    Step,
    Unknown,
    cells_of,
)
from datalab_workspace.history.view import words
from datalab_workspace.history.view.history import History, HistoryInput, HistoryStep
from datalab_workspace.result_text import cut

#: The greatest depth and length of the expression for the origin of an object.
_DEPTH, _LENGTH = 6, 200


def build(
    name: str,
    resolution: Resolution,
    present: Callable[[Step], Present | None],
    *,
    uuid: str = "",
    session: Any = None,
) -> History:
    """Return the history of an object.

    Args:
        name: Name of the object.
        resolution: Its steps.
        present: Returns the object of the workspace that a step made, if it has not
            changed since.
        uuid: UUID of the object.
        session: The session of the workspace, for exports.
    """
    labels = _Labels()
    inputs: list[HistoryInput] = []
    steps: list[HistoryStep] = []
    for step in resolution.steps:
        used = resolution.inputs_of(step)
        if used:
            named = tuple(labels[each] for each in used)
            steps.append(_step(labels.number(step), step, named))
        else:
            found = present(step)
            label = labels.name(step, _input_name(step, found))
            inputs.append(_input(label, step, found))
    return History(
        name=name,
        inputs=tuple(inputs),
        steps=tuple(steps),
        cells=_cells(resolution.steps),
        gaps=tuple(_gaps(inputs, steps)),
        origin=_origin(resolution, labels),
        versions=_versions(resolution.steps),
        latest=resolution.latest,
        uuid=uuid,
        session=session,
    )


class _Labels:
    """The numbers of steps and the names of inputs, each used once."""

    def __init__(self) -> None:
        self._labels: dict[int, int | str] = {}
        self._names: set[str] = set()
        self._count = 0

    def __getitem__(self, step: Step) -> int | str:
        return self._labels[id(step)]

    def number(self, step: Step) -> int:
        self._count += 1
        self._labels[id(step)] = self._count
        return self._count

    def name(self, step: Step, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted} ({number})"
        self._names.add(name)
        self._labels[id(step)] = name
        return name


def _input_name(step: Step, found: Present | None) -> str:
    if found is not None:
        return found.name
    if step.stored is not None:
        return step.stored.name
    action = step.action
    if isinstance(action, FileRead):
        return action.title or action.name
    return action.name if isinstance(action, Reference) else "an object"


def _input(name: str, step: Step, found: Present | None) -> HistoryInput:
    return HistoryInput(
        name=name,
        origin=words.origin(step.action, name),
        cell=None if step.cell is None else step.cell.number,
        uuid=None if found is None else found.uuid,
        kind=None if found is None else found.kind,
        shape=() if found is None else found.shape,
        step=step,
    )


def _step(number: int, step: Step, used: tuple[int | str, ...]) -> HistoryStep:
    return HistoryStep(
        number=number,
        what=words.title(step.action),
        inputs=used,
        settings=tuple(words.settings(step.action)),
        remarks=tuple(words.remarks(step.action)),
        cell=None if step.cell is None else step.cell.number,
        name=None if step.stored is None else step.stored.name,
        versions=_of(step),
        step=step,
    )


def _of(step: Step) -> Mapping[str, str]:
    return {} if step.environment is None else step.environment.versions


def _versions(steps: Iterable[Step]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    environments = {id(s.environment): s for s in steps}
    for step in environments.values():
        for library, version in _of(step).items():
            found.setdefault(library, {})[version] = None
    return {library: tuple(versions) for library, versions in found.items()}


def _cells(steps: Iterable[Step]) -> tuple[Cell, ...]:
    """Return the cells of the steps and those that they need, in order."""
    return tuple(with_needed(cells_of(list(steps))))


def _gaps(inputs: Iterable[HistoryInput], steps: Iterable[HistoryStep]) -> list[str]:
    gaps: dict[str, None] = {}
    for item in inputs:
        gaps.update(dict.fromkeys(_gaps_of_input(item)))
    for step in steps:
        gaps.update(dict.fromkeys(_gaps_of_step(step)))
    return list(gaps)


def _gaps_of_input(item: HistoryInput) -> Iterable[str]:
    action, name = item.step.action, cut(item.name)
    if isinstance(action, Unknown) and action.folded:
        yield f"{action.folded} earlier steps, which were not kept"
    elif isinstance(action, Unknown):
        yield f"how {name!r} was made: {cut(action.reason, _LENGTH)}"
    elif isinstance(action, Reference):
        yield f"how {name!r} was made: it is not in this workspace, or it has changed"


def _gaps_of_step(step: HistoryStep) -> Iterable[str]:
    action = step.step.action
    if isinstance(action, Call) and action.parameters is None:
        yield f"the parameters of step {step.number}, {step.what}"
    elif isinstance(action, Unknown):
        yield f"step {step.number}: {cut(action.reason, _LENGTH)}"
    elif isinstance(action, Code):
        if action.cell is None or action.cell.text is None:
            yield f"the code of step {step.number}" + (
                f", {cut(action.script)}" if action.script else ""
            )
        if not action.certain:
            yield f"which cell made step {step.number}, [{step.cell}] or an earlier one"
        if not action.in_order:
            yield f"whether step {step.number} came before the step that uses it"


def _origin(resolution: Resolution, labels: _Labels) -> str:
    """Return the object as an expression, without recursion into deep histories."""

    def expression(step: Step, depth: int) -> str:
        used = resolution.inputs_of(step)
        if not used:
            return cut(str(labels[step]))
        if not depth:
            return "…"
        inner = [expression(each, depth - 1) for each in used[:3]]
        more = ["…"] if len(used) > len(inner) else []
        return f"{words.title(step.action)}({', '.join([*inner, *more])})"

    shown = expression(resolution.latest, _DEPTH)
    place = getattr(resolution.latest.action, "place", "kernel")
    return cut(f"DataLab: {shown}" if place == "datalab" else shown, _LENGTH)
