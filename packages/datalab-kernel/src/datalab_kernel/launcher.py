"""Start the kernel: `python -m datalab_kernel.launcher -f CONNECTION_FILE`.

xeus-python provides the Jupyter protocol and, through xeus-python-shell, an IPython
shell that follows the user's own configuration. As soon as the shell exists, and before
any code of the user runs, the launcher installs the repairs, adds this package to the
extensions to load, and starts the warm-up.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from datalab_kernel import warmup
from datalab_kernel.repairs import (
    comms,
    counter,
    debugger,
    environment,
    errors,
    eventloop,
    interrupt,
    parent,
    postmortem,
    queue,
    shutdown,
    stdin,
    streams,
    termination,
    virtualenv,
)
from datalab_kernel.xeus import loopback, registry

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShellApp

EXTENSION = "datalab_kernel"
# In the order of installation. Several repairs wrap the same function of the shell; the
# last one to wrap a function is the first one to be called.
REPAIRS = (
    # `run_ast_nodes`, which runs the statements of a cell: `interrupt` is wrapped by
    # `postmortem`, so that no interrupt ends the clean-up after the debugger.
    interrupt,
    # `run_cell_async`, which receives a request. `queue` replaces the function that
    # runs cells; `counter` wraps that replacement, to number cells that wait.
    queue,
    counter,
    # `stdin` recognises xeus-python's own `input` at the start of each cell, before
    # `streams` wraps it. So `stdin` comes later here.
    streams,
    stdin,
    # These wrap no function that another repair wraps, except for `run_ast_nodes`.
    errors,
    postmortem,
    debugger,
    eventloop,
    # `comms` wraps `run_cell_async` last: it takes out the kernel's requests to itself,
    # which are not cells and must reach none of the others.
    comms,
    # These wrap nothing.
    environment,
    termination,
    parent,
)

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
    loopback.prepare(argv)
    interrupt.prepare()  # before an import starts a thread
    try:
        from xeus_python_shell.shell import XPythonShell, XPythonShellApp
        from xpython import launch
    except ImportError as error:
        from datalab_kernel import wheels

        reason = NO_XEUS.format(reason=error, remedy=wheels.remedy())
        raise SystemExit(reason) from error
    virtualenv.prepare(XPythonShell)
    extend(XPythonShellApp)
    # IPython would parse the remaining arguments as options of its own, and user code
    # would see them.
    sys.argv = argv[:1]
    launch(argv)
    streams.finish()
    comms.finish()
    shutdown.finish()


def extend(application: type[XPythonShellApp]) -> None:
    """Make an IPython application set up its shell as a DataLab kernel.

    `init_shell` is the only step between reading the user's configuration, which must
    be extended and not replaced, and loading the extensions.
    """
    create_shell = application.init_shell

    def init_shell(app: XPythonShellApp, *args: object, **kwargs: object) -> None:
        create_shell(app, *args, **kwargs)
        registry.install(app.shell, REPAIRS)
        app.extra_extensions = [*app.extra_extensions, EXTENSION]
        warmup.start(app.shell)

    application.init_shell = init_shell


if __name__ == "__main__":
    main()
