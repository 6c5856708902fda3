"""The real version 0.2.11: its cells run there, and its whole API is accounted for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datalab_kernel.upgrade.checker import Checker
from datalab_kernel_core import Plotter
from datalab_workspace import Workspace
from support.upgrade_cases import CASES, KEPT, REQUIREMENTS, run_in_0_2

CELLS = [case.old for case in CASES] + [cell for cell in KEPT if cell[0] != "%"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def earlier(python_of: Callable[[Path], Path]) -> dict[str, Any]:
    """The errors of the cells in version 0.2, and its API."""
    python = python_of(REQUIREMENTS)
    return run_in_0_2(python, CELLS, {"DATALAB_KERNEL_MODE": "standalone"})


def found(*cells: str) -> bool:
    return any(Checker().notebook(cells))


def test_every_cell_runs_in_version_0_2(earlier: dict[str, Any]) -> None:
    live = {case.old for case in CASES if case.is_live}
    pairs = zip(CELLS, earlier["errors"], strict=True)
    errors = {cell: error for cell, error in pairs if error is not None}

    assert {cell for cell, error in errors.items() if "live mode" in error} == live
    assert {cell: error for cell, error in errors.items() if cell not in live} == {}


def names_of(api: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for module, names in api.items():
        yield from ((module, name) for name in names)


def works(module: str, name: str) -> bool:
    """Return True if our package has a name."""
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


def test_each_public_name_is_found_or_still_works(earlier: dict[str, Any]) -> None:
    forgotten = [
        f"{module}.{name}"
        for module, name in names_of(earlier["api"])
        if not found(f"from {module} import {name}") and not works(module, name)
    ]

    assert forgotten == []
    assert len(list(names_of(earlier["api"]))) > 60


def test_each_module_is_found_or_still_exists(earlier: dict[str, Any]) -> None:
    forgotten = []
    for module in earlier["api"]:
        try:
            importlib.import_module(module)
        except ImportError:
            if not found(f"import {module}"):
                forgotten.append(module)

    assert forgotten == []


OBJECTS = {"Workspace": ("workspace", Workspace), "Plotter": ("plotter", Plotter)}


def methods_of(api: dict[str, Any]) -> Iterator[tuple[str, type, str, list[str]]]:
    for name, (variable, now) in OBJECTS.items():
        module = f"datalab_kernel.{name.lower()}"
        methods = api[module][name]["methods"]
        assert {"plot"} < {*methods} or {"add", "get"} < {*methods}
        for method, described in methods.items():
            yield variable, now, method, described["parameters"]


def test_each_method_is_found_or_still_exists(earlier: dict[str, Any]) -> None:
    forgotten = [
        f"{variable}.{method}"
        for variable, now, method, _ in methods_of(earlier["api"])
        if not hasattr(now, method)
        and not found(f"{variable}.{method}")
        and not found(f"{variable}.{method}()")
    ]

    assert forgotten == []


def test_each_argument_is_found_or_still_accepted(earlier: dict[str, Any]) -> None:
    forgotten = []
    for variable, now, method, parameters in methods_of(earlier["api"]):
        accepted = now.__dict__.get(method) or getattr(now, method)
        if isinstance(accepted, property):
            # `calc` is an object whose signature is that of its call.
            accepted = accepted.fget if not parameters else _called(method)
        known = inspect.signature(accepted).parameters
        by_keyword = [
            p
            for p in parameters
            if (p not in known or known[p].kind is inspect.Parameter.VAR_POSITIONAL)
            and not found(f"{variable}.{method}({p}=1)")
        ]
        forgotten += [f"{variable}.{method}({p}=)" for p in by_keyword]
        places = [n for n, p in known.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
        for count in range(1, len(parameters) + 1):
            arguments = ", ".join(["1"] * count)
            fits = "self" in places and len(places) - 1 >= count
            takes_any = any(p.kind is p.VAR_POSITIONAL for p in known.values())
            call = f"{variable}.{method}({arguments})"
            if _by_position(variable, method, count) and not (
                fits or takes_any or found(call)
            ):
                forgotten.append(call)

    assert forgotten == []


def _called(method: str) -> Any:
    assert method == "calc"
    return type(Workspace().calc).__call__


def _by_position(variable: str, method: str, count: int) -> bool:
    """Return False for arguments of `plot` that version 0.2 takes by name only."""
    return (variable, method) != ("plotter", "plot") or count <= 4
