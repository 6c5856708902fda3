"""Execute a notebook in the DataLab kernel of this environment.

    python notebooks/run.py notebooks/quickstart.ipynb --out FOLDER
    python notebooks/run.py notebooks/quickstart.ipynb --save

The notebook runs inside the folder, as if it lay there. The folder then holds the
executed notebook, its pictures, what its cells wrote, and the kernel's log. The
user's own Jupyter and IPython folders are neither read nor written, and neither is the
folder with the objects that can be recovered.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets import default

KERNEL = "datalab-kernel"
PRIVATE_FOLDERS = (
    "DATALAB_KERNEL_RECOVERY",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_RUNTIME_DIR",
)


class EnvironmentKernelManager(AsyncKernelManager):
    """Starts the kernels that this environment has, whatever the user installed."""

    @default("kernel_spec_manager")
    def _specs_of_this_environment(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[f"{sys.prefix}/share/jupyter/kernels"])


def main() -> int:
    """Run the command; return 0, or 1 if a cell failed."""
    options = _parser().parse_args()
    out = options.out or Path(".out") / options.notebook.stem
    out.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(options.notebook, as_version=4)
    failure = None
    try:
        execute(notebook, out, timeout=options.timeout)
    except CellExecutionError as error:
        failure = error
    made = [
        out / options.notebook.name,
        *write_pictures(notebook, out, options.notebook),
    ]
    nbformat.write(notebook, made[0])
    if options.save and failure is None:
        nbformat.write(notebook, options.notebook)
    if failure is not None:
        print(f"A cell failed; see {made[0]}\n{failure}", file=sys.stderr)
        return 1
    for path in dict.fromkeys([*made, *sorted(out.glob("*.h5"))]):
        print(f"{path}  ({path.stat().st_size / 1024:.0f} KiB)")
    return 0


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    *,
    timeout: int,
    begins: Callable[[str], object] | None = None,
) -> None:
    """Run every cell of a notebook in a new kernel; the outputs go into it.

    Args:
        notebook: The notebook; changed in place.
        folder: The kernel's working folder.
        timeout: How long one cell may take, in seconds.
        begins: Called with the code of each cell that begins.

    Raises:
        CellExecutionError: If a cell failed; the cells before it have run.
    """
    with _private_folders(), _log(folder) as log:
        client = NotebookClient(
            notebook,
            kernel_name=KERNEL,
            kernel_manager_class=EnvironmentKernelManager,
            resources={"metadata": {"path": str(folder)}},
            timeout=timeout,
            record_timing=False,
        )
        if begins is not None:
            client.on_cell_execute = lambda cell, **_: begins(cell.source)
        client.execute(env=_environment(), stdout=log, stderr=log)


def write_pictures(
    notebook: nbformat.NotebookNode, folder: Path, source: Path
) -> list[Path]:
    """Write each picture among a notebook's outputs as a file of its own.

    Returns:
        The files, in the notebook's order.
    """
    for old in folder.glob(f"{source.stem}-*.png"):
        old.unlink()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    encoded = [output.get("data", {}).get("image/png") for output in outputs]
    pictures = []
    for number, text in enumerate(filter(None, encoded), start=1):
        path = folder / f"{source.stem}-{number}.png"
        path.write_bytes(base64.b64decode(text))
        pictures.append(path)
    return pictures


@contextmanager
def _private_folders() -> Iterator[None]:
    """Use new folders instead of the user's own; restore the environment at the end."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as private:
        os.environ |= {name: f"{private}/{name}" for name in PRIVATE_FOLDERS}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before


def _environment() -> dict[str, str]:
    # A run that is to be repeated must not depend on a DataLab that happens to be
    # open, nor put its objects there, unless that is asked for.
    return {"DATALAB_KERNEL_MODE": "standalone", **os.environ}


def _log(folder: Path) -> Any:
    return (folder / "kernel.log").open("w", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Execute a notebook in the DataLab kernel of this environment."
    )
    parser.add_argument("notebook", type=Path)
    parser.add_argument(
        "--out", type=Path, help="where the results go (default: .out/NOTEBOOK)"
    )
    parser.add_argument(
        "--timeout", type=int, default=300, help="seconds that a cell may take"
    )
    parser.add_argument(
        "--save", action="store_true", help="keep the outputs in the notebook itself"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
