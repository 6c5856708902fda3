"""The parts of a package: each one imports only those below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

#: The parts by subpackage, from the lowest to the highest; those of one line do not
#: import each other.
LAYERS = {
    "datalab_workspace.history": (
        ("graph", "failures"),
        ("steps",),
        ("bounds", "environment", "resolution", "object_steps"),
        ("calls", "cells"),
        ("storage",),
        ("recording",),
        ("view", "replay"),
        ("export",),
    ),
    "datalab_workspace.batch": (
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
    "datalab_workspace.recovery": (
        ("lock", "state"),
        ("folder",),
        ("segments",),
        ("store", "restore"),
        ("snapshots", "listing"),
        ("recorder", "autosave"),
        ("start", "in_browser"),
        ("autosave_calls",),
    ),
    "datalab_kernel.upgrade": (
        ("cell_code", "findings", "located_json"),
        ("notebook", "source"),
        ("call", "command_rules", "class_rules", "value_rules", "kinds"),
        ("copies", "import_rules", "plotter_rules", "workspace_rules"),
        ("checker",),
        ("report",),
        ("command",),
    ),
}
#: A method of `History` exports it.
METHODS = {("datalab_workspace.history", "view", "export")}
#: What a part does not import, at its beginning or later.
FORBIDDEN = {
    # Pictures in a browser that has no Matplotlib.
    "datalab_kernel_core.plotter.painting": ("matplotlib",),
    # A notebook of version 0.2 is read, and nothing in it is run.
    "datalab_kernel.upgrade": ("datalab_workspace.workspace", "sigima"),
    "datalab_workspace": ("datalab_kernel_core", "datalab_kernel"),
    "datalab_kernel_core": ("datalab_kernel",),
}
#: What only these modules import, so that no desktop pays for it.
IN_BROWSER = {
    "datalab_kernel_core.in_browser": {"datalab_kernel_core.extension"},
    "datalab_workspace.recovery.in_browser": {
        "datalab_kernel_core.recovery",
        "datalab_workspace.recovery.autosave_calls",
    },
}
SOURCES = {
    ".".join(path.with_suffix("").parts[path.parts.index("src") + 1 :]): path
    for path in Path(__file__).parents[2].glob("packages/*/src/**/*.py")
}
PARTS = [
    (package, part)
    for package, layers in LAYERS.items()
    for layer in layers
    for part in layer
]


def folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent


def imported(path: Path) -> Iterator[str]:
    """Yield the full names that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def parts_imported(path: Path, package: str) -> Iterator[str]:
    """Yield the parts of a package that a module imports."""
    for name in imported(path):
        if is_within(name, package) and name != package:
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
        for name in parts_imported(path, package)
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


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_part_does_without_what_is_forbidden(package: str) -> None:
    modules = [name for name in SOURCES if is_within(name, package)]
    assert modules

    found = {
        (module, name)
        for module in modules
        for name in imported(SOURCES[module])
        if any(is_within(name, forbidden) for forbidden in FORBIDDEN[package])
    }

    assert found == set()


@pytest.mark.parametrize("package", IN_BROWSER)
def test_few_modules_import_what_only_a_browser_needs(package: str) -> None:
    found = {
        module
        for module, path in SOURCES.items()
        if not is_within(module, package)
        and any(is_within(name, package) for name in imported(path))
    }

    assert found == IN_BROWSER[package]


def test_the_model_knows_no_histories() -> None:
    found = [
        path.name
        for path in folder_of("datalab_workspace.model").glob("*.py")
        if [*parts_imported(path, "datalab_workspace.history")]
    ]

    assert found == []
