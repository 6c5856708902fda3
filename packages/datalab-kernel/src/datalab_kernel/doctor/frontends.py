"""Checks of the programs that show notebooks, and of the kernels that they find."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from datalab_kernel.doctor import kernelspecs
from datalab_kernel.doctor.environment import installed_version
from datalab_kernel.doctor.findings import Finding
from datalab_kernel.doctor.processes import Unanswered, ask

FRONT_ENDS = {
    "jupyterlab": "JupyterLab",
    "notebook": "Notebook",
    "nbclient": "nbclient",
    "nbconvert": "nbconvert",
    "ipywidgets": "ipywidgets",
}


def check() -> Iterator[Finding]:
    """Check the programs installed here, and the `jupyter` that a terminal starts."""
    here, absent = [], []
    for name, title in FRONT_ENDS.items():
        version = installed_version(name)
        if version is None:
            absent.append(title)
        else:
            here.append(f"{title} {version}")
    if here:
        yield Finding("ok", f"in this environment: {', '.join(here)}")
    if absent:
        yield Finding("note", f"not in this environment: {', '.join(absent)}")
    yield from _check_widgets()
    yield Finding("note", "VS Code: not checked")
    yield _check_command()


def _check_widgets() -> Iterator[Finding]:
    manager = "jupyterlab_widgets"
    if installed_version("ipywidgets") is None or installed_version(manager):
        return
    if installed_version("jupyterlab") or installed_version("notebook"):
        text = (
            f"widgets are not shown: {manager} is missing, but ipywidgets is installed"
        )
        yield Finding("warn", text, f"pip install {manager}")


def _check_command() -> Finding:
    command = shutil.which("jupyter")
    if command is None:
        return Finding("note", "no jupyter command is on the PATH")
    if _is_of_this_environment(command):
        return Finding("ok", f"{command} belongs to this environment")
    text = f"{command} belongs to another environment"
    try:
        data = ask([command, "--paths", "--json"])["data"]
    except (Unanswered, KeyError, TypeError) as problem:
        return Finding("warn", f"{text}, and does not report its folders: {problem}")
    found = kernelspecs.chosen(
        kernelspecs.find(Path(folder, "kernels") for folder in data)
    )
    return _what_it_starts(text, found)


def _what_it_starts(text: str, found: kernelspecs.Found | None) -> Finding:
    if found is None:
        text += ", and finds no DataLab kernel"
        return Finding("warn", text, kernelspecs.install_command())
    if kernelspecs.starts_jupyters_python(found):
        text += f", and would start its own Python for {found}"
        return Finding("warn", text, kernelspecs.install_under_second_name())
    return Finding("ok", f"{text}, and finds the {found}")


def _is_of_this_environment(command: str) -> bool:
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    folders = (Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes)
    return Path(command).parent.resolve() in {folder.resolve() for folder in folders}
