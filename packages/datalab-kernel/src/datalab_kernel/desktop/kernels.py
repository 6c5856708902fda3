"""The manager of a kernel that starts with the variables of the DataLab window.

This module runs in the Jupyter server's process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from datalab_kernel.desktop.connection import Variables
from datalab_workspace.live.transport.token import Token


class WindowKernelManager(ServerKernelManager):
    """The manager of a kernel.

    A kernel that is restarted gets the variables of the window of that moment, too.
    The server's own environment, which browsers and terminals inherit, has none of
    them.

    Attributes:
        variables: The variables of the window that uses the server.
    """

    variables: ClassVar[Variables] = {}

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = _environment(options.get("env", os.environ), self.variables)
        return await super()._async_pre_start_kernel(**options)


def use(variables: Variables) -> None:
    """Start kernels with these variables from now on.

    Args:
        variables: The values; None removes a variable that the server itself has.
    """
    WindowKernelManager.variables.update(variables)


def named(variables: Variables) -> dict[str, str]:
    """Return the variables that have a value; keep them in no variable."""
    return {
        name: value.reveal() if isinstance(value, Token) else value
        for name, value in variables.items()
        if value is not None
    }


def _environment(before: Mapping[str, str], variables: Variables) -> dict[str, str]:
    kept = {name: value for name, value in before.items() if name not in variables}
    return kept | named(variables)
