"""Start the kernel: `python -m datalab_kernel.launcher -f CONNECTION_FILE`.

xeus-python provides the Jupyter protocol and, through xeus-python-shell, an IPython
shell that follows the user's own configuration. As soon as the shell exists, and before
any code of the user runs, the launcher installs the repairs, adds this package to the
extensions to load, and starts the warm-up.

xeus-python is either a Python module, which `main` calls, or a program, which replaces
this process and calls `prepare_program` (see `datalab_kernel.xeus.program`).
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from datalab_kernel.xeus import program

if __name__ == "__main__":
    # The program makes the imports below itself, and this process does not need them.
    program.run_without_module(sys.argv)

from datalab_kernel import warmup
from datalab_kernel.repairs import (
    comms,
    debugger,
    environment,
    eventloop,
    interrupt,
    parent,
    postmortem,
    shutdown,
    stdin,
    streams,
    termination,
)
from datalab_kernel.shell import application as shell_application
from datalab_kernel.xeus import loop as event_loop
from datalab_kernel.xeus import loopback, registry, sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xeus_python_shell.shell import XPythonShellApp

EXTENSION = "datalab_kernel"
# In the order of installation. Several repairs wrap the same function of the shell; the
# last one to wrap a function is the first one to be called.
REPAIRS = (
    # `run_ast_nodes`, which runs the statements of a cell: `interrupt` is wrapped by
    # `postmortem`, so that no interrupt ends the clean-up after the debugger.
    interrupt,
    # `stdin` recognises xeus-python's own `input` at the start of each cell, before
    # `streams` wraps it. So `stdin` comes later here.
    streams,
    stdin,
    # These wrap no function that another repair wraps, except for `run_ast_nodes`.
    postmortem,
    debugger,
    eventloop,
    # These wrap nothing.
    comms,
    environment,
    termination,
    parent,
)

# xeus-python-shell imports them if they are installed, and uses them in a browser only.
# They take a fifth of the time in which the kernel starts.
UNUSED = ("pyodide_http", "urllib3")
OPTION = re.compile(r"--[A-Z]\w*\.\w")
NO_XEUS = (
    "The DataLab kernel needs xeus-python, but this Python cannot import it "
    "({reason}).\nTo solve this: {remedy}"
)


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the kernel until it is shut down, and end the process.

    Args:
        argv: The program's name and its arguments; `sys.argv` by default.

    Raises:
        SystemExit: If xeus-python is not installed or cannot be loaded.
    """
    argv = list(sys.argv if argv is None else argv)
    program.run_without_module(argv)
    interrupt.prepare()  # before an import starts a thread
    try:
        from xpython import launch
    except ImportError as error:
        raise _no_xeus(error) from error
    prepare(argv)
    launch(argv)
    finish()


def prepare(argv: list[str]) -> None:
    """Prepare the kernel that xeus-python is about to start in this process.

    Args:
        argv: The program's name and its arguments.

    Raises:
        SystemExit: If xeus-python-shell is not installed or cannot be loaded.
    """
    loopback.prepare(argv)
    try:
        with _without(*UNUSED):
            from xeus_python_shell.shell import XPythonShellApp
    except ImportError as error:
        raise _no_xeus(error) from error
    _pass_options(XPythonShellApp, argv)
    extend(XPythonShellApp)


def prepare_program(argv: list[str]) -> None:
    """Prepare the kernel in the program `xpython`, and what comes after its end.

    Args:
        argv: The name and the arguments of the launcher.

    Raises:
        SystemExit: If xeus-python-shell is not installed or cannot be loaded.
    """
    prepare(argv)
    program.call_at_end(finish)


def finish() -> NoReturn:
    """End the process after xeus-python's kernel has ended."""
    streams.finish()
    comms.finish()
    shutdown.finish()


def extend(application: type[XPythonShellApp]) -> None:
    """Make an IPython application set up its shell as a DataLab kernel.

    The repairs are installed, the extension is added and the warm-up is started as soon
    as the shell exists, before any code of the user runs.
    """

    def ready(app: XPythonShellApp) -> None:
        registry.install(app.shell, REPAIRS)
        app.extra_extensions = [*app.extra_extensions, EXTENSION]
        event_loop.when_started(sockets.keep_reading)
        warmup.start(app.shell)

    shell_application.prepare(application, ready)


def _pass_options(application: type[XPythonShellApp], argv: list[str]) -> None:
    """Pass the options of IPython to an application, and no argument to user code.

    These are options of configurable classes, as `--HistoryManager.enabled=False`.
    Other arguments are ignored: the application would refuse to start with them.
    """
    initialize = application.initialize
    options = [argument for argument in argv[1:] if OPTION.match(argument)]

    def initialize_with(app: XPythonShellApp, use_jedi: bool = False) -> None:
        sys.argv = sys.argv[:1]
        initialize(app, use_jedi, options)

    application.initialize = initialize_with


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Let imports of some modules fail for the time of a `with` block."""
    hidden = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


def _no_xeus(error: ImportError) -> SystemExit:
    from datalab_kernel import wheels

    return SystemExit(NO_XEUS.format(reason=error, remedy=wheels.remedy()))


if __name__ == "__main__":
    main()
