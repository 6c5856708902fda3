"""Build a JupyterLite site with the quickstart and this clone's packages; serve it.

    python notebooks/lite.py --out FOLDER --port 8000

Where micromamba is installed, the site's kernel is built from
recipes/emscripten-forge/environment.yml, with all that the quickstart needs. Elsewhere
it is the kernel of the browser tests, which has NumPy alone: there the workspace works,
in memory and in a running DataLab, but not what needs sigima, Matplotlib or h5py.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
ENVIRONMENT = ROOT / "recipes" / "emscripten-forge" / "environment.yml"
PACKAGES = sorted((ROOT / "packages").glob("datalab-*"))


def main() -> None:
    """Run the command until it is interrupted."""
    options = _parser().parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        contents = Path(folder) / "contents"
        contents.mkdir()
        write_quickstart(contents / QUICKSTART.name)
        if shutil.which("micromamba"):
            build_from_the_forge(Path(folder), contents, options.out)
        else:
            print("micromamba is not installed: the site's kernel has NumPy alone")
            build_with_numpy(contents, options.out)
    print(f"built in {options.out}")
    if not options.build_only:
        serve(options.out, options.port)


def write_quickstart(path: Path) -> None:
    """Write the quickstart for a kernel that knows nothing of DataLab at its start."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    del notebook.metadata["kernelspec"]
    for cell in notebook.cells:
        if cell.cell_type == "code":  # what it shows is to be the visitor's own
            cell.outputs, cell.execution_count = [], None
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%load_ext datalab_kernel"))
    nbformat.write(notebook, path)


def build_from_the_forge(folder: Path, contents: Path, out: Path) -> None:
    """Build a site as docs/jupyterlite.md tells, of the packages of this clone."""
    environment = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))
    path = folder / ENVIRONMENT.name
    path.write_text(yaml.safe_dump(of_this_clone(environment)), "utf-8")
    tools = ("--with", "jupyterlite-xeus", "--with", "jupyter-server")
    subprocess.run(  # noqa: S603  of this file and of the user's tools
        [
            *(sys.executable, "-m", "uv", "tool", "run", "--from", "jupyterlite-core"),
            *(*tools, "jupyter-lite", "build", "--lite-dir", folder),
            *("--contents", contents, "--output-dir", out.absolute()),
            f"--XeusAddon.environment_file={path}",
        ],
        cwd=folder,
        check=True,
    )


def of_this_clone(environment: dict[str, Any]) -> dict[str, Any]:
    """Return an environment with this clone's packages in the place of PyPI's."""
    ours = {package.name: str(package) for package in PACKAGES}
    dependencies: list[Any] = []
    for listed in environment["dependencies"]:
        by_pip = listed["pip"] if isinstance(listed, dict) else None
        dependencies.append(
            listed if by_pip is None else {"pip": [ours.get(n, n) for n in by_pip]}
        )
    return {**environment, "dependencies": dependencies}


def build_with_numpy(contents: Path, out: Path) -> None:
    """Build a site as the browser tests do."""
    sys.path.insert(0, str(ROOT / "tests"))
    # mypy does not check the tests, whose modules these are.
    from support.browser import (  # type: ignore[import-not-found]
        builds,
        kernel_packages,
    )
    from support.environments import python_with  # type: ignore[import-not-found]

    cache = Path.home() / ".cache" / "datalab-kernel"
    cache.mkdir(parents=True, exist_ok=True)
    python = python_with(builds.REQUIREMENTS, cache)
    builds.build_site(python, out.absolute(), contents)
    sources = [*kernel_packages.our_packages(), *kernel_packages.widget_sources(python)]
    for name, content in kernel_packages.site_files(out, sources).items():
        (out / name).write_bytes(content)


def serve(folder: Path, port: int) -> None:
    """Serve a folder on loopback until the user interrupts it."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        place = f"http://127.0.0.1:{server.server_address[1]}/lab/index.html"
        print(f"{place}?path={QUICKSTART.name}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Build a JupyterLite site with the quickstart, and serve it."
    )
    parser.add_argument("--out", type=Path, default=Path(".out/lite"))
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--build-only", action="store_true", help="do not serve it")
    return parser


if __name__ == "__main__":
    main()
