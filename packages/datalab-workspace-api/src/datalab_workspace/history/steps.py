"""The steps that made an object: a graph whose nodes never change.

Each step has an action and the steps whose objects it used. The latest step of an
object therefore holds its whole history. Steps hold no data: where the object of a step
is stored, `Stored` says by which UUID and fingerprint.

Many steps have the same action, for example in a loop; they share one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from datalab_workspace.history.graph import needs_first

#: The checksum, dtype and shape of data; see `encoding.arrays.sampled_fingerprint`.
Fingerprint: TypeAlias = "tuple[int, str, tuple[int, ...]]"
Place: TypeAlias = Literal["kernel", "datalab"]


@dataclass(frozen=True, eq=False, slots=True)
class Environment:
    """The versions of the libraries that computed a step.

    Attributes:
        versions: The version of each library by name: "sigima", "numpy", "scipy" and
            "python"; and "platform", such as "linux x86_64". See `environment.here`.
    """

    versions: Mapping[str, str]


@dataclass(eq=False, slots=True)
class Cell:
    """A cell of a notebook, as it ran.

    Attributes:
        number: The number that the front end shows, as in ``In [7]``; 0 if the cell was
            not numbered.
        text: The text, without secrets; None if it is not kept.
        needs: The cells that ran before and whose names it uses, in the order in which
            they ran; None if that is not known.
        session: An arbitrary string that is the same for all cells of one namespace.
        order: The position in the order of execution, among the cells of one session.
        failed: Whether the cell ended with an error.
    """

    number: int
    text: str | None
    needs: tuple[Cell, ...] | None = None
    session: str = ""
    order: int = 0
    failed: bool = False

    # pickle would follow the needs recursively; `RecordHistory` adds them.

    def __reduce__(self) -> tuple[Any, ...]:
        state = self.number, self.text, None, self.session, self.order, self.failed
        return Cell, state


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """A feature of sigima was computed.

    Attributes:
        operation: The id of the operation contract, such as "sigima.signal.normalize".
            A sigima without contracts computes the feature of that name.
        version: The version of the contract; None without contracts.
        parameters: The parameters as data for JSON, as the codec of the contract
            encodes them; None if they cannot be encoded.
        options: The values of sigima's global options that the feature reads.
        aligned: The signals were interpolated to common x first.
        masked_as_nan: Masked values were replaced by NaN first.
        place: The program that computed it.
        output: The position of the object among several that the call returned.
    """

    operation: str
    version: int | None
    parameters: Mapping[str, Any] | None
    options: Mapping[str, Any] = field(default_factory=dict)
    aligned: bool = False
    masked_as_nan: bool = False
    place: Place = "kernel"
    output: int | None = None


#: Fields that no feature reads. DataLab's window sets them, and `rename` the title.
_DISPLAY = ("title", "annotations", "autoscale")


def describes_data(name: str) -> bool:
    """Return whether a field describes the data, as labels and coordinates do.

    The other fields, such as the scales of axes, only concern the display. Setting them
    is not an `Edit`.
    """
    return "scale" not in name and name not in _DISPLAY


@dataclass(frozen=True, eq=False, slots=True)
class Edit:
    """Fields or regions of interest of an object were set; the data is the same.

    Attributes:
        fields: The fields that were set, by name; see `Record.fields`.
        roi: The regions as sigima's ROI dict, None if they were removed.
        sets_roi: Whether the regions were set.
        fields_before: The former values of the fields; None if they are not known.
        roi_before: The former regions, if they were set and `fields_before` is known.
    """

    fields: Mapping[str, Any]
    roi: Mapping[str, Any] | None = None
    sets_roi: bool = False
    fields_before: Mapping[str, Any] | None = None
    roi_before: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Code:
    """Python code changed or made the object: a cell, or a line of a script.

    Attributes:
        cell: The cell; None in a script.
        script: The name of the script's file, without folders, and the line, such as
            "fit.py:12"; "" in a cell.
        certain: False if the change may have been made by an earlier cell, too.
        in_order: False if the change may have been made after the step that uses it.
    """

    cell: Cell | None
    script: str = ""
    certain: bool = True
    in_order: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class FileRead:
    """The object was read from a file.

    Attributes:
        name: The name of the file, without folders.
        reader: "load" for a project, "read" for a measured file, "sigima" for a file
            that sigima read itself.
        size: The size in bytes; None if unknown.
        checksum: The CRC-32 of the file; None if it was not computed.
        path: The full path. It is stored only with the text of cells.
        title: The title of the object in the file, if it holds several.
    """

    name: str
    reader: Literal["load", "read", "sigima"]
    size: int | None = None
    checksum: int | None = None
    path: str | None = None
    title: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """The object is another one of the workspace, or of the file, by its UUID.

    If the step has an input, that is the step which made the object as it was when the
    reference was made. It counts if the object has changed since.

    Attributes:
        uuid: UUID of the object.
        name: Its name when the reference was made.
        fingerprint: The fingerprint of its data then; None if unknown.
        edits: The number of edits then since its data was made.
    """

    uuid: str
    name: str
    fingerprint: Fingerprint | None = None
    edits: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Unknown:
    """It is not known how the object was made, or what its earlier steps were.

    Attributes:
        reason: The reason in words, such as "it was in DataLab already".
        folded: The number of earlier steps that were not kept.
    """

    reason: str
    folded: int = 0


Action: TypeAlias = "Call | Edit | Code | FileRead | Reference | Unknown"


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """The object of a workspace that a step made.

    Attributes:
        uuid: UUID of the object.
        name: Its name when it was stored.
        version: The version of its record (see `Record.version`). While it is the
            same, so is the object; None if it comes from a file.
        fingerprint: The fingerprint of its data; None until a save computes it.
        cell: The cell that stored it; None outside cells.
        elsewhere: The object stays in its own file, and was in no workspace. A file
            with the history has its UUID, so that it is found where that is loaded.
    """

    uuid: str
    name: str
    version: object = None
    fingerprint: Fingerprint | None = None
    cell: Cell | None = None
    elsewhere: bool = False


@dataclass(eq=False, slots=True)
class Step:
    """One step of a history.

    Attributes:
        action: The action.
        inputs: The steps whose objects it used, in the order of the call.
        cell: The cell that was running; None outside cells.
        environment: The versions of the libraries; None if unknown.
        stored: The first object of a workspace that the step made; None if the result
            was never stored.
        depth: The number of steps in the longest chain that ends with this one.
    """

    action: Action
    inputs: tuple[Step, ...] = ()
    cell: Cell | None = None
    environment: Environment | None = None
    stored: Stored | None = None
    depth: int = field(init=False, repr=False, default=1)

    def __post_init__(self) -> None:
        if self.inputs:
            self.depth = 1 + max([step.depth for step in self.inputs])

    # Steps do not change, and may hold a long history: copies share them.

    def __copy__(self) -> Step:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Step:
        return self


@dataclass(eq=False, slots=True)
class RecordHistory:
    """The history of a record: its latest step, and its state then.

    An edit of the record keeps the history. Whether fields or regions have been set
    since is seen by comparing the record with `fields` and `roi`.

    Attributes:
        step: The latest step.
        fields: The fields of the record then. They are shared with it, because the
            fields of a stored record never change.
        roi: The ROI dict of the record then.
    """

    step: Step
    fields: Mapping[str, Any]
    roi: Any

    def __copy__(self) -> RecordHistory:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> RecordHistory:
        return self

    # pickle would follow the steps recursively, and a loop makes deep chains.

    def __reduce__(self) -> tuple[Any, ...]:
        steps = closure(self.step)
        number = {id(step): n for n, step in enumerate(steps)}
        rows = [
            (
                s.action,
                [number[id(i)] for i in s.inputs],
                s.cell,
                s.environment,
                s.stored,
            )
            for s in steps
        ]
        cells = needed_cells(cells_of(steps))
        place = {id(cell): n for n, cell in enumerate(cells)}
        needs = [
            None if cell.needs is None else [place[id(one)] for one in cell.needs]
            for cell in cells
        ]
        return _history_of_rows, (cells, needs, rows, dict(self.fields), self.roi)


def _history_of_rows(
    cells: Sequence[Cell],
    needs: Sequence[Sequence[int] | None],
    rows: Sequence[tuple[Any, Sequence[int], Any, Any, Any]],
    fields: Mapping[str, Any],
    roi: Any,
) -> RecordHistory:
    """Return the history that was pickled."""
    for one, places in zip(cells, needs, strict=True):
        one.needs = None if places is None else tuple(cells[n] for n in places)
    steps: list[Step] = []
    for action, inputs, cell, environment, stored in rows:
        used = tuple(steps[number] for number in inputs)
        steps.append(Step(action, used, cell, environment, stored))
    return RecordHistory(steps[-1], fields, roi)


def edit_chain(step: Step) -> list[Step]:
    """Return the step that made the data of an object, and the edits up to a step."""
    chain = [step]
    while isinstance(step.action, Edit) and step.inputs:
        step = step.inputs[0]
        chain.append(step)
    return chain[::-1]


def closure(latest: Step) -> list[Step]:
    """Return a step and all those before it, each one after its inputs.

    Args:
        latest: The step.

    Example:
        >>> from datalab_workspace.history.steps import Step, Unknown, closure
        >>> first = Step(Unknown("it was given"))
        >>> len(closure(Step(Unknown("twice"), (first, first))))
        2
    """
    return needs_first(latest, lambda step: step.inputs)


def cells_of(steps: Sequence[Step]) -> list[Cell]:
    """Return the cells of the steps, each one once, in the order of execution.

    These are the cells that computed, changed or stored an object. `slices` adds those
    whose names they use.
    """
    cells: dict[int, Cell] = {}
    for step in steps:
        code = step.action.cell if isinstance(step.action, Code) else None
        storing = None if step.stored is None else step.stored.cell
        for cell in (step.cell, code, storing):
            if cell is not None:
                cells[id(cell)] = cell
    return in_order(cells.values())


def needed_cells(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells and all those that they need, each one once.

    Those that are given come first, in their order.
    """
    found: dict[int, Cell] = {}
    todo = deque(cells)
    while todo:
        cell = todo.popleft()
        if id(cell) not in found:
            found[id(cell)] = cell
            todo.extend(cell.needs or ())
    return list(found.values())


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells in the order of execution, those of one session together."""
    sessions: dict[str, list[Cell]] = {}
    for cell in cells:
        sessions.setdefault(cell.session, []).append(cell)
    return [
        cell
        for together in sessions.values()
        for cell in sorted(together, key=lambda cell: (cell.order, cell.number))
    ]
