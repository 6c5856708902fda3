"""The methods of a workspace that have changed since version 0.2."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from datalab_kernel.upgrade.call import MethodCall
from datalab_kernel.upgrade.findings import Edit, Finding, Level

#: The keywords of `calc` that version 0.2 did not have.
_NEW_OF_CALC = frozenset({"on", "with_", "where", "group", "masked", "overwrite"})


def add(call: MethodCall) -> Iterator[Finding]:
    """Check the argument `overwrite`; the result is checked where it is used."""
    if len(call.positional) > 2:
        edits = call.source.name_argument(call.node, call.positional[2], "overwrite")
        yield call.found(
            Level.OLD,
            "The argument overwrite is passed by name now.",
            f"{call.receiver}.add(…, overwrite={call.code(2, 'overwrite')})",
            edits,
        )


def calc(call: MethodCall) -> Iterator[Finding]:
    """Check that the result is not used as a pair, as version 0.2 returned it."""
    if call.targets == 2 and not call.has_any(_NEW_OF_CALC):
        yield call.found(
            Level.GONE,
            "calc() returns the name of the result, a list of names, or a table of "
            "values, not a pair.",
            f"result = {call.source.code(call.node)}",
        )


def connect(call: MethodCall) -> Iterator[Finding]:
    """Note that a failure is an error now."""
    if not call.is_tried:
        yield call.found(
            Level.NOTE,
            "connect() raises a ConnectionError if it finds no DataLab; version 0.2 "
            "printed the reason and returned False.",
            "`try: …` and `except ConnectionError: …`, if the notebook also works "
            "without DataLab",
        )


def load(call: MethodCall) -> Iterator[Finding]:
    """Check the argument `filepath`; note that nothing is replaced unasked."""
    yield from _filepath(call)
    if call.keyword("on_conflict") is None:
        path = call.code(0, "path", call.code(0, "filepath", "path"))
        yield call.found(
            Level.NOTE,
            "load() raises an error if the workspace has a different object with the "
            "name of one in the file; version 0.2 replaced it.",
            f'{call.receiver}.load({path}, on_conflict="replace")',
        )


def save(call: MethodCall) -> Iterator[Finding]:
    """Check the argument `filepath`, and a path to which version 0.2 added `.h5`."""
    yield from _filepath(call)
    path = call.argument(0, "path") or call.argument(0, "filepath")
    if not isinstance(path, ast.Constant) or not isinstance(path.value, str):
        return
    if path.value.endswith((".h5", ".H5", ".npz")):
        return
    end = call.source.end(path) - 1
    is_simple = call.source.code(path) in (f"'{path.value}'", f'"{path.value}"')
    yield call.found(
        Level.GONE,
        "save() writes the file that is named; version 0.2 added '.h5'.",
        f'{call.receiver}.save("{path.value}.h5")',
        (Edit(end, end, ".h5"),) if is_simple else (),
    )


def remove(call: MethodCall) -> Iterator[Finding]:
    """Check the argument `name`, which takes several objects now."""
    name = call.keyword("name")
    if name is not None:
        yield call.found(
            Level.GONE,
            "remove() takes names by position only.",
            f"{call.receiver}.remove({call.source.code(name.value)})",
            call.source.remove_name(call.node, name),
        )


def rename(call: MethodCall) -> Iterator[Finding]:
    """Check the argument `old_name`."""
    old = call.keyword("old_name")
    if old is not None:
        yield call.found(
            Level.OLD,
            "old_name= is called name= now.",
            f"{call.receiver}.rename(name={call.source.code(old.value)}, …)",
            call.source.rename_keyword(old, "name"),
        )


def resync(call: MethodCall) -> Iterator[Finding]:
    """Note that `connect` goes live."""
    yield call.found(
        Level.NOTE,
        "resync() finds a DataLab that was restarted; connect() attaches a workspace "
        "in memory to a running DataLab.",
        f"{call.receiver}.connect()",
    )


def select_objects(call: MethodCall) -> Iterator[Finding]:
    """Report the old name of `select`."""
    names = call.code(0, "names", "names")
    instead = f"{call.receiver}.select({names})"
    edits: tuple[Edit, ...] = ()
    if call.statement is None:
        instead += f" and {call.receiver}.selection"
    else:
        edits = _selecting(call)
    message = "select_objects() is called select() now, and returns None."
    yield call.found(Level.OLD, message, instead, edits)


def _selecting(call: MethodCall) -> tuple[Edit, ...]:
    renamed = call.source.rename_attribute(call.method, "select")
    panel: ast.expr | ast.keyword | None = call.keyword("panel")
    if len(call.positional) > 1:
        panel = call.positional[1]
    if panel is None:
        return renamed
    removed = call.source.remove_argument(call.node, panel)
    return renamed + removed if removed else ()


def _filepath(call: MethodCall) -> Iterator[Finding]:
    keyword = call.keyword("filepath")
    if keyword is not None:
        yield call.found(
            Level.OLD,
            "filepath= is called path= now.",
            f"{call.receiver}.{call.method.attr}({call.source.code(keyword.value)})",
            call.source.remove_name(call.node, keyword),
        )


#: The rules by the name of the method.
RULES: dict[str, Callable[[MethodCall], Iterator[Finding]]] = {
    "add": add,
    "calc": calc,
    "connect": connect,
    "load": load,
    "remove": remove,
    "rename": rename,
    "resync": resync,
    "save": save,
    "select_objects": select_objects,
}
