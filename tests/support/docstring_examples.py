"""The examples in docstrings: whose they are, and the names that they start from."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np

import datalab_workspace
from datalab_kernel_core import Plotter
from datalab_kernel_core.browse import registration
from datalab_workspace import Workspace
from datalab_workspace.backends import Backend, MemoryBackend

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "datalab_workspace",
    "datalab_workspace.backends",
    "datalab_workspace.batch",
    "datalab_workspace.formats",
    "datalab_workspace.testing",
    "datalab_kernel_core",
    "datalab_kernel",
)
#: Names that are kept for notebooks of earlier versions, one that is not described, and
#: functions of sigima.
_WITHOUT = {
    "datalab_kernel.create_image",
    "datalab_kernel.create_signal",
    "datalab_kernel_core.Plotter.display_geometry",
    "datalab_kernel_core.Plotter.display_table",
    "datalab_kernel_core.Plotter.set_backend",
    "datalab_workspace.Description.of",
    "datalab_workspace.Status.get",
    "datalab_workspace.Status.items",
    "datalab_workspace.Status.keys",
    "datalab_workspace.Status.values",
    "datalab_workspace.Workspace.select_objects",
}
#: A name that a page of the reference describes; the page also names modules.
_DIRECTIVE = re.compile(
    r"^\.\. (?:auto(?:class|function)|py:(module|currentmodule)):: ([\w.]+)",
    re.MULTILINE,
)
_SECTION = re.compile(r"^ *Examples?:\n+ +>>> ", re.MULTILINE)
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Public(NamedTuple):
    """A public class, function, method or property.

    Attributes:
        name: Its name with the package that exports it, as users write it.
        value: The object that has the docstring.
    """

    name: str
    value: Any

    @property
    def docstring(self) -> str:
        return inspect.cleandoc(self.value.__doc__ or "")

    @property
    def has_example(self) -> bool:
        return _SECTION.search(self.docstring) is not None


def public_names() -> dict[str, Public]:
    """Return all public names that must have an example, by their name."""
    exported = [*_exported(), *_described()]
    found = [
        public
        for name, value in exported
        if inspect.isclass(value) or inspect.isroutine(value)
        for public in _with_members(name, value)
    ]
    # Several pages may describe one object.
    return {p.name: p for p in found if p.name not in _WITHOUT}


def _exported() -> Iterator[tuple[str, Any]]:
    for package in map(import_module, PACKAGES):
        for name in getattr(package, "__all__", ()):
            yield f"{package.__name__}.{name}", getattr(package, name)


def _described() -> Iterator[tuple[str, Any]]:
    """Yield what the reference describes and no package exports."""
    for page in sorted(ROOT.glob("docs/reference/*.md")):
        module = ""
        for directive, name in _DIRECTIVE.findall(page.read_text("utf-8")):
            if directive:
                module = name
            elif "." in name:
                home, _, attribute = name.rpartition(".")
                yield name, getattr(import_module(home), attribute)
            elif name not in getattr(import_module(module), "__all__", ()):
                yield f"{module}.{name}", getattr(import_module(module), name)


def _with_members(name: str, value: Any) -> Iterator[Public]:
    """Yield what needs an example: not errors, enumerations and abstract methods."""
    if not inspect.isclass(value):
        yield Public(name, value)
        return
    if issubclass(value, BaseException | Enum):
        return
    yield Public(name, value)
    # A suite is subclassed; its methods are tests and their parts. The methods of a
    # backend are called by a workspace; the page "Write a backend" shows them.
    if ".testing." not in name and not issubclass(value, Backend):
        for member in vars_of(value):
            yield Public(f"{name}.{member.name}", member.value)


def vars_of(cls: type) -> Iterator[Public]:
    """Yield the documented methods and properties that a class has of its own."""
    for name in sorted(dir(cls)):
        value = inspect.getattr_static(cls, name)
        if name.startswith("_") or getattr(value, "__isabstractmethod__", False):
            continue
        if isinstance(value, property | cached_property):
            # One line says it all: the example would repeat the name.
            if "\n" in inspect.cleandoc(value.__doc__ or ""):
                yield Public(name, value)
        else:
            function = getattr(value, "__func__", value)
            if isinstance(function, FunctionType) and _is_ours(function):
                yield Public(name, function)


def _is_ours(function: FunctionType) -> bool:
    return function.__module__.startswith("datalab_")


def workspace() -> Workspace:
    """Return the workspace that examples start from."""
    x = np.linspace(0.0, 10.0, 101)
    peak = np.exp(-((x - 5.0) ** 2))
    noise = np.random.default_rng(0).normal(0.0, 0.05, x.size)
    row, column = np.mgrid[-3:3:48j, -4:4:64j]
    made = Workspace(backend=MemoryBackend())
    made.add("peak", (x, peak))
    made.add("noisy", (x, peak + noise))
    made.add("spot", np.exp(-(row**2) - column**2))
    made.edit("peak", xlabel="Time", xunit="s", ylabel="Voltage", yunit="V")
    return made


def failures(module: ModuleType) -> list[str]:
    """Run the examples of a module; return a report of each docstring that fails."""
    # Not at the top, so that collecting the tests does not wait for it.
    import sigima.proc.image
    import sigima.proc.signal

    mpl.use("agg")
    registration.install()  # as the extension does in a notebook
    runner = doctest.DocTestRunner(optionflags=_OPTIONS)
    reports: list[str] = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        held = workspace()
        test.globs = {
            **vars(module),
            "dlw": datalab_workspace,
            "np": np,
            "plotter": Plotter(lambda held=held: held),
            "sigima": sigima,
            "workspace": held,
        }
        lines: list[str] = []
        if runner.run(test, out=lines.append).failed:
            reports.append("".join(lines))
    return reports
