"""The documentation builds without a warning, and leaves out no public name."""

from __future__ import annotations

import re
import zlib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import datalab_kernel
import datalab_kernel_core
import datalab_workspace
import datalab_workspace.batch
import datalab_workspace.formats
from datalab_kernel_core import Plot, Plotter
from datalab_workspace import Workspace


@pytest.fixture(scope="module")
def inventory(built: Path) -> set[str]:
    """The names of Python objects that the pages describe."""
    content = (built / "objects.inv").read_bytes().split(b"\n", 4)[4]
    rows = (line.split(" ") for line in zlib.decompress(content).decode().splitlines())
    return {row[0] for row in rows if row[1].startswith("py:")}


@pytest.mark.parametrize(
    "module",
    [
        datalab_workspace,
        datalab_workspace.batch,
        datalab_workspace.formats,
        datalab_kernel_core,
        datalab_kernel,
    ],
)
def test_every_public_name_is_described(
    module: ModuleType, inventory: set[str]
) -> None:
    names = {f"{_described_in(module, name)}.{name}" for name in module.__all__}
    assert names
    assert names - inventory == set()


def _described_in(module: ModuleType, name: str) -> str:
    """Return the module that describes a name: the errors are all on one page."""
    package = import_module(module.__name__.partition(".")[0])
    value = getattr(module, name)
    is_error = isinstance(value, type) and issubclass(value, BaseException)
    return (package if is_error and name in package.__all__ else module).__name__


@pytest.mark.parametrize("cls", [Workspace, Plotter, Plot])
def test_every_public_method_is_described(cls: type, inventory: set[str]) -> None:
    package = cls.__module__.partition(".")[0]
    names = {
        f"{package}.{cls.__name__}.{name}"
        for name in dir(cls)
        if not name.startswith("_")
    }
    assert names
    assert names - inventory == set()


def test_every_method_of_a_workspace_is_listed_by_task_and_linked(built: Path) -> None:
    page = (built / "reference" / "workspace.html").read_text("utf-8")
    by_task = page.partition('id="all-names"')[0]
    listed = re.findall(r'href="#datalab_workspace\.Workspace\.(\w+)"', by_task)
    assert listed.count("add") == 1
    public = [name for name in dir(Workspace) if not name.startswith("_")]
    assert sorted(listed) == public


def test_the_pages_ask_no_other_server_for_anything(built: Path) -> None:
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for attribute in ('src="http', "@import", 'rel="stylesheet" href="http'):
            assert attribute not in text, page
