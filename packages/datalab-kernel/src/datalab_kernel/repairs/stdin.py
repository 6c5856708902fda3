"""The functions `input` and `getpass`, which behave as Python's own do.

If the front end cannot ask for input, xeus-python raises a plain `RuntimeError`, which
code cannot distinguish from other errors. After an interrupt, it raises an error about
a system call in addition to `KeyboardInterrupt`. It accepts only strings as prompts,
and its `getpass` lacks the other parameters.

Upstream: docs/upstream/stdin.md
"""

from __future__ import annotations

import builtins
import errno
import getpass
import os
from types import BuiltinFunctionType
from typing import TYPE_CHECKING

from datalab_kernel.shell.safe_json import safe_text
from datalab_kernel.xeus import cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# The message of xeus-python's error, for `input` and `getpass` alike.
REFUSAL = "This frontend does not support input requests"


def install(shell: XPythonShell) -> None:
    """Replace the functions that xeus-python sets for each cell by those below."""

    def begin() -> None:
        for owner, name, kind in (
            (builtins, "input", Input),
            (getpass, "getpass", GetPass),
        ):
            function = getattr(owner, name)
            if _is_of_xeus(function):
                setattr(owner, name, kind(function))

    cells.wrap_each(shell, begin, lambda: None)


def keep() -> Callable[[], None]:
    """Return a function that restores the present functions for a later cell.

    At the end of a cell, xeus-python restores the functions that were set when the cell
    arrived. A cell that waits in the queue would then find Python's own functions,
    which read from the input of the kernel's process.
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
    """The `input` of a cell."""

    name = "input"

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function

    def __call__(self, prompt: object = "", /) -> str:
        """Ask the user of the front end for a line.

        Raises:
            StdinNotImplementedError: If the front end cannot ask for input.
            KeyboardInterrupt: If the user interrupts instead.
        """
        return self._ask(prompt)

    def _ask(self, prompt: object) -> str:
        try:
            return self._ask_xeus(safe_text(str(prompt)))
        except KeyboardInterrupt:
            pass  # raised again below, without xeus-python's error as its context
        raise KeyboardInterrupt(f"{self.name}() was interrupted")

    def _ask_xeus(self, prompt: str) -> str:
        try:
            return self._function(prompt=prompt)
        except RuntimeError as error:
            # The call of `str` lets Python handle a pending signal here and not later.
            if str(error) == os.strerror(errno.EINTR):
                raise KeyboardInterrupt from error
            if str(error) != REFUSAL:
                raise
        from IPython.core.error import StdinNotImplementedError

        # Programs recognise the words of Jupyter's own kernel.
        called = "raw_input" if self.name == "input" else self.name
        raise StdinNotImplementedError(
            f"{called} was called, but this frontend does not support input requests."
        )


class GetPass(Input):
    """The `getpass.getpass` of a cell."""

    name = "getpass"

    def __call__(
        self,
        prompt: object = "Password: ",
        stream: object = None,  # noqa: ARG002
        *,
        echo_char: str | None = None,  # noqa: ARG002
    ) -> str:
        """Ask the user of the front end for a line that it does not show.

        Args:
            prompt: The question.
            stream: Ignored: the front end shows the prompt.
            echo_char: Ignored: the front end has its own character.

        Raises:
            StdinNotImplementedError: If the front end cannot ask for input.
            KeyboardInterrupt: If the user interrupts instead.
        """
        return self._ask(prompt)


def _is_of_xeus(function: object) -> bool:
    return isinstance(function, BuiltinFunctionType) and not isinstance(
        getattr(function, "__self__", None), type(builtins)
    )
