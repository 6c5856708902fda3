"""Kernelspecs, which describe to Jupyter how to start this kernel.

The package comes with a kernelspec, which pip installs into the package's environment.
The functions of this module write further kernelspecs, for a Jupyter in a different
environment. Each of these names the Python that wrote it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KERNEL_NAME = "datalab-kernel"
DISPLAY_NAME = "DataLab Kernel"

LAUNCHER = "datalab_kernel.launcher"
SPEC_FILE = "kernel.json"
INSTALL_CLI = "pip install 'datalab-kernel[cli]'"

_VALID_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_MISSING_CLI = (
    "Finding Jupyter's data folders needs jupyter-client, which is not installed: run "
    f"{INSTALL_CLI}, or name a folder with --prefix or --sys-prefix"
)


@dataclass(frozen=True)
class InstalledSpec:
    """A DataLab kernelspec on disk."""

    name: str
    display_name: str
    directory: Path
    argv: tuple[str, ...]


def make_kernel_cmd(executable: str | None = None) -> list[str]:
    """Return the command that starts the kernel.

    Args:
        executable: The Python to start; by default the running one.
    """
    command = list(_template()["argv"])
    command[0] = executable or sys.executable
    return command


def kernel_dict(
    display_name: str = DISPLAY_NAME, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the content of a `kernel.json` for the running Python.

    Args:
        display_name: The name that Jupyter shows.
        env: Environment variables for the kernel.

    Raises:
        ValueError: If the display name or the name of a variable is invalid.
    """
    if not display_name.strip():
        raise ValueError("the display name is empty; pass a name for Jupyter to show")
    spec = _template() | {"argv": make_kernel_cmd(), "display_name": display_name}
    for variable in env or {}:
        if not variable or "=" in variable or "\0" in variable:
            raise ValueError(
                f"{variable!r} is not a valid name of an environment variable; "
                "pass a name without '=', then the value"
            )
    if env:
        spec["env"] = dict(env)
    return spec


def write(directory: Path, spec: Mapping[str, Any]) -> None:
    """Write a kernelspec completely or not at all.

    `kernel.json`, without which Jupyter ignores the folder, is moved into place last. A
    kernelspec of this package or of datalab-kernel 0.2 is replaced.

    Args:
        directory: The kernelspec's own folder; created if missing.
        spec: The content of `kernel.json`.

    Raises:
        FileExistsError: If the folder holds another kernel or is a link.
        OSError: If it cannot be written; anything created for it is removed.
    """
    if directory.is_symlink():
        raise FileExistsError(
            f"{directory} is a link to another folder; remove it first"
        )
    if (directory / SPEC_FILE).exists() and not _is_datalabs(directory):
        raise FileExistsError(
            f"{directory} holds another kernel; choose another --name"
        )
    text = json.dumps(spec, indent=2) + "\n"
    with _removed_on_failure(directory), as_file(_resources()) as resources:
        directory.mkdir(parents=True, exist_ok=True)
        for logo in sorted(resources.glob("logo-*")):
            _replace(directory / logo.name, logo.read_bytes())
        _replace(directory / SPEC_FILE, text.encode())


def content(directory: Path) -> dict[str, Any]:
    """Return the content of the `kernel.json` in a folder.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not a kernelspec.
    """
    spec: Any = json.loads((directory / SPEC_FILE).read_text(encoding="utf-8"))
    argv = spec.get("argv") if isinstance(spec, dict) else None
    if not isinstance(argv, list) or not all(isinstance(word, str) for word in argv):
        raise ValueError("'argv' is missing or is not a list of strings")
    if not isinstance(spec.get("env", {}), dict):
        raise ValueError(  # noqa: TRY004  # the type in a file, not of an argument
            "'env' does not map variables to values"
        )
    return dict(spec)


def read(directory: Path) -> InstalledSpec | None:
    """Return the DataLab kernelspec in a folder, or None."""
    try:
        spec = content(directory)
    except (OSError, ValueError):
        return None  # not a kernelspec, or one that Jupyter cannot read either
    if LAUNCHER not in spec["argv"]:
        return None
    display_name = str(spec.get("display_name", ""))
    return InstalledSpec(directory.name, display_name, directory, tuple(spec["argv"]))


def is_earlier(spec: Mapping[str, Any]) -> bool:
    """Return whether datalab-kernel 0.2 wrote a kernelspec with this content."""
    argv = spec["argv"]
    return LAUNCHER not in argv and (
        "DATALAB_KERNEL_STARTUP" in spec.get("env", {})
        or any(word in ("datalab_kernel", "datalab_kernel.kernel") for word in argv)
        or any("xeus_python.main" in word for word in argv)
    )


def install(
    *,
    prefix: str | Path | None = None,
    name: str = KERNEL_NAME,
    display_name: str = DISPLAY_NAME,
    env: Mapping[str, str] | None = None,
) -> Path:
    """Install a kernelspec that starts the running Python.

    Args:
        prefix: The environment to write to (`sys.prefix` for this one); by default the
            user's Jupyter folder.
        name: The name by which Jupyter identifies the kernel.
        display_name: The name that Jupyter shows.
        env: Environment variables for the kernel.

    Returns:
        The kernelspec's folder.

    Raises:
        ValueError: If a name is invalid.
        FileExistsError: If another kernel has that name in the folder.
        ModuleNotFoundError: If the user's folder is requested and jupyter-client is
            missing.
        OSError: If the folder cannot be written.

    Example:
        >>> import datalab_kernel
        >>> folder = datalab_kernel.install(prefix="environment", name="my-datalab")
        >>> folder.name
        'my-datalab'
    """
    directory = kernels_folder(prefix) / valid_name(name)
    write(directory, kernel_dict(display_name, env))
    return directory


def uninstall(*, prefix: str | Path | None = None, name: str = KERNEL_NAME) -> Path:
    """Remove a kernelspec that `install` wrote with the same arguments.

    Kernelspecs of datalab-kernel 0.2 are removed as well.

    Args:
        prefix: The environment (`sys.prefix` for this one); by default the user's
            Jupyter folder.
        name: The name by which Jupyter identifies the kernel.

    Returns:
        The folder that was removed.

    Raises:
        FileNotFoundError: If no DataLab kernel has that name in the folder.
        ValueError: If the name is invalid.
        ModuleNotFoundError: If the user's folder is requested and jupyter-client is
            missing.
        OSError: If the folder cannot be removed.

    Example:
        >>> import datalab_kernel
        >>> folder = datalab_kernel.install(prefix="environment", name="my-datalab")
        >>> datalab_kernel.uninstall(prefix="environment", name="my-datalab") == folder
        True
    """
    directory = kernels_folder(prefix) / valid_name(name)
    if not _is_datalabs(directory):
        raise FileNotFoundError(
            f"no DataLab kernel in {directory}; the command `list` shows where they are"
        )
    shutil.rmtree(directory)
    return directory


def installed(*, prefix: str | Path | None = None) -> list[InstalledSpec]:
    """Return the DataLab kernelspecs of an environment, or all that Jupyter finds.

    Raises:
        ModuleNotFoundError: If no prefix is given and jupyter-client is missing.
    """
    folders = _jupyter_folders() if prefix is None else [kernels_folder(prefix)]
    found = []
    for folder in dict.fromkeys(folders):
        if folder.is_dir():
            specs = (read(directory) for directory in sorted(folder.iterdir()))
            found += [spec for spec in specs if spec is not None]
    return found


def kernels_folder(prefix: str | Path | None = None) -> Path:
    """Return the folder of kernelspecs of an environment or of the user.

    Raises:
        ModuleNotFoundError: If no prefix is given and jupyter-client is missing.
    """
    if prefix is not None:
        return Path(prefix).expanduser().absolute() / "share" / "jupyter" / "kernels"
    return Path(_jupyter_paths().jupyter_data_dir()) / "kernels"


def valid_name(name: str) -> str:
    """Return a kernel's name in lower case, as Jupyter spells it.

    Raises:
        ValueError: If Jupyter does not accept the name.
    """
    if not _VALID_NAME.fullmatch(name.lower()):
        raise ValueError(
            f"{name!r} is not a valid name for a kernel; use ASCII letters, digits, "
            "'.', '_' and '-', and begin with a letter or a digit"
        )
    return name.lower()


def _is_datalabs(directory: Path) -> bool:
    try:
        spec = content(directory)
    except (OSError, ValueError):
        return False
    return LAUNCHER in spec["argv"] or is_earlier(spec)


def _jupyter_folders() -> list[Path]:
    return [Path(folder) for folder in _jupyter_paths().jupyter_path("kernels")]


def _jupyter_paths() -> Any:
    try:
        from jupyter_core import paths
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(_MISSING_CLI, name=error.name) from error
    return paths


def _resources() -> Any:
    return files("datalab_kernel") / "resources"


def _template() -> dict[str, Any]:
    text = (_resources() / SPEC_FILE).read_text(encoding="utf-8")
    template: dict[str, Any] = json.loads(text)
    return template


def _replace(path: Path, content: bytes) -> None:
    # The file is never written in place: an installer may have made it a hard link into
    # its cache.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _removed_on_failure(directory: Path) -> Iterator[None]:
    existed = directory.exists()
    try:
        yield
    except BaseException:
        if not existed:
            shutil.rmtree(directory, ignore_errors=True)
        raise
