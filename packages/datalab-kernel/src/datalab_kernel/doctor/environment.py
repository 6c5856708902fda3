"""Checks of the running Python and of the packages in its environment."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from datalab_kernel import wheels
from datalab_kernel._version import __version__
from datalab_kernel.doctor.findings import Finding
from datalab_kernel.doctor.processes import Unanswered, ask

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
    else:
        yield Finding(
            "note",
            f"PyPI has no xeus-python for {reason}: {wheels.ALTERNATIVE}",
        )


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
    try:
        ask([sys.executable, "-c", _IMPORT, "xpython"])
    except Unanswered as reason:
        text = f"xeus-python cannot be imported: {reason}"
        remedy: str | None = wheels.remedy()
        if (program := _program()) is not None:
            # A default build of xeus-python lacks the module, which only the wheels
            # have.
            text += f" (only its program {program} is installed)"
            has_wheel = wheels.unsupported(wheels.Platform.current()) is None
            remedy = wheels.PIP if has_wheel else None
        yield Finding("error", text, remedy)
    else:
        yield Finding("ok", _named("xeus-python", ""))


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


def _program() -> str | None:
    folders = (sysconfig.get_path("scripts"), Path(sys.prefix, "Library", "bin"))
    return next(filter(None, (shutil.which("xpython", path=f) for f in folders)), None)


def _kind_of_environment() -> str:
    if Path(sys.prefix, "conda-meta").is_dir():
        return "a conda environment"
    if sys.prefix != sys.base_prefix:
        return "a virtual environment"
    return "no virtual environment"
