"""Checks of the running Python and of the packages in its environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from datalab_kernel import wheels
from datalab_kernel._version import __version__
from datalab_kernel.doctor.findings import Finding
from datalab_kernel.doctor.processes import Unanswered, ask, run
from datalab_kernel.xeus import program

OLDEST = (3, 10)
SIBLINGS = {
    "datalab-kernel-core": "datalab_kernel_core",
    "datalab-workspace-api": "datalab_workspace",
}

_IMPORT = """
import importlib, json, sys, time
start = time.perf_counter()
module = importlib.import_module(sys.argv[1])
seconds = time.perf_counter() - start
print(json.dumps([str(getattr(module, "__version__", "")), seconds]))
"""


@dataclass(frozen=True)
class Requirement:
    """A package that the kernel needs.

    Args:
        name: The name of its distribution.
        module: The module that the kernel imports.
        optional: The feature that needs it, if the rest of the kernel works without it.
        timed: Whether to report the time of its import.
    """

    name: str
    module: str
    optional: str | None = None
    timed: bool = False


REQUIREMENTS = (
    Requirement("xeus-python-shell", "xeus_python_shell.shell"),
    Requirement("ipython", "IPython"),
    Requirement("debugpy", "debugpy", optional="the debugger"),
    Requirement("numpy", "numpy"),
    Requirement("h5py", "h5py"),
    Requirement("matplotlib", "matplotlib"),
    Requirement("sigima", "sigima", timed=True),
)


def check_interpreter(platform: wheels.Platform | None = None) -> Iterator[Finding]:
    """Check the running Python, or the one that `platform` describes."""
    platform = platform or wheels.Platform.current()
    version = ".".join(map(str, platform.python))
    if platform.python < OLDEST:
        oldest = "{}.{}".format(*OLDEST)
        yield Finding(
            "error", f"Python {version} is too old", f"use Python {oldest} or later"
        )
    else:
        kind = _kind_of_environment()
        yield Finding("ok", f"Python {version}, {sys.executable} ({kind})")
    reason = wheels.unsupported(platform)
    if reason is None:
        yield Finding("ok", f"{platform}, for which PyPI has xeus-python")
    elif platform.conda:
        yield Finding("note", f"PyPI has no xeus-python for {reason}; conda-forge may")
    else:
        yield Finding(
            "note",
            f"PyPI has no xeus-python for {reason}: {wheels.ALTERNATIVE}",
        )


def check_recovery() -> Iterator[Finding]:
    """Report where kernels keep copies of their workspaces, and their size."""
    from datalab_workspace.recovery import folder

    parent = folder.root()
    if parent is None:
        yield Finding("note", f"off, because of {folder.VARIABLE}")
    elif not parent.is_dir():
        yield Finding("ok", f"{parent}, which does not exist yet")
    elif not folder.is_private(parent):
        yield Finding(
            "warn",
            f"{parent} is not private, so that nothing is kept there",
            "remove it, or make it yours with the mode 0700",
        )
    else:
        mib = folder.total_size(parent) / 2**20
        left = len(folder.left_folders(parent))
        yield Finding("ok", f"{parent}: {mib:.1f} MiB, {left} of kernels that died")


def check_packages() -> Iterator[Finding]:
    """Check the sibling packages, xeus-python and the other requirements."""
    yield from _check_siblings()
    yield from _check_xeus()
    for requirement in REQUIREMENTS:
        yield _check_import(requirement)


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _check_siblings() -> Iterator[Finding]:
    in_step = [f"datalab-kernel {__version__}"]
    for name, module in SIBLINGS.items():
        remedy = f"pip install --force-reinstall --no-deps {name}=={__version__}"
        try:
            version, _ = ask([sys.executable, "-c", _IMPORT, module])
        except Unanswered as reason:
            yield Finding("error", f"{name} cannot be imported: {reason}", remedy)
            continue
        if version == __version__:
            in_step.append(name)
        else:
            text = f"{name} {version} does not match datalab-kernel {__version__}"
            yield Finding("error", text, remedy)
    yield Finding("ok", ", ".join(in_step))


def _check_xeus() -> Iterator[Finding]:
    """Check the module or the program that the launcher would use."""
    path = None if program.has_module() else program.find()
    try:
        if path is None:
            ask([sys.executable, "-c", _IMPORT, program.NAME])
            text = f"{_named('xeus-python', '')}, its Python module"
        else:
            text = f"{_named('xeus-python', _version_of(path))}, its program {path}"
    except Unanswered as reason:
        what = f"xeus-python's program {path}" if path else "xeus-python"
        problem = "does not start" if path else "cannot be imported"
        yield Finding("error", f"{what} {problem}: {reason}", wheels.remedy())
    else:
        yield Finding("ok", text)


def _version_of(path: str) -> str:
    """Return the version that the program `xpython` reports, or an empty string."""
    env = {**os.environ, "PATH": program.path_for(path)}
    answer = run([path, "--version"], env=env)
    found = re.search(rf"{program.NAME} (\S+)", answer.stdout + answer.stderr)
    return found[1] if found else ""


def _check_import(requirement: Requirement) -> Finding:
    try:
        command = [sys.executable, "-c", _IMPORT, requirement.module]
        version, seconds = ask(command)
    except Unanswered as reason:
        return Finding(
            "error" if requirement.optional is None else "warn",
            f"{requirement.name} cannot be imported: {reason}"
            + (f"; {requirement.optional} needs it" if requirement.optional else ""),
            f"pip install {requirement.name}",
        )
    named = _named(requirement.name, version)
    timing = f" (imported in {seconds:.1f} s)" if requirement.timed else ""
    return Finding("ok", named + timing)


def _named(name: str, version: str) -> str:
    return f"{name} {installed_version(name) or version or 'of unknown version'}"


def _kind_of_environment() -> str:
    if wheels.Platform.current().conda:
        return "a conda environment"
    if sys.prefix != sys.base_prefix:
        return "a virtual environment"
    return "no virtual environment"
