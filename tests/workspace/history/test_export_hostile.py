"""Crafted histories: whatever is in them, no code of theirs gets into an export."""

from __future__ import annotations

import ast
import json
import random
import tokenize
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.errors import ExportError
from datalab_workspace.history.environment import here
from datalab_workspace.history.export import crate, notebook, script, text
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    Edit,
    Environment,
    FileRead,
    RecordHistory,
    Step,
    Stored,
    Unknown,
)

PIECES = [
    *("'", '"', '"""', "'''", "\\", "\n", "\r", "\x0c", "\u2028", "\x00", "\x1b[31m"),
    *("# coding: utf-7\n", "# -*- coding: utf-16 -*-", "+ACI-", "{0}", "%s", "${x}"),
    *(
        "__import__('os').system('touch owned')",
        "\nimport os\nos.abort()\n",
        "')\nx=('",
    ),
    *("exec", "print", "class", "project", "dlw", "sigima", "é", "👍", "a b", "9"),
    *("</script><script>alert(1)</script>", "](javascript:alert(1))", "`x`", "|"),
    *("sigima.signal.normalize", "os.system", "..", "__class__", "\ud800"[:0], "\t"),
]
#: The calls that exported code may contain, and the modules that it may import.
CALLS = {
    *("dlw.open", "project.get", "exported.compute", "exported.edit", "np.array"),
    *("exported.compare", "print", "range", "float", "len", "Path"),
}
MODULES = {
    *("sys", "numpy", "sigima.proc.signal", "sigima.proc.image", "datalab_workspace"),
    *("datalab_workspace.exported", "pathlib.Path"),
}
STATEMENTS = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.For)


class Crafted:
    """A generator of histories as an attacker may write them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        return "".join(self.random.choices(PIECES, k=self.random.randint(1, 5)))

    def name(self) -> str:
        kept = (c for c in self.text() if c.isprintable())
        return "".join(kept) or "x"

    def value(self, depth: int = 0) -> object:
        simple = [self.text, lambda: 2, lambda: 1e300, lambda: None, lambda: True]
        if depth > 2 or self.random.random() < 0.7:
            return self.random.choice(simple)()
        if self.random.random() < 0.5:
            return [self.value(depth + 1)]
        return {self.text(): self.value(depth + 1)}

    def operation(self) -> str:
        known = ["normalize", "moving_average", "derivative", "power", "fft"]
        kind = self.random.choice(["signal", "image", "proc", self.text()])
        if self.random.random() < 0.9:
            return f"sigima.signal.{self.random.choice(known)}"
        return f"sigima.{kind}.{self.random.choice([*known, self.text()])}"

    def call(self) -> Call:
        good = {
            "sigima.signal.normalize": {"method": "energy"},
            "sigima.signal.moving_average": {"n": 3, "mode": "reflect"},
            "sigima.signal.power": {"power": 2.0},
        }
        operation = self.operation()
        parameters = dict(good.get(operation, {}))
        if self.random.random() < 0.1:
            parameters[self.text()] = self.value()
        if parameters and self.random.random() < 0.1:
            parameters[self.random.choice([*parameters])] = self.value()
        options = {self.text(): self.value()} if self.random.random() < 0.3 else {}
        aligned = self.random.random() < 0.1
        return Call(operation, 1, parameters, options, aligned=aligned)

    def action(self) -> object:
        cell = Cell(3, self.text())
        roi = {"single_rois": [{"type": self.text(), "coords": [1.0, 2.0]}]}
        others = [
            Edit({"xlabel": self.text(), "yunit": self.text()}),
            Edit({self.text(): self.text()}),
            Edit({}, roi, True),
            Code(cell),
            Code(None, self.text()),
            Unknown(self.text(), self.random.choice([0, 7])),
        ]
        return self.call() if self.random.random() < 0.8 else self.random.choice(others)

    def environment(self) -> Environment:
        if self.random.random() < 0.5:
            return here()
        return Environment({"sigima": self.text(), self.text(): self.text()})

    def steps(self, raw: Step) -> Step:
        step = raw
        for _ in range(self.random.randint(1, 3)):
            used = (step, raw) if self.random.random() < 0.05 else (step,)
            step = Step(self.action(), used, None, self.environment())
        return step


def crafted_file(path: Path, count: int) -> Path:
    """Write a project of objects with crafted names and histories."""
    made = Workspace(backend=MemoryBackend())
    x = np.linspace(0.0, 1.0, 20)
    for number in range(count):
        crafted = Crafted(number)
        names = [f"{number} {crafted.name()}", f"{number} raw {crafted.name()}"]
        for place, name in enumerate(names):
            made.add(name, (x, x + 2 * number + place))
        records = [made.backend.record(made.describe(name).uuid) for name in names]
        first = Step(FileRead(crafted.text(), "read", title=crafted.text()))
        latest = crafted.steps(first)
        for step, record, name in zip((latest, first), records, names, strict=True):
            step.stored = Stored(record.uuid, name, record.version)
            record.history = RecordHistory(step, record.fields, None)
    return made.save(path)


def check_code(text: str) -> None:
    """Fail unless code has only the calls and names that exports are made of."""
    assert tokenize.detect_encoding(BytesIO(text.encode()).readline)[0] == "utf-8"
    tree = ast.parse(text)
    for node in tree.body:
        assert isinstance(node, STATEMENTS), ast.dump(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {each.name for each in node.names} <= MODULES
        elif isinstance(node, ast.ImportFrom):
            assert {f"{node.module}.{each.name}" for each in node.names} <= MODULES
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called in CALLS or called.startswith("sigima.proc.signal."), called
            assert called.count(".") <= 3
        elif isinstance(node, ast.Name):
            assert node.id.isascii()
        elif isinstance(node, (ast.IfExp, ast.BinOp, ast.Compare, ast.Subscript)):
            # The line that finds the project; nothing else has these.
            assert "sys.argv" in ast.unparse(node) or "__file__" in ast.unparse(node)


@pytest.mark.parametrize(
    "count", [25, pytest.param(1000, marks=pytest.mark.slow)], ids=["some", "many"]
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(600)
def test_a_crafted_file_puts_no_code_into_an_export(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    project = dlw.open(crafted_file(tmp_path / "crafted.h5", count))
    target = tmp_path / "x.py"
    exported = 0
    for name in project:
        history = project.history(name)
        assert repr(history)
        assert text.text(history)
        assert json.loads(crate.metadata_text(history))
        try:
            code = script.script_text(history, target)
        except ExportError:
            continue
        exported += 1
        check_code(code)
        for cell in json.loads(notebook.notebook_text(history, target))["cells"]:
            if cell["cell_type"] == "code":
                check_code("".join(cell["source"]))
            else:
                assert "<" not in "".join(cell["source"])
    assert exported > count / 4
    assert not (tmp_path / "owned").exists()


def test_the_check_notices_code():
    with pytest.raises(AssertionError):
        check_code("import os")
    with pytest.raises(AssertionError):
        check_code("x = exec('1')")
    with pytest.raises(AssertionError):
        check_code("x = 1 + 1")
