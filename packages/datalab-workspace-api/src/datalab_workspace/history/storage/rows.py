"""The steps of a history as rows of JSON.

A document has five tables: the libraries ("env"), the actions ("acts"), the cells
("cells"), the names of the objects that steps made ("made"), and the steps ("rows"),
each after its inputs. A row refers to the other tables by number, and to its inputs by
distance. Equal rows in a sequence are one row with a count. `rows_reader` reads the
document.

A row is ``[action, inputs, cell, environment, name, count]``, without the defaults at
its end. Inputs are a list, or 1 for the row before. The next three are numbers of
entries of the other tables, from 1, or 0. A cell is ``[number, session, order, rest]``,
where the rest may have "text", "needs" and "failed". A name is a string,
``[name, cell]`` with the cell that stored the object, or
``[name, cell, uuid, fingerprint]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from datalab_workspace.encoding import typed_json
from datalab_workspace.history.bounds import FOLDED
from datalab_workspace.history.cells.privacy import without_names
from datalab_workspace.history.graph import needs_first
from datalab_workspace.history.steps import (
    Action,
    Call,
    Cell,
    Code,
    Edit,
    FileRead,
    Fingerprint,
    Reference,
    Step,
    Unknown,
)
from datalab_workspace.history.storage.packed import SHORT, pack, weight

#: The greatest numbers of steps and bytes of the history of one object.
MOST_STEPS = 10_000
MOST_BYTES = 256 << 10

Document: TypeAlias = "dict[str, Any]"
#: Returns the text of a cell as it is written; None to leave it out.
CellText: TypeAlias = Callable[[Cell], "str | None"]
#: Returns the reference to the object of a step that is stored elsewhere, or None.
FindReference: TypeAlias = Callable[[Step], "Reference | None"]

#: The greatest number of characters of a name; a longer one is cut.
LONGEST_NAME = 1000

#: Entries of all tables of a document that needs no measurement.
_FEW = 12


class WrittenRows(NamedTuple):
    """The result of `write`.

    Attributes:
        steps: The document, packed if it is long.
        references: The references in it.
        private: "text" if it contains the text of a cell, "paths" if it contains the
            path of a file, or "".
    """

    steps: Document | str
    references: list[Reference]
    private: Literal["text", "paths", ""]


def no_reference(_step: Step) -> None:
    """Return None: every step is written."""


def as_it_is(step: Step) -> Step:
    """Return the step."""
    return step


def write(
    latest: Step,
    *,
    reference: FindReference = no_reference,
    follow: Callable[[Step], Step] = as_it_is,
    text_of: CellText | None = None,
    paths: bool = False,
    uuids: bool = False,
    most_steps: int = MOST_STEPS,
) -> WrittenRows:
    """Write the history of an object as JSON.

    Args:
        latest: The latest step of the object.
        reference: See `FindReference`. It is not called with `latest`.
        follow: Returns the step that a reference leads to, or the step itself.
        text_of: See `CellText`; None to write no text of a cell.
        paths: Write the full paths of files that were read.
        uuids: Write the UUIDs of the objects that steps made, with their fingerprints.
            Reading them gives references to these objects.
        most_steps: The greatest number of steps that are written. The oldest steps of
            a longer history are folded into one that has their number.
    """
    references: dict[int, Reference] = {}
    inputs: dict[int, Sequence[Step]] = {}

    def inputs_of(step: Step) -> Sequence[Step]:
        known = None if step is latest else reference(step)
        if known is not None:
            references[id(step)] = known
        found = () if known is not None else tuple(map(follow, step.inputs))
        inputs[id(step)] = found
        return found

    steps = needs_first(latest, inputs_of)
    has_code = [None for step in steps if isinstance(step.action, Code)]
    texts = text_of if has_code else None
    while True:
        tables = _Tables(texts, references, inputs, paths=paths, uuids=uuids)
        document = tables.document(steps[-most_steps:], len(steps))
        packed, size = pack(document, is_short=tables.is_short)
        if size <= MOST_BYTES or (most_steps <= 1 and texts is None):
            break
        if texts is not None and tables.text_size > MOST_BYTES // 2:
            texts = None
        else:
            most_steps = min(most_steps, len(steps)) // 2 or 1
    return WrittenRows(packed, list(references.values()), tables.private)


class _Tables:
    """The tables of one document."""

    def __init__(
        self,
        text_of: CellText | None,
        references: Mapping[int, Reference],
        inputs: Mapping[int, Sequence[Step]],
        *,
        paths: bool,
        uuids: bool,
    ) -> None:
        self._uuids = uuids
        self._text_of = text_of
        self._references = references
        self._inputs = inputs
        self._is_folded = False
        self._count = 0
        self._has_edits = False
        self._paths = paths
        self._acts: list[Any] = []
        self._known_acts: dict[str, int] = {}
        self._numbers: dict[int, int] = {}  # of actions, environments and cells, by id
        self._env: list[Any] = []
        self._cells: list[Any] = []
        self._made: dict[tuple[Any, ...], int] = {}
        self._weight = 0
        self.text_size = 0
        self._has_paths = False

    def document(self, steps: Sequence[Step], count: int) -> Document:
        """Return the document of steps, the last ones of `count` steps."""
        rows: list[Any] = []
        places: dict[int, int] = {}
        folded = count - len(steps)
        self._is_folded = folded > 0
        self._count = len(steps)
        if folded:
            rows.append([self._action(Unknown(FOLDED, folded)), [], 0, 0, 0])
        for place, step in enumerate(steps, len(rows)):
            row = self._row(step, place, places)
            places[id(step)] = place
            if rows and row[1] == 1 and row == rows[-1][:5]:
                rows[-1] = [*row, 2 if len(rows[-1]) < 6 else rows[-1][5] + 1]
            else:
                rows.append(row)
        tables = {
            "env": self._env,
            "acts": self._acts,
            "cells": self._cells,
            "made": [list(key) if any(key[1:]) else key[0] for key in self._made],
            "rows": list(map(_short, rows)),
        }
        return {name: table for name, table in tables.items() if table}

    @property
    def private(self) -> Literal["text", "paths", ""]:
        """See `WrittenRows`."""
        return "text" if self.text_size else "paths" if self._has_paths else ""

    @property
    def is_short(self) -> bool:
        """Whether the document is so short that it need not be measured."""
        if self._has_edits or self.text_size or self._weight >= SHORT // 4:
            return False
        tables = len(self._env) + len(self._acts) + len(self._cells) + len(self._made)
        return tables + self._count <= _FEW

    def _row(self, step: Step, place: int, places: dict[int, int]) -> list[Any]:
        known = self._references.get(id(step))
        if known is not None:
            return [self._action(known), [], 0, 0, 0]
        inputs = self._inputs[id(step)]
        if not self._is_folded:  # references in a damaged file may form a ring
            inputs = [one for one in inputs if id(one) in places]
        # The missing inputs were folded into the first row.
        used = [place - places.get(id(one), 0) for one in inputs]
        made = self._name(step)
        return [
            self._action(step.action),
            1 if used == [1] else used,
            self._cell(step.cell),
            self._environment(step),
            made,
        ]

    def _name(self, step: Step) -> int:
        if step.stored is None:
            return 0
        stored = step.stored
        key: tuple[Any, ...] = _cut(stored.name), self._cell(stored.cell)
        is_named = self._uuids or stored.elsewhere
        if is_named and stored.uuid and stored.fingerprint:
            key += stored.uuid, stored.fingerprint
        return self._made.setdefault(key, len(self._made)) + 1

    def _environment(self, step: Step) -> int:
        found = step.environment
        if found is None:
            return 0
        number = self._numbers.get(id(found))
        if number is None:
            versions = dict(found.versions)
            if versions in self._env:
                number = self._env.index(versions) + 1
            else:
                self._env.append(versions)
                number = len(self._env)
            self._numbers[id(found)] = number
        return number

    def _action(self, action: Action) -> int:
        number = self._numbers.get(id(action))
        if number is None:
            encoded = self._encoded(action)
            number = self._place_of(encoded)
            if number == len(self._acts):
                self._acts.append(encoded)
            self._numbers[id(action)] = number
        return number

    def _place_of(self, encoded: list[Any]) -> int:
        """Return the place of an action in its table, which may be the next one."""
        following = len(self._acts)
        if following < _FEW and encoded not in self._acts:  # quicker than `repr`
            return following
        # Numbers of different types may be equal.
        for place in range(len(self._known_acts), following):
            self._known_acts.setdefault(repr(self._acts[place]), place)
        return self._known_acts.setdefault(repr(encoded), following)

    def _encoded(self, action: Action) -> list[Any]:
        if isinstance(action, Call):
            encoded, size = _call(action)
            self._weight += size
            return encoded
        if isinstance(action, Edit):
            self._has_edits = True
            fields = typed_json.encode(dict(action.fields))
            known = action.fields_before
            before = typed_json.encode(None if known is None else dict(known))
            if not action.sets_roi:
                return ["e", fields, before]
            regions = map(typed_json.encode, (action.roi, action.roi_before))
            return ["e", fields, before, *regions]
        if isinstance(action, Code):
            row = ["n", self._cell(action.cell), _cut(action.script), action.certain]
            return row if action.in_order else [*row, False]
        if isinstance(action, FileRead):
            facts = [_cut(action.name), action.reader, action.size, action.checksum]
            path = action.path if self._paths else None
            # Within quotes, names are hidden as in the text of a cell.
            more = [_cut(without_names(f'"{path}"')[1:-1])] if path else []
            self._has_paths |= bool(path)
            return ["f", *facts, _cut(action.title), *more]
        if isinstance(action, Reference):
            mark = as_list(action.fingerprint)
            return ["@", action.uuid, _cut(action.name), mark, action.edits]
        return ["?", _cut(action.reason), action.folded]

    def _cell(self, cell: Cell | None) -> int:
        """Return the number of a cell, after those that it needs; 0 for none."""
        if cell is None:
            return 0
        todo, seen = [cell], {id(cell)}
        while todo:
            last = todo[-1]
            needs = last.needs if self._text_of is not None else None
            missing = [
                one
                for one in needs or ()
                if id(one) not in self._numbers and id(one) not in seen
            ]
            todo += missing
            seen.update(map(id, missing))
            if not missing:
                todo.pop()
                if id(last) not in self._numbers:
                    self._add_cell(last, needs)
        return self._numbers[id(cell)]

    def _add_cell(self, cell: Cell, needs: Iterable[Cell] | None) -> None:
        text = None if self._text_of is None else self._text_of(cell)
        self.text_size += len(text or "")
        rest: dict[str, Any] = {}
        if text is not None:
            rest["text"] = text
        if needs is not None:
            found = (self._numbers.get(id(one)) for one in needs)
            rest["needs"] = [number for number in found if number]
        if cell.failed:
            rest["failed"] = True
        place = [cell.number, cell.session, cell.order]
        self._cells.append([*place, rest] if rest else place)
        self._numbers[id(cell)] = len(self._cells)


def _call(call: Call) -> tuple[list[Any], int]:
    """Return a call as JSON, and about how long that is."""
    parameters = None if call.parameters is None else dict(call.parameters)
    try:
        size = weight(parameters) + (weight(dict(call.options)) if call.options else 0)
    except TypeError:
        parameters, size = None, 0  # a reader shows them as unknown
    given: dict[str, Any] = {}
    if call.options:
        given["options"] = dict(call.options)
    if call.aligned:
        given["aligned"] = True
    if call.masked_as_nan:
        given["masked_as_nan"] = True
    if call.place != "kernel":
        given["place"] = call.place
    if call.output is not None:
        given["output"] = call.output
    encoded = ["c", call.operation, call.version, parameters]
    return ([*encoded, given] if given else encoded), size


def _short(row: list[Any]) -> list[Any]:
    """Return a row without the defaults at its end."""
    if len(row) > 5:
        return row
    length = len(row)
    while length > 1 and not row[length - 1]:
        length -= 1
    return row[:length]


def _cut(text: str) -> str:
    return text[:LONGEST_NAME]


def as_list(fingerprint: Fingerprint | None) -> list[Any] | None:
    """Return a fingerprint as data for JSON."""
    if fingerprint is None:
        return None
    crc, dtype, shape = fingerprint
    return [crc, dtype, list(shape)]
