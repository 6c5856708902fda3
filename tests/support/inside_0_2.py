"""Run cells in datalab-kernel 0.2, and list its public API; run by its own Python.

Reads a JSON object from standard input: `setup` and `cells`. Prints a JSON object:
`errors`, the error of each cell or None, and `api`, the public names by module.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
import tempfile
from typing import Any

os.environ.setdefault("DATALAB_KERNEL_MODE", "standalone")

import sigima.objects

import datalab_kernel
from datalab_kernel.startup import setup_namespace

CLASSES = ("TableResult", "GeometryResult", "KindShape")


def error_of(setup: str, cell: str) -> str | None:
    """Run a cell in a new namespace; return its error."""
    names = setup_namespace()
    names["workspace"].clear()
    names.update({name: getattr(sigima.objects, name) for name in CLASSES})
    os.chdir(tempfile.mkdtemp())
    environment = dict(os.environ)
    try:
        exec(setup, names)
        exec(cell, names)
    except Exception as error:  # noqa: BLE001 - it is what the cell gives
        return f"{type(error).__name__}: {error}"
    finally:
        os.environ.clear()
        os.environ.update(environment)
    return None


def public(owner: Any, of_module: str) -> dict[str, Any]:
    """Return the public names of a module or class that it defines."""
    found = {}
    for name, value in vars(owner).items():
        if name.startswith("_") or inspect.ismodule(value):
            continue
        home = getattr(value, "__module__", None)
        if home is None or home == of_module or name in getattr(owner, "__all__", ()):
            found[name] = value
    return found


def described(value: Any, module: str) -> dict[str, Any]:
    """Return the kind of a public object, its parameters and its methods."""
    if inspect.isclass(value):
        methods = public(value, module)
        return {
            "kind": "class",
            "parameters": parameters(value),
            "methods": {n: described(m, module) for n, m in methods.items()},
        }
    kind = "function" if callable(value) else type(value).__name__
    return {"kind": kind, "parameters": parameters(value)}


def parameters(value: Any) -> list[str]:
    """Return the names of parameters, without `self`."""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    names = [p.name for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [name for name in names if name != "self"]


def api() -> dict[str, Any]:
    """Return the public names of each module."""
    found = {}
    modules = pkgutil.walk_packages(datalab_kernel.__path__, "datalab_kernel.")
    names = [module.name for module in modules if ".tests" not in module.name]
    for name in ["datalab_kernel", *names]:
        if name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:  # Plotly is not installed
            found[name] = {}
            continue
        found[name] = {n: described(v, name) for n, v in public(module, name).items()}
    return found


task = json.load(sys.stdin)
result = {
    "errors": [error_of(task["setup"], cell) for cell in task["cells"]],
    "api": api(),
}
sys.stdout.write(f"\n{json.dumps(result)}\n")
