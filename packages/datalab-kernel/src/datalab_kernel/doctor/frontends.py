"""The programs that show notebooks, and whether they find the kernel."""

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
    """Look at what is installed here, and at the `jupyter` that a terminal starts."""
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
        text = f"widgets are not shown: {manager} is missing beside ipywidgets"
        yield Finding("warn", text, f"pip install {manager}")


def _check_command() -> Finding:
    command = shutil.which("jupyter")
    if command is None:
        return Finding("note", "there is no jupyter on the PATH")
    if _is_of_this_environment(command):
        return Finding("ok", f"{command} is of this environment")
    text = f"{command} is of another environment"
    try:
        data = ask([command, "--paths", "--json"])["data"]
    except (Unanswered, KeyError, TypeError) as problem:
        return Finding("warn", f"{text}, and does not tell where it looks: {problem}")
    found = kernelspecs.chosen(
        kernelspecs.find(Path(folder, "kernels") for folder in data)
    )
    return _what_it_starts(text, found)


def _what_it_starts(text: str, found: kernelspecs.Found | None) -> Finding:
    if found is None:
        text += ", and sees no kernel of DataLab"
        return Finding("warn", text, kernelspecs.install_command())
    if kernelspecs.starts_jupyters_python(found):
        text += f", and would start its own Python for {found}"
        return Finding("warn", text, kernelspecs.install_beside())
    return Finding("ok", f"{text}, and sees the {found}")


def _is_of_this_environment(command: str) -> bool:
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    folders = (Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes)
    return Path(command).parent.resolve() in {folder.resolve() for folder in folders}
