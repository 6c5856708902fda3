"""Read the steps of a history from the rows of JSON that `rows` wrote.

The document is data of unknown origin. It becomes strings, numbers and steps; nothing
in it is executed or looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.metadata import check_dict
from datalab_workspace.history.steps import (
    Action,
    Call,
    Cell,
    Code,
    Edit,
    Environment,
    FileRead,
    Fingerprint,
    Reference,
    Step,
    Stored,
    Unknown,
)
from datalab_workspace.history.storage.packed import unpack
from datalab_workspace.history.storage.rows import LONGEST_NAME, MOST_STEPS

_OPERATION = re.compile(r"\w+(\.\w+)*\Z", re.ASCII)
_READERS = ("load", "read", "sigima")
_T = TypeVar("_T")


def read(packed: Any) -> Step:
    """Return the latest step of a document.

    Args:
        packed: The document as `rows.write` returns it.

    Raises:
        ValueError: It is not such a document, or exceeds the limits.
    """
    try:
        return _Reader(unpack(packed)).steps()[-1]
    except (TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(f"its steps are malformed: {error}") from error


class _Reader:
    """The tables of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rows = _list(document.get("rows", []))
        self._references: dict[int, Step] = {}
        self._env = [_environment(one) for one in _list(document.get("env", []))]
        self._cells = _cells(_list(document.get("cells", [])))
        self._made = [self._stored(one) for one in _list(document.get("made", []))]
        self._acts = [self._action(one) for one in _list(document.get("acts", []))]

    def steps(self) -> list[Step]:
        """Return the steps, in order."""
        steps: list[Step] = []
        for row in self._rows:
            number, inputs, cell, environment, name, count = _padded(_list(row))
            distances = [1] if inputs == 1 else _list(inputs or [])
            repeats = integer(count, most=MOST_STEPS + 1)
            if repeats > 1 and distances != [1]:
                raise ValueError("it repeats a step that does not use the one before")
            if len(steps) + repeats > MOST_STEPS + 1:
                raise ValueError(f"it has more than {MOST_STEPS} steps")
            action = self._acts[integer(number, most=len(self._acts) - 1)]
            if isinstance(action, Edit) and len(distances) != 1:
                raise ValueError("an edit must have one object")
            made = _entry(self._made, name)
            for _ in range(repeats):
                place = len(steps)
                used = tuple(
                    self._referred(steps[place - integer(d, least=1, most=place)])
                    for d in distances
                )
                steps.append(
                    Step(
                        action,
                        used,
                        _entry(self._cells, cell),
                        _entry(self._env, environment),
                        made,
                    )
                )
        if not steps:
            raise ValueError("it has no steps")
        return steps

    def _referred(self, step: Step) -> Step:
        """Return a step, or the reference to its object if that has a UUID."""
        made = step.stored
        if made is None or made.fingerprint is None:
            return step
        if id(step) not in self._references:
            reference = Reference(made.uuid, made.name, made.fingerprint)
            self._references[id(step)] = Step(reference, (step,), stored=made)
        return self._references[id(step)]

    def _stored(self, data: Any) -> Stored:
        name, cell, *rest = data if isinstance(data, list) else (data, 0)
        uuid, mark = rest or ("", None)
        return Stored(
            short_string(uuid),
            short_string(name),
            fingerprint=fingerprint(mark),
            cell=_entry(self._cells, cell),
        )

    def _action(self, data: Any) -> Action:
        kind, *rest = _list(data)
        if kind == "c":
            return _call(rest)
        if kind == "e":
            return _edit(*map(typed_json.decode, rest))
        if kind == "n":
            cell, script, certain, *more = rest
            in_order = bool(more[0]) if more else True
            known = _entry(self._cells, cell)
            return Code(known, short_string(script), bool(certain), in_order)
        if kind == "f":
            return _file_read(*rest)
        if kind == "@":
            uuid, name, *found = rest
            return _reference(short_string(uuid), short_string(name), *found)
        if kind == "?":
            reason, folded = rest
            return Unknown(short_string(reason), integer(folded))
        return Unknown("a newer version of datalab-workspace-api wrote this step")


def _reference(uuid: str, name: str, mark: Any, edits: Any = 0) -> Reference:
    return Reference(uuid, name, fingerprint(mark), integer(edits, most=MOST_STEPS))


def _edit(fields: Any, before: Any, *regions: Any) -> Edit:
    roi, roi_before = regions or (None, None)
    check_dict(fields, "a set of fields")
    for one in (before, roi, roi_before):
        if one is not None:
            check_dict(one, "a set of fields or regions")
    names = {short_string(name): value for name, value in fields.items()}
    return Edit(names, roi, bool(regions), before, roi_before)


def fingerprint(data: Any) -> Fingerprint | None:
    """Return the fingerprint that JSON describes; None for None.

    Raises:
        ValueError: It is not a fingerprint.
    """
    if data is None:
        return None
    crc, dtype, shape = _list(data)
    lengths = tuple(integer(length) for length in _list(shape))
    return integer(crc, most=(1 << 32) - 1), short_string(dtype), lengths


def _call(rest: list[Any]) -> Call:
    operation, version, parameters, *more = rest
    if not _OPERATION.match(short_string(operation)):
        raise ValueError(f"{operation!r:.80} is not the id of an operation")
    if parameters is not None:
        check_dict(parameters, "a set of parameters")
    given = more[0] if more else {}
    options = given.get("options", {})
    check_dict(options, "a set of options")
    output = given.get("output")
    return Call(
        operation,
        None if version is None else integer(version, most=1 << 31),
        parameters,
        options,
        aligned=given.get("aligned") is True,
        masked_as_nan=given.get("masked_as_nan") is True,
        place="datalab" if given.get("place") == "datalab" else "kernel",
        output=None if output is None else integer(output, most=1 << 31),
    )


def _file_read(
    name: Any, reader: Any, size: Any, crc: Any, title: Any = "", path: Any = None
) -> FileRead:
    if reader not in _READERS:
        raise ValueError(f"{reader!r:.20} is not a reader of files")
    return FileRead(
        short_string(name),
        reader,
        None if size is None else integer(size, most=1 << 63),
        None if crc is None else integer(crc, most=(1 << 32) - 1),
        None if path is None else short_string(path),
        short_string(title),
    )


def _cells(table: list[Any]) -> list[Cell]:
    cells: list[Cell] = []
    for entry in table:
        number, session, order, *more = _list(entry)
        rest = more[0] if more else {}
        text, needs = rest.get("text"), rest.get("needs")
        if text is not None and not isinstance(text, str):
            raise ValueError("the text of a cell must be a string")
        # A cell can only need those before it, so there are no cycles.
        found = None if needs is None else [_entry(cells, n) for n in _list(needs)]
        needed = None if found is None else tuple(c for c in found if c is not None)
        cell = Cell(
            integer(number, least=-1),
            text,
            needed,
            short_string(session),
            integer(order, least=-1),
            failed=rest.get("failed") is True,
        )
        cells.append(cell)
    return cells


def _environment(data: Any) -> Environment:
    return Environment(
        {short_string(k): short_string(v) for k, v in dict(data).items()}
    )


def _padded(row: list[Any]) -> list[Any]:
    if not 1 <= len(row) <= 6:
        raise ValueError("a step has too many parts")
    return [*row, *[[], 0, 0, 0, 1][len(row) - 1 :]]


def _entry(table: Sequence[_T], number: Any) -> _T | None:
    """Return an entry of a table, whose first has the number 1; None for 0."""
    return table[integer(number, most=len(table)) - 1] if number != 0 else None


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, got {data!r:.40}")  # noqa: TRY004  # it is data
    return data


def short_string(data: Any) -> str:
    """Return a string from JSON.

    Raises:
        ValueError: It is not a string, or too long for a name.
    """
    if not isinstance(data, str) or len(data) > LONGEST_NAME:
        raise ValueError(f"expected a short string, got {data!r:.40}")
    return data


def integer(data: Any, *, least: int = 0, most: int = 1 << 53) -> int:
    """Return an integer from JSON.

    Raises:
        ValueError: It is not an integer between the limits.
    """
    if type(data) is not int or not least <= data <= most:
        raise ValueError(f"expected a number up to {most}, got {data!r:.40}")
    return data
