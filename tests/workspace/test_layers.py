"""The parts of a subpackage: each one imports only those below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import datalab_workspace.model

#: The parts by subpackage, from the lowest to the highest; those of one line do not
#: import each other.
LAYERS = {
    "history": (
        ("graph", "failures"),
        ("steps",),
        ("bounds", "environment", "resolution", "object_steps"),
        ("calls", "cells"),
        ("storage",),
        ("recording",),
        ("view", "replay"),
        ("export",),
    ),
    "batch": (
        ("errors", "file_names"),
        ("items",),
        ("messages", "chains"),
        ("failures", "item_results"),
        ("folder",),
        ("results",),
        ("worker", "outputs"),
        ("engines",),
        ("driver",),
        ("calls",),
    ),
}
#: A method of `History` exports it.
METHODS = {("history", "view", "export")}
PARTS = [
    (package, part)
    for package, layers in LAYERS.items()
    for layer in layers
    for part in layer
]


def folder_of(package: str) -> Path:
    return Path(str(import_module(f"datalab_workspace.{package}").__file__)).parent


def imported(path: Path, package: str) -> Iterator[str]:
    """Yield the parts of a package that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            if name.startswith(f"{package}."):
                yield name.removeprefix(f"{package}.").partition(".")[0]


@pytest.mark.parametrize(("package", "part"), PARTS)
def test_a_part_imports_only_those_below_it(package: str, part: str) -> None:
    layers, folder = LAYERS[package], folder_of(package)
    (level,) = [number for number, layer in enumerate(layers) if part in layer]
    allowed = {name for layer in layers[:level] for name in layer} | {part}
    paths = [*folder.glob(f"{part}.py"), *folder.glob(f"{part}/**/*.py")]
    assert paths

    found = {
        (package, part, name)
        for path in paths
        for name in imported(path, f"datalab_workspace.{package}")
        if name not in allowed
    }

    assert found <= METHODS


@pytest.mark.parametrize("package", LAYERS)
def test_every_part_has_a_layer(package: str) -> None:
    parts = {
        path.stem
        for path in folder_of(package).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert parts - {"__init__"} == {p for layer in LAYERS[package] for p in layer}


def test_the_model_knows_no_histories() -> None:
    found = [
        path.name
        for path in Path(str(datalab_workspace.model.__file__)).parent.glob("*.py")
        if [*imported(path, "datalab_workspace.history")]
    ]

    assert found == []
