"""Builders of the sites, one for each kind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from lite_site.kinds import ENVIRONMENT, NUMPY, PYODIDE, ROOT, Kind

sys.path.insert(0, str(ROOT / "tests"))
# mypy does not check the tests, whose modules these are.
from support.browser import (  # type: ignore[import-not-found]
    builds,
    kernel_packages,
    pyodide_site,
)
from support.environments import (  # type: ignore[import-not-found]
    InstallationError,
    python_with,
)

__all__ = ["InstallationError", "build", "of_this_clone"]

EMPACK_CONFIG = ENVIRONMENT.with_name("empack_config.yaml")
PACKAGES = sorted((ROOT / "packages").glob("datalab-*"))
#: What the first page of a site runs: it goes to the application, without a notebook.
_GO_ON = "await import('./config-utils.js');"


def build(kind: Kind, contents: Path, out: Path, cache: Path) -> None:
    """Build a site that opens on its first notebook.

    Args:
        kind: The kind of the site.
        contents: The folder of its notebooks.
        out: The folder for the site.
        cache: The folder that keeps what is installed to build sites.

    Raises:
        InstallationError: What the site is built from cannot be installed.
    """
    if kind == PYODIDE:
        _build_with_pyodide(contents, out.absolute(), cache)
    elif kind == NUMPY:
        _build_with_numpy(contents, out.absolute(), cache)
    else:
        _build_from_the_forge(contents, out.absolute())
    _open_on(kind.first, out / "index.html")


def _open_on(notebook: str, page: Path) -> None:
    """Let the first page of a site go to a notebook.

    The page itself stays, as every other page reads its settings.
    """
    text = page.read_text("utf-8")
    assert text.count(_GO_ON) == 1, f"{page} is not the first page of a JupyterLite"
    go_to = f"location.replace('lab/index.html?path={notebook}');"
    page.write_text(text.replace(_GO_ON, go_to), "utf-8")


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


def _build_from_the_forge(contents: Path, out: Path) -> None:
    """Build a site as docs/jupyterlite.md tells, of the packages of this clone."""
    environment = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))
    tools = ("--with", "jupyterlite-xeus", "--with", "jupyter-server")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ENVIRONMENT.name
        path.write_text(yaml.safe_dump(of_this_clone(environment)), "utf-8")
        subprocess.run(  # noqa: S603  of this file and of the user's tools
            [
                *(sys.executable, "-m", "uv", "tool", "run"),
                *("--from", "jupyterlite-core", *tools, "jupyter-lite", "build"),
                *("--lite-dir", folder, "--contents", contents, "--output-dir", out),
                f"--XeusAddon.environment_file={path}",
                f"--XeusAddon.empack_config={EMPACK_CONFIG}",
            ],
            cwd=folder,
            check=True,
        )


def _build_with_pyodide(contents: Path, out: Path, cache: Path) -> None:
    python = python_with(pyodide_site.REQUIREMENTS, cache)
    pyodide_site.build_site(python, out, contents)
    pyodide_site.add_our_packages(out, python)


def _build_with_numpy(contents: Path, out: Path, cache: Path) -> None:
    python = python_with(builds.REQUIREMENTS, cache)
    builds.build_site(python, out, contents)
    sources = [*kernel_packages.our_packages(), *kernel_packages.widget_sources(python)]
    for name, content in kernel_packages.site_files(out, sources).items():
        (out / name).write_bytes(content)
