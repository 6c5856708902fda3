"""Errors have their class's name, and `exit()` is none.

xeus-python names an error `<class 'ValueError'>`, so that nothing that goes by the
name finds it, and lacks what `exit` and `quit` call. A magic that is misused or does
not exist counts as a success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell


def install(shell: XPythonShell) -> None:
    """Report errors and the wish to leave as the Jupyter protocol has it."""

    def keep(etype: type[BaseException], evalue: Any, stb: list[str]) -> None:
        name = getattr(etype, "__name__", None) or str(etype)
        shell.last_error = [name, _text(evalue), stb]

    def keep_usage_error(error: BaseException) -> None:
        keep(type(error), error, [f"{type(error).__name__}: {_text(error)}"])

    def ask_exit() -> None:
        payload = {"source": "ask_exit", "keepkernel": False}
        shell.payload_manager.write_payload(payload)

    if hasattr(shell, "_showtraceback"):
        shell._showtraceback = keep  # noqa: SLF001
        shell.show_usage_error = keep_usage_error
    if not hasattr(shell, "ask_exit"):
        shell.ask_exit = ask_exit


def _text(error: Any) -> str:
    try:
        return str(error)
    except Exception as reason:  # noqa: BLE001  # any code of the user's may run
        return f"<str() raised {type(reason).__name__}>"
