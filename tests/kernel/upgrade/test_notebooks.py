"""A notebook is read in every format, and keeps each byte that does not change."""

from __future__ import annotations

import codecs
import json
import random
from pathlib import Path
from typing import Any

import pytest

from datalab_kernel.upgrade import NotebookError, check, read
from datalab_kernel.upgrade.findings import Edit, apply
from datalab_kernel.upgrade.located_json import characters, elements, members, root

OLD = 'workspace.remove(name="é")\n'
NEW = 'workspace.remove("é")\n'


def code(source: Any, key: str = "source") -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], key: source}


def notebook(*cells: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, **other}


TEXT = {"cell_type": "markdown", "metadata": {}, "source": OLD}
OF_3 = {
    "nbformat": 3,
    "metadata": {},
    "worksheets": [
        {"cells": [{"cell_type": "heading", "source": "A", "level": 1}]},
        {"cells": [code([OLD, "1"], "input"), TEXT]},
    ],
}
CONTENTS = {
    "a string": notebook(TEXT, code(OLD + "1")),
    "lines": notebook(TEXT, code([OLD, "1"])),
    "parts of lines": notebook(TEXT, code(["works", OLD[5:20], OLD[20:] + "1"])),
    "format 3": OF_3,
}


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    return path


def rewritten(path: Path) -> bytes:
    return check(read(path)).rewritten()


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_only_the_code_that_changes_is_written(
    tmp_path: Path, content: dict[str, Any], indent: Any, ascii: bool
) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=ascii)
    # Cells of text keep the old code, as do outputs.
    number = 1 if content is not OF_3 else 2
    ((_, finding),) = check(read(written(tmp_path, text.encode()))).found

    new = json.loads(rewritten(tmp_path / "a.ipynb"))

    assert finding.line == 1
    cells = new["cells"] if number == 1 else new["worksheets"][1]["cells"][::-1]
    key = "source" if number == 1 else "input"
    assert "".join(cells[1][key]) == NEW + "1"
    assert "".join(cells[0]["source"]) == OLD
    cells[1][key] = content["cells"][1][key] if number == 1 else [OLD, "1"]
    assert new == content


def test_every_other_byte_is_kept(tmp_path: Path) -> None:
    text = (
        '{ "nbformat":4 , "metadata":{"\\u00e9\\/":1e5,"a":[ ]},\r\n\r\n'
        '"cells":[{"cell_type":"code","source" : '
        "[ \"x='\\u00e9\\ud83d\\ude00\\/'\\n\" ,"
        '"workspace.remove( name=\\u0022a\\"  )\\n","y = 1" ]}]}  \n'
    )
    path = written(tmp_path, codecs.BOM_UTF8 + text.encode())

    new = rewritten(path)

    assert new == codecs.BOM_UTF8 + text.replace("name=", "").encode()


def test_a_notebook_with_nothing_to_change_is_written_as_it_was() -> None:
    for path in sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb")):
        assert check(read(path)).to_change == 0, path
        assert rewritten(path) == path.read_bytes()


@pytest.mark.parametrize("seed", range(20))
def test_a_string_is_changed_wherever_it_is_cut(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = "".join(chance.choices('ab é😀"\\\n\t/', k=60))
    cuts = sorted(chance.choices(range(61), k=5))
    parts = [source[a:b] for a, b in zip([0, *cuts], [*cuts, 60], strict=True)]
    text = json.dumps(notebook(code(parts)), ensure_ascii=chance.random() < 0.5)
    start, end = sorted(chance.choices(range(61), k=2))
    edit = Edit(start, end, chance.choice(["", "ü\n", '"x"']))

    changed = read(written(tmp_path, text.encode())).changed({1: [edit]})

    assert "".join(json.loads(changed)["cells"][0]["source"]) == apply(source, [edit])


def test_places_in_json_are_found() -> None:
    text = (
        ' { "a" : [ 1 , {"b":[]} ,"\\u00e9\\ud83d\\ude00x\\n" ], "c": {} , "a\\n": 2 } '
    )
    top = members(text, root(text))
    assert list(top) == ["a", "c", "a\n"]
    first, second, third = elements(text, top["a"])
    assert [text[p.start : p.end] for p in (first, second)] == ["1", '{"b":[]}']
    assert characters(text, third) == ["\\u00e9", "\\ud83d\\ude00", "x", "\\n"]
    assert elements(text, top["c"]) == []
    assert members(text, top["a"]) == {}


DAMAGED = {
    "empty": (b"", "is not a notebook: Expecting value"),
    "cut off": (b'{"cells": [', "is not a notebook: Expecting value"),
    "latin 1": ('{"é": 1}'.encode("latin-1"), "is not a notebook: 'utf-8' codec"),
    "a list": (b"[]", "has no key 'nbformat'"),
    "other json": (b'{"a": 1}', "has no key 'nbformat'"),
    "deep": (b"[" * 100_000, "it is nested too deeply"),
    "format 2": (b'{"nbformat": 2}', "has the format 2; convert it"),
    "no format": (b'{"nbformat": {}}', "has the format {}; convert it"),
    "another language": (
        json.dumps(notebook(metadata={"language_info": {"name": "R"}})).encode(),
        "is a notebook of r, not of Python",
    ),
    "no source": (
        json.dumps(notebook({"cell_type": "code"})).encode(),
        "cell 1 has no source",
    ),
    "no text": (
        json.dumps(notebook(code([1]))).encode(),
        "the source of cell 1 is not text",
    ),
    "a number": (
        json.dumps(notebook(code(1))).encode(),
        "the source of cell 1 is not text",
    ),
}


@pytest.mark.parametrize(("content", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_notebook_is_one_sentence(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(NotebookError) as raised:
        read(path)
    assert reason in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        {"nbformat": 4},
        {"nbformat": 3},
        {"nbformat": 4, "cells": 1},
        {"nbformat": 3, "worksheets": [{}, 1]},
        notebook(code([]), code(""), {}, metadata=1),
        notebook(metadata={"kernelspec": None, "language_info": {"name": None}}),
        notebook(metadata={"kernelspec": {"language": "Python"}}),
    ],
)
def test_a_notebook_without_code_has_nothing_to_change(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    path = written(tmp_path, json.dumps(content).encode())
    assert check(read(path)).found == ()
    assert rewritten(path) == path.read_bytes()


@pytest.mark.parametrize(
    "source",
    ["\0", "x = '\0'", "(" * 5000, "\ud800", "a = [\r\n1]\r", "if a:\n    b\n  c"],
)
def test_strange_code_is_no_error(tmp_path: Path, source: str) -> None:
    path = written(tmp_path, json.dumps(notebook(code([source, "\n"]))).encode())
    assert check(read(path)).to_change == 0
