"""Checks of the kernelspecs that Jupyter finds, and of the Python that each starts."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

from datalab_kernel import kernelspec
from datalab_kernel.doctor.findings import Finding
from datalab_kernel.doctor.processes import Unanswered, ask

# The commands that jupyter_client replaces by its own Python.
JUPYTERS_OWN = {
    "python",
    "python{}".format(*sys.version_info[:1]),
    "python{}.{}".format(*sys.version_info[:2]),
}
EARLIER_STARTUP = Path("profile_default", "startup", "00-datalab-kernel.py")

_IDENTIFY = """
import json, sys
try:
    from datalab_kernel import __version__, launcher
    reason = ""
except ImportError as error:
    __version__, reason = None, str(error)
print(json.dumps([sys.prefix, list(sys.version_info[:2]), __version__, reason]))
"""


@dataclass(frozen=True)
class Found:
    """A kernelspec of DataLab, or a different kernelspec that has its name.

    Args:
        name: The name by which Jupyter identifies it.
        directory: Its folder.
        spec: The content of `kernel.json`, or None if it cannot be read.
        problem: The reason why it cannot be read.
        hidden_by: The folder of the kernelspec that Jupyter uses instead.
    """

    name: str
    directory: Path
    spec: dict[str, Any] | None
    problem: str = ""
    hidden_by: Path | None = None

    @property
    def ours(self) -> bool:
        """Whether it starts this package's launcher."""
        return self.spec is not None and kernelspec.LAUNCHER in self.spec["argv"]

    @property
    def earlier(self) -> bool:
        """Whether datalab-kernel 0.2 wrote it."""
        return self.spec is not None and kernelspec.is_earlier(self.spec)

    @property
    def concerns_us(self) -> bool:
        """Whether it is a kernelspec of DataLab, or has the name of one."""
        return self.name == kernelspec.KERNEL_NAME or self.ours or self.earlier

    def __str__(self) -> str:
        return f"kernelspec {self.name}, {self.directory}"


def check() -> Iterator[Finding]:
    """Check every kernelspec of DataLab, in the order in which Jupyter searches."""
    try:
        folders = jupyter_folders()
    except ModuleNotFoundError:
        text = "the kernelspecs of the user: not checked"
        yield Finding("warn", text, kernelspec.INSTALL_CLI)
        folders = [kernelspec.kernels_folder(sys.prefix)]
    specs = find(folders)
    for found in specs:
        yield _examine(found)
    yield from check_presence(specs)
    yield from _check_earlier_startup()


def check_presence(specs: list[Found]) -> Iterator[Finding]:
    """Check whether users can choose the kernel, and notebooks find it."""
    usable = chosen(specs)
    if usable is None:
        text = "Jupyter finds no kernelspec of DataLab"
        yield Finding("error", text, install_command())
    elif usable.name != kernelspec.KERNEL_NAME:
        text = f"no kernelspec has the name in notebooks, {kernelspec.KERNEL_NAME}"
        yield Finding("warn", text, install_command())


def jupyter_folders() -> list[Path]:
    """Return the folders in which Jupyter searches for kernelspecs, in its order.

    Raises:
        ModuleNotFoundError: If jupyter-client is missing.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    return [Path(folder) for folder in KernelSpecManager().kernel_dirs]


def find(folders: Iterable[Path]) -> list[Found]:
    """Return the kernelspecs in some folders that concern DataLab, in their order."""
    specs: list[Found] = []
    first: dict[str, Path] = {}
    for folder in dict.fromkeys(folders):
        for directory in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not (directory / kernelspec.SPEC_FILE).is_file():
                continue
            found = _read(directory)
            winner = first.setdefault(found.name, directory)
            if found.concerns_us:
                hidden_by = None if winner == directory else winner
                specs.append(replace(found, hidden_by=hidden_by))
    return specs


def chosen(specs: Iterable[Found]) -> Found | None:
    """Return the kernelspec that users start: `datalab-kernel`, or else the first."""
    seen = [found for found in specs if found.hidden_by is None]
    named = [found for found in seen if found.name == kernelspec.KERNEL_NAME]
    return next(iter(named + seen), None)


def starts_jupyters_python(found: Found) -> bool:
    """Return whether a kernelspec starts the Python of the Jupyter that reads it."""
    argv = [] if found.spec is None else found.spec["argv"]
    return bool(argv) and argv[0] in JUPYTERS_OWN


def install_command(*arguments: str) -> str:
    """Return the command that installs a kernelspec for this Python."""
    return command_line("install", *arguments)


def install_under_second_name() -> str:
    """Return the command that installs a kernelspec under a second name."""
    name, title = f"{kernelspec.KERNEL_NAME}-2", f"{kernelspec.DISPLAY_NAME} 2"
    return install_command("--name", name, "--display-name", title)


def command_line(*arguments: str) -> str:
    """Return the command that calls this Python's `datalab-kernel`."""
    words = [sys.executable, "-m", "datalab_kernel", *arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def remedy_for(found: Found) -> str:
    """Return the remedy that makes a kernelspec start this Python, or removes it."""
    if not (found.ours or found.earlier):
        return install_under_second_name()
    arguments = [] if found.name == kernelspec.KERNEL_NAME else ["--name", found.name]
    folder = found.directory.parent
    if folder.parts[-3:] == ("share", "jupyter", "kernels") and not _is_users(folder):
        arguments += ["--prefix", str(folder.parents[2])]
    elif not _is_users(folder):
        return f"remove the folder {found.directory}"
    action = "install" if found.hidden_by is None else "uninstall"
    return command_line(action, *arguments)


def _read(directory: Path) -> Found:
    name = directory.name.lower()
    try:
        return Found(name, directory, kernelspec.content(directory))
    except (OSError, ValueError) as error:
        return Found(name, directory, None, str(error))


def _examine(found: Found) -> Finding:
    """Check one kernelspec; a defect of a hidden kernelspec is only a warning."""
    finding = _examine_as_if_seen(found)
    if found.hidden_by is None:
        return finding
    return replace(
        finding,
        level="note" if finding.level == "ok" else "warn",
        text=f"{finding.text} (not used: {found.hidden_by} comes first)",
    )


def _examine_as_if_seen(found: Found) -> Finding:
    if found.spec is None:
        text = f"{found}: cannot be read: {found.problem}"
        return Finding("error", text, f"remove the folder {found.directory}")
    if found.earlier:
        return Finding(
            "error",
            f"{found}: was written by datalab-kernel 0.2 and cannot start this version",
            remedy_for(found),
        )
    if not found.ours:
        return Finding("error", f"{found}: starts another kernel", remedy_for(found))
    return _examine_interpreter(found, found.spec)


def _examine_interpreter(found: Found, spec: dict[str, Any]) -> Finding:
    if starts_jupyters_python(found) and not found.directory.is_relative_to(sys.prefix):
        return Finding(
            "warn",
            f"{found}: starts the Python of whichever Jupyter reads it",
            remedy_for(found),
        )
    try:
        prefix, python, version, reason = _identify(spec)
    except Unanswered as problem:
        text = f"{found}: its Python does not start: {problem}"
        return Finding("error", text, remedy_for(found))
    if version is None:
        text = f"{found}: its Python, {spec['argv'][0]}, has no DataLab kernel"
        return Finding("error", f"{text}: {reason}", remedy_for(found))
    if not (_same(prefix, sys.prefix) and python == list(sys.version_info[:2])):
        text = f"{found}: starts datalab-kernel {version} of another environment"
        its_own = found.directory.is_relative_to(prefix)
        remedy = install_under_second_name() if its_own else remedy_for(found)
        return Finding("warn", f"{text}, {prefix}", remedy)
    return Finding("ok", f"{found}: starts {_started(found, spec)}")


def _identify(spec: dict[str, Any]) -> tuple[str, list[int], str | None, str]:
    """Ask the Python of a kernelspec for its prefix, version and kernel version.

    Raises:
        Unanswered: If that Python does not exist or does not run.
    """
    argv = list(spec["argv"])
    environment = dict(os.environ)
    for variable, value in spec.get("env", {}).items():
        environment[variable] = Template(str(value)).safe_substitute(os.environ)
    if argv[0] in JUPYTERS_OWN:
        argv[0] = sys.executable
    if shutil.which(argv[0], path=environment.get("PATH")) is None:
        raise Unanswered(f"{argv[0]} does not exist")
    # The words before the module may include more than a Python: options, or `conda
    # run`.
    before = argv[: argv.index(kernelspec.LAUNCHER)]
    before = before[:-1] if before[-1:] == ["-m"] else before
    prefix, python, version, reason = ask([*before, "-c", _IDENTIFY], env=environment)
    return prefix, python, version, reason


def _started(found: Found, spec: dict[str, Any]) -> str:
    if starts_jupyters_python(found):
        return f"the Python of a Jupyter in {sys.prefix}"
    return str(spec["argv"][0])


def _is_users(folder: Path) -> bool:
    try:
        return folder == kernelspec.kernels_folder()
    except ModuleNotFoundError:
        return False


def _check_earlier_startup() -> Iterator[Finding]:
    """Check for the startup file that version 0.2 installed for IPython."""
    ipython = os.environ.get("IPYTHONDIR") or Path.home() / ".ipython"
    path = Path(ipython).expanduser() / EARLIER_STARTUP
    if path.exists():
        text = (
            f"datalab-kernel 0.2 left {path}, which every IPython runs when it starts"
        )
        yield Finding("warn", text, f"remove the file {path}")


def _same(path: str, other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except OSError:
        return False
