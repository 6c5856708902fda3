"""The actions of a history in words, for people; this does not need sigima."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.history.steps import (
    Action,
    Call,
    Code,
    Edit,
    FileRead,
    Reference,
    Unknown,
)
from datalab_workspace.result_text import cut

#: The greatest number of characters of a value, and of the line of a cell.
_VALUE, _LINE = 40, 60
#: An assignment to an attribute or to elements.
_CHANGE = re.compile(r"[\w.]*\w(\.\w+|\[.*\])\s*[-+*/@%&|^]{0,2}=(?!=)")
#: Longer integers are not shown.
_BITS = 128
_READERS = {"load": "loaded from", "read": "read from", "sigima": "read from"}


def title(action: Action) -> str:
    """Return the short name of an action: that of the feature, or its kind."""
    if isinstance(action, Call):
        return cut(action.operation.rpartition(".")[2])
    if isinstance(action, Code):
        return "code"
    if isinstance(action, Edit):
        return "edit"
    return "unknown" if isinstance(action, Unknown) else "input"


def origin(action: Action, name: str = "") -> str:
    """Return the origin of an object that has no inputs, as part of a sentence.

    Args:
        action: The action of its step.
        name: Its name, to find the line of a cell.
    """
    if isinstance(action, FileRead):
        of = f"{cut(action.title)!r} in " if action.title else ""
        return f"{_READERS.get(action.reader, 'read from')} {of}{cut(action.name)!r}"
    if isinstance(action, Reference):
        return "an object that is not in this workspace"
    if isinstance(action, Unknown):
        if action.folded:
            return f"{action.folded} earlier steps were not kept"
        return f"of unknown origin: {cut(action.reason, _LINE)}"
    if isinstance(action, Code):
        return code_line(action, name)
    return f"made by {title(action)}"


def code_line(action: Code, name: str = "") -> str:
    """Return the code of a step in one line, or where it was.

    Args:
        action: The action.
        name: The name under which the result was stored, to find the line.
    """
    if action.script:
        return f"line {cut(action.script)}"
    if action.cell is None:
        return "code that was not recorded"
    if action.cell.text is None:
        return "code that was not kept"
    return cell_line(action.cell.text, name)


def cell_line(text: str, name: str = "") -> str:
    """Return the most informative line of a cell.

    That is one that changes a part of something, such as ``obj.y = …``, or else one
    that contains the name.

    Args:
        text: The text of the cell.
        name: The name of an object.
    """
    lines = [line.strip() for line in text[:10_000].splitlines()]
    code = [line for line in lines if line and not line.startswith(("#", "%"))]
    others = [line for line in code if not line.startswith(("import ", "from "))]
    changes = [line for line in others if _CHANGE.match(line)]
    named = [line for line in others if name and name in line]
    best = (changes or named or others or code or lines or [""])[0]
    return cut(best, _LINE) + (" …" if len(code) > 1 else "")


def settings(action: Action) -> list[tuple[str, str]]:
    """Return the settings of an action as names and short values."""
    if isinstance(action, Call):
        return [*_parameters(action.parameters), *_parameters(action.options)]
    if isinstance(action, Edit):
        return [*_parameters(action.fields), *_regions(action)]
    return []


def remarks(action: Action) -> list[str]:
    """Return other facts about an action, in a few words each."""
    if isinstance(action, Call):
        return [
            *["x aligned"] * action.aligned,
            *["in DataLab"] * (action.place == "datalab"),
            *[f"result {action.output}"] * (action.output is not None),
            *["parameters unknown"] * (action.parameters is None),
        ]
    if isinstance(action, Code):
        return [
            *["or an earlier cell"] * (not action.certain),
            *["or after the next step"] * (not action.in_order),
        ]
    return []


def _regions(action: Edit) -> list[tuple[str, str]]:
    if not action.sets_roi:
        return []
    single = action.roi.get("single_rois") if isinstance(action.roi, Mapping) else None
    count = len(single) if isinstance(single, Sequence) else 0
    return [("regions", str(count) if count else "removed")]


def _parameters(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [
        (cut(str(name)), value_text(value)) for name, value in (values or {}).items()
    ]


def value_text(value: Any, depth: int = 2) -> str:
    """Return a value of a parameter, as the codec of the contracts encodes it.

    Args:
        value: Data for JSON. Single entries whose key begins with "$" are the codec's
            forms of values that JSON does not have.
        depth: The number of levels of lists and dicts that are shown.
    """
    if isinstance(value, Mapping) and len(value) == 1:
        [(key, content)] = value.items()
        typed = _typed(key, content, depth)
        if typed is not None:
            return typed
    if isinstance(value, Mapping):
        pairs = (f"{cut(str(k))}={value_text(v, depth - 1)}" for k, v in _some(value))
        return _within(pairs, len(value), depth, "{}")
    if isinstance(value, list | tuple):
        items = (value_text(each, depth - 1) for each in value[:_VALUE])
        return _within(items, len(value), depth, "[]")
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return cut(repr(value[:_VALUE] + "…" * (len(value) > _VALUE)), _VALUE + 4)
    if isinstance(value, int) and value.bit_length() > _BITS:
        return f"an integer of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float):
        return cut(repr(value), _VALUE)
    return cut(type(value).__name__)


def _some(value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return [pair for _, pair in zip(range(_VALUE), value.items(), strict=False)]


def _within(items: Any, count: int, depth: int, brackets: str) -> str:
    if depth <= 0 and count:
        return f"{brackets[0]}…{brackets[1]}"
    return brackets[0] + cut(", ".join(items), 2 * _VALUE) + brackets[1]


def _typed(key: str, content: Any, depth: int) -> str | None:
    if key == "$float" and isinstance(content, str):
        return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(content)
    if key == "$complex" and isinstance(content, list) and len(content) == 2:
        return f"({value_text(content[0])} + {value_text(content[1])}j)"
    if key in ("$tuple", "$dict"):
        return value_text(content, depth)
    if key in ("$date", "$datetime") and isinstance(content, str):
        return cut(content)
    if key == "$ndarray" and isinstance(content, Mapping):
        shape = content.get("shape")
        size = " × ".join(map(str, shape)) if isinstance(shape, list) else "?"
        return cut(f"array of {size} {content.get('dtype', '')}")
    return None
