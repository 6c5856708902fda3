"""Tracebacks that show the user's code, and not the frames of these packages.

After a mistake such as `workspace.get("nope")`, IPython shows the line of the user and
the message. The frames of these packages between the two are left out, and so are
errors that were raised and handled there. Frames of other packages and of functions
that the user passed in are shown.

`%xmode Verbose`, `%xmode --show` and `%tb Verbose` show every frame. The exception and
its traceback are not changed, so that debuggers and other programs find everything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import compress
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Parts: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

OURS = {"datalab_workspace", "datalab_kernel_core", "datalab_kernel"}
# A frame of these packages is shown if the code that called it is shown. Otherwise a
# wrong parameter would show frames of guidata, and a damaged file those of h5py.
SHOWN_WITH_CALLER = {
    *sys.stdlib_module_names,
    *("guidata", "h5py", "requests", "urllib3"),
}
# Frames that do not show which code led to an error. IPython leaves out its own.
RUNNERS = {*sys.stdlib_module_names, "IPython"}
#: The modes of `%xmode` that show every frame.
COMPLETE = ("Verbose",)


def install(shell: InteractiveShell) -> None:
    """Shorten the tracebacks that a shell shows."""
    if _installed(shell) is None:
        ShortTracebacks(shell.InteractiveTB).install()


def uninstall(shell: InteractiveShell) -> None:
    """Let a shell show tracebacks as IPython does."""
    ours = _installed(shell)
    if ours is not None:
        ours.uninstall()


def _installed(shell: InteractiveShell) -> ShortTracebacks | None:
    method = vars(shell.InteractiveTB).get("structured_traceback")
    owner = getattr(method, "__self__", None)
    return owner if isinstance(owner, ShortTracebacks) else None


class ShortTracebacks:
    """Two methods of IPython's traceback printer, which leave frames out.

    Args:
        printer: The printer, `shell.InteractiveTB`.
    """

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        self._format = printer.structured_traceback
        self._next_in_chain = printer.get_parts_of_chained_exception

    def install(self) -> None:
        """Replace the methods of the printer."""
        self._printer.structured_traceback = self.structured_traceback
        self._printer.get_parts_of_chained_exception = self.chained

    def uninstall(self) -> None:
        """Give the printer its own methods back."""
        del self._printer.structured_traceback
        del self._printer.get_parts_of_chained_exception

    def structured_traceback(
        self,
        etype: Any,
        evalue: Any = None,
        etb: Any = None,
        tb_offset: int | None = None,
        *context: Any,
        **more: Any,
    ) -> Any:
        """Return the lines that IPython shows for an exception.

        Args:
            etype: The class of the exception.
            evalue: The exception.
            etb: Its traceback. IPython itself passes a tuple that begins with it.
            tb_offset: How many frames to leave out at the beginning, by default those
                that the printer always leaves out.
            *context: How many lines to show of each frame.
            **more: The same, by name.
        """
        whole, *seen = etb if isinstance(etb, tuple) else (etb,)
        if whole is None or self._shows_all():
            return self._format(etype, evalue, etb, tb_offset, *context, **more)
        offset = self._printer.tb_offset if tb_offset is None else tb_offset
        short, left_out = shortened(whole, offset)
        passed = (short, *seen) if seen else short
        try:
            return self._format(
                etype, evalue, passed, offset - left_out, *context, **more
            )
        finally:
            self._printer.tb = whole  # for the debugger

    def chained(self, evalue: BaseException | None) -> Parts | None:
        """Return the exception that led to another one, unless it is left out."""
        parts: Parts | None = self._next_in_chain(evalue)
        if self._shows_all():
            return parts
        seen = {id(evalue)}
        while parts is not None and id(parts[1]) not in seen:
            etype, cause, traceback = parts
            if traceback is None:
                return parts
            if any(_visible(traceback)):
                return etype, cause, shortened(traceback)[0]
            seen.add(id(cause))
            parts = self._next_in_chain(cause)
        return None

    def _shows_all(self) -> bool:
        return self._printer.mode in COMPLETE or not self._printer.skip_hidden


def shortened(traceback: TracebackType, offset: int = 0) -> tuple[TracebackType, int]:
    """Return a traceback without the frames of these packages.

    Args:
        traceback: The traceback. It is not changed.
        offset: The number of frames at the beginning that will be left out.

    Returns:
        The shortened traceback, or the same one if it shows no other code: then the
        frames are all that is known. And the number of frames that were left out among
        the first `offset`.
    """
    visible = list(_visible(traceback))
    entries = list(_entries(traceback))
    packages = (_package(entry) for entry in compress(entries, visible))
    if all(visible) or all(package in RUNNERS for package in packages):
        return traceback, 0
    short: TracebackType | None = None
    for entry in reversed(list(compress(entries, visible))):
        short = TracebackType(short, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    assert short is not None  # at least one entry is visible
    return short, visible[:offset].count(False)


def _visible(traceback: TracebackType) -> Iterator[bool]:
    """Yield for each frame whether it is shown."""
    shown = True
    for entry in _entries(traceback):
        package = _package(entry)
        if package not in SHOWN_WITH_CALLER:
            shown = package not in OURS
        yield shown


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _package(entry: TracebackType) -> str:
    return str(entry.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
