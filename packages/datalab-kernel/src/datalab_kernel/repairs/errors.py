"""Reports of errors: the name of the class, misused magics, and errors in callbacks.

xeus-python reports the name of an error as `<class 'ValueError'>`, which programs that
compare the name do not recognise. Its shell lacks the method that `exit` and `quit`
call, so that they fail with an error. A magic that does not exist or is misused counts
as a success. An error that a widget reports, for example from its callback, is not
shown, or makes the next cell fail.

Upstream: docs/upstream/errors.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from xeus_python_shell.shell import XPythonShell

# The methods of the shell that report an error.
REPORTS = ("showtraceback", "showsyntaxerror", "showindentationerror")


def install(shell: XPythonShell) -> None:
    """Report errors and the request to exit as the Jupyter protocol defines them."""

    def keep(etype: type[BaseException], evalue: Any, stb: list[str]) -> None:
        name = getattr(etype, "__name__", None) or str(etype)
        shell.last_error = [name, _text(evalue), stb]

    def report(etype: type[BaseException], evalue: Any, stb: list[str]) -> None:
        if _is_of_cell(sys._getframe(1)):  # noqa: SLF001
            keep(etype, evalue, stb)
        else:
            sys.stderr.write("\n".join([*stb, ""]))

    def keep_usage_error(error: BaseException) -> None:
        keep(type(error), error, [f"{type(error).__name__}: {_text(error)}"])

    def ask_exit() -> None:
        payload = {"source": "ask_exit", "keepkernel": False}
        shell.payload_manager.write_payload(payload)

    if hasattr(shell, "_showtraceback"):
        shell._showtraceback = report  # noqa: SLF001
        shell.show_usage_error = keep_usage_error
    if not hasattr(shell, "ask_exit"):
        shell.ask_exit = ask_exit


def _is_of_cell(frame: FrameType | None) -> bool:
    """Return whether IPython reports an error, not a library or user code."""
    while frame is not None and frame.f_code.co_name in REPORTS:
        frame = frame.f_back
    return frame is None or frame.f_globals.get("__name__", "").startswith("IPython.")


def _text(error: Any) -> str:
    try:
        return str(error)
    except Exception as reason:  # noqa: BLE001  # the user's own code may run
        return f"<str() raised {type(reason).__name__}>"
