"""`input` and `getpass` take and raise what Python's own do.

Where the front end gives no input, xeus-python raises a `RuntimeError` that nothing can
tell from another. One that was interrupted raises a second error about a system call.
A prompt must be a string, and `getpass` does not know its other parameters.
"""

from __future__ import annotations

import builtins
import errno
import getpass
import os
from types import BuiltinFunctionType
from typing import TYPE_CHECKING

from datalab_kernel.xeus import cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# What xeus-python says, for `input` and `getpass` alike.
REFUSAL = "This frontend does not support input requests"


def install(shell: XPythonShell) -> None:
    """Make the functions that xeus-python provides for each cell as Python's are."""

    def begin() -> None:
        for owner, name, kind in (
            (builtins, "input", Input),
            (getpass, "getpass", GetPass),
        ):
            function = getattr(owner, name)
            if _is_of_xeus(function):
                setattr(owner, name, kind(function))

    cells.around_each(shell, begin, lambda: None)


def keep() -> Callable[[], None]:
    """Return what puts the functions of now back, for a cell that is run later.

    When a cell has ended, xeus-python puts back those that there were when it arrived,
    and cells that wait would ask the process's own input.
    """
    functions = [
        (owner, name, getattr(owner, name))
        for owner, name in ((builtins, "input"), (getpass, "getpass"))
    ]

    def restore() -> None:
        for owner, name, function in functions:
            setattr(owner, name, function)

    return restore


class Input:
    """`input` of a cell."""

    name = "input"

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function

    def __call__(self, prompt: object = "", /) -> str:
        """Ask the front end's user for a line.

        Raises:
            StdinNotImplementedError: If the front end takes no input.
            KeyboardInterrupt: If the user interrupts instead.
        """
        return self._ask(prompt)

    def _ask(self, prompt: object) -> str:
        try:
            return self._ask_xeus(str(prompt))
        except KeyboardInterrupt:
            pass  # raised anew, without what xeus-python made of it as its context
        raise KeyboardInterrupt(f"{self.name}() was interrupted")

    def _ask_xeus(self, prompt: str) -> str:
        try:
            return self._function(prompt=prompt)
        except RuntimeError as error:
            # Calling `str` lets Python handle a signal here, not later.
            if str(error) == os.strerror(errno.EINTR):
                raise KeyboardInterrupt from error
            if str(error) != REFUSAL:
                raise
        from IPython.core.error import StdinNotImplementedError

        raise StdinNotImplementedError(
            f"{self.name}() was called, but this front end takes no input"
        )


class GetPass(Input):
    """`getpass.getpass` of a cell."""

    name = "getpass"

    def __call__(
        self,
        prompt: object = "Password: ",
        stream: object = None,  # noqa: ARG002
        *,
        echo_char: str | None = None,  # noqa: ARG002
    ) -> str:
        """Ask the front end's user for a line that it does not show.

        Args:
            prompt: What to ask.
            stream: Of no effect: the front end shows the prompt.
            echo_char: Of no effect: the front end has its own.

        Raises:
            StdinNotImplementedError: If the front end takes no input.
            KeyboardInterrupt: If the user interrupts instead.
        """
        return self._ask(prompt)


def _is_of_xeus(function: object) -> bool:
    return isinstance(function, BuiltinFunctionType) and not isinstance(
        getattr(function, "__self__", None), type(builtins)
    )
