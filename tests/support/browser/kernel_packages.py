"""What a kernel has of ours, as a site serves it."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_KERNEL = "extensions/@jupyterlite/xeus-python-kernel/static"
_SITE_PACKAGES = "lib/python3.11/site-packages"
PACKAGES = Path(__file__).parents[3] / "packages"
#: What runs in the kernel besides our own: the tests of the conformance suite.
INSIDE = sorted(Path(__file__).with_name("inside").glob("*.py"))
#: What `workspace.browse` and `plotter.explore` need besides.
WIDGETS = ("anywidget", "comm", "ipywidgets", "psygnal", "typing_extensions")
PYTEST = ("_pytest", "iniconfig", "packaging", "pluggy", "py", "pytest", "tzdata")


def sources() -> list[Path]:
    """What a kernel of the tests has in its site-packages besides its own."""
    return [*our_packages(), *INSIDE, *map(installed, PYTEST)]


def our_packages() -> list[Path]:
    """Return the folders of our own packages."""
    return [path for path in PACKAGES.glob("*/src/datalab_*") if path.is_dir()]


def widget_sources(python: Path) -> list[Path]:
    """Return the packages that widgets need in a kernel.

    Args:
        python: The interpreter of the environment in which the site was built.
    """
    (folder,) = python.parents[1].glob("lib/python*/site-packages")
    return with_metadata(folder, WIDGETS)


def with_metadata(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return packages and modules of a site-packages folder, and their metadata.

    Some look up their own version.

    Args:
        folder: The site-packages folder.
        names: The names by which they are imported.
    """
    forms = ("", ".py", "-*.dist-info")
    return [path for n in names for form in forms for path in folder.glob(n + form)]


def installed(module: str) -> Path:
    """Return the file of a module, or the folder of a package."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin)
    return path.parent if path.name == "__init__.py" else path


def site_files(
    folder: Path, sources: list[Path], settings: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """Return what a site is to serve for its kernel to have some packages.

    Args:
        folder: The built site.
        sources: Packages and modules.
        settings: What the site says of DataLab.
    """
    site = json.loads((folder / "jupyter-lite.json").read_text("utf-8"))
    config = site["jupyter-config-data"]
    config["exposeAppInBrowser"] = True
    if settings is not None:
        config["litePluginSettings"] = {"datalab-workspace": settings}
    meta = json.loads((folder / _KERNEL / "empack_env_meta.json").read_text("utf-8"))
    name = {"name": "tested", "version": "0", "build": "0", "filename_stem": "tested"}
    meta["packages"].append({**name, "filename": "tested.tar.gz"})
    return {
        "jupyter-lite.json": json.dumps(site).encode(),
        f"{_KERNEL}/empack_env_meta.json": json.dumps(meta).encode(),
        f"{_KERNEL}/tested.tar.gz": packed(sources, _SITE_PACKAGES),
    }


def packed(sources: list[Path], place: str) -> bytes:
    """Return an archive of packages and modules.

    Args:
        sources: Their folders and files.
        place: Where in the archive they are.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as members:
        for source in sources:
            for path in [source] if source.is_file() else sorted(source.rglob("*")):
                if path.is_file() and _is_portable(path):
                    name = path.relative_to(source.parent).as_posix()
                    members.add(path, f"{place}/{name}")
    return gzip.compress(archive.getvalue(), compresslevel=1)


def _is_portable(path: Path) -> bool:
    """Whether a file is of use in a browser, unlike what was compiled for this machine.

    The modules of psygnal that are compiled have a twin in Python.
    """
    return path.suffix != ".so" and "__pycache__" not in path.parts
