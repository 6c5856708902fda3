"""The wheels, installed as a user installs them, away from the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from support.artefacts import PACKAGES, ROOT, Artefacts

# The first of them may have to download what the packages need.
pytestmark = pytest.mark.timeout(600)

BIN = "Scripts" if os.name == "nt" else "bin"
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
KERNELSPEC = "share/jupyter/kernels/datalab-kernel"
KERNELSPEC_FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
# What would have tests look into another environment than the one they made.
FOREIGN = {"PYTHONPATH", "VIRTUAL_ENV"}
# How the installer says that there is no network.
NO_NETWORK = ("Failed to fetch", "error sending request")
SAVE_AND_LOAD = """
import sys
import numpy as np
import datalab_workspace as dlw

ws = dlw.Workspace()
ws.add("i042", np.arange(6.0).reshape(2, 3))
ws.save("analysis.h5")
assert dlw.open("analysis.h5").get("i042").data[1, 2] == 5.0
unasked = {"IPython", "matplotlib", "xpython", "datalab_kernel_core"} & {*sys.modules}
assert not unasked, unasked
"""
CELL = """
workspace.add("i042", np.arange(6.0).reshape(2, 3))
plotter.plot("i042").save("i042.png")
print(list(workspace), type(get_ipython()).__module__)
"""


class Environment:
    """A virtual environment, in a folder that knows nothing of the clone."""

    def __init__(
        self, root: Path, wheels: Path, requirement: Callable[[object, str], None]
    ) -> None:
        self.root, self.wheels, self.requirement = root, wheels, requirement
        self.python = root / BIN / "python"
        self.folder = root.with_name(f"{root.name}-work")
        self.folder.mkdir()
        self._uv("venv", "--python", sys.executable, root)

    def install(self, *requirements: str) -> None:
        """Install from the folder of wheels, and what these need from the index."""
        places = ["--python", self.python, "--find-links", self.wheels]
        self._uv("pip", "install", *places, *requirements)

    def versions(self) -> dict[str, str]:
        """What is installed."""
        freeze = self._uv("pip", "freeze", "--python", self.python)
        return dict(line.split("==", 1) for line in freeze.splitlines() if "==" in line)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a Python of this environment, or a script of it."""
        command = [str(self.root / BIN / arguments[0]), *map(str, arguments[1:])]
        environment = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def has(self, module: str) -> bool:
        return self.run("python", "-c", f"import {module}").returncode == 0

    def files(self) -> set[Path]:
        """What lies in it, but for the installer's own lock."""
        found = {path for path in self.root.rglob("*") if not path.is_dir()}
        return found - {self.root / ".lock"}

    def _uv(self, *arguments: str | Path) -> str:
        command = [sys.executable, "-m", "uv", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
            self.requirement(None, f"needs a package index: {done.stderr}")
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def wheels(
    built: dict[str, Artefacts], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of the three wheels."""
    folder = tmp_path_factory.mktemp("wheels")
    for artefacts in built.values():
        (folder / artefacts.wheel.name).write_bytes(artefacts.wheel.read_bytes())
    return folder


@pytest.fixture(scope="module")
def version(built: dict[str, Artefacts]) -> str:
    (version,) = built["datalab-kernel"].metadata()["Version"]
    return version


@pytest.fixture
def empty(
    tmp_path: Path, wheels: Path, requirement: Callable[[object, str], None]
) -> Environment:
    return Environment(tmp_path / "environment", wheels, requirement)


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory,
    wheels: Path,
    version: str,
    requirement: Callable[[object, str], None],
) -> Environment:
    """An environment with the kernel, and with what runs notebooks."""
    root = tmp_path_factory.mktemp("kernel") / "environment"
    environment = Environment(root, wheels, requirement)
    environment.install(f"datalab-kernel[cli]=={version}", "nbclient", "nbformat")
    return environment


def test_one_name_brings_the_three_packages(kernel: Environment, version: str) -> None:
    installed = kernel.versions()

    assert {name: installed[name] for name in PACKAGES} == dict.fromkeys(
        PACKAGES, version
    )


@pytest.mark.slow
def test_doctor_finds_the_kernel_in_order(kernel: Environment) -> None:
    doctor = kernel.run("datalab-kernel", "doctor")

    assert doctor.returncode == 0, doctor.stdout + doctor.stderr


def test_the_quickstart_runs(kernel: Environment) -> None:
    run = kernel.run("python", ROOT / "notebooks/run.py", QUICKSTART, "--out", "out")

    assert run.returncode == 0, run.stderr
    notebook = nbformat.read(kernel.folder / "out" / QUICKSTART.name, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert (kernel.folder / "out" / "analysis.h5").stat().st_size > 0


def test_uninstalling_leaves_nothing(empty: Environment, version: str) -> None:
    empty.install(*(f"{name}=={version}" for name in PACKAGES), "--no-deps")
    spec = empty.root / KERNELSPEC
    assert {path.name for path in spec.iterdir()} == KERNELSPEC_FILES
    # "python" is what Jupyter replaces by the interpreter it runs on.
    assert json.loads((spec / "kernel.json").read_text())["argv"][0] == "python"
    # What Python itself leaves beside modules that were imported.
    assert empty.run("python", "-m", "compileall", "-q", empty.root).returncode == 0

    # By pip: uv leaves what was compiled of a module that is in no package.
    assert empty.run("python", "-m", "ensurepip").returncode == 0
    removed = empty.run("python", "-m", "pip", "uninstall", "--yes", *PACKAGES)

    assert removed.returncode == 0, removed.stderr
    assert [path for path in empty.root.rglob("*datalab*") if path != spec] == []
    assert not spec.exists()


def test_the_workspace_needs_nothing_of_a_notebook(
    empty: Environment, version: str
) -> None:
    empty.install(f"datalab-workspace-api=={version}")

    done = empty.run("python", "-c", SAVE_AND_LOAD)

    assert (done.returncode, done.stderr) == (0, "")
    for module in ("IPython", "matplotlib", "xpython", "datalab_kernel_core"):
        assert not empty.has(module)
    listing = empty.run("python", "-m", "datalab_workspace", "ls", "analysis.h5")
    assert "i042" in listing.stdout


@pytest.mark.slow
def test_the_namespace_works_in_plain_ipython_and_in_ipykernel(
    empty: Environment, version: str
) -> None:
    empty.install(f"datalab-kernel-core=={version}", "ipykernel", "nbclient")
    assert not empty.has("xpython")

    terminal = empty.run("ipython", "--ext=datalab_kernel_core", "-c", CELL)

    assert (terminal.returncode, terminal.stderr) == (0, "")
    assert "['i042'] IPython.terminal" in terminal.stdout

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"%load_ext datalab_kernel_core\n{CELL}")]
    )
    nbformat.write(notebook, empty.folder / "cell.ipynb")
    run = empty.run("jupyter-execute", "--inplace", "cell.ipynb")

    assert run.returncode == 0, run.stderr
    executed = nbformat.read(empty.folder / "cell.ipynb", as_version=4)
    assert "['i042'] ipykernel" in executed.cells[0].outputs[0].text
