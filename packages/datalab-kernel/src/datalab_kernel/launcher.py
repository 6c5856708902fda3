"""Start the kernel: `python -m datalab_kernel.launcher -f CONNECTION_FILE`.

xeus-python brings the Jupyter protocol and, through xeus-python-shell, an IPython
shell configured as the user's own is. Three things are added to that shell as soon
as it exists, before any code of the user runs: the repairs, this package among
the extensions to load, beside those that the user configured, and the warm-up.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from datalab_kernel import warmup
from datalab_kernel.repairs import (
    comms,
    counter,
    debugger,
    errors,
    eventloop,
    interrupt,
    parent,
    postmortem,
    queue,
    shutdown,
    stdin,
    streams,
)
from datalab_kernel.xeus import loopback, registry, virtualenv

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShellApp

EXTENSION = "datalab_kernel"
# The last to wrap what runs a cell, which is comms, is the first to be called.
REPAIRS = (
    interrupt,
    queue,
    counter,
    streams,
    stdin,
    errors,
    postmortem,
    debugger,
    eventloop,
    comms,
    parent,
)

NO_XEUS = (
    "The DataLab kernel needs xeus-python, which this Python does not have "
    "({reason}).\nWhat to do: {remedy}"
)


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the kernel until it is shut down, and end the process.

    Args:
        argv: The program's name and its arguments; `sys.argv` by default.

    Raises:
        SystemExit: If xeus-python is not installed, or cannot be loaded.
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
    # What is left in sys.argv would be parsed as IPython options, and shown to
    # the user's code.
    sys.argv = argv[:1]
    launch(argv)
    streams.finish()
    comms.finish()
    shutdown.finish()


def extend(application: type[XPythonShellApp]) -> None:
    """Make an IPython application set up its shell as a DataLab kernel's.

    `init_shell` is the only step between reading the user's configuration, which
    must be extended and not replaced, and loading the extensions.
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
