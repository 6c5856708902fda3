"""The kernelspecs that Jupyter sees, and which Python each of them starts."""

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
from datalab_kernel.doctor.findings import Finding, not_checked
from datalab_kernel.doctor.processes import Unanswered, ask

# What jupyter_client replaces by the Python that it runs in itself.
JUPYTERS_OWN = {
    "python",
    "python{}".format(*sys.version_info[:1]),
    "python{}.{}".format(*sys.version_info[:2]),
}
EARLIER_STARTUP = Path("profile_default", "startup", "00-datalab-kernel.py")

_WHO = """
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
    """A kernelspec that is DataLab's, or has the name that DataLab's has.

    Args:
        name: As Jupyter knows it.
        directory: Its folder.
        spec: The content of `kernel.json`, or None if that cannot be read.
        problem: Why it cannot be read.
        hidden_by: The folder of the kernelspec that Jupyter takes in its place.
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
        """Whether it is DataLab's, or would be taken for it."""
        return self.name == kernelspec.KERNEL_NAME or self.ours or self.earlier

    def __str__(self) -> str:
        return f"kernelspec {self.name}, {self.directory}"


def check() -> Iterator[Finding]:
    """Look at every kernelspec of DataLab, in the order in which Jupyter looks."""
    try:
        folders = jupyter_folders()
    except ModuleNotFoundError:
        yield not_checked("the kernelspecs of the user", kernelspec.INSTALL_CLI)
        folders = [kernelspec.kernels_folder(sys.prefix)]
    specs = find(folders)
    for found in specs:
        yield _examine(found)
    yield from check_presence(specs)
    yield from _check_earlier_startup()


def check_presence(specs: list[Found]) -> Iterator[Finding]:
    """Look whether users can choose the kernel, and notebooks find it."""
    usable = chosen(specs)
    if usable is None:
        text = "Jupyter sees no kernelspec of DataLab"
        yield Finding("error", text, install_command())
    elif usable.name != kernelspec.KERNEL_NAME:
        text = f"no kernelspec is named {kernelspec.KERNEL_NAME}, as notebooks ask for"
        yield Finding("warn", text, install_command())


def jupyter_folders() -> list[Path]:
    """Return the folders in which Jupyter looks for kernelspecs, in its order.

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
    """Return the one that users get: by the kernel's name, or else the first."""
    seen = [found for found in specs if found.hidden_by is None]
    named = [found for found in seen if found.name == kernelspec.KERNEL_NAME]
    return next(iter(named + seen), None)


def starts_jupyters_python(found: Found) -> bool:
    """Whether a kernelspec starts the Python of the Jupyter that reads it."""
    argv = [] if found.spec is None else found.spec["argv"]
    return bool(argv) and argv[0] in JUPYTERS_OWN


def install_command(*arguments: str) -> str:
    """Return the command that installs a kernelspec for this Python."""
    return command_line("install", *arguments)


def install_beside() -> str:
    """Return the command that installs one for this Python under another name."""
    name, title = f"{kernelspec.KERNEL_NAME}-2", f"{kernelspec.DISPLAY_NAME} 2"
    return install_command("--name", name, "--display-name", title)


def command_line(*arguments: str) -> str:
    """Return how this Python's `datalab-kernel` is called."""
    words = [sys.executable, "-m", "datalab_kernel", *arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def rewriting(found: Found) -> str:
    """Return how to make a kernelspec start this Python, or to be rid of it."""
    if not (found.ours or found.earlier):
        return install_beside()
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
    """Look at one kernelspec; what is wrong with a hidden one harms nobody."""
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
            f"{found}: is of datalab-kernel 0.2, and starts nothing of this version",
            rewriting(found),
        )
    if not found.ours:
        return Finding("error", f"{found}: starts another kernel", rewriting(found))
    return _examine_interpreter(found, found.spec)


def _examine_interpreter(found: Found, spec: dict[str, Any]) -> Finding:
    if starts_jupyters_python(found) and not found.directory.is_relative_to(sys.prefix):
        return Finding(
            "warn",
            f"{found}: starts the Python of whichever Jupyter reads it",
            rewriting(found),
        )
    try:
        prefix, python, version, reason = _who_is(spec)
    except Unanswered as problem:
        text = f"{found}: its Python does not start: {problem}"
        return Finding("error", text, rewriting(found))
    if version is None:
        text = f"{found}: its Python, {spec['argv'][0]}, has no DataLab kernel"
        return Finding("error", f"{text}: {reason}", rewriting(found))
    if not (_same(prefix, sys.prefix) and python == list(sys.version_info[:2])):
        text = f"{found}: starts datalab-kernel {version} of another environment"
        its_own = found.directory.is_relative_to(prefix)
        remedy = install_beside() if its_own else rewriting(found)
        return Finding("warn", f"{text}, {prefix}", remedy)
    return Finding("ok", f"{found}: starts {_started(found, spec)}")


def _who_is(spec: dict[str, Any]) -> tuple[str, list[int], str | None, str]:
    """Ask the Python of a kernelspec for its prefix, version, and kernel's version.

    Raises:
        Unanswered: If there is no such Python, or it does not run.
    """
    argv = list(spec["argv"])
    environment = dict(os.environ)
    for variable, value in spec.get("env", {}).items():
        environment[variable] = Template(str(value)).safe_substitute(os.environ)
    if argv[0] in JUPYTERS_OWN:
        argv[0] = sys.executable
    if shutil.which(argv[0], path=environment.get("PATH")) is None:
        raise Unanswered(f"{argv[0]} does not exist")
    # What precedes the module may be more than a Python: options, `conda run`...
    before = argv[: argv.index(kernelspec.LAUNCHER)]
    before = before[:-1] if before[-1:] == ["-m"] else before
    prefix, python, version, reason = ask([*before, "-c", _WHO], env=environment)
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
    """Look for what 0.2 had every IPython of the user run."""
    ipython = os.environ.get("IPYTHONDIR") or Path.home() / ".ipython"
    path = Path(ipython).expanduser() / EARLIER_STARTUP
    if path.exists():
        text = f"datalab-kernel 0.2 left {path}, which every IPython runs at its start"
        yield Finding("warn", text, f"remove the file {path}")


def _same(path: str, other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except OSError:
        return False
