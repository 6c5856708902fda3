"""The parts of `datalab_workspace.history`: each one imports only those below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import datalab_workspace.history
import datalab_workspace.model

HISTORY = Path(datalab_workspace.history.__file__).parent
MODEL = Path(datalab_workspace.model.__file__).parent
#: From the lowest to the highest; those of one line do not import each other.
LAYERS = (
    ("graph", "failures"),
    ("steps",),
    ("bounds", "environment", "resolution", "object_steps"),
    ("calls", "cells"),
    ("storage",),
    ("recording",),
    ("view", "replay"),
    ("export",),
)
#: A method of `History` exports it.
METHODS = {("view", "export")}


def imported(path: Path, package: str) -> Iterator[str]:
    """Yield the parts of a package that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            if name.startswith(f"{package}."):
                yield name.removeprefix(f"{package}.").partition(".")[0]


@pytest.mark.parametrize("part", [part for layer in LAYERS for part in layer])
def test_a_part_of_the_histories_imports_only_those_below_it(part: str) -> None:
    (level,) = [number for number, layer in enumerate(LAYERS) if part in layer]
    allowed = {name for layer in LAYERS[:level] for name in layer} | {part}
    paths = [*HISTORY.glob(f"{part}.py"), *HISTORY.glob(f"{part}/*.py")]
    assert paths

    found = {
        (part, name)
        for path in paths
        for name in imported(path, "datalab_workspace.history")
        if name not in allowed
    }

    assert found <= METHODS


def test_every_part_of_the_histories_has_a_layer() -> None:
    parts = {
        path.stem
        for path in HISTORY.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert parts - {"__init__"} == {part for layer in LAYERS for part in layer}


def test_the_model_knows_no_histories() -> None:
    found = [
        path.name
        for path in MODEL.glob("*.py")
        if [*imported(path, "datalab_workspace.history")]
    ]

    assert found == []
