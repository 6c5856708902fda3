"""The application that makes the shell, with the user's IPython configuration.

xeus-python makes its shell without its application, so that the configuration of the
shell, the completer and the figures is ignored. Here the shell belongs to the
application. As ipykernel's does, the application also reads the file
`ipython_kernel_config.py` and the section `IPKernelApp`.

Upstream: docs/upstream/configuration.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalab_kernel.shell import recognition

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShellApp

# The name by which ipykernel's application finds its configuration files and section.
NAME = "ipython-kernel"
SECTION = "IPKernelApp"


def prepare(
    application: type[XPythonShellApp], ready: Callable[[XPythonShellApp], None]
) -> None:
    """Make an application create the shell of this package.

    Args:
        application: xeus-python's class, which its C++ code instantiates.
        ready: It is called with the application as soon as the shell exists. This is
            the only step between reading the user's configuration, which must be
            extended and not replaced, and loading the extensions.
    """
    initialize = application.initialize

    def init_shell(app: XPythonShellApp, use_jedi: bool = False) -> None:  # noqa: ARG001
        from datalab_kernel.shell.display import DisplayHook, DisplayPublisher
        from datalab_kernel.shell.endpoint import Endpoint
        from datalab_kernel.shell.interactive import Compiler, ZMQInteractiveShell

        recognition.install(ZMQInteractiveShell)
        app.shell = ZMQInteractiveShell.instance(
            parent=app,
            compiler_class=Compiler,
            display_pub_class=DisplayPublisher,
            displayhook_class=DisplayHook,
            ipython_dir=app.ipython_dir,
            profile_dir=app.profile_dir,
            user_ns=app.user_ns,
        )
        app.shell.configurables.append(app)
        app.shell.endpoint = Endpoint(app.shell)
        ready(app)

    def initialize_and_switch(app: XPythonShellApp, *args: Any, **options: Any) -> None:
        from IPython.core.interactiveshell import InteractiveShellABC

        initialize(app, *args, **options)
        endpoint = app.shell.endpoint
        InteractiveShellABC.register(type(endpoint))
        app.shell = endpoint  # xeus-python reads the shell from here

    application.name = NAME
    application.__name__ = SECTION  # it names the section of the configuration
    application.init_shell = init_shell
    application.initialize = initialize_and_switch
