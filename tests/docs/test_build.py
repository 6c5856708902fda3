"""The documentation builds without a warning, and leaves out no public name."""

from __future__ import annotations

import subprocess
import sys
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
from support.documentation import DOCS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    run = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"),
            *("-b", "html", "-d", folder / "doctrees", DOCS, folder / "html"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return folder / "html"


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


def test_the_pages_ask_no_other_server_for_anything(built: Path) -> None:
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for attribute in ('src="http', "@import", 'rel="stylesheet" href="http'):
            assert attribute not in text, page
