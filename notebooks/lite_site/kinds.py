"""The kinds of sites: their kernels, and the packages that these have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "recipes" / "emscripten-forge" / "environment.yml"
#: Packages that are imported by another name than that of their distribution.
_IMPORTS = {"scikit-image": "skimage", "pywavelets": "pywt"}
_BOUNDS = "<>=!~ [;"


@dataclass(frozen=True)
class Kind:
    """A kind of site.

    Attributes:
        name: The name of the kind, as the command takes it.
        kernel: The kernel, as visitors read it.
        packages: The packages that a notebook can import, by their import names.
        first: The notebook that the site opens on.
    """

    name: str
    kernel: str
    packages: frozenset[str]
    first: str


def forge() -> Kind:
    """Return the kind whose kernel is built from `environment.yml`, by micromamba."""
    environment = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))
    packages = frozenset(_imported(environment["dependencies"]))
    kernel = "xeus-python of emscripten-forge"
    return Kind("forge", kernel, packages, "quickstart.ipynb")


PYODIDE = Kind(
    "pyodide",
    "Pyodide 0.27.7, with NumPy, SciPy, pandas and Matplotlib",
    frozenset({"numpy", "scipy", "pandas", "matplotlib"}),
    "jupyterlite_plots.ipynb",
)
NUMPY = Kind(
    "numpy",
    "xeus-python 0.15.10, with NumPy alone",
    frozenset({"numpy"}),
    "jupyterlite.ipynb",
)
NAMES = ("forge", PYODIDE.name, NUMPY.name)


def _imported(dependencies: list[Any]) -> list[str]:
    """Return the import names of a list of dependencies, those of pip included."""
    found = []
    for one in dependencies:
        if isinstance(one, dict):
            found += _imported([spec for spec in one["pip"] if spec[0] != "-"])
            continue
        if one.startswith("-"):  # an option of pip
            continue
        name = one
        for mark in _BOUNDS:
            name = name.partition(mark)[0]
        found.append(_IMPORTS.get(name, name.replace("-", "_")))
    return found
