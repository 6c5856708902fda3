"""Make the program `xpython` the DataLab kernel, before it starts one of its own.

Python imports this module when the program starts. It restores the environment, gives
the program's Python the packages of the launcher's Python, runs the `sitecustomize`
that this one hides, and prepares the kernel. Until the packages are there, it can
import nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import site
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

# Keep in sync with `datalab_kernel.xeus.program`.
VARIABLE = "DATALAB_KERNEL_PROGRAM"

OTHER_VERSION = (
    "The program {program} runs Python {here}, but the kernel's Python, {executable}, "
    "is {there}.\nTo solve this: install xeus-python for {executable}.\n"
)


def main() -> None:
    """Prepare the kernel; end the process if that fails."""
    instructions: dict[str, Any] | None = json.loads(os.environ.pop(VARIABLE, "null"))
    folder = str(Path(__file__).parent)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    if instructions is None:
        _run_hidden()  # a process that inherited the folder, but is not the kernel
        return
    for name, value in instructions["environment"].items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _use_packages(instructions)
    try:
        _run_hidden()
    finally:  # Python reports an error in a `sitecustomize`, and continues
        _prepare(instructions["argv"])


def _use_packages(instructions: dict[str, Any]) -> None:
    """Use the packages of the launcher's Python, if the program has a different prefix.

    The program is then that of the system, and the launcher's Python belongs to a
    virtual environment.
    """
    if list(sys.version_info[:2]) != instructions["version"]:
        _end(
            OTHER_VERSION.format(
                program=instructions["program"],
                executable=instructions["executable"],
                here="{}.{}".format(*sys.version_info[:2]),
                there="{}.{}".format(*instructions["version"]),
            )
        )
    if os.path.normpath(sys.prefix) == os.path.normpath(instructions["prefix"]):
        return
    own = {*site.getsitepackages(), site.getusersitepackages()}
    sys.path[:] = [entry for entry in sys.path if entry not in own]
    for packages in instructions["packages"]:
        if Path(packages).is_dir():
            site.addsitedir(packages)
    sys.executable = instructions["executable"]
    sys.prefix = sys.exec_prefix = instructions["prefix"]


def _run_hidden() -> None:
    """Run the `sitecustomize` that Python would have found without this folder."""
    ours = sys.modules.pop(__name__)
    try:
        import_module(__name__)
    except ModuleNotFoundError as error:
        if error.name != __name__:
            raise
        sys.modules[__name__] = ours  # the import of this module must find it


def _prepare(argv: list[str]) -> None:
    try:
        from datalab_kernel import launcher

        launcher.prepare_program(argv)
    except SystemExit as reason:
        _end(f"{reason}\n")
    except BaseException:  # noqa: BLE001  # the program would start its own kernel
        _end(traceback.format_exc())


def _end(reason: str) -> NoReturn:
    sys.stderr.write(reason)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "sitecustomize":  # not as a module of its package
    main()
