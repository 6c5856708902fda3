"""The program `xpython`, which contains a Python and starts the kernel by itself.

xeus-python exists in two forms. The wheels on PyPI have a Python module, `xpython`,
which the launcher calls. conda-forge and Debian have a program of the same name and no
module. The program has no option that runs code before the kernel starts. But its
Python imports `sitecustomize` first, as every Python does. So the launcher starts the
program with a `sitecustomize` of our own (`start_hook`) first on the import path, and
passes to it what it needs in one environment variable.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import sys
import sysconfig
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from datalab_kernel.xeus import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "xpython"
HOOK = Path(__file__).with_name("start_hook")
#: The variable that carries the instructions to the hook, as JSON.
VARIABLE = "DATALAB_KERNEL_PROGRAM"

_at_exit: Any = None  # C code refers to it


def has_module() -> bool:
    """Return whether xeus-python is installed as a Python module."""
    return find_spec(NAME) is not None


def find() -> str | None:
    """Return the program's path, or None.

    A program in the environment of this Python has priority over those on PATH. On
    Windows, conda-forge installs it in `Library/bin`.
    """
    folders = [
        sysconfig.get_path("scripts"),
        str(Path(sys.prefix, "Library", "bin")),
        os.environ.get("PATH", os.defpath),
    ]
    return shutil.which(NAME, path=os.pathsep.join(folders))


def run_without_module(argv: Sequence[str]) -> None:
    """Run the kernel in the program and end this process, if there is no module.

    Return if there is a module, or no program either.

    Args:
        argv: The name and the arguments of the launcher.

    Raises:
        OSError: If the program cannot be started.
    """
    path = None if has_module() else find()
    if path is not None:
        run(path, argv)


def run(program: str, argv: Sequence[str]) -> NoReturn:
    """Run the kernel in a program, and end this process.

    Args:
        program: The path of the program.
        argv: The name and the arguments of the launcher.

    Raises:
        OSError: If the program cannot be started.
    """
    command = [program, *argv[1:]]
    env = environment(program, argv)
    if os.name == "nt":
        from datalab_kernel.xeus import child

        # A process cannot replace itself on Windows. Jupyter would see its end as the
        # end of the kernel.
        sys.exit(child.run(command, env))
    sys.stdout.flush()
    sys.stderr.flush()
    # The handler that the program sets before Python's own would end the process.
    interrupts.block()
    os.execve(program, command, env)  # noqa: S606  # a shell would add nothing


def environment(program: str, argv: Sequence[str]) -> dict[str, str]:
    """Return the environment in which the program becomes the DataLab kernel.

    The hook restores the variables that differ from those of this process, so that the
    kernel's own children do not inherit them.
    """
    changed = {
        "PYTHONPATH": _before("PYTHONPATH", str(HOOK)),
        "PATH": path_for(program),
    }
    instructions = {
        "argv": list(argv),
        "program": program,
        "environment": {name: os.environ.get(name) for name in changed},
        "version": list(sys.version_info[:2]),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "packages": _package_folders(),
    }
    return {**os.environ, **changed, VARIABLE: json.dumps(instructions)}


def path_for(program: str) -> str:
    """Return the PATH with which the program can start.

    The program takes its prefix from the first Python on PATH. On Windows, it also
    finds its libraries there.
    """
    return _before("PATH", str(Path(sys.executable).parent), str(Path(program).parent))


def call_at_end(function: Callable[[], None]) -> None:
    """Call a function when the kernel has ended, before Python ends anything.

    The program calls no Python code then. `atexit` handlers would run too late, because
    the function has to run them itself.
    """
    process, called = os.getpid(), False

    def call_once() -> None:
        nonlocal called
        # The function may end the threads, which calls this again. A fork of the kernel
        # is not the kernel.
        if not called and os.getpid() == process:
            called = True
            function()

    # Python calls the function when the program ends the interpreter, after those that
    # `concurrent.futures` registers to end its threads.
    threading._register_atexit(call_once)  # type: ignore[attr-defined]  # noqa: SLF001
    if sys.platform != "win32":
        _call_at_exit_of_c(call_once)


def _call_at_exit_of_c(function: Callable[[], None]) -> None:
    """Call a function when C code calls `exit`, which does not end the interpreter.

    Programs before xeus-python 0.17 end in this way, such as those of Debian 12.
    """
    import ctypes

    global _at_exit
    _at_exit = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _argument: function())
    ctypes.CDLL(None)["__cxa_atexit"](_at_exit, None, None)


def _before(variable: str, *folders: str) -> str:
    """Return the value of a list of folders with further folders in front."""
    following = os.environ.get(variable)
    return os.pathsep.join([*folders, following] if following else folders)


def _package_folders() -> list[str]:
    users = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*users, *site.getsitepackages()]
